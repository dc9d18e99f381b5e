"""The HTML of the staff's screen Episode: its head, the map of voices, the transcript, corrections and review.

Each function returns a finished, escaped string, as in `ui/staff/found_html.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from index.corrections.kinds import KeptCorrection, WordsAre
from index.episode import EXACT_SECONDS, Episode, Sentence, Turn
from index.interviews.doubts import Doubt
from index.interviews.voices import Heard
from index.web import web_address
from rag.answer import Citation, clock
from rag.review import Review, given_text
from ui.shared.html import counted, day, duration, play_button
from ui.shared.moments import MOST_LEAD_SECONDS, Moment
from ui.shared.templates import escaped
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


def head(episode: Episode) -> str:
    """What it is: title, show, date, length, and the way to its own page."""
    facts = [episode.show.name, day(episode.date) or said("no_date"), duration(episode.duration or 0.0)]
    source = web_address(episode.url)
    outside = (
        f'<a href="{escaped(source)}" target="_blank" rel="noopener noreferrer">{escaped(said("to_source"))}</a>'
        if source
        else ""
    )
    return (
        f'<header class="episode-head"><h2>{escaped(episode.title)}</h2><p class="facts">'
        f"{' · '.join(escaped(fact) for fact in facts if fact)} {outside}</p></header>"
    )


def voices(episode: Episode) -> str:
    """A strip as long as the talk, in the colours of who speaks; a press jumps there. Under it, whose colour is whose."""
    colours = voices_of(episode)
    lengths = [_length(turn) for turn in episode.turns]
    shares: dict[str | None, float] = {}
    for turn, length in zip(episode.turns, lengths, strict=True):
        name = turn.speaker.name if turn.speaker else None
        shares[name] = shares.get(name, 0.0) + length
    whole = sum(lengths) or 1.0
    parts = "".join(
        f'<i class="v{colours[turn.speaker.name if turn.speaker else None]}" style="flex-grow:{length:.2f}" '
        f'data-turn="t{n}" title="{escaped(_named(turn))} {escaped(_at(turn.sentences[0]))}"></i>'
        for n, (turn, length) in enumerate(zip(episode.turns, lengths, strict=True))
        if length
    )
    shown = sorted(shares, key=lambda name: -shares[name])
    legend = [(name, said("legend_share", name=name or said("unknown_speaker"), share=round(100 * shares[name] / whole)))
              for name in shown if shares[name]]  # fmt: skip
    told = escaped(said("who_speaks", told=", ".join(text for _, text in legend)))
    keys = "".join(
        f'<li><i class="v{colours[name]}" aria-hidden="true"></i>'
        + (f'<a href="{escaped(to_person(name))}">{escaped(text)}</a>' if name else escaped(text))
        + "</li>"
        for name, text in legend
    )
    strip = f'<div class="strip" role="img" aria-label="{told}">{parts}</div>'
    return f'<div class="voices">{strip}<ul class="legend">{keys}</ul></div>'


def search_inside() -> str:
    """The box to search in the transcript, and the switch to follow the sound; `ui/staff/staff.js` moves both."""
    return (
        '<div class="inside" role="search">'
        f'<input type="search" id="inside" maxlength="200" placeholder="{escaped(said("search_inside"))}" '
        f'aria-label="{escaped(said("search_inside"))}"><output id="hits" data-hits="{escaped(said("hits"))}" '
        f'data-none="{escaped(said("no_hits"))}"></output>'
        f'<button type="button" data-step="-1">{escaped(said("previous"))}</button>'
        f'<button type="button" data-step="1">{escaped(said("next"))}</button>'
        f'<label><input type="checkbox" id="follow" checked> {escaped(said("follow"))}</label></div>'
    )


def transcript(episode: Episode, audio: str | None, *, opened: int | None, put_right: Mapping[int, str]) -> str:
    """Every turn with its speaker, time, and sentences.

    `audio`: where the browser gets it. `opened`: the sentence that the address named. `put_right`: what the transcript has,
    by position, where the words were put right.
    """
    colours = voices_of(episode)
    end = max((s.end or 0.0 for s in episode.sentences), default=0.0)
    turns = "".join(
        _turn(n, turn, episode, audio, end, colours, opened, put_right) for n, turn in enumerate(episode.turns)
    )
    source = f' data-src="{escaped(audio)}"' if audio else ""
    return (
        f'<div class="transcript{" audible" if audio else ""}" data-episode="{escaped(episode.id)}"{source} '
        f'data-end="{end:.2f}" data-title="{escaped(episode.title)}">{turns}</div>'
    )


def _turn(
    n: int,
    turn: Turn,
    episode: Episode,
    audio: str | None,
    end: float,
    colours: Mapping[str | None, int],
    opened: int | None,
    put_right: Mapping[int, str],
) -> str:
    name = turn.speaker.name if turn.speaker else None
    first = turn.sentences[0]
    at = _at(first) or said("no_times")
    play = (
        play_button(_moment(n, turn, episode, audio, end), f"t{n}")
        or f'<span class="when">{escaped(_at(first))}</span>'
    )
    who = (
        f'<a class="name" href="{escaped(to_person(name))}">{escaped(name)}</a>'
        if name
        else f'<span class="name">{escaped(said("unknown_speaker"))}</span>'
    )
    role = (
        f'<span class="role">{escaped(ROLES[turn.speaker.role])}</span>'
        if turn.speaker and turn.speaker.role != "unknown"
        else ""
    )
    label = said("correct_turn", speaker=_named(turn), time=at)
    spoken = " ".join(_sentence(s, opened, put_right) for s in turn.sentences)
    return (
        f'<section class="turn" id="t{n}" data-who="{escaped(_named(turn))}"><div class="by"><i class="v{colours[name]}" '
        f'aria-hidden="true"></i>{who}{role}{source_hint(turn.speaker_source)}{play}'
        f'<button type="button" class="quiet" data-act="correct" '
        f'data-turn="{n}" data-first="{first.position}" aria-label="{escaped(label)}">{escaped(said("correct"))}</button></div>'
        f'<p class="words">{spoken}</p></section>'
    )


def _sentence(sentence: Sentence, opened: int | None, put_right: Mapping[int, str]) -> str:
    kinds = ["s"] + ([] if sentence.speech else ["aside"]) + (["opened"] if sentence.position == opened else [])
    hint = ""
    if sentence.position in put_right:
        kinds.append("mended")
        hint = f' title="{escaped(said("corrected_words", text=put_right[sentence.position]))}"'
    # Only what is known to the second can be pointed at: the sound is followed by these alone.
    exact = sentence.start is not None and (sentence.time_error or 0.0) <= EXACT_SECONDS
    start = f' data-start="{sentence.start:.2f}"' if exact else ""
    return f'<span class="{" ".join(kinds)}" id="s{sentence.position}"{start}{hint}>{escaped(sentence.text)}</span>'


def _moment(n: int, turn: Turn, episode: Episode, audio: str | None, end: float) -> Moment:
    """The turn as what the player plays: from its first word to the talk's end, since whoever reads goes on listening."""
    first = turn.sentences[0]
    citation = Citation(
        n=n, episode=episode.id, title=episode.title, show=episode.show.name, date=episode.date, speaker=_named(turn),
        role=turn.speaker.role if turn.speaker else "unknown", speaker_source=turn.speaker_source, start=first.start,
        end=end, time_source=first.time_source, time_error=first.time_error, quote="", check="verified", url=episode.url,
        first=first.position, last=turn.sentences[-1].position,
    )  # fmt: skip
    lead = min(first.time_error or 0.0, MOST_LEAD_SECONDS) if (first.time_error or 0.0) > EXACT_SECONDS else 0.0
    start = None if first.start is None else max(0.0, first.start - lead)
    return Moment(citation, "", audio=audio, start=start, end=end)


def _named(turn: Turn) -> str:
    return turn.speaker.name if turn.speaker else said("unknown_speaker")


def _at(sentence: Sentence) -> str:
    return clock(sentence.start, sentence.time_error)


def _length(turn: Turn) -> float:
    """Seconds, or where these aren't known, words."""
    known = turn.start is not None and turn.end is not None
    return max(0.0, turn.end - turn.start) if known else float(turn.words)  # type: ignore[operator]


# What was put right


def corrections(kept: Sequence[KeptCorrection]) -> str:
    """What was put right in the episode, newest first, with who did and when; each that counts can be taken back."""
    if not kept:
        return ""
    rows = "".join(
        f'<li class="{one.state}"><span>{escaped(given_text(one.correction))}</span><span class="by-at">'
        f"{escaped(said('by_at', by=one.by or said('by_nobody'), at=one.at.replace('T', ' ')[:16]))}"
        + (f" · {escaped(STATES[one.state])}" if STATES[one.state] else "")
        + "</span>"
        + (
            f'<button type="button" class="quiet" data-act="undo" data-number="{one.number}">{escaped(said("take_back"))}</button>'
            if one.state == "active"
            else ""
        )
        + "</li>"
        for one in reversed(kept)
    )
    active = sum(one.state == "active" for one in kept)
    return (
        f'<details class="kept"{" open" if active else ""}><summary>{escaped(said("put_right"))} ({active})</summary>'
        f"<ul>{rows}</ul></details>"
    )


def words_before(kept: Sequence[KeptCorrection], added: Episode) -> dict[int, str]:
    """What the transcript has where the words were put right, by position."""
    texts = added.sentences
    return {
        one.correction.position: texts[one.correction.position].text
        for one in kept
        if one.state == "active" and isinstance(one.correction, WordsAre)
    }


# Review


def review(told: Review) -> str:
    """Where it is least sure who speaks, with one press to answer; what has been told so far above it."""
    spoken = told.words
    state = said("review_state", host=spoken["host"], guest=spoken["guest"], unknown=spoken["unknown"])
    lines = [said("review_lead"), state]
    roles = [person.role for person in told.episode.people]
    if 1 not in (roles.count("host"), roles.count("guest")):
        lines.append(said("review_nameless"))
    if told.recovery and told.recovery.panel:
        lines.append(said("review_panel"))
    doubts = "".join(_doubt(told, doubt) for doubt in told.doubts) or f"<p>{escaped(said('review_done'))}</p>"
    answered = any(kept.state == "active" for kept in told.given)
    undo = (
        f'<button type="button" class="quiet" data-act="undo">{escaped(said("undo_answer"))}</button>'
        if answered
        else ""
    )
    return (
        f'<section class="review"><h2>{escaped(said("review"))}</h2>{"".join(f"<p>{escaped(line)}</p>" for line in lines)}'
        f"<ol>{doubts}</ol>{undo}</section>"
    )


def _doubt(told: Review, doubt: Doubt) -> str:
    worth = counted(max(1, round(doubt.wrong_words)), "word")
    line = said("doubt", likely=LIKELY[doubt.likely], sure=round(100 * doubt.sure), words=worth)
    texts = {sentence.position: sentence.text for sentence in told.episode.sentences}
    heard = told.recovery.heard if told.recovery else ()
    place = next(n for n, one in enumerate(heard) if one.position == doubt.ask)
    rows = "".join(
        _heard(one, texts[one.position], asked=one.position == doubt.ask)
        for one in heard[max(0, place - AROUND) : place + AROUND + 1]
    )
    return f'<li class="doubt"><p class="worth">{escaped(line)}</p><ul>{rows}</ul></li>'


def _heard(one: Heard, text: str, *, asked: bool) -> str:
    sure = said("said") if one.fixed else f"{round(100 * one.sure)} %"
    buttons = "".join(
        f'<button type="button" data-act="answer" data-role="{role}" data-position="{one.position}" '
        f'aria-label="{escaped(f"{label}: {text[:60]}")}">{escaped(label)}</button>'
        for role, label in (("host", said("host_from")), ("guest", said("guest_from")))
    )
    return (
        f'<li class="{"asked" if asked else "near"}"><span class="voice {one.likely}">{escaped(LIKELY[one.likely])} '
        f'{escaped(sure)}</span><span class="text">{escaped(text)}</span><span class="answers">{buttons}</span></li>'
    )
