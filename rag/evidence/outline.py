"""What an episode or a person says in the main, as quotes: questions with how each answer begins, or the longest turns.

Chosen without a subject to look for, by how much is said. Nothing here writes a word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.episode import Episode, Sentence, Turn
from index.library import Library
from rag.evidence.quote import Quote, Signals

MOST_PARTS = 7  # of an outline
SHORTEST_OPENING, LONGEST_OPENING = 8, 45  # words of an answer that are quoted
SHORTEST_ANSWER = 6  # words: what is said in fewer is no part of an outline
LONGEST_QUESTION = 40  # words
MOST_PASSAGES = 4  # of a person


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an outline: a question (None where a subject in words, `title`, leads it) and the words that begin the answer."""

    asked: Quote | None
    answer: Quote
    title: str = ""


def outline(episode: Episode) -> list[Part]:
    """The parts of an episode in its order: its questions with the longest answers, up to MOST_PARTS."""
    spoken = [(turn, sentence) for turn in episode.turns for sentence in turn.spoken()]
    asks = [n for n, (turn, sentence) in enumerate(spoken) if _asks(turn, sentence)]
    parts: list[tuple[int, Part]] = []
    for place, n in enumerate(asks):
        turn, question = spoken[n]
        end = asks[place + 1] if place + 1 < len(asks) else len(spoken)
        answer = [
            (other, s)
            for other, s in spoken[n + 1 : end]
            if (other is not turn or turn.speaker is None) and not s.text.endswith("?")
        ]
        words = sum(len(s.text.split()) for _, s in answer)
        if not answer or words < SHORTEST_ANSWER:
            continue
        first = answer[0][0]
        opening = _opening([s for other, s in answer if other is first])
        parts.append((words, Part(_quote(episode, turn, [question]), _quote(episode, first, opening))))
    kept = sorted(parts, key=lambda part: -part[0])[:MOST_PARTS]
    return sorted((part for _, part in kept), key=lambda part: part.answer.first)


def main_words(library: Library, name: str, episodes: Sequence[str]) -> list[Part]:
    """What somebody says in these episodes: how their longest turns begin."""
    turns = [
        (episode, turn)
        for episode in library.episodes(episodes)
        for turn in episode.turns
        if turn.speaker and turn.speaker.name == name and turn.spoken()
    ]
    longest = sorted(turns, key=lambda one: -len(one[1].text))[:MOST_PASSAGES]
    return [Part(None, _quote(episode, turn, _opening(turn.spoken()))) for episode, turn in longest]


def _asks(turn: Turn, sentence: Sentence) -> bool:
    by_host = turn.speaker is None or turn.speaker.role in ("host", "unknown")
    return by_host and sentence.text.endswith("?") and 3 <= len(sentence.text.split()) <= LONGEST_QUESTION


def _opening(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The first sentences of an answer, whole, until something is said."""
    taken: list[Sentence] = []
    words = 0
    for sentence in sentences:
        more = len(re.findall(r"\w+", sentence.text))
        if taken and (words >= SHORTEST_OPENING or words + more > LONGEST_OPENING):
            break
        taken.append(sentence)
        words += more
    return taken


def _quote(episode: Episode, turn: Turn, sentences: Sequence[Sentence]) -> Quote:
    text = " ".join(sentence.text for sentence in sentences)
    return Quote(episode, turn, sentences[0].position, sentences[-1].position, text, 0.0, -1, Signals())
