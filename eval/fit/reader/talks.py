"""Talks as training for the reader: Changelog's interviews and QMSum's meetings. The texts stay out of the repository.

Of an interview: a host's question with the answer after it. "You" in it becomes the name of who answers, half of the time,
since listeners ask so. Of a meeting: QMSum's questions with the turns that are their evidence, of the development half of
meetings alone (every second one, as `eval/sets/questions.py` halves them).
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.fit.reader.sets import Corpus, Item, Text, part_of
from index.errors import TranscriptError
from index.formats import read
from index.reading.sentences import split_sentences

LONGEST_QUESTION, LEAST_ANSWER = 45, 25
"""Words of a host's question, and of the answer after it."""
OF_AN_EPISODE = 25
COMMON = 0.25
"""A word in more of the episodes is too common: a question needs two rarer ones to be understood alone."""
ANSWERING = 3
"""Sentences at an answer's begin that are called the answer; of the others it isn't known."""
_MARK = re.compile(r"\s+([,.?!;:])|\{\w+\}")
_YOU = re.compile(
    r"\b(?:(do|did|are|were|have|had|would|could|can|will|should) )?(?:(your)|you('re| are|'ve| have)?)\b", re.I
)
_THIRD = {
    "do": "does",
    "are": "is",
    "were": "was",
    "have": "has",
    "'re": " is",
    "'ve": " has",
    " are": " is",
    " have": " has",
}
_NOT_PEOPLE = re.compile(
    r"(?:break|intro|outro|jingle|music|sponsor|ad|voice ?over|clip|narrator|song|audio)s?\b", re.I
)


def add_interviews(corpus: Corpus, folder: Path, limit: int | None = None, seed: int = 0) -> None:
    """Add the host's questions of every labelled episode in `folder` (a folder a show, Markdown)."""
    files = sorted(file for file in folder.glob("*/*.md") if file.parent.name not in ("news", "scripts"))
    if limit is not None:
        files = random.Random(seed).sample(files, min(limit, len(files)))
    talks = [(file, talk) for file in files if (talk := _talk(file)) is not None]
    held = Counter(word for _, talk in talks for word in {w for _, said in talk for w in _words(said)})
    common = {word for word, count in held.items() if count > COMMON * len(talks)}
    for file, talk in talks:
        doc = f"changelog:{file.parent.name}/{file.stem}"
        add_talk(corpus, "changelog", doc, talk, common, random.Random(f"{seed} {doc}"))


def _talk(file: Path) -> list[tuple[str, str]] | None:
    """The turns of an episode, who and what; None where it can't be read."""
    try:
        parsed = read(file)
    except TranscriptError:
        return None
    turns = [
        (turn.speaker, " ".join(p.text for p in turn.pieces if p.speech).strip())
        for turn in parsed.turns
        if turn.speaker and not _NOT_PEOPLE.match(turn.speaker)
    ]
    return [(who, said) for who, said in turns if said]


def add_talk(
    corpus: Corpus, name: str, doc: str, talk: Sequence[tuple[str, str]], common: set[str], rng: random.Random
) -> None:
    """Add a talk as one text, and each question in it that can be understood alone with the answer of the next turn."""
    text = join_turns(name, doc, part_of(doc), talk)
    place = len(corpus.texts)
    of_turn: dict[int, list[int]] = {}
    for number, (_, _, turn, _) in enumerate(text.sentences):
        of_turn.setdefault(turn, []).append(number)
    found = []
    for turn in range(len(talk) - 1):
        (asker, _), (who, said) = talk[turn], talk[turn + 1]
        ending = _question_at_end(text, of_turn.get(turn, []))
        if not ending or asker == who or len(said.split()) < LEAST_ANSWER:
            continue
        question = " ".join(text.text[a:b] for a, b, _, _ in (text.sentences[n] for n in ending))
        words = question.split()
        if not 5 <= len(words) <= LONGEST_QUESTION or len(_words(question) - common) < 2:
            continue
        answer = of_turn[turn + 1]
        gold = [n for n in answer[: ANSWERING + 1] if text.sentences[n][1] - text.sentences[n][0] >= 20][:ANSWERING]
        person = None
        if rng.random() < 0.5 and re.search(r"\byou\b", question, re.I):
            person = rng.choice((who, who.split()[0]))
            question = about(question, person)
        if gold:
            item = Item(name, question, place, True, tuple(gold), (), True, person, tuple(of_turn[turn]), tuple(answer))
            found.append(item)
    if found:
        corpus.texts.append(text)
        corpus.items += found if len(found) <= OF_AN_EPISODE else rng.sample(found, OF_AN_EPISODE)


def about(question: str, name: str) -> str:
    """A question put to somebody, as a third one would ask about them: "Do you burn your pine?" -> "Does Ann burn their pine?"."""
    named = False

    def put(found: re.Match[str]) -> str:
        nonlocal named
        verb, your, after = found[1] or "", found[2], found[3] or ""
        if your:
            return f"{verb} {'their' if named else name + chr(39) + 's'}".strip()
        who, named = ("they" if named else name), True
        if who == name:
            verb = _THIRD.get(verb.lower(), verb)
            after = _THIRD.get(after.lower(), after)
        return f"{verb} {who}{after}".strip()

    changed = _YOU.sub(put, question.replace("’", "'"))
    return changed[:1].upper() + changed[1:]


def _question_at_end(text: Text, sentences: Sequence[int]) -> list[int]:
    """The last sentence of a turn if it asks, with the one before if that asks too."""
    said = [text.text[text.sentences[n][0] : text.sentences[n][1]] for n in sentences]
    if not said or not said[-1].endswith("?"):
        return []
    return list(sentences[-2:]) if len(said) > 1 and said[-2].endswith("?") else [sentences[-1]]


def join_turns(name: str, doc: str, part: str, talk: Sequence[tuple[str | None, str]]) -> Text:
    """A talk as one text; each sentence knows its turn and its speaker."""
    sentences, parts, at = [], [], 0
    for turn, (who, said) in enumerate(talk):
        sentences += [(at + a, at + b, turn, who) for a, b in split_sentences(said)]
        parts.append(said)
        at += len(said) + 1
    return Text(name, doc, part, "\n".join(parts), tuple(sentences))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z][a-z'+#.-]*[a-z+#]", text.lower()))


def add_meetings(corpus: Corpus, folder: Path, limit: int | None = None, *, every: bool = False) -> None:
    """Add QMSum: `folder` holds `questions.jsonl` and `transcripts`. The test half of the meetings is left out unless `every`."""
    with (folder / "questions.jsonl").open(encoding="utf-8") as lines:
        questions = [json.loads(line) for line in lines]
    episodes = sorted({place["episode"] for asked in questions for place in asked["gold"]})
    for number, episode in enumerate(episodes):
        test = number % 2 == 1
        if (test and not every) or (limit is not None and number // 2 >= limit):
            continue
        turns = list(_turns(folder / "transcripts" / f"{episode}.json"))
        doc = f"qmsum:{episode}"
        part = "test" if test else "dev" if part_of(doc) != "train" else "train"
        text = join_turns("qmsum", doc, part, [(who, said) for who, said, _, _ in turns])
        place = len(corpus.texts)
        corpus.texts.append(text)
        for asked in questions:
            if asked["filters"]["episode"] == episode:
                item = _asked_of_meeting(asked, turns, text, place)
                if item is not None:
                    corpus.items.append(item)


def _turns(file: Path) -> Iterator[tuple[str, str, float, float]]:
    for one in json.loads(file.read_text(encoding="utf-8"))["segments"]:
        said = _MARK.sub(lambda m: m[1] or " ", one["body"]).strip()
        if said:
            yield one["speaker"], said, one["startTime"], one["endTime"]


def _asked_of_meeting(
    asked: dict[str, Any], turns: Sequence[tuple[str, str, float, float]], text: Text, place: int
) -> Item | None:
    def within(spans: Sequence[dict[str, Any]], who: str | None = None) -> set[int]:
        found = set()
        for number, (speaker, _, start, end) in enumerate(turns):
            mid = (start + end) / 2
            if any(s["start"] <= mid <= s["end"] for s in spans) and who in (None, speaker):
                found.add(number)
        return found

    person = asked.get("speaker")
    evidence = within(asked.get("evidence") or [], person)
    if not evidence:
        return None
    near = within([*asked["gold"], *asked["evidence"]])
    gold = tuple(n for n, s in enumerate(text.sentences) if s[2] in evidence and s[1] - s[0] >= 15)
    close = tuple(n for n, s in enumerate(text.sentences) if s[2] in near)
    name = person and next((n for n in (person, *person.split()[::-1]) if n in asked["question"]), None)
    return Item("qmsum", asked["question"], place, True, gold, (), True, name, (), close) if gold else None
