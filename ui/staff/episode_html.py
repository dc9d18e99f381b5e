"""The HTML of the staff's screen Episode: its head, the map of voices, the transcript, corrections and review.

Each function returns finished HTML, as in `ui/staff/found_html.py`; the markup is in `episode.html.j2`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from index.corrections.kinds import KeptCorrection, WordsAre
from index.episode import EXACT_SECONDS, Episode, Sentence, Turn
from index.interviews.doubts import Doubt
from index.interviews.voices import Heard
from rag.answer import clock
from rag.review import Review, given_text
from ui.shared.html import counted, day, duration, play_from
from ui.shared.moments import MOST_LEAD_SECONDS
from ui.shared.templates import macros
from ui.staff.found_html import HTML as FOUND
from ui.staff.found_html import source_hint, to_person
from ui.words.staff import LIKELY, ROLES, STATES, said

COLOURS = 8  # voices that are told apart by colour; further ones share the last
AROUND = 3  # sentences shown before and after one that is asked about


def voices_of(episode: Episode) -> dict[str | None, int]:
    """Each voice's colour, the one that speaks most first; nobody known is 0, the grey one."""
    spoken: dict[str, int] = {}
    for turn in episode.turns:
        if turn.speaker:
            spoken[turn.speaker.name] = spoken.get(turn.speaker.name, 0) + turn.words
    order = sorted(spoken, key=lambda name: (-spoken[name], name))
    return {None: 0, **{name: min(n, COLOURS) for n, name in enumerate(order, start=1)}}


def head(episode: Episode) -> Markup:
    """What it is: title, show, date, length, and the way to its own page."""
    facts = [episode.show.name, day(episode.date) or said("no_date"), duration(episode.duration or 0.0)]
    return HTML.head(episode, [fact for fact in facts if fact])


def voices(episode: Episode) -> Markup:
    """A strip as long as the talk, in the colours of who speaks; a press jumps there. Under it, whose colour is whose."""
    colours = voices_of(episode)
    lengths = [_length(turn) for turn in episode.turns]
    shares: dict[str | None, float] = {}
    for turn, length in zip(episode.turns, lengths, strict=True):
        name = turn.speaker.name if turn.speaker else None
        shares[name] = shares.get(name, 0.0) + length
    whole = sum(lengths) or 1.0
    parts = [
        (n, colours[_name(turn)], length, _named(turn), _at(turn.sentences[0]))
        for n, (turn, length) in enumerate(zip(episode.turns, lengths, strict=True))
        if length
    ]
    legend = [
        (
            name,
            colours[name],
            said("legend_share", name=name or said("unknown_speaker"), share=round(100 * share / whole)),
        )
        for name, share in sorted(shares.items(), key=lambda each: -each[1])
        if share
    ]
    told = said("who_speaks", told=", ".join(text for *_, text in legend))
    return HTML.voices(parts, legend, told)


def search_inside() -> Markup:
    """The box to search in the transcript, and the switch to follow the sound; `ui/staff/staff.js` moves both."""
    return HTML.search_inside()


def transcript(episode: Episode, audio: str | None, *, opened: int | None, put_right: Mapping[int, str]) -> Markup:
    """Every turn with its speaker, time, and sentences.

    `audio`: where the browser gets it. `opened`: the sentence that the address named. `put_right`: what the transcript has,
    by position, where the words were put right.
    """
    colours = voices_of(episode)
    end = max((s.end or 0.0 for s in episode.sentences), default=0.0)
    turns = [
        HTML.turn(
            n,
            turn,
            _named(turn),
            bool(_name(turn)),
            _at(turn.sentences[0]),
            colours[_name(turn)],
            _play(n, turn, episode, audio, end),
            [_sentence(sentence, opened, put_right) for sentence in turn.sentences],
        )
        for n, turn in enumerate(episode.turns)
    ]
    return HTML.transcript(episode, audio, end, turns)


def _sentence(sentence: Sentence, opened: int | None, put_right: Mapping[int, str]) -> tuple[Any, ...]:
    """Its classes, its start where that is known to the second, its words before they were put right, and itself."""
    before = put_right.get(sentence.position)
    kinds = ["s"] + ([] if sentence.speech else ["aside"]) + (["opened"] if sentence.position == opened else [])
    # Only what is known to the second can be pointed at: the sound is followed by these alone.
    start = sentence.start if (sentence.time_error or 0.0) <= EXACT_SECONDS else None
    return kinds if before is None else [*kinds, "mended"], start, before, sentence


def _play(n: int, turn: Turn, episode: Episode, audio: str | None, end: float) -> Markup:
    """Plays from the turn's first word to the talk's end, since whoever reads goes on listening."""
    first = turn.sentences[0]
    lead = min(first.time_error or 0.0, MOST_LEAD_SECONDS) if (first.time_error or 0.0) > EXACT_SECONDS else 0.0
    start = None if first.start is None else max(0.0, first.start - lead)
    return play_from(
        f"t{n}", audio, start, end, title=episode.title, episode=episode.id, who=_named(turn), at=_at(first)
    )


def _name(turn: Turn) -> str | None:
    return turn.speaker.name if turn.speaker else None


def _named(turn: Turn) -> str:
    return turn.speaker.name if turn.speaker else said("unknown_speaker")


def _at(sentence: Sentence) -> str:
    return clock(sentence.start, sentence.time_error)


def _length(turn: Turn) -> float:
    """Seconds, or where these aren't known, words."""
    known = turn.start is not None and turn.end is not None
    return max(0.0, turn.end - turn.start) if known else float(turn.words)  # type: ignore[operator]


# What was put right


def corrections(kept: Sequence[KeptCorrection]) -> Markup:
    """What was put right in the episode, newest first, with who did and when; each that counts can be taken back."""
    if not kept:
        return Markup()
    rows = [(one, given_text(one.correction), one.at.replace("T", " ")[:16]) for one in reversed(kept)]
    return HTML.corrections(rows, sum(one.state == "active" for one in kept))


def words_before(kept: Sequence[KeptCorrection], added: Episode) -> dict[int, str]:
    """What the transcript has where the words were put right, by position."""
    texts = added.sentences
    return {
        one.correction.position: texts[one.correction.position].text
        for one in kept
        if one.state == "active" and isinstance(one.correction, WordsAre)
    }


# Review


def review(told: Review) -> Markup:
    """Where it is least sure who speaks, with one press to answer; what has been told so far above it."""
    spoken = told.words
    state = said("review_state", host=spoken["host"], guest=spoken["guest"], unknown=spoken["unknown"])
    lines = [said("review_lead"), state]
    roles = [person.role for person in told.episode.people]
    if 1 not in (roles.count("host"), roles.count("guest")):
        lines.append(said("review_nameless"))
    if told.recovery and told.recovery.panel:
        lines.append(said("review_panel"))
    answered = any(kept.state == "active" for kept in told.given)
    return HTML.review(lines, [_doubt(told, doubt) for doubt in told.doubts], answered)


def _doubt(told: Review, doubt: Doubt) -> tuple[str, list[tuple[Heard, str, bool]]]:
    """What an answer is worth, and the sentences around the one that is asked about: as heard, their words, whether it is it."""
    worth = counted(max(1, round(doubt.wrong_words)), "word")
    line = said("doubt", likely=LIKELY[doubt.likely], sure=round(100 * doubt.sure), words=worth)
    texts = {sentence.position: sentence.text for sentence in told.episode.sentences}
    heard = told.recovery.heard if told.recovery else ()
    place = next(n for n, one in enumerate(heard) if one.position == doubt.ask)
    around = heard[max(0, place - AROUND) : place + AROUND + 1]
    return line, [(one, texts[one.position], one.position == doubt.ask) for one in around]


HTML = macros(
    "staff/episode.html.j2",
    said=said,
    ROLES=ROLES,
    STATES=STATES,
    LIKELY=LIKELY,
    to_person=to_person,
    to_source=FOUND.to_source,
    link=FOUND.link,
    source_hint=source_hint,
)
