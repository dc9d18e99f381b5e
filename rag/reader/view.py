"""A passage as a reader reads it: a label before each turn, the question before it, and the answer to one that ends it."""

from __future__ import annotations

from dataclasses import dataclass

from index.episode import Episode, Passage, Sentence, Turn

AFTER_A_QUESTION = 3
"""So many sentences after a question at a passage's end are read with it."""
LABEL_LETTERS = 60


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sentence stands in what is read: its first character, and the one after its last."""

    turn: Turn
    sentence: Sentence
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class View:
    """What is read of a passage, and where its sentences stand in it, in order."""

    text: str
    places: tuple[Place, ...]


def view(episode: Episode, passage: Passage) -> View:
    """The passage's sentences of speech, the question right before them, and what follows a question at their end."""
    spoken = [(turn, sentence) for turn in episode.turns for sentence in turn.spoken()]
    inside = [n for n, (_, sentence) in enumerate(spoken) if passage.first <= sentence.position <= passage.last]
    if not inside:
        return View("", ())
    first, last = inside[0], inside[-1]
    if first > 0 and spoken[first - 1][1].text.endswith("?"):
        first -= 1 + (first > 1 and spoken[first - 2][1].text.endswith("?"))
    if spoken[last][1].text.endswith("?"):
        last = min(last + AFTER_A_QUESTION, len(spoken) - 1)
    text, places, before = "", [], None
    for turn, sentence in spoken[first : last + 1]:
        if turn is not before:
            label = turn.speaker.name[:LABEL_LETTERS] if turn.speaker else ""
            text += ("\n" if text else "") + (f"{label}: " if label else "")
        else:
            text += " "
        places.append(Place(turn, sentence, len(text), len(text) + len(sentence.text)))
        text, before = text + sentence.text, turn
    return View(text, tuple(places))
