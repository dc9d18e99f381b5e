"""Text with labels or times: `Name: …`, `**Name:** …`, `[00:01:02] Name: …`, `Name (00:01:21):` above the words.

Every line is read for what could open a turn; then the whole file decides which labels are speakers.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter

from index.formats.documents.heads import BULLET, TIME_HEAD, LabelHead, head_of
from index.formats.documents.page import is_note, is_transcript_heading, notes_metadata
from index.formats.documents.turns import RULE, turns_of
from index.formats.front_matter import merged, metadata_where_readable
from index.formats.labels import clean_label, is_aside, is_heading_word, likely_speakers, name_like
from index.formats.marks import plain_words
from index.formats.parsed import Metadata, Parsed
from index.formats.source import Source

_FIELD = re.compile(
    r"[*_#\s-]*(show|podcast|title|episode(?: title| name)?|date|published|hosts?|guests?|duration|length|url"
    r"|link|audio"
    r"|description|summary|speakers|participants)[*_]*\s*:[*_]*\s*(.*\S)",
    re.IGNORECASE,
)


def parse_labelled(lines: list[str], source: Source, *, markdown: bool = True) -> Parsed | None:
    """The file's turns where labels or times mark them, or None where it has neither."""
    lines, header = _header([line.strip() for line in lines], source)
    heads = [head_of(line) if line else None for line in lines]
    heads = _without_doubtful_times(heads, lines)
    speakers = _speakers(heads, lines)
    timed = [n for n, head in enumerate(heads) if head and head.start is not None]
    labelled = [n for n, head in enumerate(heads) if head and _names(head, speakers)]
    if not _is_labelled(labelled, lines, heads) and not _is_timed(timed, lines):
        return None
    kept = [_decided(head, speakers, line) if head else None for head, line in zip(heads, lines, strict=True)]
    name = "labelled-text" if labelled else "timed-text"
    turns, before, people = turns_of(lines, kept, markdown=markdown)
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


def _without_doubtful_times(heads: list[LabelHead | None], lines: list[str]) -> list[LabelHead | None]:
    """A bare clock time at a line's start ("5:30 is early") counts only where lines rise in time throughout."""
    bare = [n for n, head in enumerate(heads) if head and head.start is not None and lines[n][0].isdigit()]
    times = [head.start or 0.0 for n in bare if (head := heads[n])]
    rising = sum(a <= b for a, b in itertools.pairwise(times))
    filled = sum(bool(line) for line in lines)
    if not bare or (len(bare) > 1 and rising * 10 >= (len(bare) - 1) * 8 and len(bare) * 12 >= filled):
        return heads
    doubted = set(bare)
    return [None if n in doubted else head for n, head in enumerate(heads)]


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
            if head.sure or (head.start is None and below and TIME_HEAD.fullmatch(below)):
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
    match = TIME_HEAD.match(BULLET.sub("", line, count=1) if line[0] in "-–•>&" else line)
    if match is None:
        return None
    rest = (BULLET.sub("", line, count=1) if line[0] in "-–•>&" else line)[match.end() :]
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
        if not line or line.startswith("#") or RULE.fullmatch(line):
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
