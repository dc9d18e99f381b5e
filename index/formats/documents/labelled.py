"""Text with labels or times: `Name: …`, `**Name:** …`, `[00:01:02] Name: …`, `Name (00:01:21):` above the words.

Every line is read for what could open a turn; then the whole file decides which labels are speakers.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter

from index.formats.documents.heads import BULLET, TIME_HEAD, LabelHead, dashed, head_of
from index.formats.documents.page import is_note, is_transcript_heading, notes_metadata
from index.formats.documents.turns import RULE, turns_of
from index.formats.front_matter import merged, metadata_where_readable
from index.formats.labels import Judged, clean_label, is_aside, is_heading_word, judged, name_like
from index.formats.marks import pieces_of, plain_words
from index.formats.parsed import Metadata, Parsed
from index.formats.source import Source
from index.formats.times import seconds

_FIELD = re.compile(
    r"[*_#\s-]*(show|podcast|title|episode(?: title| name)?|date|published|hosts?|guests?|duration|length|url"
    r"|link|audio"
    r"|description|summary|speakers|participants)[*_]*\s*:[*_]*\s*(.*\S)",
    re.IGNORECASE,
)
_BOLD_INSIDE = re.compile(r"(?<=[.?!…\"”)])\s+(?=\*\*[^*\n:]{1,60}:\*\*\s)")
_FORMS = ("square", "dash", "point")
_WITH_COLON = ("plain", "bracket", "bold")


def parse_labelled(lines: list[str], source: Source, *, markdown: bool = True) -> Parsed | None:
    """The file's turns where labels or times mark them, or None where it has neither."""
    lines, header = _header([line.strip(" \t\r\f\v\xa0\u200e\u200f\u061c") for line in lines], source)
    if any(line.count(":**") > 1 for line in lines):
        lines = [part for line in lines for part in (_BOLD_INSIDE.split(line) if line.count(":**") > 1 else (line,))]
    heads = [head_of(line) if line else None for line in lines]
    heads = _without_doubtful_times(_of_the_form(heads, lines), lines)
    heads = _with_times_behind(heads)
    labels = _judged(heads, lines)
    speakers = labels.speakers
    timed = [n for n, head in enumerate(heads) if head and head.start is not None]
    labelled = [n for n, head in enumerate(heads) if head and _names(head, speakers)]
    if not _is_labelled(labelled, lines, heads) and not _is_timed(timed, lines):
        return None
    kept = [_decided(head, labels, line) if head else None for head, line in zip(heads, lines, strict=True)]
    kept = _without_second_names(kept, lines)
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
    bare = [
        n
        for n, head in enumerate(heads)
        if head and head.start is not None and (lines[n][0].isdigit() or head.kind == "numbers")
    ]
    times = [head.start or 0.0 for n in bare if (head := heads[n])]
    rising = sum(a <= b for a, b in itertools.pairwise(times))
    filled = sum(bool(line) for line in lines)
    if not bare or (len(bare) > 1 and rising * 10 >= (len(bare) - 1) * 8 and len(bare) * 12 >= filled):
        return heads
    doubted = set(bare)
    return [None if n in doubted else head for n, head in enumerate(heads)]


def _of_the_form(heads: list[LabelHead | None], lines: list[str]) -> list[LabelHead | None]:
    """The heads without those of a form that means labels only in a file which is full of it: "Ann – words", "Q. words".

    Full: most of its lines open so, with labels that come again, and hardly any in another form.
    """
    forms: dict[str, Counter[str]] = {form: Counter() for form in _FORMS}
    others = 0
    for head in heads:
        if head is not None and head.label is not None:
            if head.kind in forms:
                forms[head.kind][clean_label(head.label)] += 1
            else:
                others += head.kind not in ("bare", "plain") or name_like(clean_label(head.label))
    if not any(forms.values()):
        return heads
    filled = sum(map(bool, lines))
    meant = set()
    for form, counts in forms.items():
        again = {label: count for label, count in counts.items() if count > 1 and not is_heading_word(label)}
        if (
            len(again) > 1
            and sum(again.values()) * (5 if form == "square" else 3) >= filled
            and sum(again.values()) > others
            and (form != "square" or all(pieces_of(f"[{label}] and")[0].speech for label in again))
        ):
            meant.add(form)
    found = [
        head if head is None or head.kind not in forms else (head._replace(sure=True) if head.kind in meant else None)
        for head in heads
    ]
    if "dash" in meant:
        for number, line in enumerate(lines):
            head = dashed(line) if line else None
            if head is not None and clean_label(head.label or "") in forms["dash"]:
                found[number] = head
    return found


def _with_times_behind(heads: list[LabelHead | None]) -> list[LabelHead | None]:
    """The heads with the times that stand behind the labels: "Ann: 0:02", "Ann <tab> 0:02 <tab> words".

    "Ann: 5:30 is early" counts only where nearly every label has such a time, and they rise.
    """
    open_heads = [
        n for n, head in enumerate(heads) if head and head.label and head.start is None and head.kind in _WITH_COLON
    ]
    found = {}
    for n in open_heads:
        rest = heads[n].rest if heads[n] else ""  # type: ignore[union-attr]
        match = TIME_HEAD.match(rest) if rest[:1].isdigit() or rest[:1] in ("[", "(", "\\") else None
        if match and bool(match[1]) == bool(match[4]) and (match.end() == len(rest) or rest[match.end() - 1].isspace()):
            found[n] = match
    if len(found) < 2 or len(found) * 5 < len(open_heads) * 4:
        return heads
    times = [seconds(match[2]) or 0.0 for match in found.values()]
    if sum(a <= b for a, b in itertools.pairwise(times)) * 10 < (len(times) - 1) * 9:
        return heads
    timed = list(heads)
    for n, match in found.items():
        head = heads[n]
        assert head is not None
        end = seconds(match[3]) if match[3] else None
        timed[n] = head._replace(start=seconds(match[2]), end=end, rest=head.rest[match.end() :].strip(), sure=True)
    return timed


def _judged(heads: list[LabelHead | None], lines: list[str]) -> Judged:
    """The file's labels: who is a speaker, and which labels may be."""
    counts: Counter[str] = Counter()
    small: Counter[str] = Counter()
    timed_bare: Counter[str] = Counter()
    of_form: Counter[str] = Counter()
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
            elif head.start is not None or _is_time_alone(heads, number):
                timed_bare[label] += 1
            else:
                bare[label] += 1
            continue
        if head.kind == "plain" and _links_only(head.rest):
            continue
        if head.kind == "bold" and not head.sure:
            plain_bold[label] += 1
            continue
        if head.kind in _FORMS:
            of_form[label] += 1
        counts[label] += 1
        small[label] += head.rest[:1].islower()
        if head.sure:
            sure.add(label)
            if head.kind == "bold" and not _links_only(head.rest):
                (listed if head.listed else bold)[label] += 1
        if opening is None:
            opening = label if sum(map(bool, lines[:number])) == 0 else ""
    plain = {label: count for label, count in counts.items() if label not in sure and name_like(label)}
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
    once = any(count == 1 or " " not in label for label, count in counts.items() if label not in sure)
    text = "\n".join(lines) if once else ""
    found = judged(counts, text, opening=opening or None, sure=frozenset(sure), small=small)
    in_form = bool(speakers)  # in bold, where a plain label is speech
    speakers |= found.speakers | {label for label, count in of_form.items() if count > 1}
    speakers |= {label for label, count in plain_bold.items() if name_like(label) and (count > 2 or label in speakers)}
    filled = sum(map(bool, lines))
    names = {label for label, count in bare.items() if count > 2}
    if len(names) > 1 and sum(bare[label] for label in names) * 5 >= filled:
        speakers |= names
    again = {label for label, count in timed_bare.items() if count > 1}
    alone = sum(
        head is not None and head.start is not None and not head.rest and head.kind in ("time", "bare")
        for head in heads
    )
    if len(again) > 1 or again & speakers or (again and timed_bare.total() > 2 and timed_bare.total() * 5 >= alone * 4):
        speakers |= set(timed_bare)
    speakers |= {label for label in (*bare, *timed_bare) if label in speakers}
    return Judged(speakers, set() if in_form else found.doubted - speakers, found.names)


def _is_time_alone(heads: list[LabelHead | None], number: int) -> bool:
    """Whether the line right above holds a time and nothing else."""
    above = heads[number - 1] if number else None
    return above is not None and above.label is None and above.start is not None and not above.rest


def _links_only(rest: str) -> bool:
    return bool(rest) and len(rest) < 200 and is_note(rest) and len(rest.split()) < 8


def _names(head: LabelHead, speakers: set[str]) -> bool:
    label = clean_label(head.label or "")
    return label in speakers and not is_aside(label)


def _decided(head: LabelHead, labels: Judged, line: str) -> LabelHead | None:
    """The head with its label where that is a speaker, with its time alone where it isn't; nobody's where it may be one."""
    if head.label is not None and (label := clean_label(head.label)) in labels.speakers:
        return head._replace(label=labels.names[label]) if label in labels.names else head
    doubted = head.kind in _WITH_COLON and head.label is not None and clean_label(head.label) in labels.doubted
    if head.kind == "numbers":
        return head
    if head.start is None or head.kind == "above":
        return LabelHead(None, head.start, head.end, line, "doubted") if doubted else None
    line = BULLET.sub("", line, count=1) if line[0] in "-–•>&" else line
    match = TIME_HEAD.match(line)
    if match is None:
        return LabelHead(None, head.start, head.end, line, "doubted") if doubted else None
    return LabelHead(None, head.start, head.end, line[match.end() :], "doubted" if doubted else "time")


def _without_second_names(heads: list[LabelHead | None], lines: list[str]) -> list[LabelHead | None]:
    """A name alone right below a label that has no words yet is what was said: "Ann", below it "Bo", then a gap."""
    kept = list(heads)
    open_label = False
    for number, (head, line) in enumerate(zip(heads, lines, strict=True)):
        if not line or (head is not None and head.label is None and not head.rest):
            continue  # a gap, or a time alone
        if head is not None and head.kind == "bare" and open_label and head.start is None:
            kept[number], open_label = None, False
        else:
            open_label = head is not None and head.label is not None and not head.rest
    return kept


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
