"""The only place that makes HTML: each function returns a finished, escaped string for `gr.HTML(value=…)`.

Transcripts, titles, names, questions and model output are hostile text. They reach the page through `escaped` and
`web_address` and no other way. Knows nothing of Gradio; what is shown beside a quote comes from `ui/moments.py`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

from index.episode import EXACT_SECONDS
from rag.result import Answer, Citation, Searched, clock
from ui.moments import Moment, Span

# gr.HTML hands its template to Handlebars and then to a JavaScript template literal. A finished `value` passes through
# neither, but these three start code in both: as entities they stay letters wherever the string ends up.
TEMPLATE_CHARACTERS = str.maketrans({"$": "&#36;", "{": "&#123;", "}": "&#125;", "`": "&#96;"})
UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
MARK = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")

LOCAL_AUDIO = "audio/"  # the page's own address for an episode's audio file: audio/EPISODE

VERDICT_LABELS = {
    "said_by_other": "Said by somebody else",
    "not_said": "Not said in what was searched",
    "unknown_person": "Nobody by that name speaks here",
}
REFUSALS = ("not_said", "unknown_person")


def escaped(text: object) -> str:
    """`text` as letters and nothing else: safe inside an element and inside a double-quoted attribute.

    Control characters, and those that turn the reading direction of what follows, are left out.
    """
    return html.escape(UNSPEAKABLE.sub("", str(text)), quote=True).translate(TEMPLATE_CHARACTERS)


def web_address(url: str | None) -> str | None:
    """`url` if it leads to a web page or a sound on the web, else None: `javascript:` and its kin lead nowhere."""
    address = (url or "").strip()
    if not address or re.search(r"[\s\\<>\"]", address) or UNSPEAKABLE.search(address):
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in ("http", "https") and parts.hostname else None


def masthead(episodes: int, seconds: float, shows: Sequence[str], *, staff: str = "") -> str:
    """The page's head: its name, what can be asked about, and the way to the staff's page where one is given."""
    where = shows[0] if len(shows) == 1 else counted(len(shows), "show")
    facts = [counted(episodes, "episode"), duration(seconds), where]
    way = f'<a class="to-staff" href="{escaped(staff)}">For staff</a>' if staff else ""
    return (
        '<header class="masthead"><h1>Verbatim</h1><p class="tagline">What was said, by whom, and when.</p>'
        f'<p class="holdings">{" · ".join(escaped(fact) for fact in facts if fact)}</p>{way}</header>'
    )


def welcome(people: Sequence[str], *, audible: bool) -> str:
    """What an empty conversation shows: what the page does, and whom it can be asked about."""
    plays = ", and each quote plays from its first word" if audible else ""
    voices = f" You can ask about {escaped(listed(people, limit=6))}." if people else ""
    return (
        '<section class="welcome"><h2>What did they say?</h2><p>Ask about anything in these episodes. The answer '
        f"quotes the speakers’ own words{plays}.{voices}</p></section>"
    )


def conversation(rounds: Iterable[str], *, live: bool = True) -> str:
    """Rounds, each a finished string from `round_`, oldest first. What is `live` is read out as it changes."""
    log = ' role="log" aria-live="polite" aria-label="Answer"' if live else ""
    return f'<div class="talk"{log}>{"".join(rounds)}</div>'


def round_(
    number: int,
    question: str,
    *,
    scope: str = "",
    status: str = "",
    text: str = "",
    answer: Answer | None = None,
    problem: str = "",
    moments: Sequence[Moment] = (),
    nearest: Sequence[Moment] = (),
) -> str:
    """One question and what came back: the answer on the left, its sources beside it.

    While `status` is not empty the round is working and `text` holds the sentences checked so far; a finished `answer`
    or a `problem` takes their place. The class `working` is what the page's buttons go by.
    """
    shown = answer.answer if answer else text
    marks = {moment.citation.n for moment in moments}
    body = [f'<h2 class="question">{escaped(question)}</h2>']
    if scope:
        body.append(f'<p class="scope">{escaped(scope)}</p>')
    if answer and answer.asked.strip() and answer.asked.strip() != question.strip():
        body.append(f'<p class="scope">Understood as: {escaped(answer.asked)}</p>')
    if answer and answer.verdict in VERDICT_LABELS:
        body.append(f'<p class="verdict">{VERDICT_LABELS[answer.verdict]}</p>')
    if shown:
        body.append(f'<div class="answer">{paragraphs(shown, lambda n: mark(number, n) if n in marks else "")}</div>')
    if status:
        body.append(f'<p class="status" role="status">{escaped(status)}</p>')
    if problem:
        body.append(f'<p class="problem" role="alert">{escaped(problem)}</p>')
    if answer:
        body.append(footnote(answer))
    sources = "".join(card(number, moment) for moment in moments)
    if nearest:
        cards = "".join(card(number, moment, nearest=True) for moment in nearest)
        sources += f'<h3 class="nearest">Nearest, but no answer</h3>{cards}'
    state = " working" if status else " refused" if answer and answer.verdict in REFUSALS else ""
    return (
        f'<article class="round{state}" id="r{number}"><div class="said">{"".join(body)}</div>'
        f'<aside class="sources" aria-label="Sources">{sources}</aside></article>'
    )


def paragraphs(text: str, mark_html: Callable[[int], str]) -> str:
    """`text` as paragraphs; each `[1]` or `[1, 2]` becomes what `mark_html` makes of its numbers."""

    def marked(line: str) -> str:
        pieces = MARK.split(line)  # text, numbers, text, numbers, …, text
        return "".join(
            "".join(mark_html(int(n)) for n in piece.split(",")) if at % 2 else escaped(piece)
            for at, piece in enumerate(pieces)
        )

    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    return "".join(f"<p>{'<br>'.join(marked(line) for line in block.splitlines())}</p>" for block in blocks)


def mark(round_number: int, n: int) -> str:
    """The small number in an answer that leads to its source."""
    return (
        f'<button type="button" class="mark" data-card="r{round_number}c{n}" '
        f'aria-label="Source {n}: show and play">{n}</button>'
    )


def footnote(answer: Answer) -> str:
    """Under an answer: what was searched, unless the answer itself says it, what was withheld, and who wrote it."""
    told = counted(answer.searched.episodes, "episode") in answer.answer
    notes = [] if told else [searched(answer.searched)]
    if answer.withheld:
        notes.append(f"{counted(answer.withheld, 'sentence')} withheld: the transcript did not bear it out")
    if answer.model:
        notes.append(f"Written by {answer.model}, quotes checked against the transcripts")
    return f'<p class="footnote">{" · ".join(escaped(note) for note in notes)}</p>' if notes else ""


def searched(facts: Searched) -> str:
    """`Searched 7 episodes, 64 minutes; Ann Lee speaks for 12 of them`, as plain text."""
    text = f"Searched {counted(facts.episodes, 'episode')}"
    if facts.seconds:
        text += f", {duration(facts.seconds)}"
    if facts.speaker and facts.speaker_seconds:
        text += f"; {facts.speaker} speaks for {duration(facts.speaker_seconds)} of that"
    return text


def card(round_number: int, moment: Moment, *, nearest: bool = False) -> str:
    """One quote where it stands: who, the question above it, the words around it, when, and a way to hear it."""
    citation = moment.citation
    name = f"r{round_number}{'x' if nearest else 'c'}{citation.n}"
    number = "" if nearest else f'<span class="number" aria-hidden="true">{citation.n}</span>'
    asked = ""
    if moment.question:
        who = f"{moment.asker}: " if moment.asker else ""
        asked = f'<p class="asked"><span class="who">{escaped(who)}</span>{spans(moment.question)}</p>'
    play = play_button(moment, name)
    label = f"{'Nearest passage' if nearest else f'Source {citation.n}'}: {citation.speaker or 'unlabelled speaker'}"
    return (
        f'<section class="card {escaped(citation.role)}{" near" if nearest else ""}" id="{name}" tabindex="-1" '
        f'aria-label="{escaped(label)}"><div class="byline">{number}{speaker(citation)}</div>{asked}'
        f"<blockquote>{spans(moment.before)}<mark>{escaped(moment.quote)}</mark>{spans(moment.after)}</blockquote>"
        f'<div class="hear">{play}{place(citation, timed=not play)}</div></section>'
    )


def speaker(citation: Citation) -> str:
    """Who said it, in the colour of the role, with how that is known where it isn't from the transcript's label."""
    if citation.speaker is None or citation.speaker_source == "unknown":
        return '<span class="speaker">Host or guest, unlabelled</span>'
    role = f'<span class="role">{escaped(citation.role)}</span>' if citation.role != "unknown" else ""
    hint = ""
    if citation.speaker_source == "recovered":
        hint = '<span class="hint" title="The transcript has no names here; this one was worked out">recovered</span>'
    if citation.speaker_source == "corrected":
        hint = '<span class="hint" title="Put right by somebody; the transcript says otherwise">corrected</span>'
    return f'<span class="speaker">{escaped(citation.speaker)}</span>{role}{hint}'


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
    exact = citation.time_error is None or citation.time_error <= EXACT_SECONDS
    hint = "" if exact else ' title="This time is estimated: playing starts a little early and stops a little late"'
    at = clock(citation.start, citation.time_error)
    return (
        f'<button type="button" class="play" data-src="{escaped(source)}" data-start="{moment.start:.3f}" '
        f'data-end="{moment.end:.3f}" data-title="{escaped(citation.title)}" data-card="{name}" '
        f'data-who="{escaped(citation.speaker or "Unlabelled speaker")}"{hint} '
        f'aria-label="Play the quote at {escaped(at)}">'
        f'<span class="icon" aria-hidden="true"></span>{escaped(at)}</button>'
    )


def place(citation: Citation, *, timed: bool) -> str:
    """Where the quote stands: episode, show, date, a link there, and, where no button shows it, the time if known."""
    at = clock(citation.start, citation.time_error, citation.way) or "no times in this transcript"
    facts = [citation.show, day(citation.date), at if timed else ""]
    link = web_address(citation.url)
    leads = f' href="{escaped(link)}" target="_blank" rel="noopener noreferrer"' if link else ""
    element = "a" if link else "span"
    return (
        f'<p class="place"><{element} class="episode"{leads}>{escaped(citation.title)}</{element}>'
        f"<span>{' · '.join(escaped(fact) for fact in facts if fact)}</span></p>"
    )


def player() -> str:
    """The bar at the foot of the page: one audio element that all quotes share. `ui/player.js` moves it."""
    speeds = "".join(
        f'<option value="{speed}"{" selected" if speed == "1" else ""}>{speed}×</option>'
        for speed in ("0.75", "1", "1.25", "1.5", "2")
    )
    return (
        '<div class="player" id="player" role="region" aria-label="Player" hidden><audio id="audio" preload="none">'
        '</audio><button type="button" class="toggle" data-do="toggle" aria-label="Pause"><span class="icon" '
        'aria-hidden="true"></span></button><p class="now"><strong data-show="who"></strong><span data-show="title">'
        '</span></p><output class="time" data-show="time" aria-live="off"></output>'
        '<button type="button" data-do="again">Again</button>'
        '<button type="button" data-do="on">Keep listening</button>'
        f'<label class="speed"><span class="unseen">Speed</span><select data-do="speed">{speeds}</select></label>'
        '<button type="button" class="close" data-do="close" aria-label="Close the player">×</button></div>'
    )


def filters_button() -> str:
    """Opens the filters where the screen is too small to show them always."""
    return (
        '<button type="button" class="filters-button" data-do="filters" aria-expanded="false" '
        'aria-controls="filters">Filters</button>'
    )


def counted(number: int, noun: str) -> str:
    """`1 episode`, `7 episodes`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


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
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    if not found or not 1 <= int(found[2]) <= 12:
        return date or ""
    return f"{int(found[3])} {months[int(found[2]) - 1]} {found[1]}"


def listed(names: Sequence[str], *, limit: int) -> str:
    """`Ann, Ben and Cy`; `Ann, Ben and 5 others` beyond the limit."""
    if len(names) > limit:
        return f"{', '.join(names[: limit - 1])} and {len(names) - limit + 1} others"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
