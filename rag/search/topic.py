"""Everything about a topic, for whoever checks: of each passage the words that are about it, best first; nothing withheld.

Unlike `Assistant.search` it chooses, of several people's words in a passage, those that name the topic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index.episode import Sentence, Turn
from index.search.lexical import stems
from rag.answer import Citation
from rag.assistant import Assistant
from rag.evidence.cite import cite
from rag.question.scope import Filters

MOST_PASSAGES = 200  # both searches together find no more


@dataclass(frozen=True, slots=True)
class Findings:
    """Passages about a topic, best first. `naming`: how many of them have a word of the topic, in any of its forms."""

    citations: tuple[Citation, ...]
    naming: int
    searched: int


def find_topic(assistant: Assistant, topic: str, filters: Filters | None = None) -> Findings:
    """Up to MOST_PASSAGES passages about a topic, each as a checked quote. QuestionError: it can't be searched for.

    Where the filters name a person or a role, only their words are quoted; words of nobody known are never taken for theirs.
    """
    with assistant.pinned() as pinned:
        return _find_topic(pinned, topic, filters or Filters())


def _find_topic(assistant: Assistant, topic: str, filters: Filters) -> Findings:
    found = assistant.passages(topic, filters, k=MOST_PASSAGES)
    only_known = bool(found.scope.person or filters.role)
    library = assistant.library
    weights = {stem: library.rarity(word) for word in found.asked.words for stem in stems(re.findall(r"\w+", word))}
    citations: list[Citation] = []
    naming = 0
    read = {
        episode.id: episode for episode in library.episodes(dict.fromkeys(hit.passage.episode for hit in found.hits))
    }
    for hit in found.hits:
        best: tuple[float, int, Turn, tuple[Sentence, ...]] | None = None
        episode = read.get(hit.passage.episode)
        for turn in episode.turns if episode else ():
            inside = turn.spoken(hit.passage.first, hit.passage.last)
            if not inside or not found.may_speak(turn) or (only_known and turn.speaker is None):
                continue
            row = (_weight(inside, weights), sum(len(s.text) for s in inside), turn, inside)
            best = row if best is None or row[:2] > best[:2] else best
        if best is None or episode is None:  # None: it is damaged
            continue
        weight, _, turn, inside = best
        text = " ".join(sentence.text for sentence in inside)
        first, last = inside[0].position, inside[-1].position
        citations.append(cite(episode, turn, first, last, text, n=len(citations) + 1, score=hit.score, passage=hit.id))
        naming += weight > 0
    return Findings(tuple(citations), naming, len(found.scope.episodes))


def _weight(sentences: Sequence[Sentence], weights: Mapping[str, float]) -> float:
    """How much of the topic the sentences name, by rarity."""
    named = {stem for sentence in sentences for stem in stems(re.findall(r"\w+", sentence.text))}
    return sum(weight for stem, weight in weights.items() if stem in named)
