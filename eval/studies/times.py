"""How far off estimated times are: `python -m eval times TRANSCRIPTS`, a folder of shows whose transcripts have times.

Each transcript is cut at its last time, which stands for the duration; its times at the starts of turns are hidden and
estimated again, in four ways:
- `duration`: none is known but the duration. `word_share` is the share of the words before, for comparison;
- `pace`: not even that. `at_155_words_a_minute` is for comparison;
- `ten_minutes`: one time in ten minutes is left;
- `every_second`: every second time is left.
- With `--chapters QUESTIONS` (a question set whose questions are the headings of sections and whose gold is their spans) the
  headings and their starts are chapters: `duration_and_chapters`, and `chapters` where the duration is not known. `plain` is
  the same without them. Every second transcript is `held_out`; the weights and errors in use were chosen on the others.
Printed are the error's median and p90 in seconds, for each show and in all, and `within`: the share of times whose error
is no larger than the `time_error` that they are shown with, which should be .9. `index/reading/timing.py` was fitted on the shows
that are not in `TEST_SHOWS`. Times that can't be true are left out first, as they are when episodes are added.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from eval.studies.people import TEST_SHOWS
from index.episode import Chapter, Sentence
from index.errors import TranscriptError
from index.formats import read
from index.formats.parsed import Parsed, ParsedTurn, Piece
from index.library import find_transcripts
from index.reading.sentences import build_sentences
from index.reading.timing import estimate_times, possible_times

FEWEST_TIMES = 4
SHORTEST = 300.0  # seconds
TEN_MINUTES = 600.0


class Guess(NamedTuple):
    """A hidden time: seconds off, the `time_error` it was shown with, and seconds off by the plain rule (NaN: none)."""

    off: float
    error: float
    plain: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one JSON object: for each way of estimating and each show, how far off times are. Exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m eval times", description="Measure estimated times.")
    parser.add_argument("transcripts", type=Path, nargs="+")
    parser.add_argument("--chapters", type=Path, metavar="QUESTIONS", help="take these questions' spans for chapters")
    options = parser.parse_args(arguments)
    chapters = read_chapters(options.chapters) if options.chapters else {}
    found: dict[str, dict[str, list[Guess]]] = defaultdict(lambda: defaultdict(list))
    files, _ = find_transcripts(options.transcripts)
    with_chapters = 0
    for file in files:
        try:
            parsed = read(file)
        except TranscriptError as exc:
            print(exc, file=sys.stderr)
            continue
        for way, guesses in hidden_times(parsed).items():
            found[way][file.parent.name] += guesses
        if file.stem in chapters:
            half = "held_out" if with_chapters % 2 else "chosen_on"
            with_chapters += 1
            for way, guesses in with_chapters_known(parsed, chapters[file.stem]).items():
                found[way][half] += guesses
    print(json.dumps({way: _table(shows) for way, shows in found.items()}, indent=1))
    return 0


def hidden_times(parsed: Parsed) -> dict[str, list[Guess]]:
    """The guesses for one transcript, in each of the four ways; none where it has too few times."""
    turns, marks, duration = _talk(parsed)
    if not marks:
        return {}
    sparse = [marks[0]]
    for mark in marks[1:]:
        if mark[1] - sparse[-1][1] >= TEN_MINUTES:
            sparse.append(mark)
    none = estimate_times(build_sentences(_only(turns, [])), duration)
    pace = estimate_times(build_sentences(_only(turns, [])), None)
    words = np.cumsum([0] + [sum(len(p.text.split()) for p in turn.pieces if p.speech) for turn in turns])
    share = {n: duration * words[n] / max(1, words[-1]) for n, _ in marks}
    wpm = {n: words[n] * 60 / 155 for n, _ in marks}
    return {
        "duration": _guesses(none, marks, share),
        "pace": _guesses(pace, marks, wpm),
        "ten_minutes": _guesses(build_sentences(_only(turns, sparse)), _between(marks, sparse), {}),
        "every_second": _guesses(build_sentences(_only(turns, marks[::2])), _between(marks, marks[::2]), {}),
    }


def read_chapters(questions: Path) -> dict[str, list[Chapter]]:
    """The headings of each episode with the seconds at which they begin, rising."""
    found: dict[str, set[Chapter]] = defaultdict(set)
    for line in questions.read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        for gold in question["gold"]:
            found[gold["episode"]].add(Chapter(gold["start"], question["question"]))
    return {episode: sorted(chapters) for episode, chapters in found.items()}


def with_chapters_known(parsed: Parsed, chapters: Sequence[Chapter]) -> dict[str, list[Guess]]:
    """The guesses for one transcript whose chapters are known, with its duration and without."""
    turns, marks, duration = _talk(parsed)
    found = {}
    for way, known in (("duration_and_chapters", duration), ("chapters", None)) if marks else ():
        sentences = build_sentences(_only(turns, []))
        without = estimate_times(sentences, known)
        plain = {number: without[number][0].start for number, _ in marks if without[number]}
        found[way] = _guesses(estimate_times(sentences, known, chapters), marks, plain)
    return found


def _talk(parsed: Parsed) -> tuple[Sequence[ParsedTurn], list[tuple[int, float]], float]:
    """The turns before the last time, the times of their starts, and the last time; no times where there are too few."""
    turns, _ = possible_times(parsed.turns, None, [])
    marks = [(n, p.start) for n, turn in enumerate(turns) for p in turn.pieces[:1] if p.speech and p.start is not None]
    if len(marks) < FEWEST_TIMES or marks[-1][1] < SHORTEST:
        return turns, [], 0.0
    last, duration = marks[-1]
    return turns[:last], marks[:-1], duration


def _only(turns: Sequence[ParsedTurn], marks: Iterable[tuple[int, float]]) -> list[list[Piece]]:
    """The turns' pieces with these times alone; those of breaks are hidden with the others."""
    kept = {number for number, _ in marks}
    return [
        [
            piece._replace(end=None) if number in kept and place == 0 else piece._replace(start=None, end=None)
            for place, piece in enumerate(turn.pieces)
        ]
        for number, turn in enumerate(turns)
    ]


def _between(marks: Sequence[tuple[int, float]], kept: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    return [mark for mark in marks if mark not in kept and kept[0][0] < mark[0] < kept[-1][0]]


def _guesses(
    timed: Sequence[Sequence[Sentence]], marks: Sequence[tuple[int, float]], plain: Mapping[int, float | None]
) -> list[Guess]:
    guesses = []
    for number, time in marks:
        first = next(iter(timed[number]), None)
        if first and first.start is not None:
            before = plain.get(number)
            off = np.nan if before is None else abs(before - time)
            guesses.append(Guess(abs(first.start - time), first.time_error or 0.0, off))
    return guesses


def _table(shows: dict[str, list[Guess]]) -> dict[str, dict[str, float]]:
    halves = {
        "dev": [g for show, guesses in shows.items() if show not in TEST_SHOWS for g in guesses],
        "test": [g for show, guesses in shows.items() if show in TEST_SHOWS for g in guesses],
    }
    table = {}
    for name, guesses in [*shows.items(), *halves.items()]:
        if guesses:
            off, error, plain = np.array(guesses).T
            row = {
                "n": len(guesses),
                "median": np.median(off),
                "p90": np.percentile(off, 90),
                "within": (off <= error).mean(),
            }
            if not np.isnan(plain).all():
                row |= {"plain_median": np.median(plain), "plain_p90": np.percentile(plain, 90)}
            table[name] = {key: round(float(value), 3 if key == "within" else 1) for key, value in row.items()}
    return table


if __name__ == "__main__":
    sys.exit(main())
