"""The HTML of the staff's screens Find and Person, on top of `ui/shared/html.py`, whose one escape it uses for every text.

Each function returns a finished string for `gr.HTML(value=…)`. The words are in `ui/words/staff.py`. Knows nothing of Gradio.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import groupby
from urllib.parse import urlencode

from index.search.lexical import stems
from index.web import web_address
from rag.answer import Citation, clock
from rag.search.exact import spans_of
from rag.search.export import KINDS
from rag.search.person import DatedQuote, Part, Topic
from ui.shared.html import caveats, counted, day, duration, play_button, spans, speaker
from ui.shared.moments import Moment
from ui.shared.templates import escaped
from ui.words.staff import ASKED, ASKED_TITLE, ROLES, said


def heading(title: str, lead: str) -> str:
    return f'<header class="screen"><h1>{escaped(title)}</h1><p>{escaped(lead)}</p></header>'


def section(title: str, lead: str) -> str:
    return f'<div class="section"><h2>{escaped(title)}</h2><p>{escaped(lead)}</p></div>'


def notice(text: str, *, problem: bool = False) -> str:
    """A line in the place of what is not there: waiting, empty, or why not."""
    return (
        f'<p class="{"problem" if problem else "notice"}" role="{"alert" if problem else "status"}">{escaped(text)}</p>'
    )


def nothing(text: str) -> str:
    return f'<div class="empty" role="status"><h2>{escaped(said("nothing"))}</h2><p>{escaped(text)}</p></div>'


def to_episode(id_: str, *, start: float | None = None, sentence: int | None = None) -> str:
    """The address of an episode's page, at a moment of it, from any of the staff's screens."""
    query = {"id": id_}
    if start is not None:
        query["at"] = f"{start:.1f}"
    if sentence is not None:
        query["sentence"] = str(sentence)
    return f"episode?{urlencode(query)}"


def to_person(name: str, *, topic: str = "") -> str:
    return f"person?{urlencode({'name': name} | ({'topic': topic} if topic else {}))}"


def to_find(topic: str, person: str = "") -> str:
    return f"./?{urlencode({'topic': topic} | ({'person': person} if person else {}))}"


def link(address: str, text: str) -> str:
    return f'<a href="{escaped(address)}">{escaped(text)}</a>'


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
) -> str:
    """A page of what was found, grouped by episode as it comes; `exact` words are marked, or those whose stems are `marked`.

    `search` names the search, so that the browser forgets what was selected in another one; `count`: passages on all pages.
    """
    groups = "".join(
        _group(list(of_episode), exact, marked)
        for _, of_episode in groupby(moments, key=lambda moment: moment.citation.episode)
    )
    shown = said("in_a_row", first=first, last=first + len(moments) - 1, all=count)
    return (
        f'<div class="results" data-search="{escaped(search)}" data-count="{count}">'
        f'<p class="told" role="status">{escaped(told)}</p>{_takeaway(count)}{groups}{_pages(page, pages, shown)}</div>'
    )


def _takeaway(count: int) -> str:
    """What to do with what was found: select, export."""
    none = escaped(said("none_selected", n=count))
    exports = "".join(
        f'<button type="button" data-export="{kind}" aria-label="{escaped(said("export_as", kind=told.label))}">'
        f"{escaped(told.label)}</button>"
        for kind, told in KINDS.items()
    )
    return (
        f'<div class="takeaway" role="group" aria-label="{escaped(said("export"))}">'
        f'<button type="button" data-select="all">{escaped(said("select_all"))}</button>'
        f'<button type="button" data-select="none">{escaped(said("select_none"))}</button>'
        f'<output data-selected="{escaped(said("selected"))}" data-none="{none}">{none}</output>'
        f'<span class="exports"><span>{escaped(said("export"))}</span>{exports}</span></div>'
    )


def _pages(page: int, pages: int, shown: str) -> str:
    if pages < 2:
        return ""
    steps = "".join(
        f'<button type="button" data-act="page" data-page="{to}"{"" if 0 <= to < pages else " disabled"}>{escaped(text)}</button>'
        for to, text in ((page - 1, said("earlier_page")), (page + 1, said("later_page")))
    )
    return f'<nav class="pages" aria-label="{escaped(said("pages"))}">{steps}<span>{escaped(shown)}</span></nav>'


def _group(moments: Sequence[Moment], exact: str, marked: Collection[str]) -> str:
    citation = moments[0].citation
    facts = (citation.show, day(citation.date) or said("no_date"), counted(len(moments), "passage"))
    cards = "".join(_found(moment, exact, marked) for moment in moments)
    return (
        f'<section class="group"><h2>{link(to_episode(citation.episode), citation.title)}</h2>'
        f'<p class="facts">{" · ".join(map(escaped, facts))}</p>{cards}</section>'
    )


def _found(moment: Moment, exact: str, marked: Collection[str]) -> str:
    citation = moment.citation
    n = citation.n
    at = clock(citation.start, citation.time_error, citation.way) or said("no_times")
    who = citation.speaker or said("unknown_speaker")
    label = said("select", n=n, speaker=who, time=at)
    asked = ""
    if moment.question:
        by = f"{moment.asker}: " if moment.asker else ""
        asked = f'<p class="asked"><span class="who">{escaped(by)}</span>{spans(moment.question)}</p>'
    quote = exactly(moment.quote, exact) if exact else emphasised(moment.quote, marked)
    return (
        f'<article class="card found {escaped(citation.role)}" id="f{n}" tabindex="-1" '
        f'aria-label="{escaped(said("passage", n=n, speaker=who))}">'
        f'<input type="checkbox" data-pick="{n}" aria-label="{escaped(label)}"><div class="about">'
        f'<div class="byline">{by_whom(citation)}</div>{asked}'
        f"<blockquote>{spans(moment.before)}{quote}{spans(moment.after)}</blockquote>{_ways(moment, f'f{n}', at)}</div></article>"
    )


def by_whom(citation: Citation) -> str:
    """The speaker, leading to their page where they are known."""
    if citation.speaker is None:
        return speaker(citation)
    return f'<a class="person" href="{escaped(to_person(citation.speaker))}">{speaker(citation)}</a>'


def _ways(moment: Moment, name: str, at: str) -> str:
    """To hear it, or when it is; to read around it; to the episode's own page."""
    citation = moment.citation
    play = play_button(moment, name) or f'<span class="when">{escaped(at)}</span>'
    source = web_address(citation.url)
    outside = (
        f'<a href="{escaped(source)}" target="_blank" rel="noopener noreferrer">{escaped(said("to_source"))}</a>'
        if source
        else ""
    )
    read = link(to_episode(citation.episode, start=citation.start, sentence=citation.first), said("read"))
    hear = f'<div class="hear">{play}<p class="ways">{read}{outside}</p></div>'
    return f"{hear}{caveats(citation, audible=play.startswith('<button'))}"


def emphasised(text: str, marked: Collection[str]) -> str:
    """The text with the words marked whose stems are among `marked`."""
    pieces = re.split(r"(\w+)", text)
    return "".join(
        f"<mark>{escaped(piece)}</mark>" if at % 2 and stems([piece])[0] in marked else escaped(piece)
        for at, piece in enumerate(pieces)
    )


def exactly(text: str, phrase: str) -> str:
    """The text with the exact words marked in it, not a space moved."""
    pieces, at = [], 0
    for start, end in spans_of(phrase, text):
        pieces += [escaped(text[at:start]), f"<mark>{escaped(text[start:end])}</mark>"]
        at = end
    return "".join([*pieces, escaped(text[at:])])


# Person


def person(name: str, parts: Sequence[Part], topics: Sequence[Topic]) -> str:
    """Who it is, in which episodes they speak, and about what most."""
    seconds = [part.seconds for part in parts if part.seconds is not None]
    time = said("speaks", time=duration(sum(seconds)) or "0 seconds") if seconds else said("no_time")
    spoken = counted(sum(part.words for part in parts), "word")
    facts = said("part_in", episodes=counted(len(parts), "episode"), time=time, words=spoken)
    chips = "".join(
        f'<li><a href="{escaped(to_person(name, topic=topic.words))}" title="'
        f'{escaped(said("topic_title", passages=topic.passages, of=topic.of))}">{escaped(topic.words)}'
        f"<span>{topic.passages}</span></a></li>"
        for topic in topics
    )
    about = (
        f'<p>{escaped(said("topics_lead"))}</p><ul class="chips">{chips}</ul>' if chips else notice(said("no_topics"))
    )
    return (
        f'<section class="person"><h2>{escaped(name)}</h2><p class="facts">{escaped(facts)}</p>'
        f'<div class="columns"><section><h3>{escaped(said("topics"))}</h3>{about}</section>'
        f"<section><h3>{escaped(said('appearances'))}</h3>{_appearances(parts)}</section></div></section>"
    )


def _appearances(parts: Sequence[Part]) -> str:
    rows = "".join(
        f"<li>{link(to_episode(part.episode.id), part.episode.title)}<span>"
        + " · ".join(
            escaped(fact)
            for fact in (
                part.episode.show,
                day(part.episode.date) or said("no_date"),
                ROLES[part.role],
                duration(part.seconds or 0.0),
            )
            if fact
        )
        + "</span></li>"
        for part in parts
    )
    return f'<ul class="episodes" tabindex="0" aria-label="{escaped(said("appearances"))}">{rows}</ul>'


def over_time(
    name: str, topic: str, quotes: Sequence[tuple[DatedQuote, Moment]], marked: Collection[str], *, count: int
) -> str:
    """Quotes on one topic in their order, under a plot of them. `count`: how many there are, shown or not."""
    more = f'<p class="more">{link(to_find(topic, name), said("all_in_find"))}</p>'
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
    rows = "".join(_dated(n, one, moment, marked) for n, (one, moment) in enumerate(quotes, start=1))
    plot = timeline(name, topic, [one for one, _ in quotes])
    return f'<p class="told" role="status">{escaped(told)}</p>{plot}<ol class="dated">{rows}</ol>{more}'


def _dated(n: int, one: DatedQuote, moment: Moment, marked: Collection[str]) -> str:
    citation = moment.citation
    at = clock(citation.start, citation.time_error, citation.way) or said("no_times")
    question = f'<p class="asked">{escaped(one.question)}</p>' if one.question else ""
    hint, source = escaped(ASKED_TITLE[one.asked]), source_hint(citation.speaker_source)
    return (
        f'<li class="card found {escaped(citation.role)}" id="q{n}" tabindex="-1"><div class="about"><div class="byline">'
        f"<time>{escaped(day(citation.date) or said('no_date'))}</time>{link(to_episode(citation.episode), citation.title)}"
        f'<span class="badge {one.asked}" title="{hint}">{escaped(ASKED[one.asked])}</span>{source}</div>'
        f"{question}<blockquote>{emphasised(moment.quote, marked)}</blockquote>{_ways(moment, f'q{n}', at)}</div></li>"
    )


def source_hint(source: str) -> str:
    """How a speaker is known, where the transcript doesn't say it."""
    told = {
        "recovered": (said("recovered"), said("recovered_title")),
        "corrected": (said("corrected"), said("corrected_title")),
    }.get(source)
    return f'<span class="hint" title="{escaped(told[1])}">{escaped(told[0])}</span>' if told else ""


WIDTH, STEP, RADIUS, EDGE = 700, 15, 5.5, 34  # of the plot, in its own units
MOST_STACKED = 12


def timeline(name: str, topic: str, quotes: Sequence[DatedQuote]) -> str:
    """A dot for each dated quote where its date is, one above the other in an episode; each leads to its quote.

    "" where fewer than two dates are known. Dots above MOST_STACKED of one date are left out; the quotes are all below.
    """
    dated = [(n, one) for n, one in enumerate(quotes, start=1) if _days(one.citation.date) is not None]
    dates = sorted({one.citation.date or "" for _, one in dated})
    if len(dates) < 2:
        return ""
    first, last = _days(dates[0]) or 0, _days(dates[-1]) or 0
    columns = {date: [row for row in dated if row[1].citation.date == date][:MOST_STACKED] for date in dates}
    height = STEP * max(len(rows) for rows in columns.values()) + 34
    base = height - 26
    dots = []
    for date, rows in columns.items():
        x = EDGE + (WIDTH - 2 * EDGE) * ((_days(date) or 0) - first) / (last - first)
        for level, (n, one) in enumerate(rows):
            title = f"{day(date)}: {ASKED[one.asked]}"
            dots.append(
                f'<a href="#q{n}" class="dot {one.asked}" aria-label="{escaped(title)}"><title>{escaped(title)}</title>'
                f'<circle cx="{x:.1f}" cy="{base - 10 - level * STEP:.1f}" r="{RADIUS}"/></a>'
            )
    ticks = "".join(
        f'<text x="{x}" y="{height - 6}" text-anchor="{anchor}">{escaped(day(date))}</text>'
        for x, anchor, date in ((EDGE - RADIUS, "start", dates[0]), (WIDTH - EDGE + RADIUS, "end", dates[-1]))
    )
    told = "; ".join(f"{day(date)}: {len(rows)}" for date, rows in columns.items())
    label = escaped(said("plot", name=name, topic=topic, told=told))
    legend = "".join(f'<span class="badge {kind}">{escaped(text)}</span>' for kind, text in ASKED.items()
                     if any(one.asked == kind for one in quotes))  # fmt: skip
    return (
        f'<figure class="timeline"><svg viewBox="0 0 {WIDTH} {height}" role="group" aria-label="{label}">'
        f'<line x1="{EDGE - 12}" x2="{WIDTH - EDGE + 12}" y1="{base}" y2="{base}"/>{"".join(dots)}{ticks}</svg>'
        f"<figcaption>{legend}</figcaption></figure>"
    )


def _days(date: str | None) -> int | None:
    """Days from year 0, about; None where the date isn't whole."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", date or "")
    return int(found[1]) * 365 + int(found[2]) * 30 + int(found[3]) if found else None
