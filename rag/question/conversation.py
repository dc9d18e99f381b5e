"""What a conversation holds so far, as structured state: for each question the people, the subject, the episode and the sources
shown.

It is read from the messages themselves, or from the fields that come with them where a door hands them on (`asked`, `citations`).
Nothing of a message is ever pasted into a question: `rag/question/follow_up.py` takes people, subjects and sources from here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.library import EpisodeSummary
from rag.question.people import fold

MOST_EXCHANGES = 24  # of a conversation, counted from its end
LONGEST_EARLIER = 300  # characters of an earlier question that are read
LONGEST_ANSWER = 8_000  # characters of an answer that are read
MOST_SOURCES = 20

_MARK = re.compile(r"\[(\d{1,2})\]")
_QUOTE = re.compile(r"“([^”]*)”")
_LISTED = re.compile(r"^- (.+)$", re.M)
_OFFER = re.compile(
    r"\bDid you mean (?P<names>[^?]+)\?|\bWould you like what (?P<person>.+?) says? about (?P<topic>[^?]+)\?"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A numbered source that was shown: who is quoted, in which episode (None: it can't be told), and the words."""

    n: int
    speaker: str | None
    episode: str | None
    quote: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its answer. `asked` is the question whole; `rests_on` is the earlier one that gives it its subject.

    `people`: those whom it names, the one asked about first. `topic`: what it is about, in its own words, "" where it doesn't say.
    `listed`: titles of episodes that the answer lists. `offered`: what a refusal offers instead. `more`: how often more was
    asked for.
    `choices`: the sources that "the second one" is one of.
    """

    asked: str
    rests_on: str = ""
    people: tuple[str, ...] = ()
    topic: str = ""
    sources: tuple[Source, ...] = ()
    listed: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    more: int = 0
    choices: tuple[Source, ...] = ()

    @property
    def subject(self) -> str:
        """The question that says what this is about: itself, or the one that it rests on."""
        return self.rests_on or self.asked

    @property
    def quoted(self) -> tuple[str, ...]:
        """Who is quoted in the answer, the first source first."""
        return tuple(dict.fromkeys(source.speaker for source in self.sources if source.speaker))


@dataclass(frozen=True, slots=True)
class Said:
    """One question as it came, with the answer to it ("" for none) and the fields that came beside them."""

    question: str
    answer: str = ""
    asked: str = ""
    citations: tuple[Mapping[str, Any], ...] = ()


def said_in(history: Sequence[Mapping[str, Any]]) -> list[Said]:
    """The last questions of a conversation with their answers, oldest first, each question on one line.

    `history`: messages, oldest first, as {"role", "content"}; an answer may bring `asked`, its question made whole, and
    `citations`, as in the JSON of an answer.
    """
    said: list[Said] = []
    for message in history:
        text = str(message.get("content", ""))
        if message.get("role") == "user":
            if question := " ".join(text.split())[:LONGEST_EARLIER]:
                said.append(Said(question))
        elif said and not said[-1].answer:
            asked, citations = message.get("asked"), message.get("citations")
            said[-1] = Said(
                said[-1].question,
                text[:LONGEST_ANSWER],
                " ".join(asked.split())[: 2 * LONGEST_EARLIER] if isinstance(asked, str) else "",
                tuple(one for one in citations[:MOST_SOURCES] if isinstance(one, Mapping))
                if isinstance(citations, list | tuple)
                else (),
            )
    return said[-MOST_EXCHANGES:]


def sources_of(said: Said, names: Sequence[str], episodes: Sequence[EpisodeSummary]) -> tuple[Source, ...]:
    """The numbered sources that an answer shows, by number: as its fields say, or else as its text does."""
    if said.citations:
        return tuple(
            Source(
                one["n"] if isinstance(one.get("n"), int) else number,
                next((name for name in names if name == one.get("speaker")), None),
                next((episode.id for episode in episodes if episode.id == one.get("episode")), None),
                str(one.get("quote", "")),
            )
            for number, one in enumerate(said.citations, start=1)
        )
    found: dict[int, Source] = {}
    speaker = episode = None
    at = 0
    for mark in _MARK.finditer(said.answer):
        before = said.answer[at : mark.start()]
        quotes = _QUOTE.findall(before)
        lead = _QUOTE.sub(" ", before)
        # Quotes of one speaker follow one another without being led in again.
        speaker = next((name for name in names if name in lead), speaker)
        episode = next((one.id for one in episodes if one.title in lead), episode)
        if int(mark[1]) not in found and len(found) < MOST_SOURCES:
            found[int(mark[1])] = Source(int(mark[1]), speaker, episode, quotes[-1] if quotes else "")
        at = mark.end()
    return tuple(found[n] for n in sorted(found))


def listed_in(answer: str, episodes: Sequence[EpisodeSummary]) -> tuple[str, ...]:
    """The titles that an answer lists, a line each, in its order."""
    lines = _LISTED.findall(answer)
    titles = sorted((episode.title for episode in episodes), key=len, reverse=True)
    return tuple(next((title for title in titles if line.startswith(title)), "") for line in lines)


def offered_in(answer: str, names: Sequence[str], asked_of: Sequence[str] = ()) -> tuple[str, ...]:
    """What a reply offers at its end: one person that may have been meant, or one and a subject. `asked_of`: who was asked
    about."""
    if not answer.rstrip().endswith("?"):
        return ()
    match = _OFFER.search(answer)
    if match and match["person"]:
        return (match["person"], match["topic"])
    told = match["names"] if match else answer[-LONGEST_EARLIER:]
    folded = f" {fold(told)} "
    meant = [name for name in names if f" {fold(name)} " in folded and name not in asked_of]
    return tuple(sorted(meant, key=lambda name: folded.index(fold(name)))[:1])
