"""Doubts about who speaks in an episode, answers to them, and corrections: what a reviewer is shown, and its JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from index.corrections.kinds import Correction, KeptCorrection, SpeakerIs, StartsAt, kind_of
from index.episode import Episode
from index.interviews.answers import VoiceIs
from index.interviews.doubts import Doubt, doubts
from index.interviews.voices import Heard, Recovery
from index.plain import plain
from rag.answer import clock


@dataclass(frozen=True, slots=True)
class Review:
    """What a reviewer needs of one episode. `doubts`: what to ask, the most useful first.

    `recovery` is None where the transcript says who speaks. `changed`: sentences, and words in them, that an answer moved.
    """

    episode: Episode
    recovery: Recovery | None
    given: tuple[KeptCorrection, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    changed: tuple[int, int] | None = None

    @classmethod
    def of(
        cls,
        episode: Episode,
        recovery: Recovery,
        given: Sequence[KeptCorrection],
        *,
        limit: int,
        before: Recovery | None = None,
    ) -> Review:
        """The `limit` most useful doubts. `before`: what was told before an answer, where one was just given."""
        given = [kept for kept in given if isinstance(kept.correction, VoiceIs)]
        changed = None if before is None else _changed(before, recovery, _words_at(episode))
        return cls(episode, recovery, tuple(given), tuple(doubts(episode.sentences, recovery)[:limit]), changed)

    @property
    def words(self) -> dict[str, int]:
        """Words by the role that they are credited to: host, guest, unknown."""
        counts: Counter[str] = Counter(host=0, guest=0, unknown=0)
        if self.recovery is None:
            for turn in self.episode.turns:
                counts[turn.speaker.role if turn.speaker else "unknown"] += turn.words
        else:
            words = _words_at(self.episode)
            for one in self.recovery.heard:
                counts[one.role] += words[one.position]
        return dict(counts)

    def heard_in(self, first: int, last: int) -> list[tuple[Heard, str]]:
        """Sentences `first` to `last` that are speech: who is heard in each, and its text."""
        texts = {sentence.position: sentence.text for sentence in self.episode.sentences}
        heard = self.recovery.heard if self.recovery else ()
        return [(one, texts[one.position]) for one in heard if first <= one.position <= last]


def _words_at(episode: Episode) -> dict[int, int]:
    return {sentence.position: len(sentence.text.split()) for sentence in episode.sentences}


def _changed(before: Recovery, after: Recovery, words: dict[int, int]) -> tuple[int, int]:
    old = {one.position: (one.role, one.likely) for one in before.heard}
    moved = [one.position for one in after.heard if (one.role, one.likely) != old.get(one.position)]
    return len(moved), sum(words[position] for position in moved)


def review_json(review: Review) -> dict[str, Any]:
    """The review as docs/staff.md documents it; the words are those of the transcript, every letter."""
    return {
        "id": review.episode.id,
        "title": review.episode.title,
        "labelled": review.recovery is None,
        "people": [{"name": person.name, "role": person.role} for person in review.episode.people],
        "panel": bool(review.recovery and review.recovery.panel),
        "words": review.words,
        "doubts": [_doubt_json(review, doubt) for doubt in review.doubts],
        "corrections": [_kept_json(kept) for kept in review.given],
        "changed": None if review.changed is None else dict(zip(("sentences", "words"), review.changed, strict=True)),
    }


def _doubt_json(review: Review, doubt: Doubt) -> dict[str, Any]:
    return {
        "ask": doubt.ask,
        "likely": doubt.likely,
        "sure": round(doubt.sure, 3),
        "wrong_words": round(doubt.wrong_words, 1),
        "sentences": [
            {
                "position": one.position,
                "role": one.role,
                "p_host": round(one.p_host, 3),
                "fixed": one.fixed,
                "text": text,
            }
            for one, text in review.heard_in(doubt.first, doubt.last)
        ],
    }


def _kept_json(kept: KeptCorrection) -> dict[str, Any]:
    given = kept.correction
    assert isinstance(given, VoiceIs)  # `Review.of` keeps no others
    return {
        "position": given.position,
        "last": given.last,
        "role": given.role,
        "begins": given.begins,
        "ends": given.ends,
        "by": kept.by,
        "at": kept.at,
        "state": kept.state,
    }


def kept_json(kept: KeptCorrection) -> dict[str, Any]:
    """Any correction: what it is (`kind`: voice, speaker, time, words), with its number, to take it back by."""
    return {
        "number": kept.number,
        "kind": kind_of(kept.correction),
        **asdict(kept.correction),
        "by": kept.by,
        "at": kept.at,
        "state": kept.state,
    }


def given_text(given: Correction) -> str:
    """A correction in words: "the host begins at sentence 12", "sentence 3 starts at 12:40"."""
    first, last = given.position, given.last
    where = f"sentence {first}" if last in (None, first) else f"sentences {first} to {last}"
    if isinstance(given, VoiceIs):
        who = f"the {given.role}"
        if given.begins:
            return f"{who} begins at sentence {first}" + (f" and ends with sentence {last}" if last is not None else "")
        return f"{who} says sentence {first}" if last is None else f"{who} says sentences {first} to {last}"
    if isinstance(given, SpeakerIs):
        return f"{one_line(given.name) if given.name else 'nobody known'} says {where}"
    if isinstance(given, StartsAt):
        until = "" if given.end is None else f" and ends at {clock(given.end)}"
        return f"{where} {'starts' if last in (None, first) else 'start'} at {clock(given.start)}{until}"
    return f"{where} reads: {one_line(given.text)}"


def one_line(text: str) -> str:
    """Text on one line that a terminal shows and doesn't obey: control and bidirectional letters are left out."""
    return " ".join(plain(text).split())
