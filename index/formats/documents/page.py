"""A whole page without labels or times: where the speech starts and ends, and what the notes around it say.

Every rule looks at what lines are like (talk, titles, links, biographies), none at a particular page.
"""

from __future__ import annotations

import re

from index.formats.documents.people import people_of
from index.formats.marks import pieces_of, plain_words
from index.formats.parsed import Metadata, Parsed, ParsedTurn, Piece

NAME = "page"

MAX_NOTES = 300  # lines on each side of the speech that are read as notes

_TALK = re.compile(
    r"\b(?:I|I['’](?:m|ve|d|ll)|you|you['’](?:re|ve|d|ll)|your|me|my|we|we['’](?:re|ve|d|ll)|us|yeah|yes|okay"
    r"|ok|um|uh|so|well|gonna"
    r"|thanks|thank|mean|know|think|hi|hello|hey|welcome|let['’]s|that['’]s|it['’]s|don['’]t|really|just"
    r"|actually|kind|sort|here)\b|\?",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"\W*(?:(?:well|so|okay|ok|right|alright|all right),?\s+)?(?:hello|hi\b|hey\b|hiya|welcome\b|good "
    r"(?:morning|afternoon|evening|day)"
    r"|greetings|howdy|what['’]s up|(?:my name(?:['’]s| is)|i['’]m)\s)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"\b(?:thank you|thanks|bye|goodbye|cheers|see you|take care|until next time|talk soon)\b", re.IGNORECASE
)
_ADDRESS = re.compile(
    r"https?://|www\.\w|\w[.+-]{0,3}@[\w-]+\.\w{2,}|(?<![\w.])@\w{2,}|\w-{0,3}\.(?:com|org|net|io|co\.uk|fm|ai"
    r"|dev|edu|tv)\b"
)
_BOILER = re.compile(
    r"\b(?:brought to you by|sponsored by|supported by|made possible by|presented by|share your thoughts|follow "
    r"(?:us|me|the|him|her|@)"
    r"|find (?:out more|us on|me on)|learn more (?:at|about)|get in touch|contact us|email:|e-mail us|leave "
    r"(?:us )?a (?:review|rating)"
    r"|subscribe|rate and review|want to work with|sign up (?:for|to)|support (?:us|the show|this)|patreon"
    r"|music by|produced by"
    r"|edited by|mixed by|executive producer|all rights reserved|copyright|©|privacy policy|cookie|terms of "
    r"(?:use|service)"
    r"|promo code|use (?:the )?code|show ?notes|links mentioned|mentioned in (?:this|the) episode|further reading"
    r"|listen on|listen now|available on|apple podcasts|spotify|skip to content|download (?:mp3|transcript|episode)"
    r"|transcripts? (?:was|were|is|are|has been|may|by|provided|generated)|(?:auto|machine)[- ]?(?:generated"
    r"|transcribed)"
    r"|connect with|visit (?:us|our)|advertising inquiries|view all episodes|share this|recorded (?:on|at|in)"
    r"|learn more)\b|©",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"\W*(?:in|on|for) (?:this|today['’]s|the latest|our latest) (?:week['’]s )?(?:episode|show|interview"
    r"|conversation|instal)"
    r"|\W*(?:this (?:week|episode|time)|join (?:our|your|us|host)|listen (?:to|as|in)\b|about (?:the|our|this) "
    r"(?:guest|show|host|podcast|author)"
    r"|topics|timestamps|chapters|key takeaways|resources|links|credits|guests?:|hosts?:)|.{0,60}\b(?:joins us"
    r"|sits down with|talks (?:to|with))\b",
    re.IGNORECASE,
)
_BIOGRAPHY = re.compile(
    r"(?:[A-Z][\w.'’-]*\s+){1,5}(?:\([^)]{1,40}\)\s+)?(?:is|was|has|serves|works|holds|teaches|grew|lives"
    r"|studies)\s|(?:In|From|Since) \d{4}.{0,40}, \w+ (?:was|is|has)\b"
    r"|(?:He|She|They|His|Her|Their)\b"
)
_HEADING = re.compile(
    r"[#*_\s]*(?:(?:full|episode|complete|edited|the|podcast|interview|read the|video|audio)\s+){0,3}transcript(?:ion)?"
    r"(?:\s+(?:of|for)\s.{0,80})?[\s:*_.#-]*",
    re.IGNORECASE,
)
_NOTES_HEADING = re.compile(
    r"[#*_\s]*(?:show ?notes|episode notes|notes|links?|(?:episode |useful |further )?(?:links|resources"
    r"|reading|references)"
    r"|(?:links|resources|people|books|things)(?: and \w+)? mentioned.{0,40}|credits|sponsors?|about (?:the|our"
    r"|this|us).{0,40}"
    r"|contact(?: us)?|follow us|connect with .{0,40}|subscribe.{0,40}|share.{0,20}|related (?:episodes|posts)"
    r"|comments?|bios?)[\s:*_.#]*",
    re.IGNORECASE,
)
_WELCOME = re.compile(
    r"\b[Ww]elcome (?:back )?to (?:(?:another|today['’]s|this|the latest|a new|this week['’]s"
    r"|our)\s+(?:\w+\s+)?(?:episode|edition|instalment|show)\s+of\s+)?"
    r"((?:[Tt]he\s+)?[A-Z0-9][\w'’&-]*(?:\s+(?:[A-Z0-9][\w'’&-]*|of|the|and|in|to|for|with|on|a)){0,6})"
)
_NUMBER = re.compile(r"^(?:(?:S\d+\s*)?(?:Ep(?:isode)?\.?|#)\s*#?\d+\s*[:.–—-]*\s*)(?=\S)", re.IGNORECASE)
_DATE = re.compile(
    r"\W*(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|(?:\d{1,2}\s+)?[A-Z][a-z]{2,8}\.?\s+(?:\d{1,2},?\s+)?\d{4})\W*"
)
_END = '.!?…"”’)'


def parse_page(lines: list[str], *, markdown: bool = True) -> Parsed:
    """The speech of a page, one turn for each paragraph, and what its notes tell; speakers and times are unknown."""
    paragraphs = [line for line in paragraphs_of(lines) if line.strip(" -*_=#\u2014")]
    first, last = _speech_span(paragraphs)
    turns = []
    for paragraph in paragraphs[first:last]:
        if is_note(paragraph) or (_NOTES_HEADING.fullmatch(paragraph) and len(paragraph) < 80):
            pieces = [Piece(plain_words(paragraph) if markdown else paragraph, speech=False)]
        else:
            pieces = pieces_of(paragraph, markdown=markdown)
        if pieces:
            turns.append(ParsedTurn(None, tuple(pieces)))
    before = [line for line in paragraphs[:first] if not _HEADING.fullmatch(line)]
    speech = " ".join(piece.text for turn in turns[:40] for piece in turn.pieces if piece.speech)
    return Parsed(NAME, tuple(turns), notes_metadata(before, paragraphs[last:], speech))


def notes_metadata(before: list[str], after: list[str], speech: str) -> Metadata:
    """What the lines before and after the speech say: show, titles, descriptions, people.

    All of them are kept: those of the show's block in `show_description`, the others in `description`.
    """
    before = [plain_words(line.lstrip("# ")) for line in before[:MAX_NOTES]]
    after = [plain_words(line.lstrip("# ")) for line in after[:MAX_NOTES]]
    date = next((line.strip() for line in before if len(line) < 40 and _DATE.fullmatch(line)), None)
    show, title, split = _titles(before, speech)
    show_block = [line for line in before[:split] if line not in (show, title) and line != date]
    episode_block = [line for line in before[split:] if line not in (show, title) and line != date]
    from index.formats.front_matter import metadata_where_readable

    people = people_of(before + after, speech, not_names=tuple(name for name in (show, title) if name))
    return Metadata(
        show=show,
        show_description="\n".join(show_block) or None,
        title=_NUMBER.sub("", title) if title else None,
        date=metadata_where_readable({"date": date}, "").date if date else None,
        description="\n".join(episode_block + after) or None,
        people=people,
    )


def is_note(line: str) -> bool:
    """Whether a short line is a link, an address or boilerplate: nobody's words."""
    if len(line) > 600:
        return False
    words = line.split()
    if _ADDRESS.search(line):
        # "It's on example.com, I think" is talk; "LinkedIn: @example" isn't.
        return len(words) < 12 or _talk_rate(line, len(words)) < 0.12
    boiler = _BOILER.search(line)
    if boiler is None or len(words) >= 60:
        return False
    rest = line[: boiler.start()] + line[boiler.end() :]  # "brought to you by" talks to nobody
    return _talk_rate(rest, len(rest.split())) < 0.16


def is_notes_heading(line: str) -> bool:
    """Whether a line opens the notes after the speech: "Links", "About the guest"."""
    return len(line) < 80 and bool(_NOTES_HEADING.fullmatch(line))


def is_transcript_heading(line: str) -> bool:
    """Whether a line says that the speech begins below it."""
    return len(line) < 130 and bool(_HEADING.fullmatch(line))


def paragraphs_of(lines: list[str]) -> list[str]:
    """The text's paragraphs; lines that a program wrapped at some width are joined."""
    filled = [line.strip() for line in lines if line.strip()]
    lengths = sorted(len(line) for line in filled)
    gaps = len(lines) - len(filled)
    wrapped = len(filled) > 5 and 40 <= lengths[len(lengths) * 3 // 4] <= 130 and lengths[-1] <= 160
    open_ends = sum(line[-1] not in _END for line in filled)
    if not wrapped or not gaps or open_ends * 2 < len(filled):
        return filled
    paragraphs: list[str] = []
    joined: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            joined.append(line.strip())
        elif joined:
            paragraphs.append(" ".join(joined))
            joined = []
    return paragraphs


def talks(line: str) -> float:
    """How much a paragraph is like speech: 1 is talk, -1 is a note, a title, a biography."""
    words = line.split()
    count = len(words)
    if is_note(line) or is_notes_heading(line) or is_transcript_heading(line):
        return -1.0
    rate = _talk_rate(line, count)
    if count >= 150:
        return 1.0 if rate > 0.03 else 0.2
    if _OPENING.match(line) and count > 3 and not _BIOGRAPHY.match(line):
        return 1.0
    if _SUMMARY.match(line) and count < 120:
        return -1.0
    if count < 25:
        if line.rstrip()[-1] not in _END:
            return -1.0
        return 0.7 if rate > 0.1 or _CLOSING.search(line) else 0.0
    if _BIOGRAPHY.match(line) and rate < 0.04:
        return -1.0
    return max(-0.6, min(1.0, (rate - 0.035) * 20))


def _talk_rate(line: str, words: int) -> float:
    return len(_TALK.findall(line[:6000])) / max(1, min(words, len(line[:6000].split())))


def _speech_span(paragraphs: list[str]) -> tuple[int, int]:
    """First paragraph of the speech, and the one after its last."""
    weights = [talks(line) * max(4, min(len(line.split()), 400)) for line in paragraphs]
    heading = next((n for n, line in enumerate(paragraphs) if is_transcript_heading(line)), None)
    if heading is not None and heading + 1 < len(paragraphs):
        first = heading + 1
        while first + 1 < len(paragraphs) and (is_note(paragraphs[first]) or is_notes_heading(paragraphs[first])):
            first += 1
        return first, _best_end(paragraphs, weights, first)
    best, first, last, total, start = 0.0, 0, 0, 0.0, 0
    for position, weight in enumerate(weights):
        if total <= 0:
            total, start = 0.0, position
        total += weight
        if total > best:
            best, first, last = total, start, position + 1
    words = [len(line.split()) for line in paragraphs]
    if sum(words[first:last]) * 5 >= sum(words) * 2:
        return first, _best_end(paragraphs, weights, first)
    sentences = sum(count for count, line in zip(words, paragraphs, strict=True) if count > 7 and line[-1] in _END)
    if sum(words) > 40 and sentences * 3 < sum(words):
        return 0, 0  # a list, a menu, a table: nobody talks
    # Nobody says "I" or "you" here: a story is told. Only what is surely a note is cut from both ends.
    first, last = 0, len(paragraphs)
    while first < last - 1 and (weights[first] <= -4 and (talks(paragraphs[first]) == -1.0)):
        first += 1
    while last > first + 1 and talks(paragraphs[last - 1]) == -1.0:
        last -= 1
    return first, last


def _best_end(paragraphs: list[str], weights: list[float], first: int) -> int:
    """Where the speech from `first` on ends: short lines without a verdict still belong to it, notes don't."""
    best, total, last = 0.0, 0.0, first + 1
    for position in range(first, len(paragraphs)):
        if is_notes_heading(paragraphs[position]) and position > first:
            break
        total += weights[position]
        if total >= best:
            best, last = total, position + 1
    return last


def _titles(before: list[str], speech: str) -> tuple[str | None, str | None, int]:
    """(show, episode title, where the episode's block starts among the lines)."""
    candidates = [n for n, line in enumerate(before) if _is_title(line)]
    welcome = _WELCOME.search(speech[:600])
    spoken = re.sub(r"\s+(?:of|the|and|in|to|for|with|on|a)$", "", welcome[1]) if welcome else None
    show_line = None
    for n in candidates:
        line = before[n]
        again = sum(other == line for other in before) > 1
        named = re.search(rf"\b{re.escape(line)}\b", speech[:600]) or any(
            re.search(rf"\b{re.escape(line)}\b", other) and _BOILER.search(other) for other in before if other != line
        )
        if again or named or re.search(r"\bpodcast\b|\bshow\b|\bradio\b", line, re.IGNORECASE):
            show_line = n
            break
    if show_line is None:
        title = before[candidates[0]] if candidates else None
        return spoken, title, 0
    show = before[show_line]
    last_show = max(n for n, line in enumerate(before) if line == show)
    titles = [n for n in candidates if before[n] != show]
    following = [n for n in titles if n > last_show]
    title_line = following[0] if following else (titles[0] if titles else None)
    if title_line is None:
        return show, None, last_show if last_show != show_line else 0
    if last_show != show_line:
        return show, before[title_line], last_show
    # One mention of the show: what stands between it and the title is about the show.
    return show, before[title_line], title_line if title_line > show_line else 0


def _is_title(line: str) -> bool:
    words = line.split()
    return (
        0 < len(words) <= 16
        and len(line) < 140
        and line[-1] not in ".,;:"
        and not is_note(line)
        and not is_notes_heading(line)
        and not _DATE.fullmatch(line)
        and any(c.isalpha() for c in line)
        and not _SUMMARY.match(line)
    )
