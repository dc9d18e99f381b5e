"""An episode with its corrections applied: speakers, times and words. The episode that went in stays as it is.

Later corrections win. Knows nothing of the database; `index/library/library.py` stores what comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from index.corrections.kinds import Correction, SpeakerIs, StartsAt, WordsAre, last_of
from index.episode import Episode, Person, Sentence, SpeakerSource, TimeSource, Turn
from index.reading.timing import interpolation_error


class _SpokenSentence(NamedTuple):
    """A sentence with who says it, and the number of the turn that it was in."""

    speaker: Person | None
    source: SpeakerSource
    turn: int
    sentence: Sentence


def corrected(episode: Episode, given: Iterable[Correction]) -> Episode:
    """The episode with the corrections in their order, but for answers about voices: `index/interviews/voices.py` takes those.

    A turn is parted where its speaker was corrected for some of its sentences only. A person whose every word turned out to
    be somebody else's takes part no more; one who was named by a correction does.
    """
    said = [
        _SpokenSentence(turn.speaker, turn.speaker_source, n, s)
        for n, turn in enumerate(episode.turns)
        for s in turn.sentences
    ]
    for one in given:
        if isinstance(one, WordsAre):
            said[one.position] = said[one.position]._replace(
                sentence=replace(said[one.position].sentence, text=one.text)
            )
        elif isinstance(one, StartsAt):
            moved = _moved([line.sentence for line in said], one)
            said = [line._replace(sentence=sentence) for line, sentence in zip(said, moved, strict=True)]
        elif isinstance(one, SpeakerIs):
            person = _person(one, episode.people)
            source: SpeakerSource = "corrected" if person else "unknown"
            for at in range(one.position, last_of(one) + 1):
                said[at] = said[at]._replace(speaker=person, source=source)
    turns = tuple(
        Turn(speaker, tuple(line.sentence for line in lines), source)
        for (speaker, source, _), lines in groupby(said, key=lambda line: line[:3])
    )
    return replace(episode, turns=turns, people=_people(episode, turns))


def _person(given: SpeakerIs, people: Sequence[Person]) -> Person | None:
    if given.name is None:
        return None
    known = next((person for person in people if person.name == given.name), None)
    return known if known and (known.role != "unknown" or given.role == "unknown") else Person(given.name, given.role)


def _people(episode: Episode, turns: Sequence[Turn]) -> tuple[Person, ...]:
    before = {turn.speaker.name for turn in episode.turns if turn.speaker}
    now = {turn.speaker.name: turn.speaker for turn in turns if turn.speaker}
    stay = [person for person in episode.people if person.name in now or person.name not in before]
    listed = {person.name for person in stay}
    return (*stay, *(person for name, person in now.items() if name not in listed and name not in before))


def _moved(sentences: list[Sentence], given: StartsAt) -> list[Sentence]:
    """All sentences, those that the correction is about at their new times; estimated ones around give way to these.

    Without an end they keep their distances. What was estimated between stays so, as well known as its distance from the
    corrected times allows.
    """
    first, last = given.position, last_of(given)
    inside = sentences[first : last + 1]
    begins = _starts(inside, given)
    new = []
    for number, (sentence, start) in enumerate(zip(inside, begins, strict=True)):
        end = begins[number + 1] if number + 1 < len(begins) else _end(inside, begins, given)
        if given.end is None and sentence.start is not None and sentence.end is not None:
            end = start + (sentence.end - sentence.start)
        exact = number == 0 or sentence.time_source in ("transcript", "corrected")
        error = 0.0
        if not exact:
            after = (given.end if given.end is not None else 2 * begins[-1] + 60.0) - start
            error = min(sentence.time_error or 0.0, interpolation_error(start - given.start, after))
        source: TimeSource = "corrected" if exact else "estimated"
        new.append(replace(sentence, start=start, end=max(end, start), time_source=source, time_error=error))
    final = new[-1].end or given.start
    before = [_no_later(sentence, given.start) for sentence in sentences[:first]]
    return [*before, *new, *(_no_earlier(sentence, final) for sentence in sentences[last + 1 :])]


def _starts(inside: Sequence[Sentence], given: StartsAt) -> list[float]:
    """When each of the sentences starts: moved as one, stretched to the end that is given, or laid out by their words."""
    olds = [sentence.start for sentence in inside]
    known = [old for old in olds if old is not None]
    if len(known) < len(olds):
        lengths = [max(1, len(sentence.text)) for sentence in inside]
        span = (given.end or given.start) - given.start
        return [given.start + span * sum(lengths[:n]) / sum(lengths) for n in range(len(lengths))]
    old_end = inside[-1].end
    stretch = 1.0
    if given.end is not None and old_end is not None and old_end > known[0]:
        stretch = (given.end - given.start) / (old_end - known[0])
    return [given.start + (old - known[0]) * stretch for old in known]


def _end(inside: Sequence[Sentence], begins: Sequence[float], given: StartsAt) -> float:
    if given.end is not None:
        return given.end
    old = inside[-1]
    return begins[-1] + ((old.end - old.start) if old.end is not None and old.start is not None else 0.0)


def _no_later(sentence: Sentence, than: float) -> Sentence:
    if sentence.time_source != "estimated" or sentence.start is None or (sentence.end or 0.0) <= than:
        return sentence
    start = min(sentence.start, than)
    return replace(sentence, start=start, end=max(start, than))


def _no_earlier(sentence: Sentence, than: float) -> Sentence:
    if sentence.time_source != "estimated" or sentence.start is None or sentence.start >= than:
        return sentence
    return replace(sentence, start=than, end=max(than, sentence.end or than))
