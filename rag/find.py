"""Everything about a topic, for whoever checks: of each passage the words that are about it, best first; nothing withheld.

Unlike `Assistant.search` it chooses, of several people's words in a passage, those that name the topic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from index.episode import Sentence, Turn
from index.lexical import stems
from rag.answer import Assistant, may_speak_rule
from rag.extract import Quote, Signals
from rag.question import Filters, Question
from rag.result import Citation
from rag.retrieve import Hit
from rag.write import cite

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
    asked, scope = assistant.understand(topic, (), filters)
    may_speak = may_speak_rule(Question(asked.asked, asked.words), filters, scope)
    only_known = bool(scope.person or filters.role)
    library = assistant.library
    weights = {stem: library.rarity(word) for word in asked.words for stem in stems(re.findall(r"\w+", word))}
    citations: list[Citation] = []
    naming = 0
    hits = assistant.retriever.retrieve(asked, scope, k=MOST_PASSAGES)
    read = {episode.id: episode for episode in library.episodes(dict.fromkeys(hit.passage.episode for hit in hits))}
    for hit in hits:
        best: tuple[float, int, Turn, list[Sentence]] | None = None
        episode = read.get(hit.passage.episode)
        for turn in episode.turns if episode else ():
            inside = _inside(turn, hit)
            if not inside or not may_speak(turn) or (only_known and turn.speaker is None):
                continue
            row = (_weight(inside, weights), sum(len(s.text) for s in inside), turn, inside)
            best = row if best is None or row[:2] > best[:2] else best
        if best is None or episode is None:  # None: it is damaged
            continue
        weight, _, turn, inside = best
        text = " ".join(sentence.text for sentence in inside)
        quote = Quote(episode, turn, inside[0].position, inside[-1].position, text, hit.score, hit.id, Signals())
        citations.append(replace(cite(quote, len(citations) + 1), score=round(hit.score, 4)))
        naming += weight > 0
    return Findings(tuple(citations), naming, len(scope.episodes))


def _inside(turn: Turn, hit: Hit) -> list[Sentence]:
    return [s for s in turn.sentences if hit.passage.first <= s.position <= hit.passage.last and s.speech]


def _weight(sentences: list[Sentence], weights: Mapping[str, float]) -> float:
    """How much of the topic the sentences name, by rarity."""
    named = {stem for sentence in sentences for stem in stems(re.findall(r"\w+", sentence.text))}
    return sum(weight for stem, weight in weights.items() if stem in named)
