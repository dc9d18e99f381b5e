"""The one way into the page's HTML, and the pieces that every screen shares: a citation's card, its speaker, its
place, the player.

Transcripts, titles, names, questions and model output are hostile text. They reach the page through templates, which escape
every value (`ui/shared/templates.py`), and as addresses through `web_address`, and no other way. Each function returns finished
HTML (`Markup`) for `gr.HTML(value=…)`. Knows nothing of Gradio; what stands beside a quote is `ui/shared/moments.py`'s.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from urllib.parse import urlencode

from markupsafe import Markup

from index.episode import EXACT_SECONDS
from index.web import web_address
from rag.answer import Citation, clock
from ui.shared.moments import Moment, Span
from ui.shared.templates import macros
from ui.words.listeners import MONTHS, NOUNS, for_the_browser, said

LOCAL_AUDIO = "audio/"  # the page's own address for an episode's audio file: audio/EPISODE

VOICES = 6  # colours for speakers, in style.css


def heading(title: str, lead: str) -> Markup:
    """The head of a screen of the staff's page."""
    return SHARED.heading(title, lead)


def section(title: str, lead: str = "") -> Markup:
    """The head of a part of a screen."""
    return SHARED.section(title, lead)


def notice(line: str, *, problem: bool = False) -> Markup:
    """A line in the place of what is not there: waiting, empty, or why not; read out when it changes. An empty one is nothing."""
    return SHARED.notice(line, problem) if line else Markup()


def masthead(episodes: int, seconds: float, shows: Sequence[str], *, staff: str = "") -> Markup:
    """The page's head: its name, what can be asked about, and the way to the staff's page where one is given."""
    where = shows[0] if len(shows) == 1 else counted(len(shows), "show")
    facts = [counted(episodes, "episode"), duration(seconds), where]
    return SHARED.masthead([fact for fact in facts if fact], staff)


def voices(names: Sequence[str]) -> dict[str, int]:
    """A colour for each name, 0..VOICES - 1: the same one whenever it is free, and no two alike while there are enough."""
    given: dict[str, int] = {}
    for name in names:
        if name not in given:
            own = zlib.crc32(name.encode()) % VOICES
            free = [(own + step) % VOICES for step in range(VOICES) if (own + step) % VOICES not in given.values()]
            given[name] = free[0] if free else own
    return given


def card(round_number: int, moment: Moment, *, nearest: bool = False, voice: int | None = None) -> Markup:
    """One quote where it stands: who, the question above it, the words around it, when, and ways to hear and share it.

    `voice`: the speaker's colour, as `voices` gives it.
    """
    citation = moment.citation
    name = f"r{round_number}{'x' if nearest else 'c'}{citation.n}"
    who = citation.speaker or said("unlabelled_speaker")
    label = said("nearest_passage", speaker=who) if nearest else said("source", n=citation.n, speaker=who)
    colour = voice if citation.speaker is not None else None
    return SHARED.card(name, moment, label, nearest, colour, play_button(moment, name))


def asked(moment: Moment) -> Markup:
    """The question that a quote answers, and who asked it; nothing where there is none."""
    return SHARED.asked(moment)


def speaker(citation: Citation) -> Markup:
    """Who said it, with the role, and a word where the name isn't the transcript's own label."""
    return SHARED.speaker(citation)


def is_unknown(citation: Citation) -> bool:
    """Whether nobody knows who said it."""
    return citation.speaker is None or citation.speaker_source == "unknown"


def caveats(citation: Citation, *, audible: bool) -> Markup:
    """A plain sentence for each thing that isn't known for sure: the speaker, the time."""
    notes = []
    if citation.speaker_source == "recovered":
        notes.append(said("recovered_how"))
    elif citation.speaker_source == "corrected":
        notes.append(said("corrected_how"))
    elif is_unknown(citation):
        notes.append(said("unlabelled_how"))
    if citation.start is not None and not exact(citation):
        error = duration(max(1.0, citation.time_error or 0.0))
        notes.append(said("estimated_how" if audible else "estimated_place", error=error))
    return SHARED.caveats_line(notes) if notes else Markup()


def exact(citation: Citation) -> bool:
    """Whether the time is known to the second or two."""
    return citation.time_error is None or citation.time_error <= EXACT_SECONDS


def spans(pieces: Sequence[Span]) -> Markup:
    """Words around a quote; what nobody spoke (music, laughter) is set apart."""
    return SHARED.spans(pieces)


def play_button(moment: Moment, name: str) -> Markup:
    """Plays the quote and stops after it; nothing where there is no audio or no time."""
    citation = moment.citation
    who, at = citation.speaker or said("unlabelled_now"), clock(citation.start, citation.time_error)
    return play_from(
        name, moment.audio, moment.start, moment.end, title=citation.title, episode=citation.episode, who=who, at=at
    )


def play_from(
    name: str, audio: str | None, start: float | None, end: float | None, *, title: str, episode: str, who: str, at: str
) -> Markup:
    """A button that plays `audio` from `start` to `end` (seconds) for the card `name`; nothing where one of them is missing.

    `at`: the time as it is shown; `title`, `episode` (its id), `who`: what the player says of it.
    """
    source = audio if (audio or "").startswith(LOCAL_AUDIO) else web_address(audio)
    if not source or start is None or end is None:
        return Markup()
    return SHARED.play_from(name, source, start, end, title, episode, who, at)


def place(citation: Citation, *, timed: bool) -> Markup:
    """Where the quote stands: episode, show, date, a link there, and, where no button shows it, the time if known."""
    at = clock(citation.start, citation.time_error, citation.way) or said("untimed")
    facts = [citation.show, day(citation.date), at if timed else ""]
    return SHARED.place_line(citation.title, web_address(citation.url), [fact for fact in facts if fact])


def shares(moment: Moment) -> Markup:
    """Copies the quote with its source, and a link that opens this very moment."""
    citation = moment.citation
    sentences = {"moment": citation.episode, "sentences": f"{citation.first}-{citation.last}"}
    link = "?" + urlencode(sentences) if citation.first >= 0 else ""
    return SHARED.shares_line(quoted(moment.quote, citation), link)


def quoted(quote: str, citation: Citation) -> str:
    """The quote as it is passed on, in plain text: `“…” — Ann Lee, The Quay, The long walk, 1 Feb 2024, 12:40`."""
    who = citation.speaker or said("unlabelled")
    at = clock(citation.start, citation.time_error, citation.way)
    facts = [who, citation.show, citation.title, day(citation.date), at]
    return said("quoted", quote=quote, source=", ".join(fact for fact in facts if fact))


def player() -> Markup:
    """The bar at the foot of the page: one audio element that all quotes share. `ui/shared/player.js` moves it."""
    return SHARED.player(for_the_browser())


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


SHARED = macros("shared/shared.html.j2", said=said, is_unknown=is_unknown, place=place, caveats=caveats, shares=shares)
