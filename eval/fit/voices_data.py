"""Interviews whose names are taken away, to learn and measure on: `python -m eval voices-data CHANGELOG OUT`.

CHANGELOG is the unpacked archive of labelled episodes (one folder a show). A speaker who returns in a show is one of its
hosts, one who comes once or twice a guest; nobody is named here. OUT becomes two files of one JSON object a line, an
episode each: `punctuated.jsonl`, and `raw.jsonl` without capitals and punctuation, cut where subtitles would be.

An episode: {"id", "show", "kind", "names": {"host": […], "guest": […]}, "sentences": [[text, [words of the host,
of the guest], first], …]}; `first` is 0 or 1, the role whose word opens the sentence. `kind` is `interview` (two people),
`several` (hosts and guests, more than two: only to learn from) or `panel` (more than two people with a share of the talk).
The texts stay out of the repository.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from index.errors import TranscriptError
from index.formats import read
from index.formats.parsed import Parsed, Piece
from index.reading.sentences import build_sentences

LEAST_WORDS = 1500
A_SHARE = 0.05
"""Of an episode's words: who says less is not one of its people (a caller, a producer)."""
CUE_WORDS = (6, 14)
"""Fewest and most words of a subtitle, for the split without punctuation."""
NOT_PEOPLE = re.compile(r"(?:break|intro|outro|jingle|music|sponsor|ad|voice ?over|clip|narrator|song|audio)s?\b", re.I)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write OUT/punctuated.jsonl and OUT/raw.jsonl, the same episodes with and without punctuation; prints counts.
    Exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m eval voices-data", description="Take the names away.")
    parser.add_argument("changelog", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    counts: Counter[tuple[str, str]] = Counter()
    with (options.out / "punctuated.jsonl").open("w") as plain, (options.out / "raw.jsonl").open("w") as raw:
        for episode, bare in build(options.changelog, options.processes):
            counts[episode["show"], episode["kind"]] += 1
            plain.write(json.dumps(episode) + "\n")
            raw.write(json.dumps(bare) + "\n")
    for (show, kind), count in sorted(counts.items()):
        print(f"{show:14} {kind:10} {count}")
    return 0


def build(folder: Path, processes: int = 1) -> Iterator[tuple[dict, dict]]:
    """Each episode with a usable cast, as it is and bare; in the order of the file names."""
    files = sorted(file for file in folder.glob("*/*.md") if file.parent.name != "changelog")
    with ProcessPoolExecutor(processes) as pool:
        read_files = [one for one in pool.map(_read, files, chunksize=8) if one is not None]
    in_show: dict[str, Counter[str]] = defaultdict(Counter)
    episodes: Counter[str] = Counter()
    for file, parsed in read_files:
        episodes[file.parent.name] += 1
        in_show[file.parent.name].update({turn.speaker for turn in parsed.turns if turn.speaker})
    anywhere = {
        name for show, names in in_show.items() for name, n in names.items() if n >= max(4, 0.08 * episodes[show])
    }
    for file, parsed in read_files:
        show = file.parent.name
        cast = _cast(parsed, in_show[show], anywhere)
        if cast is not None:
            yield (
                _episode(file.stem, show, parsed, *cast, bare=False),
                _episode(file.stem, show, parsed, *cast, bare=True),
            )


def _read(file: Path) -> tuple[Path, Parsed] | None:
    try:
        return file, read(file)
    except TranscriptError:
        return None


def _cast(parsed: Parsed, returns: Counter[str], regulars: set[str]) -> tuple[dict[str, int], str, list[str]] | None:
    """Each label's role (0 host, 1 guest), the episode's kind and its people; None where it isn't clear who is what."""
    words = _words_of(parsed)
    total = sum(words.values())
    if total < LEAST_WORDS:
        return None
    people = [label for label, count in words.items() if count >= A_SHARE * total]
    hosts = [label for label in people if label in regulars and returns[label] >= 4]
    guests = [label for label in people if label not in regulars and returns[label] <= 3]
    rest = total - sum(words[label] for label in people)
    if rest > 0.05 * total or len(people) < 2:
        return None
    roles = {label: int(label in guests) for label in words if label not in guests or label in people}
    roles |= {label: int(label not in regulars) for label in words if label not in roles}
    if len(people) == 2 and len(hosts) == len(guests) == 1:
        return roles, "interview", people
    if len(people) < 3:
        return None
    if hosts and guests and len(hosts) + len(guests) == len(people) and sum(words[g] for g in guests) > 0.3 * total:
        return roles, "several", people
    return roles, "panel", people


def _words_of(parsed: Parsed) -> Counter[str]:
    words: Counter[str] = Counter()
    for turn in parsed.turns:
        if turn.speaker and not NOT_PEOPLE.match(turn.speaker):
            words[turn.speaker] += sum(len(piece.text.split()) for piece in turn.pieces if piece.speech)
    return words


def _episode(
    id_: str, show: str, parsed: Parsed, roles: dict[str, int], kind: str, people: list[str], *, bare: bool
) -> dict:
    rng = random.Random(id_)
    pieces: list[Piece] = []
    of_word: list[int] = []
    for turn in parsed.turns:
        if turn.speaker not in roles:
            continue
        for piece in turn.pieces:
            words = piece.text.split()
            if not piece.speech or not words:
                continue
            if bare:
                words = [
                    plain for plain in (re.sub(r"[^\w'’%$-]", "", word).lower() for word in words) if plain.strip("-'’")
                ]
            pieces.append(Piece(" ".join(words)))
            of_word += [roles[turn.speaker]] * len(words)
    text = " ".join(piece.text for piece in pieces)
    if bare:
        words, pieces = text.split(), []
        while words:
            length = rng.randint(*CUE_WORDS)
            pieces.append(Piece(" ".join(words[:length])))
            words = words[length:]
    else:
        pieces = [Piece(text)]
    sentences, at = [], 0
    for sentence in build_sentences([pieces])[0]:
        count = len(sentence.text.split())
        inside = of_word[at : at + count]
        sentences.append([sentence.text, [inside.count(0), inside.count(1)], inside[0]])
        at += count
    assert at == len(of_word), id_
    names = {"host": [n for n in people if roles[n] == 0], "guest": [n for n in people if roles[n]]}
    return {"id": id_, "show": show, "kind": kind, "names": names, "sentences": sentences}


if __name__ == "__main__":
    sys.exit(main())
