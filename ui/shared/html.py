"""The one way into the page's HTML, and the pieces that every screen shares: a citation's card, its speaker, its
place, the player.

Transcripts, titles, names, questions and model output are hostile text. They reach the page through `escaped` and
`web_address` and no other way, here and in the files that make the HTML of one screen (`ui/listeners/answers.py`). Each function
returns a finished string for `gr.HTML(value=…)`. Knows nothing of Gradio; what stands beside a quote is `ui/shared/moments.py`'s.
"""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Sequence
from urllib.parse import urlencode

from index.episode import EXACT_SECONDS
from index.plain import plain
from index.web import web_address
from rag.answer import Citation, clock
from ui.shared.moments import Moment, Span
from ui.words.listeners import MONTHS, NOUNS, for_the_browser, said

# gr.HTML hands its template to Handlebars and then to a JavaScript template literal. A finished `value` passes through
# neither, but these three start code in both: as entities they stay letters wherever the string ends up.
TEMPLATE_CHARACTERS = str.maketrans({"$": "&#36;", "{": "&#123;", "}": "&#125;", "`": "&#96;"})

LOCAL_AUDIO = "audio/"  # the page's own address for an episode's audio file: audio/EPISODE

VOICES = 6  # colours for speakers, in style.css


def escaped(text: object) -> str:
    """`text` as letters and nothing else: safe inside an element and inside a double-quoted attribute.

    Control characters, and those that turn the reading direction of what follows, are left out.
    """
    return html.escape(plain(str(text)), quote=True).translate(TEMPLATE_CHARACTERS)


def masthead(episodes: int, seconds: float, shows: Sequence[str], *, staff: str = "") -> str:
    """The page's head: its name, what can be asked about, and the way to the staff's page where one is given."""
    where = shows[0] if len(shows) == 1 else counted(len(shows), "show")
    facts = [counted(episodes, "episode"), duration(seconds), where]
    way = f'<a class="to-staff" href="{escaped(staff)}">{escaped(said("for_staff"))}</a>' if staff else ""
    return (
        '<header class="masthead"><h1>Verbatim</h1><p class="tagline">'
        f"{escaped(said('tagline'))}</p>"
        f'<p class="holdings">{" · ".join(escaped(fact) for fact in facts if fact)}</p>{way}</header>'
    )


def voices(names: Sequence[str]) -> dict[str, int]:
    """A colour for each name, 0..VOICES - 1: the same one whenever it is free, and no two alike while there are enough."""
    given: dict[str, int] = {}
    for name in names:
        if name not in given:
            own = zlib.crc32(name.encode()) % VOICES
            free = [(own + step) % VOICES for step in range(VOICES) if (own + step) % VOICES not in given.values()]
            given[name] = free[0] if free else own
    return given


def card(round_number: int, moment: Moment, *, nearest: bool = False, voice: int | None = None) -> str:
    """One quote where it stands: who, the question above it, the words around it, when, and ways to hear and share it.

    `voice`: the speaker's colour, as `voices` gives it.
    """
    citation = moment.citation
    name = f"r{round_number}{'x' if nearest else 'c'}{citation.n}"
    number = "" if nearest else f'<span class="number" aria-hidden="true">{citation.n}</span>'
    asked = ""
    if moment.question:
        who = said("asks", person=moment.asker) if moment.asker else ""
        asked = f'<p class="asked"><span class="who">{escaped(who)}</span>{spans(moment.question)}</p>'
    play = play_button(moment, name)
    who = citation.speaker or said("unlabelled_speaker")
    label = said("nearest_passage", speaker=who) if nearest else said("source", n=citation.n, speaker=who)
    colour = "" if voice is None or citation.speaker is None else f" voice-{voice}"
    return (
        f'<section class="card {escaped(citation.role)}{colour}{" near" if nearest else ""}" id="{name}" tabindex="-1" '
        f'aria-label="{escaped(label)}"><div class="byline">{number}{speaker(citation)}</div>{asked}'
        f"<blockquote>{spans(moment.before)}<mark>{escaped(moment.quote)}</mark>{spans(moment.after)}</blockquote>"
        f'<div class="hear">{play}{place(citation, timed=not play)}</div>{caveats(citation, audible=bool(play))}'
        f"{shares(moment)}</section>"
    )


def speaker(citation: Citation) -> str:
    """Who said it, with the role, and a word where the name isn't the transcript's own label."""
    if citation.speaker is None or citation.speaker_source == "unknown":
        return f'<span class="speaker">{escaped(said("unlabelled"))}</span>'
    known = {"host": said("role_host"), "guest": said("role_guest")}.get(citation.role, "")
    role = f'<span class="role">{escaped(known)}</span>' if known else ""
    worked_out = citation.speaker_source in ("recovered", "corrected")
    hint = f'<span class="hint">{escaped(said(citation.speaker_source))}</span>' if worked_out else ""
    return f'<span class="speaker">{escaped(citation.speaker)}</span>{role}{hint}'


def caveats(citation: Citation, *, audible: bool) -> str:
    """A plain sentence for each thing that isn't known for sure: the speaker, the time."""
    notes = []
    if citation.speaker_source == "recovered":
        notes.append(said("recovered_how"))
    elif citation.speaker_source == "corrected":
        notes.append(said("corrected_how"))
    elif citation.speaker is None or citation.speaker_source == "unknown":
        notes.append(said("unlabelled_how"))
    if citation.start is not None and not exact(citation):
        error = duration(max(1.0, citation.time_error or 0.0))
        notes.append(said("estimated_how" if audible else "estimated_place", error=error))
    return f'<p class="caveat">{escaped(" ".join(notes))}</p>' if notes else ""


def exact(citation: Citation) -> bool:
    """Whether the time is known to the second or two."""
    return citation.time_error is None or citation.time_error <= EXACT_SECONDS


def spans(pieces: Sequence[Span]) -> str:
    """Words around a quote; what nobody spoke (music, laughter) is set apart."""
    words = (
        escaped(piece.text) if piece.speech else f'<span class="aside">{escaped(piece.text)}</span>' for piece in pieces
    )
    return f"<span class='around'> {' '.join(words)} </span>" if pieces else ""


def play_button(moment: Moment, name: str) -> str:
    """Plays the quote and stops after it; nothing where there is no audio or no time."""
    citation = moment.citation
    source = moment.audio if (moment.audio or "").startswith(LOCAL_AUDIO) else web_address(moment.audio)
    if not source or moment.start is None or moment.end is None:
        return ""
    at = clock(citation.start, citation.time_error)
    return (
        f'<button type="button" class="play" data-src="{escaped(source)}" data-start="{moment.start:.3f}" '
        f'data-end="{moment.end:.3f}" data-title="{escaped(citation.title)}" data-card="{name}" '
        f'data-episode="{escaped(citation.episode)}" data-who="{escaped(citation.speaker or said("unlabelled_now"))}" '
        f'aria-label="{escaped(said("play_at", time=at))}">'
        f'<span class="icon" aria-hidden="true"></span>{escaped(at)}</button>'
    )


def place(citation: Citation, *, timed: bool) -> str:
    """Where the quote stands: episode, show, date, a link there, and, where no button shows it, the time if known."""
    at = clock(citation.start, citation.time_error, citation.way) or said("untimed")
    facts = [citation.show, day(citation.date), at if timed else ""]
    link = web_address(citation.url)
    leads = f' href="{escaped(link)}" target="_blank" rel="noopener noreferrer"' if link else ""
    element = "a" if link else "span"
    return (
        f'<p class="place"><{element} class="episode"{leads}>{escaped(citation.title)}</{element}>'
        f"<span>{' · '.join(escaped(fact) for fact in facts if fact)}</span></p>"
    )


def shares(moment: Moment) -> str:
    """Copies the quote with its source, and a link that opens this very moment."""
    citation = moment.citation
    copies = [("copy_quote", "data-copy", quoted(moment.quote, citation))]
    if citation.first >= 0:
        leads = "?" + urlencode({"moment": citation.episode, "sentences": f"{citation.first}-{citation.last}"})
        copies.append(("copy_moment", "data-link", leads))
    buttons = (
        f'<button type="button" class="quiet" {attribute}="{escaped(what)}">{escaped(said(key))}</button>'
        for key, attribute, what in copies
    )
    return f'<p class="shares">{"".join(buttons)}</p>'


def quoted(quote: str, citation: Citation) -> str:
    """The quote as it is passed on, in plain text: `“…” — Ann Lee, The Quay, The long walk, 1 Feb 2024, 12:40`."""
    who = citation.speaker or said("unlabelled")
    at = clock(citation.start, citation.time_error, citation.way)
    facts = [who, citation.show, citation.title, day(citation.date), at]
    return said("quoted", quote=quote, source=", ".join(fact for fact in facts if fact))


def player() -> str:
    """The bar at the foot of the page: one audio element that all quotes share. `ui/shared/player.js` moves it."""
    speeds = "".join(
        f'<option value="{speed}"{" selected" if speed == "1" else ""}>{speed}×</option>'
        for speed in ("0.75", "1", "1.25", "1.5", "1.75", "2")
    )

    def button(does: str, key: str) -> str:
        return f'<button type="button" data-do="{does}">{escaped(said(key))}</button>'

    return (
        f'<div class="player" id="player" role="region" aria-label="{escaped(said("player"))}" '
        f'data-texts="{escaped(for_the_browser())}" hidden><audio id="audio" preload="none"></audio>'
        f'<div class="captions" role="group" aria-live="off" aria-label="{escaped(said("captions"))}" hidden>'
        '<p class="caption before"></p><p class="caption current"></p><p class="caption after"></p>'
        '<p class="caption-note"></p></div>'
        f'<button type="button" class="toggle" data-do="toggle" aria-label="{escaped(said("pause"))}"><span class="icon" '
        'aria-hidden="true"></span></button><p class="now"><strong data-show="who"></strong><span data-show="title">'
        '</span></p><output class="time" data-show="time" aria-live="off"></output>'
        f"{button('again', 'again')}{button('on', 'keep_listening')}"
        f'<label class="speed"><span class="unseen">{escaped(said("speed"))}</span>'
        f'<select data-do="speed">{speeds}</select></label>'
        f'<details class="keys"><summary>{escaped(said("keys"))}</summary><div><p>{escaped(said("keys_are"))}</p>'
        f'<label><input type="checkbox" data-do="keys" checked>{escaped(said("keys_on"))}</label></div></details>'
        f'<button type="button" class="close" data-do="close" aria-label="{escaped(said("close_player"))}">×</button></div>'
        '<p class="unseen" id="aloud" role="status"></p>'
    )


def counted(number: int, noun: str) -> str:
    """`1 episode`, `7 episodes`."""
    one, several = NOUNS.get(noun, (noun, f"{noun}s"))
    return f"{number:,} {one if number == 1 else several}"


def duration(seconds: float) -> str:
    """`64 minutes`, `12 hours`, `40 seconds`; "" for nothing."""
    if seconds < 1:
        return ""
    if seconds < 90:
        return counted(round(seconds), "second")
    if seconds < 3 * 3600:
        return counted(round(seconds / 60), "minute")
    return counted(round(seconds / 3600), "hour")


def day(date: str | None) -> str:
    """`2024-02-01` as `1 Feb 2024`; anything else as it stands."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", date or "")
    if not found or not 1 <= int(found[2]) <= 12:
        return date or ""
    return f"{int(found[3])} {MONTHS[int(found[2]) - 1]} {found[1]}"


def listed(names: Sequence[str], *, limit: int) -> str:
    """`Ann, Ben and Cy`; `Ann, Ben and 5 others` beyond the limit."""
    if len(names) > limit:
        return said("and_others", first=", ".join(names[: limit - 1]), number=len(names) - limit + 1)
    return names[0] if len(names) == 1 else said("and", first=", ".join(names[:-1]), last=names[-1])
