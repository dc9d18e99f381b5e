"""Text with labels or times: `Name: …`, `**Name:** …`, `[00:01:02] Name: …`, `Name (00:01:21):` above the words.

Every line is read for what could open a turn; then the whole file decides which labels are speakers.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import NamedTuple

from index.episode import Person
from index.formats.documents.page import is_note, is_notes_heading, is_transcript_heading, notes_metadata, talks
from index.formats.front_matter import merged, metadata_where_readable
from index.formats.labels import clean_label, is_aside, is_heading_word, likely_speakers, name_like, role_in_label
from index.formats.marks import pieces_of, plain_words
from index.formats.parsed import Metadata, Parsed, ParsedTurn, Piece
from index.formats.source import Source
from index.formats.times import CLOCK, seconds


class LabelHead(NamedTuple):
    """What could open a turn at the start of a line. `kind`: bold, bracket, plain, above, bare, time.

    `sure` where bold type with a colon, a bracket or a time marks the label as one; `listed` behind a bullet.
    """

    label: str | None
    start: float | None
    end: float | None
    rest: str
    kind: str
    sure: bool = False
    listed: bool = False


_RANGE = rf"({CLOCK})(?:\s*(?:-->|->|to|[-–—])\s*({CLOCK}))?"
_TIME_HEAD = re.compile(rf"(\\?[\[(<]\s*)?\\{{0,2}}{_RANGE}\s*+\\{{0,2}}([\])>])?(\s*+(?:[-–—|:]\s++)?)")
_BULLET = re.compile(r"(?:[-–•>]|>>+|&gt;&gt;)\s+|>>+\s*")
_BOLD = re.compile(
    r"(\*{1,3}|__)\s*+([^*\n]{1,100}?)(?<!\s)\s*+\1\s*|<(b|strong)>\s*+([^<\n]{1,100}?)(?<!\s)\s*+</\3>\s*",
    re.IGNORECASE,
)
_AFTER = re.compile(rf"\s*(?:\\?[\[(]\s*{_RANGE}\s*\\?[\])])?\s*(:?)\s*")
_IN_LABEL = re.compile(rf"\\?[\[(<]?\s*\b{_RANGE}\s*\\?[\])>]?")
_BRACKET = re.compile(r"\\?\[([^\[\]\n\\]{1,60})\\?\]\s*(:?)\s*")
_MACHINE = re.compile(r"(?:speaker|spk)[ _]?\d{1,3}", re.IGNORECASE)
_PLAIN = re.compile(
    rf"([^\W\d_][^:\n*\[\]<>?!\"“”|\t;]{{0,70}}?)(?<!\s)\s*+(?:\\?[\[(]?\s*{_RANGE}\s*\\?[\])]?)?\s*+:(?=\s|\Z|\*\*|[\"“‘\[(\\])\s*"
)
_ABOVE = re.compile(
    rf"([^\W\d_][^:\n*\[\]<>?!\"“”|\t;]{{0,60}}?)(?<!\s)\s*+[|,–—-]?\s*+\\?[\[(]?\s*+{_RANGE}\s*+\\?[\])]?\s*+:?\s*+"
)
_SPELT = re.compile(
    r"([^\W\d_][^:\n*\[\]<>?!\"“”|\t;]{0,60}?)(?<!\s)\s++(?:(\d{1,2}) hours?,? )?(\d{1,3}) minutes?,? (\d{1,2}) seconds?"
    rf"\s*+(?:{CLOCK})?"
)
_RULE = re.compile(r"(?:\\?[*_=~-]\s*){3,}|#+")
_MARKUP_HEADING = re.compile(r"#{1,6}\s++(.*)")
_FIELD = re.compile(
    r"[*_#\s-]*(show|podcast|title|episode(?: title| name)?|date|published|hosts?|guests?|duration|length|url"
    r"|link|audio"
    r"|description|summary|speakers|participants)[*_]*\s*:[*_]*\s*(.*\S)",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(r"\b(?:I|we|let['’]s)\b|\b(?:I|we)['’]", re.IGNORECASE)
_ENDS = '.!?…"”’)]:*_'
_SPONSOR = re.compile(r"\b(?:ads?|advert\w*|commercial|sponsor\w*|promo|p?reroll|midroll|postroll)\b", re.IGNORECASE)


def parse_labelled(lines: list[str], source: Source, *, markdown: bool = True) -> Parsed | None:
    """The file's turns where labels or times mark them, or None where it has neither."""
    lines, header = _header([line.strip() for line in lines], source)
    heads = [_head(line) if line else None for line in lines]
    heads = _without_doubtful_times(heads, lines)
    speakers = _speakers(heads, lines)
    timed = [n for n, head in enumerate(heads) if head and head.start is not None]
    labelled = [n for n, head in enumerate(heads) if head and _names(head, speakers)]
    if not _is_labelled(labelled, lines, heads) and not _is_timed(timed, lines):
        return None
    kept = [_decided(head, speakers, line) if head else None for head, line in zip(heads, lines, strict=True)]
    name = "labelled-text" if labelled else "timed-text"
    turns, before, people = _turns(lines, kept, markdown)
    speech = " ".join(piece.text for turn in turns[:10] for piece in turn.pieces if piece.speech)
    around = notes_metadata(before, [], speech) if before else Metadata()
    # Speakers are known by their labels; names guessed from a page's words would only rival them.
    if labelled:
        around = Metadata(
            show=around.show,
            show_description=around.show_description,
            title=around.title,
            date=around.date,
            description=around.description,
        )
    return Parsed(name, turns, merged(merged(header, Metadata(people=people)), around))


def _head(line: str) -> LabelHead | None:
    start = end = None
    sure = listed = False
    if line[0] in "-–•>&":
        bullet = _BULLET.match(line)
        if bullet:
            listed = line[0] in "-–•"
            line = line[bullet.end() :]
            if not line:
                return None
    first = line[0]
    if first.isdigit() or first in "[(<\\":
        match = _TIME_HEAD.match(line)
        if (
            match
            and bool(match[1]) == bool(match[4])
            and (match[4] or match[0][-1:].isspace() or line[match.end() :][:2] in ("", "**"))
        ):
            start, end = seconds(match[2]), seconds(match[3]) if match[3] else None
            line, sure = line[match.end() :], True
            if not line:
                return LabelHead(None, start, end, "", "time", bool(match[1]))
            first = line[0]
        bracketed = bool(match and match[1])
    else:
        bracketed = False
    found = _label(line, first)
    if found is None:
        return LabelHead(None, start, end, line, "time", bracketed) if start is not None else None
    return found._replace(
        start=start if start is not None else found.start,
        end=end if end is not None else found.end,
        sure=found.sure or (sure and found.kind != "bare"),
        listed=listed,
    )


def _label(line: str, first: str) -> LabelHead | None:
    if first in "*_<":
        return _bold(line)
    if first == "#":
        heading = _heading(line)
        if not heading:
            return None
        inner = _label(heading, heading[0])
        return inner if inner and not inner.rest else None
    if first in "[\\":
        match = _BRACKET.match(line)
        if match and (match[2] or _MACHINE.fullmatch(match[1].strip())):
            return LabelHead(clean_label(match[1]), None, None, line[match.end() :], "bracket", True)
        return None
    window = line[:110]
    if " second" in window and len(line) < 110:
        spelt = _SPELT.fullmatch(line)  # "Ann Lee   1 minute 3 seconds1:03", as Teams copies it
        if spelt and name_like(spelt[1]):
            start = int(spelt[2] or 0) * 3600 + int(spelt[3]) * 60 + int(spelt[4])
            return LabelHead(spelt[1], float(start), None, "", "above", True)
    if ":" in window:
        match = _PLAIN.match(line)
        if match:
            return LabelHead(match[1].strip(), *_span(match[2], match[3]), line[match.end() :], "plain", bool(match[2]))
        if len(line) < 110:
            match = _ABOVE.fullmatch(line)
            if match:
                return LabelHead(match[1].strip(), *_span(match[2], match[3]), "", "above", True)
    if "\t" in window:
        name, _, rest = line.partition("\t")
        if name_like(name.strip()) and rest.strip():
            return LabelHead(name.strip(), None, None, rest.strip(), "plain", False)
    if len(line) < 50 and line[-1] not in ".,;" and name_like(line):
        return LabelHead(line, None, None, "", "bare")
    return None


def _heading(line: str) -> str | None:
    """The words of a Markdown heading, without its marks; None where the line is none."""
    match = _MARKUP_HEADING.fullmatch(line)
    return match[1].rstrip("#").rstrip() if match else None


def _bold(line: str) -> LabelHead | None:
    match = _BOLD.match(line)
    if match is None:
        return None
    content = match[2] or match[4]
    after = _AFTER.match(line, match.end())
    assert after is not None  # every part of it is optional
    colon = content.rstrip().endswith(":") or bool(after[3])
    inside = _IN_LABEL.search(content)
    start, end = _span(after[1], after[2])
    if inside:
        start, end = _span(inside[1], inside[2])
        content = (content[: inside.start()] + content[inside.end() :]).strip(" -–|:")
    if match[1] in ("*",) and not colon:
        return None
    rest = line[after.end() :] if colon or after[1] else line[match.end() :]
    if not content.strip(" :"):
        if not rest:
            return LabelHead(None, start, end, "", "time", True) if start is not None else None
        inner = _label(rest, rest[0])
        return inner._replace(start=start, end=end, sure=True) if inner else LabelHead(None, start, end, rest, "time", True)
    return LabelHead(content, start, end, rest, "bold" if rest or colon else "bare", colon or start is not None)


def _span(start: str | None, end: str | None) -> tuple[float | None, float | None]:
    return seconds(start) if start else None, seconds(end) if end else None


def _without_doubtful_times(heads: list[LabelHead | None], lines: list[str]) -> list[LabelHead | None]:
    """A bare clock time at a line's start ("5:30 is early") counts only where lines rise in time throughout."""
    bare = [n for n, head in enumerate(heads) if head and head.start is not None and lines[n][0].isdigit()]
    times = [heads[n].start or 0.0 for n in bare]  # type: ignore[union-attr]
    rising = sum(a <= b for a, b in itertools.pairwise(times))
    filled = sum(bool(line) for line in lines)
    if not bare or (len(bare) > 1 and rising * 10 >= (len(bare) - 1) * 8 and len(bare) * 12 >= filled):
        return heads
    heads = list(heads)
    for n in bare:
        head = heads[n]
        heads[n] = (
            None if head is None or head.label is None or head.kind == "bare" else head._replace(start=None, sure=False)
        )
        if heads[n] is not None:
            heads[n] = None
    return heads


def _speakers(heads: list[LabelHead | None], lines: list[str]) -> set[str]:
    counts: Counter[str] = Counter()
    sure: set[str] = set()
    bare: Counter[str] = Counter()
    plain_bold: Counter[str] = Counter()  # bold without a colon or a time
    bold: Counter[str] = Counter()
    listed: Counter[str] = Counter()
    opening = None
    for number, head in enumerate(heads):
        if head is None or head.label is None:
            continue
        label = clean_label(head.label)
        if head.kind == "bare":
            below = next((line for line in lines[number + 1 : number + 3] if line), "")
            if head.sure or (head.start is None and below and _TIME_HEAD.fullmatch(below)):
                counts[label] += 1
                sure.add(label)
            else:
                bare[label] += 1
            continue
        if head.kind == "plain" and _links_only(head.rest):
            continue
        if head.kind == "bold" and not head.sure:
            plain_bold[label] += 1
            continue
        counts[label] += 1
        if head.sure:
            sure.add(label)
            if head.kind == "bold" and not _links_only(head.rest):
                (listed if head.listed else bold)[label] += 1
        if opening is None:
            opening = label if sum(map(bool, lines[:number])) == 0 else ""
    plain = {label: count for label, count in counts.items() if label not in sure}
    speakers: set[str] = set()
    in_bold = sum(bold.values()) + sum(listed.values())
    if in_bold > 2 and in_bold > sum(plain.values()):
        # A file that sets its labels in bold means every one of them as a voice, even "**chg:**", which comes once;
        # a plain "Day 1:" in it is a line of speech.
        if sum(listed.values()) > sum(bold.values()):
            bold += listed  # else they are the points of a list that somebody reads out
        speakers = {label for label in bold if len(label.split()) <= 8 and not is_heading_word(label)}
        counts = Counter(
            {
                label: count
                for label, count in counts.items()
                if label in sure and label not in bold and label not in listed
            }
        )
    text = "\n".join(lines) if any(" " not in label for label in counts.keys() - sure) else ""
    speakers |= likely_speakers(counts, text, opening=opening or None, sure=frozenset(sure))
    speakers |= {label for label, count in plain_bold.items() if name_like(label) and (count > 2 or label in speakers)}
    filled = sum(map(bool, lines))
    names = {label for label, count in bare.items() if count > 2}
    if len(names) > 1 and sum(bare[label] for label in names) * 5 >= filled:
        speakers |= names
    return speakers | {label for label in bare if label in speakers}


def _links_only(rest: str) -> bool:
    return bool(rest) and len(rest) < 200 and is_note(rest) and len(rest.split()) < 8


def _names(head: LabelHead, speakers: set[str]) -> bool:
    label = clean_label(head.label or "")
    return label in speakers and not is_aside(label)


def _decided(head: LabelHead, speakers: set[str], line: str) -> LabelHead | None:
    """The head with its label where that is a speaker, with its time alone where it isn't."""
    if head.label is not None and clean_label(head.label) in speakers:
        return head
    if head.start is None or head.kind == "above":
        return None
    match = _TIME_HEAD.match(_BULLET.sub("", line, count=1) if line[0] in "-–•>&" else line)
    if match is None:
        return None
    rest = (_BULLET.sub("", line, count=1) if line[0] in "-–•>&" else line)[match.end() :]
    return LabelHead(None, head.start, head.end, rest, "time")


def _is_labelled(labelled: list[int], lines: list[str], heads: list[LabelHead | None]) -> bool:
    if not labelled:
        return False
    total = sum(len(line) for line in lines)
    covered = sum(len(line) for line in lines[labelled[0] :])
    filled = sum(map(bool, lines))
    if covered * 10 < total * 3:
        return False
    opens = not any(lines[: labelled[0]])
    marked = sum(1 for n in labelled if (head := heads[n]) is not None and head.sure)
    return opens or marked > 0 or len(labelled) * 10 >= filled


def _is_timed(timed: list[int], lines: list[str]) -> bool:
    filled = [n for n, line in enumerate(lines) if line]
    return len(timed) > 1 or (len(timed) == 1 and timed[0] in filled[:2])


def _header(lines: list[str], source: Source) -> tuple[list[str], Metadata]:
    """`Title: …`, `Host: …` lines at the top, taken out of the lines (blanked, so numbers stay)."""
    fields: dict[str, object] = {}
    taken = []
    for number, line in enumerate(lines[:60]):
        if not line or line.startswith("#") or _RULE.fullmatch(line):
            continue
        match = _FIELD.fullmatch(line)
        if match is None or is_transcript_heading(line):
            break
        key, value = match[1].lower(), plain_words(match[2])
        if key in ("host", "hosts", "guest", "guests", "speakers", "participants"):
            names = [clean_label(part) for part in re.split(r",\s*(?![A-Z][\w.]*D\b)|\s+(?:and|&)\s+|;\s*", value)]
            if not all(name_like(part) for part in names) or value[-1] in ".!?":
                break
            fields["people" if key in ("speakers", "participants") else key.rstrip("s") + "s"] = names
        else:
            if len(value.split()) > 25 and key not in ("description", "summary"):
                break
            names_of = {
                "podcast": "show",
                "published": "date",
                "length": "duration",
                "link": "url",
                "summary": "description",
            }
            fields["title" if key.startswith("episode") else names_of.get(key, key)] = value
        taken.append(number)
    if not fields:
        return lines, Metadata()
    kept = ["" if number in taken else line for number, line in enumerate(lines)]
    return kept, metadata_where_readable(fields, source.name)


def _turns(
    lines: list[str], heads: list[LabelHead | None], markdown: bool
) -> tuple[tuple[ParsedTurn, ...], list[str], tuple[Person, ...]]:
    """(turns, the lines before them that are notes, people whose role a label tells)."""
    last_label = max((n for n, head in enumerate(heads) if head), default=-1)
    # Where the only heads were doubted, nothing opens a turn: all is one.
    first_head = next((n for n, head in enumerate(heads) if head), len(lines))
    turns: list[ParsedTurn] = []
    people: dict[str, Person] = {}
    pieces: list[Piece] = []
    speaker: str | None = None
    paragraph: list[str] = []
    start = end = None
    gap = notes = sponsor = False

    def close_paragraph() -> None:
        nonlocal paragraph, start, end
        if paragraph:
            text = " ".join(paragraph)
            pieces.extend(_pieces(text, start, end, markdown, speech=not sponsor))
            paragraph, start, end = [], None, None

    def close_turn() -> None:
        nonlocal pieces
        close_paragraph()
        if pieces:
            turns.append(ParsedTurn(speaker, tuple(pieces)))
            pieces = []

    def aside(text: str, at: float | None) -> None:
        close_turn()
        shown = plain_words(text) if markdown else text
        if shown:
            turns.append(ParsedTurn(None, (Piece(shown, at, None, speech=False),)))

    before = []
    for line in lines[:first_head]:
        if not line or is_transcript_heading(line):
            continue
        found = pieces_of(line, markdown=markdown)
        if (len(line.split()) > 14 and talks(line) > 0.3) or (found and not any(piece.speech for piece in found)):
            pieces.extend(found)
            close_turn()
        else:
            before.append(line)
    for number in range(first_head, len(lines)):
        line, head = lines[number], heads[number]
        if not line:
            gap = True
            continue
        if head is not None and head.label is not None:
            notes = False
            label = clean_label(head.label)
            if is_aside(label):
                inline = pieces_of(head.rest, markdown=True)
                at = (
                    head.start
                    if head.start is not None
                    else next((p.start for p in inline if p.start is not None), None)
                )
                clock = re.search(rf"\[\s*({CLOCK})", head.rest) if at is None else None
                aside(f"{label}: {head.rest}".rstrip(": "), seconds(clock[1]) if clock else at)
                sponsor = bool(_SPONSOR.search(label))
            else:
                sponsor = False
                close_paragraph()
                if label != speaker or (turns and not pieces):
                    close_turn()
                speaker = label
                role = role_in_label(head.label)
                if role:
                    people[label] = Person(label, role)  # type: ignore[arg-type]
                start, end = head.start if head.start is not None else start, head.end
                if head.rest:
                    paragraph = [head.rest]
        elif head is not None:
            close_paragraph()
            notes = False
            start, end = head.start, head.end
            if head.rest:
                paragraph = [head.rest]
        elif _RULE.fullmatch(line):
            close_paragraph()
        elif notes or (is_notes_heading(line) and (number > last_label or line[0] == "#")):
            notes = True
            aside(line.lstrip("# "), None)
        elif line[0] == "#" and (heading := _heading(line)) is not None:
            aside(heading, None)
        elif number > last_label and is_note(line) and not _FIRST_PERSON.search(line):
            aside(line, None)
        elif paragraph and (not gap and paragraph[-1][-1] not in _ENDS):
            paragraph.append(_unquoted(line))
        else:
            if paragraph:
                close_paragraph()
            paragraph = [_unquoted(line)]
        gap = False
    close_turn()
    return tuple(turns), before, tuple(people.values())


def _unquoted(line: str) -> str:
    """The line without the mark of a Markdown quotation or list."""
    if line[0] in ">-*+" and len(line) > 1 and (line[1] == " " or line[0] == ">"):
        return line[1:].lstrip("> ") or line
    return line


def _pieces(text: str, start: float | None, end: float | None, markdown: bool, *, speech: bool) -> list[Piece]:
    found = pieces_of(text, start, end, markdown=markdown)
    return found if speech else [piece._replace(speech=False) for piece in found]
