"""The HTML of the staff's screens Find and Person, on top of `ui/shared/html.py`.

Each function returns finished HTML for `gr.HTML(value=…)`; the markup is in `found.html.j2`, the words are in
`ui/words/staff.py`. Knows nothing of Gradio.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import groupby
from urllib.parse import urlencode

from markupsafe import Markup

from index.search.lexical import stems
from index.web import web_address
from rag.answer import Citation, clock
from rag.search.exact import spans_of
from rag.search.export import KINDS
from rag.search.person import DatedQuote, Part, Topic
from ui.shared.html import asked, caveats, counted, day, duration, notice, play_button, spans, speaker
from ui.shared.moments import Moment
from ui.shared.templates import macros
from ui.words.staff import ASKED, ASKED_TITLE, ROLES, said


def nothing(text: str) -> Markup:
    """That nothing was found, and what could be tried instead."""
    return HTML.nothing(text)


def to_episode(id_: str, *, start: float | None = None, sentence: int | None = None) -> str:
    """The address of an episode's page, at a moment of it, from any of the staff's screens."""
    query = {"id": id_}
    if start is not None:
        query["at"] = f"{start:.1f}"
    if sentence is not None:
        query["sentence"] = str(sentence)
    return f"episode?{urlencode(query)}"


def to_person(name: str, *, topic: str = "") -> str:
    """The address of a person's page, with a topic or without, relative to the staff's page."""
    return f"person?{urlencode({'name': name} | ({'topic': topic} if topic else {}))}"


def to_find(topic: str, person: str = "") -> str:
    """The address of a search, relative to the staff's page."""
    return f"./?{urlencode({'topic': topic} | ({'person': person} if person else {}))}"


# Find


def found(
    moments: Sequence[Moment],
    *,
    exact: str,
    marked: Collection[str],
    told: str,
    search: str,
    count: int,
    page: int,
    pages: int,
    first: int,
) -> Markup:
    """A page of what was found, grouped by episode as it comes; `exact` words are marked, or those whose stems are `marked`.

    `search` names the search, so that the browser forgets what was selected in another one; `count`: passages on all pages.
    """
    groups = [list(of_episode) for _, of_episode in groupby(moments, key=lambda moment: moment.citation.episode)]
    shown = said("in_a_row", first=first, last=first + len(moments) - 1, all=count)
    return HTML.found(groups, exact, marked, told, search, count, page, pages, shown, KINDS)


def by_whom(citation: Citation) -> Markup:
    """The speaker, leading to their page where they are known."""
    return HTML.by_whom(citation)


def time_of(citation: Citation) -> str:
    """When it is said, as well as that is known."""
    return clock(citation.start, citation.time_error, citation.way) or said("no_times")


Pieces = Sequence[tuple[str, bool]]  # some of a text, in its order, and whether it is marked


def pieces_of(text: str, exact: str, marked: Collection[str]) -> Pieces:
    """The text with the `exact` words marked, or those whose stems are among `marked`."""
    return exactly(text, exact) if exact else emphasised(text, marked)


def emphasised(text: str, marked: Collection[str]) -> Pieces:
    """The text with the words marked whose stems are among `marked`."""
    pieces = re.split(r"(\w+)", text)
    return [(piece, bool(at % 2) and stems([piece])[0] in marked) for at, piece in enumerate(pieces)]


def exactly(text: str, phrase: str) -> Pieces:
    """The text with the exact words marked in it, not a space moved."""
    pieces, at = [], 0
    for start, end in spans_of(phrase, text):
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [*pieces, (text[at:], False)]


# Person


def person(name: str, parts: Sequence[Part], topics: Sequence[Topic]) -> Markup:
    """Who it is, in which episodes they speak, and about what most."""
    seconds = [part.seconds for part in parts if part.seconds is not None]
    time = said("speaks", time=duration(sum(seconds)) or "0 seconds") if seconds else said("no_time")
    spoken = counted(sum(part.words for part in parts), "word")
    facts = said("part_in", episodes=counted(len(parts), "episode"), time=time, words=spoken)
    return HTML.person(name, facts, topics, [(part, _facts(part)) for part in parts])


def _facts(part: Part) -> list[str]:
    """Of a part in an episode: show, date, role and speaking time."""
    date = day(part.episode.date) or said("no_date")
    facts = (part.episode.show, date, ROLES[part.role], duration(part.seconds or 0.0))
    return [fact for fact in facts if fact]


def over_time(
    name: str, topic: str, quotes: Sequence[tuple[DatedQuote, Moment]], marked: Collection[str], *, count: int
) -> Markup:
    """Quotes on one topic in their order, under a plot of them. `count`: how many there are, shown or not."""
    more = HTML.more(to_find(topic, name))
    if not quotes:
        return nothing(said("never_named", name=name, topic=topic)) + more
    kinds = [one.asked for one, _ in quotes]
    episodes = len({moment.citation.episode for _, moment in quotes})
    told = said(
        "quotes_of",
        quotes=counted(len(quotes), "quote"),
        episodes=counted(episodes, "episode"),
        asked=kinds.count("asked"),
        volunteered=kinds.count("volunteered"),
    )
    if unknown := kinds.count("unknown"):
        told += said("and_unknown", unknown=unknown)
    if count > len(quotes):
        told += said("most_of", count=count)
    plot = timeline(name, topic, [one for one, _ in quotes])
    return HTML.over_time(told, plot, quotes, marked) + more


def source_hint(source: str) -> Markup:
    """How a speaker is known, where the transcript doesn't say it."""
    return HTML.source_hint(source)


WIDTH, STEP, RADIUS, EDGE = 700, 15, 5.5, 34  # of the plot, in its own units
MOST_STACKED = 12


def timeline(name: str, topic: str, quotes: Sequence[DatedQuote]) -> Markup:
    """A dot for each dated quote where its date is, one above the other in an episode; each leads to its quote.

    "" where fewer than two dates are known. Dots above MOST_STACKED of one date are left out; the quotes are all below.
    """
    dated = [(n, one) for n, one in enumerate(quotes, start=1) if _days(one.citation.date) is not None]
    dates = sorted({one.citation.date or "" for _, one in dated})
    if len(dates) < 2:
        return Markup()
    first, last = _days(dates[0]) or 0, _days(dates[-1]) or 0
    columns = {date: [row for row in dated if row[1].citation.date == date][:MOST_STACKED] for date in dates}
    height = STEP * max(len(rows) for rows in columns.values()) + 34
    base = height - 26
    dots = []
    for date, rows in columns.items():
        x = EDGE + (WIDTH - 2 * EDGE) * ((_days(date) or 0) - first) / (last - first)
        for level, (n, one) in enumerate(rows):
            title = f"{day(date)}: {ASKED[one.asked]}"
            dots.append((n, x, base - 10 - level * STEP, title, one.asked))
    ends = (
        (EDGE - RADIUS, "start", day(dates[0])),
        (WIDTH - EDGE + RADIUS, "end", day(dates[-1])),
    )
    told = "; ".join(f"{day(date)}: {len(rows)}" for date, rows in columns.items())
    label = said("plot", name=name, topic=topic, told=told)
    legend = [kind for kind in ASKED if any(one.asked == kind for one in quotes)]
    return HTML.timeline(WIDTH, height, EDGE, base, RADIUS, dots, ends, label, legend)


def _days(date: str | None) -> int | None:
    """Days from year 0, about; None where the date isn't whole."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", date or "")
    return int(found[1]) * 365 + int(found[2]) * 30 + int(found[3]) if found else None


HTML = macros(
    "staff/found.html.j2", said=said, ASKED=ASKED, ASKED_TITLE=ASKED_TITLE, day=day, counted=counted, notice=notice,
    to_episode=to_episode, to_person=to_person, time_of=time_of, pieces_of=pieces_of, web_address=web_address,
    asked=asked, caveats=caveats, play_button=play_button, spans=spans, speaker=speaker,
)  # fmt: skip
