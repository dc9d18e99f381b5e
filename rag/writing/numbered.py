"""Passages -> numbered sentences, as a language model gets to read them: who speaks, the question before, the date, and one fence.

Each sentence has one number, however many passages hold it, and its number is all that a model has to say of it. Whatever a
transcript, a title or a name holds stands on a line of its own kind, without the signs of which marks and fences are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from index.episode import Episode, Sentence, Turn
from prompts import fence_around, flat, unmarked
from rag.evidence.quotes import asks
from rag.evidence.retrieve import Hit
from rag.reader.view import AFTER_A_QUESTION

MOST_NUMBERS = 999  # a mark has three digits
MOST_CHARACTERS = 30_000  # of all passages: some 8,000 tokens, which a small model on one's own machine can hold
LONGEST_LINE = 2_000  # characters of a sentence; a longer one is a transcript without full stops
ASKED_BEFORE = 5  # sentences before a passage among which the question that it answers is looked for


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence as the model knows it, by its number, and where it stands."""

    episode: Episode
    turn: Turn
    sentence: Sentence
    hit: Hit


@dataclass(frozen=True, slots=True)
class Numbered:
    """Passages, best first, each a text within its fence; what each number stands for; and the rows of all that are in it."""

    blocks: tuple[str, ...]
    lines: Mapping[int, Line]
    passages: Set[int]

    @property
    def text(self) -> str:
        """All of them, as the prompt shows them."""
        return "\n\n".join(self.blocks)

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """The episodes read, each once, best first."""
        return tuple({line.episode.id: line.episode for line in self.lines.values()}.values())


def number(hits: Sequence[Hit], episodes: Mapping[str, Episode], *, characters: int = MOST_CHARACTERS) -> Numbered:
    """The passages of these hits with their sentences numbered from 1, in the hits' order.

    The last ones are dropped where they would be longer than so many `characters`, and where the numbers run out; the
    first is kept. A damaged episode's passages are left out.
    """
    blocks: list[str] = []
    lines: dict[int, Line] = {}
    passages: set[int] = set()
    taken: set[tuple[str, int]] = set()
    fence = fence_around()
    for hit in hits:
        episode = episodes.get(hit.passage.episode)
        if episode is None:
            continue
        new = [
            Line(episode, turn, s, hit) for turn, s in _around(episode, hit) if (episode.id, s.position) not in taken
        ]
        if not new:
            passages.add(hit.id)
            continue
        numbers = range(len(lines) + 1, len(lines) + 1 + len(new))
        block = f"{fence}\n{_written(dict(zip(numbers, new, strict=True)))}\n{fence}"
        too_long = sum(len(before) + 2 for before in blocks) + len(block) > characters
        if blocks and (too_long or numbers[-1] > MOST_NUMBERS):
            break
        blocks.append(block)
        passages.add(hit.id)
        lines |= zip(numbers, new, strict=True)
        taken |= {(episode.id, line.sentence.position) for line in new}
    return Numbered(tuple(blocks), lines, passages)


def _around(episode: Episode, hit: Hit) -> list[tuple[Turn, Sentence]]:
    """The passage's sentences of speech, with the question before that they answer, and the answer to one at their end."""
    spoken = [(turn, s) for turn in episode.turns for s in turn.spoken()]
    inside = [n for n, (_, s) in enumerate(spoken) if hit.passage.first <= s.position <= hit.passage.last]
    if not inside:
        return []
    first, last = inside[0], inside[-1]
    turn = spoken[first][0]
    for back in range(first - 1, max(-1, first - 1 - ASKED_BEFORE), -1):
        before, sentence = spoken[back]
        if asks(sentence.text) and (before is not turn or turn.speaker is None):
            first = back
            break
    if asks(spoken[last][1].text):
        last += AFTER_A_QUESTION
    return spoken[first : last + 1]


def _written(lines: Mapping[int, Line]) -> str:
    """One passage: its episode and date, and under each speaker the numbered sentences."""
    head = next(iter(lines.values())).episode
    text = ["Episode: " + " · ".join(filter(None, [flat(head.title), flat(head.date or "")]))]
    before: Turn | None = None
    for n, line in lines.items():
        if line.turn is not before:
            text.append(f"{_who(line.turn)}:")
        before = line.turn
        text.append(f"[{n}] {unmarked(line.sentence.text)[:LONGEST_LINE]}")
    return "\n".join(text)


def _who(turn: Turn) -> str:
    """Who speaks in a turn, as the prompt names them."""
    speaker = turn.speaker
    if speaker is None:
        return "speaker not known"
    return f"{flat(speaker.name)} ({speaker.role})" if speaker.role != "unknown" else flat(speaker.name)
