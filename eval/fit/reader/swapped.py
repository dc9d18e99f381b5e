"""Questions about one person's words, put to another of the same episode: `python -m eval swapped DATA OUT` writes such a set.

DATA holds `qa/friendsqa` and `qmsum`; OUT becomes `questions.jsonl` and `transcripts/`, for `verbatim eval --questions
OUT/questions.jsonl --transcripts OUT/transcripts`. Each question stands there twice: to whoever says it (`answered`, kind
`asked`), and to somebody else who speaks there (`said_by_other`, kind `swapped`), with the same gold. The development half is
for fitting. Scenes and meetings that the reader is trained on are left out of both halves. The texts stay out of the repository.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.fit.reader.sets import Corpus, Item, Text, add_rows, part_of, read_rows
from eval.fit.reader.talks import add_meetings
from index.reading.read import read_episode
from rag.evidence.check import locate

MOST = 150
"""Questions of each half and source."""
_OF_WORDS = re.compile(
    r"\b(?:sa(?:y|ys|id|ying)|tell|tells|told|think|thinks|thought|suggest\w*|claim\w*|mention\w*|explain\w*|describ\w+|according|"
    r"feel|feels|felt|believe\w*|want\w*|like|likes|love|loves|hate|hates|remember\w*|admit\w*|promise\w*|opinion|attitude|propos\w+|"
    r"recommend\w*|view|complain\w*|compare\w*|know|knows|hope\w*|worr\w+|concern\w*|plan|plans|planning|offer\w*)\b",
    re.I,
)
"""What a person says, thinks or wants is their words; where they are, or who married them, anybody may say."""
_SPECIAL = re.compile(r"([\\*_\[\]#<>`])")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write such a set into the folder OUT, and print how many questions each half has. Exit code 0."""
    parser = argparse.ArgumentParser(
        prog="python -m eval swapped", description="Write questions put to the wrong person."
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    corpus = Corpus()
    add_rows(corpus, "friendsqa", read_rows(options.data / "qa" / "friendsqa" / "train.jsonl.xz"))
    add_meetings(corpus, options.data / "qmsum", every=True)
    rows = write_set(corpus, options.out)
    counted = {half: sum(row["half"] == half for row in rows) // 2 for half in ("dev", "test")}
    print(
        f"{counted['dev']} questions of the development half and {counted['test']} of the test half, each put to two people"
    )
    return 0


def write_set(corpus: Corpus, out: Path) -> list[dict[str, Any]]:
    """Write the set, and return its rows. What a transcript doesn't give back word for word is left out."""
    (out / "transcripts").mkdir(parents=True, exist_ok=True)
    rng = random.Random(0)
    chosen: dict[tuple[str, str], list[Item]] = {}
    for item in corpus.items:
        half = half_of_text(corpus.texts[item.text])
        if item.person and item.gold and half and _OF_WORDS.search(item.question):
            chosen.setdefault((item.set, half), []).append(item)
    rows: list[dict[str, Any]] = []
    for (_, half), items in sorted(chosen.items()):
        for item in rng.sample(items, min(MOST, len(items))):
            rows += _pair(item, corpus.texts[item.text], half, out / "transcripts", len(rows), rng)
    with (out / "questions.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return rows


def half_of_text(text: Text) -> str | None:
    """`dev` or `test`; None for what the reader learns from. A meeting's test half is that of its own set."""
    if text.set == "qmsum" and text.part == "test":
        return "test"
    part = part_of(text.doc)
    return None if part == "train" else "dev" if text.set == "qmsum" else part


def _pair(item: Item, text: Text, half: str, folder: Path, number: int, rng: random.Random) -> Iterator[dict[str, Any]]:
    who = text.sentences[item.gold[0]][3]
    speakers = sorted({s[3] for s in text.sentences if s[3]} - {who})
    others = [
        name for name in speakers if name.split()[0].lower() not in item.question.lower() and not name.startswith("#")
    ]
    if not others:
        return
    # In a meeting of four, all may speak near the answer: whoever says least there is the least likely to say it too.
    near = Counter(text.sentences[n][3] for n in item.near)
    others = [name for name in others if near[name] == min(near[one] for one in others)]
    episode = re.sub(r"\W+", "-", text.doc)
    file = folder / f"{episode}.md"
    if not file.exists():
        file.write_text(_markdown(text), encoding="utf-8")
    heard = read_episode(file)
    said = [text.text[text.sentences[n][0] : text.sentences[n][1]].strip() for n in item.gold]
    gold = [{"episode": heard.id, "text": one} for one in said if locate(one, heard)]
    if not gold:
        return
    other = rng.choice(others)
    asked_as = other if " " in (item.person or "") or item.set == "qmsum" else other.split()[0]
    swapped = re.sub(rf"(?<!\w){re.escape(item.person or '')}(?!\w)", asked_as, item.question, flags=re.I)
    common = {"half": half, "filters": {"episode": heard.id}, "speaker": who, "gold": gold}
    yield {"id": f"asked-{number}", "question": item.question, "kind": "asked", "verdict": "answered", **common}
    yield {"id": f"swapped-{number}", "question": swapped, "kind": "swapped", "verdict": "said_by_other", **common}


def _markdown(text: Text) -> str:
    turns: dict[int, tuple[str | None, list[str]]] = {}
    for a, b, turn, speaker in text.sentences:
        turns.setdefault(turn, (speaker, []))[1].append(" ".join(text.text[a:b].split()))
    return (
        "\n\n".join(
            (f"**{speaker}:** " if speaker else "") + _SPECIAL.sub(r"\\\1", " ".join(said))
            for speaker, said in turns.values()
        )
        + "\n"
    )


if __name__ == "__main__":
    sys.exit(main())
