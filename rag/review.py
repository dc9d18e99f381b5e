"""Doubts about who speaks in an episode, answers to them, and corrections, as text and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from index.corrections.kinds import Given, Kept, SpeakerIs, StartsAt, kind_of
from index.episode import Episode
from index.interviews.voices import Correction, Doubt, Heard, Recovery, doubts
from index.plain import plain
from rag.answer import clock

SHOWN_AROUND = 3  # sentences of speech on each side of one that is asked about, in the terminal


@dataclass(frozen=True, slots=True)
class Review:
    """What a reviewer needs of one episode. `doubts`: what to ask, the most useful first.

    `recovery` is None where the transcript says who speaks. `changed`: sentences, and words in them, that an answer moved.
    """

    episode: Episode
    recovery: Recovery | None
    given: tuple[Kept, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    changed: tuple[int, int] | None = None

    @classmethod
    def of(
        cls,
        episode: Episode,
        recovery: Recovery,
        given: Sequence[Kept],
        *,
        limit: int,
        before: Recovery | None = None,
    ) -> Review:
        """The `limit` most useful doubts. `before`: what was told before an answer, where one was just given."""
        given = [kept for kept in given if isinstance(kept.correction, Correction)]
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
            for one, text in _around(review, doubt.first, doubt.last)
        ],
    }


def _kept_json(kept: Kept) -> dict[str, Any]:
    given: Any = kept.correction
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


def kept_json(kept: Kept) -> dict[str, Any]:
    """Any correction: what it is (`kind`: voice, speaker, time, words), with its number, to take it back by."""
    return {
        "number": kept.number,
        "kind": kind_of(kept.correction),
        **asdict(kept.correction),
        "by": kept.by,
        "at": kept.at,
        "state": kept.state,
    }


def corrections_text(given: Sequence[Kept]) -> str:
    """What was put right, a line each, oldest first, with who did and when, and whether it counts."""
    lines = [
        f"{kept.number}. {given_text(kept.correction)} ({kept.at}{f', by {one_line(kept.by)}' if kept.by else ''})"
        f"{'' if kept.state == 'active' else f' [{kept.state}]'}"
        for kept in given
    ]
    return "\n".join(lines) or "Nothing was put right here."


def _around(review: Review, first: int, last: int) -> list[tuple[Heard, str]]:
    texts = {sentence.position: sentence.text for sentence in review.episode.sentences}
    heard = review.recovery.heard if review.recovery else ()
    return [(one, texts[one.position]) for one in heard if first <= one.position <= last]


def review_text(review: Review) -> str:
    """The review for a terminal: who is credited with how much, then each doubt with the words around it."""
    people = ", ".join(
        f"{one_line(p.name)} ({p.role})" if p.role != "unknown" else one_line(p.name) for p in review.episode.people
    )
    lines = [f"{one_line(review.episode.id)}: {one_line(review.episode.title)}", people or "nobody named"]
    if review.recovery is None:
        return "\n".join([*lines, "The transcript says who speaks: there is nothing to ask."])
    lines += _state(review)
    for number, doubt in enumerate(review.doubts, 1):
        lines += ["", f"{number}. Who says sentence {doubt.ask}? {_worth(doubt)}", *_lines_of(review, doubt)]
    if not review.doubts:
        return "\n".join([*lines, "Nothing is left in doubt."])
    command, ask = f"  verbatim speakers {one_line(review.episode.id)}", review.doubts[0].ask
    lines += ["", "Answer with the sentence where a voice begins, or with one that it says (or several: 12-15):"]
    lines += [f"{command} --host-from {ask}", f"{command} --guest {ask}"]
    return "\n".join(lines)


def given_text(given: Given) -> str:
    """A correction in words: "the host begins at sentence 12", "sentence 3 starts at 12:40"."""
    first, last = given.position, given.last
    where = f"sentence {first}" if last in (None, first) else f"sentences {first} to {last}"
    if isinstance(given, Correction):
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


def _state(review: Review) -> list[str]:
    words = review.words
    lines = [
        f"{words['host']:,} words are told as the host's, {words['guest']:,} as the guest's, {words['unknown']:,} as nobody's."
    ]
    roles = [person.role for person in review.episode.people]
    if 1 not in (roles.count("host"), roles.count("guest")):
        lines.append("No one host or guest is named, so nobody is credited: name them in the episode's .meta.json.")
    if review.recovery and review.recovery.panel:
        lines.append(
            "More than two people seem to speak, so nobody is told from anybody; an answer says that there are two."
        )
    states = Counter(kept.state for kept in review.given)
    if states["active"]:
        last = next(kept for kept in reversed(review.given) if kept.state == "active")
        by = f", by {one_line(last.by)}" if last.by else ""
        lines.append(
            f"Answers that count: {states['active']}. The last: {given_text(last.correction)} ({last.at}{by})."
        )
    if states["unplaced"]:
        lines.append(
            f"Answers about words that the transcript no longer has: {states['unplaced']}; kept, and not counted."
        )
    return lines


def _worth(doubt: Doubt) -> str:
    return f"Likely the {doubt.likely} ({doubt.sure:.0%}); an answer is worth about {max(1, round(doubt.wrong_words))} words."


def _lines_of(review: Review, doubt: Doubt) -> list[str]:
    shown = _around(review, doubt.first, doubt.last)
    at = next(number for number, (one, _) in enumerate(shown) if one.position == doubt.ask)
    return [
        f"{'>' if one.position == doubt.ask else ' '}{one.position:>5}  {one.likely:<5} "
        f"{'  said' if one.fixed else f'{one.sure:>6.0%}'}  {one_line(text)}"
        for one, text in shown[max(0, at - SHOWN_AROUND) : at + SHOWN_AROUND + 1]
    ]


def one_line(text: str) -> str:
    """Text on one line that a terminal shows and doesn't obey: control and bidirectional letters are left out."""
    return " ".join(plain(text).split())
