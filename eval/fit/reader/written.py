"""Questions that were written for the reader to learn from: about talks of the corpus, and about small ones made up for it.

`eval/data/reader_questions.jsonl`, a line a run of sentences of one talk: `doc`, `first`, `last` (numbers of its sentences,
as the corpus has them), `mark` (of what is said there: a talk that was cut otherwise is noticed and left out), `questions`.
The talks themselves stay out of the repository: they are found in the corpus by `doc`.
`eval/data/reader_talks.jsonl`, a line a made-up talk: `said` [[speaker, sentence]], `questions`.
A question: `q`, `a` (numbers of the sentences that answer, counted from 1; none: nothing there does), `k` (its kind), and where
it is put to the wrong person `who` and `said` (the sentences of whoever does say it).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eval.fit.reader.sets import Corpus, Item, Text, part_of

DATA = Path(__file__).parents[2] / "data"
ABOUT_TALKS, MADE_UP = DATA / "reader_questions.jsonl", DATA / "reader_talks.jsonl"
WRITTEN, FICTION = "written", "fiction"
ELSEWHERE = 6
"""So many other made-up talks, those with the most of a question's words, are where its wrong passages come from."""


def add_written(corpus: Corpus) -> None:
    """Add the questions about talks that the corpus holds, unchanged, and the made-up talks with theirs."""
    docs = {text.doc: number for number, text in enumerate(corpus.texts) if text.set == "changelog"}
    for row in _rows(ABOUT_TALKS):
        place = docs.get(row["doc"])
        if place is not None and mark_of(corpus.texts[place], row["first"], row["last"]) == row["mark"]:
            add_run(corpus, place, row)
    first = len(corpus.texts)
    rows = list(_rows(MADE_UP))
    corpus.texts += [_made_up(number, row["said"]) for number, row in enumerate(rows)]
    words = [set(re.findall(r"\w{4,}", text.text.lower())) for text in corpus.texts[first:]]
    for number, row in enumerate(rows):
        speakers = [who for who, _ in row["said"]]
        for item in _items(row["questions"], FICTION, first + number, 0, speakers):
            asked = set(re.findall(r"\w{4,}", item.question.lower()))
            like = sorted((n for n in range(len(rows)) if n != number), key=lambda n: (-len(asked & words[n]), n))
            corpus.items.append(replace(item, wrong=tuple(first + n for n in like[:ELSEWHERE])))


def mark_of(text: Text, first: int, last: int) -> str:
    """What tells whether a run of a talk's sentences is still cut in the same way; "" where it has none so far."""
    if last >= len(text.sentences):
        return ""
    said = "\n".join(text.text[a:b].strip() for a, b, _, _ in text.sentences[first : last + 1])
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def add_run(corpus: Corpus, place: int, row: dict[str, Any]) -> None:
    """A run with its questions: those that it does not answer are put to it alone, the others to the whole talk, where wrong
    passages can be found as well."""
    talk, first, last = corpus.texts[place], row["first"], row["last"]
    start, end = talk.sentences[first][0], talk.sentences[last][1]
    placed = tuple((a - start, b - start, turn, who) for a, b, turn, who in talk.sentences[first : last + 1])
    # A document of its own: what stands beside it in the talk may well answer.
    corpus.texts.append(Text(WRITTEN, f"{WRITTEN}:{row['doc']}:{first}", talk.part, talk.text[start:end], placed))
    for item in _items(row["questions"], WRITTEN, place, first, [who for _, _, _, who in placed]):
        corpus.items.append(item if item.gold else replace(item, text=len(corpus.texts) - 1))


def _made_up(number: int, said: Sequence[tuple[str, str]]) -> Text:
    text, placed, turn = "", [], -1
    for at, (who, sentence) in enumerate(said):
        turn += at == 0 or said[at - 1][0] != who
        text += ("\n" if at and said[at - 1][0] != who else " ") if text else ""
        placed.append((len(text), len(text) + len(sentence), turn, who))
        text += sentence
    doc = f"{FICTION}:{number}"
    return Text(FICTION, doc, part_of(doc), text, tuple(placed))


def _items(
    questions: Sequence[dict[str, Any]], of_set: str, text: int, first: int, speakers: Sequence[str | None]
) -> Iterator[Item]:
    """The questions of one run of sentences, which begins at `first` of its text. One that is put to the wrong person is put
    to the right one, too."""
    for asked in questions:
        gold = [n - 1 for n in asked["a"] or asked.get("said", ())]
        if not gold:
            yield Item(of_set, asked["q"], text, False)
            continue
        # The sentences beside the answer, by the same person, may belong to it.
        near = [
            n for n in range(len(speakers)) if min(abs(n - g) for g in gold) == 1 and speakers[n] == speakers[gold[0]]
        ]
        item = Item(
            of_set,
            asked["q"],
            text,
            bool(asked["a"]),
            tuple(first + n for n in gold),
            near=tuple(first + n for n in near),
        )
        said_by = {speakers[n] for n in gold}
        if asked["a"]:
            yield replace(item, person=_person(asked["q"], said_by))
            continue
        yield item
        wrong = _person(asked["q"], {asked["who"]})
        right = said_by.pop() if len(said_by) == 1 else None
        if wrong and right:
            name = right if " " in wrong else right.split()[0]
            question = re.sub(rf"(?<!\w){re.escape(wrong)}(?!\w)", name.replace("\\", ""), asked["q"], flags=re.I)
            yield replace(item, question=question, answered=True, person=name)


def _person(question: str, speakers: set[str | None]) -> str | None:
    """The name, whole or in part, by which the question asks for one of the speakers."""
    for speaker in sorted(filter(None, speakers)):
        for name in (speaker, *speaker.split()):
            if len(name) > 1 and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", question, re.I):
                return name
    return None
