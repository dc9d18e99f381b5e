"""How well voices are told apart: `python -m eval voices TRANSCRIPTS` (labelled ones, whose labels are taken away).

`--page FILE --gold OFFSETS` measures a transcript without labels against marks made by hand: {"sha256", "turns":
[[character, role], …]}, where characters count in the spoken sentences joined by spaces. Words are what is counted, not
sentences, and a show weighs as much as another. The networks behind the README's figures for unseen shows, and their
table, come from `python -m eval fit-voices`; here it is the shipped one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.episode import Person, Sentence
from index.errors import TranscriptError, VerbatimError
from index.interviews.answers import VoiceIs
from index.interviews.doubts import AROUND, Doubt, doubts
from index.interviews.voices import Prepared, Recovery, decide, prepare
from index.library import find_transcripts
from index.reading.read import read_episode

BINS = 10
ANSWERS = (0, 3, 5, 10)


@dataclass(frozen=True, slots=True)
class GoldVoices:
    """A transcript and the truth about it. `words`: shape (n_sentences, 2), words of host and guest in each sentence."""

    id: str
    show: str
    people: tuple[Person, ...]
    sentences: tuple[Sentence, ...]
    words: np.ndarray

    @classmethod
    def of(cls, episode: Mapping[str, Any], *, named: bool = True) -> GoldVoices:
        """A line of the training set; without the people's names where they should not help."""
        people = (
            tuple(Person(name, role) for role, names in episode["names"].items() for name in names) if named else ()
        )
        sentences = tuple(Sentence(n, text) for n, (text, _, _) in enumerate(episode["sentences"]))
        words = np.array([words for _, words, _ in episode["sentences"]], float)
        return cls(episode["id"], episode["show"], people, sentences, words)

    @property
    def voices(self) -> np.ndarray:
        """0 host, 1 guest: who says most of each sentence."""
        return (self.words[:, 1] > self.words[:, 0]).astype(int)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table: words given to the right voice, after no answer and after some. Exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m eval voices", description="Measure who is told from whom.")
    parser.add_argument("transcripts", type=Path, nargs="*")
    parser.add_argument("--page", type=Path, help="a transcript without labels")
    parser.add_argument("--gold", type=Path, help="its marks")
    options = parser.parse_args(arguments)
    if (options.page is None) != (options.gold is None) or not (options.page or options.transcripts):
        parser.error("name labelled transcripts, or --page and --gold")
    golds = [gold_of_page(options.page, options.gold)] if options.page else []
    for file in find_transcripts(options.transcripts)[0]:
        try:
            gold = gold_of_labelled(file)
        except TranscriptError as exc:
            print(exc, file=sys.stderr)
            continue
        golds += [gold] if gold else []
    print(table(measure(golds, {gold.id: prepare(gold.sentences, gold.people) for gold in golds})))
    return 0


def gold_of_page(page: Path, marks: Path) -> GoldVoices:
    """A transcript with marks made by hand. VerbatimError: the marks were made for other words."""
    episode = read_episode(page)
    spoken = [sentence for sentence in episode.sentences if sentence.speech]
    text = " ".join(sentence.text for sentence in spoken)
    marked = json.loads(marks.read_text(encoding="utf-8"))
    if hashlib.sha256(text.encode()).hexdigest() != marked["sha256"]:
        raise VerbatimError(f"{marks}: made for other words than those of {page}.")
    starts = [start for start, _ in marked["turns"]]
    words = np.zeros((len(spoken), 2))
    at = 0
    for number, sentence in enumerate(spoken):
        for word in sentence.text.split(" "):
            role = marked["turns"][int(np.searchsorted(starts, at, "right")) - 1][1]
            words[number, int(role == "guest")] += 1
            at += len(word) + 1
    return GoldVoices(episode.id, episode.show.name, episode.people, tuple(spoken), words)


def gold_of_labelled(file: Path) -> GoldVoices | None:
    """A labelled interview; None where it isn't one host and one guest. Its labels are taken away."""
    episode = read_episode(file)
    roles = {turn.speaker.role for turn in episode.turns if turn.speaker}
    if roles != {"host", "guest"} or len({turn.speaker for turn in episode.turns}) != 2:
        return None
    spoken, words = [], []
    for turn in episode.turns:
        for sentence in turn.sentences:
            if sentence.speech and turn.speaker:
                spoken.append(sentence)
                count = len(sentence.text.split())
                words.append([count, 0] if turn.speaker.role == "host" else [0, count])
    return GoldVoices(episode.id, episode.show.name, episode.people, tuple(spoken), np.array(words, float))


def measure(
    golds: Sequence[GoldVoices], prepared: Mapping[str, Prepared], *, answers: Sequence[int] = ANSWERS
) -> dict[str, dict[str, float]]:
    """{show: {metric: value}}; `all` is the mean over shows, its `ece` that of all shows together, each weighing the same."""
    counts: dict[str, list[dict[str, float]]] = defaultdict(list)
    bins: dict[str, np.ndarray] = defaultdict(lambda: np.zeros((BINS, 3)))
    for gold in golds:
        counts[gold.show].append(_counts(gold, prepared[gold.id], answers, bins[gold.show]))
    per_show = {
        show: _rates({key: sum(c[key] for c in of_one) for key in of_one[0]}, answers)
        | {"calibration error": _gap(bins[show])}
        for show, of_one in counts.items()
    }
    names = next(iter(per_show.values()))
    overall = {name: _mean([rates[name] for rates in per_show.values()]) for name in names}
    overall["ece"] = _gap(np.sum([of_one / of_one[:, 0].sum() for of_one in bins.values()], axis=0))
    return {**per_show, "all": overall}


def _gap(bins: np.ndarray) -> float:
    """How far probabilities are from what is true, on average: rows of (words, expected, true words of the guest)."""
    return float(np.abs(bins[:, 1] - bins[:, 2]).sum() / bins[:, 0].sum())


def review(gold: GoldVoices, prepared: Prepared, answers: int) -> list[Recovery]:
    """What is decided after 0, 1, … answers, each given to the doubt that is shown first."""
    given: list[VoiceIs] = []
    decided = [decide(prepared)]
    for _ in range(answers):
        found = doubts(gold.sentences, decided[-1])
        if found:
            given.append(answer(gold, found[0]))
        decided.append(decide(prepared, given))
    return decided


def answer(gold: GoldVoices, doubt: Doubt) -> VoiceIs:
    """Who speaks the sentence asked about, and from where to where, as far as a reviewer sees (`AROUND`)."""
    index = next(n for n, sentence in enumerate(gold.sentences) if sentence.position == doubt.ask)
    voices = gold.voices
    first = last = index
    while first > max(0, index - AROUND) and voices[first - 1] == voices[index]:
        first -= 1
    while last < min(len(voices) - 1, index + AROUND) and voices[last + 1] == voices[index]:
        last += 1
    return VoiceIs(
        gold.sentences[first].position,
        "guest" if voices[index] else "host",
        last=gold.sentences[last].position,
        begins=first > 0 and voices[first - 1] != voices[index],
        ends=last + 1 < len(voices) and voices[last + 1] != voices[index],
    )


def _counts(gold: GoldVoices, prepared: Prepared, answers: Sequence[int], bins: np.ndarray) -> dict[str, float]:
    decided = review(gold, prepared, max(answers))
    first = decided[0]
    total = gold.words.sum(1)
    guess = np.array([heard.likely == "guest" for heard in first.heard], int)
    p_guest = np.array([1 - heard.p_host for heard in first.heard])
    for row, p, words in zip((p_guest * BINS).astype(int).clip(0, BINS - 1), p_guest, gold.words, strict=True):
        bins[row] += np.array([words.sum(), p * words.sum(), words[1]])
    begins = np.flatnonzero(np.diff(guess)) + 1
    true_begins = np.flatnonzero(np.diff(gold.voices)) + 1
    counts = {
        "words": total.sum(),
        "guest": gold.words[:, 1].sum(),
        "host": gold.words[:, 0].sum(),
        "host_found": gold.words[guess == 0, 0].sum(),
        "begins": len(begins),
        "true_begins": len(true_begins),
        "begins_right": len(set(begins) & set(true_begins)),
        "panels": float(first.panel),
        "episodes": 1.0,
    }
    for role, column in (("host", 0), ("guest", 1)):
        attributed = np.array([heard.role == role for heard in first.heard])
        counts[f"{role}_credited"] = total[attributed].sum()
        counts[f"{role}_credited_right"] = gold.words[attributed, column].sum()
    for number in answers:
        voices = np.array([heard.likely == "guest" for heard in decided[number].heard], int)
        counts[f"right_{number}"] = gold.words[np.arange(len(voices)), voices].sum()
    return counts


def _rates(counts: Mapping[str, float], answers: Sequence[int]) -> dict[str, float]:
    def share(part: float, whole: float) -> float:
        return part / whole if whole else float("nan")

    rates = {
        "episodes": counts["episodes"],
        "guest share": share(counts["guest"], counts["words"]),
        "words right": share(counts["right_0"], counts["words"]),
        "guest precision": share(counts["guest_credited_right"], counts["guest_credited"]),
        "guest credited": share(counts["guest_credited_right"], counts["guest"]),
        "host precision": share(counts["host_credited_right"], counts["host_credited"]),
        "host credited": share(counts["host_credited_right"], counts["host"]),
        "host recall": share(counts["host_found"], counts["host"]),
        "boundary F1": share(2 * counts["begins_right"], counts["begins"] + counts["true_begins"]),
        "taken for panel": share(counts["panels"], counts["episodes"]),
    }
    return rates | {f"after {n}": share(counts[f"right_{n}"], counts["words"]) for n in answers if n}


def _mean(values: Sequence[float]) -> float:
    """The mean over shows in which there is something to count."""
    counted = [value for value in values if not np.isnan(value)]
    return float(np.mean(counted)) if counted else float("nan")


def table(measured: Mapping[str, Mapping[str, float]]) -> str:
    """The figures as Markdown, one line a show, the mean over shows last, and the worst show named."""
    names = [name for name in measured["all"] if name != "ece"]
    lines = ["| show | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for show, rates in measured.items():
        lines.append(f"| {show} | " + " | ".join(f"{rates[name]:.3g}" for name in names) + " |")
    shows = [show for show in measured if show != "all"]
    worst = min(shows, key=lambda show: measured[show]["words right"])
    lines.append(f"calibration error of all shows together: {measured['all']['ece']:.3f}; worst show: {worst}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
