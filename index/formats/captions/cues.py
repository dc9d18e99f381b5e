"""Cues (a start, an end, some lines) become turns; shared by SRT and WebVTT.

Reads the cue blocks leniently, so that a well-kept parser gets a clean file, and puts right what machines and people
do to subtitles: wrong order, overlaps, times that start again, captions that roll up and repeat lines.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from index.formats.inside import voices_inside
from index.formats.labels import Judged, clean_label, is_aside, is_heading_word, judged, name_like
from index.formats.marks import pieces_of
from index.formats.parsed import ParsedTurn, Piece, counted
from index.formats.source import Source
from index.formats.times import seconds

_CLOCK = r"-?\s?\d{1,4}[:;]\d{1,2}(?:[:;]\d{1,2})?(?:[.,:;]\s?\d{1,6})?"
_TIMING = re.compile(rf"\s*({_CLOCK})\s*(?:-{{1,3}}\s?>|[—–]>|→|=>)\s*({_CLOCK})?(.*)")
# A line of two times and nothing else, whose arrow was lost or is written otherwise.
_STAMP = r"\d{1,2}:\d{1,2}(?::\d{1,2})?[.,]\d{1,3}|\d{1,2}:\d{1,2}:\d{1,2}"
_ARROWLESS = re.compile(rf"\s*+({_STAMP})(?:\s*+(?:[-–—~=>|,;/»]|&gt;|to\b)){{0,6}}\s++({_STAMP})\s*+|"
                        rf"\s*+({_STAMP})(?:\s*+(?:[-–—~=>|,;/»]|&gt;|to\b)){{1,6}}({_STAMP})\s*+")  # fmt: skip
_GARBLED = re.compile(
    r"[-\d:;.,\s]{0,30}\d[-\d:;.,\s]{0,30}(?:-{1,3}\s?>|→|=>)[-\d:;.,\s]{0,60}"
)  # a time that nobody can read
_INDEX = re.compile(r"\s*+\d{1,7}\s*+[.:]?\s*+")
_ARROW = re.compile(r"\s*\d{1,3}[:.]\S{1,20}\s*(?:-->|→)")
_NOT_TEXT = re.compile(r"\s*+(?:X1:\S.*|(?:(?:align|position|line|size|vertical|region):\S++\s*+)++)")

PART_BREAK = 60.0  # seconds; a start further back than this, followed by its own run of cues, is a second part
MOST_LINES = 20  # of a cue that another may show again; captions have two or three
SLIP = 1.0  # seconds; unlabelled cues that overlap by less are one voice that was cut carelessly

_VOICE = re.compile(r"\x02([^\x03]*)\x03")
_PREFIXES = re.compile(r"[\s\u200e\u200f\u061c]*(?:(?P<arrows>(?:>|&gt;){2,3})|(?P<dash>[-–—])(?![-–—]))?\s*")
_BRACKETED = re.compile(r"[\[(]([^\[\]()\n]{1,60})[\])]\s*(:?)\s*")
_MACHINE = re.compile(r"speaker[ _]?\w{1,4}", re.IGNORECASE)
_CERTAIN = re.compile(r"\s*(?:(?:>|&gt;){2,3}|\[)")
_NAMED = re.compile(
    r"(?![\d\W]{0,3}\d+:)([^:：\n<>\"“”?!♪\x02]{1,120}?)\s*(?::(?=\s|$|[\"“'‘A-Z\[(♪\u0590-\uffff])|：)[\s\u200e\u200f]*"
)
_ABOVE = re.compile(r"[\s\u200e\u200f]*([^\W\d_][^\n:：.,?!<>\x02]{0,58}[^\s\n:：.,?!<>])[ \t]*\n(?=\S)")
_BEFORE_DASH = re.compile(r"[\s\u200e\u200f]*([^\W\d_][^\n:：.,?!<>\x02–—]{0,58}?) [–—-] (?=\S)")
_DASHED = re.compile(r"\s*[-–—]\s*\S")


class Cue(NamedTuple):
    """One cue: seconds, its lines of text, and the line of the file (1-based) where its times stand.

    Not `timed`: its times can't be read; `start` is then that of the cue before it, and not shown.
    """

    start: float
    end: float | None
    lines: list[str]
    line: int = 0
    timed: bool = True


def read_blocks(source: Source, mended: list[str]) -> list[Cue]:
    """The file's cues in file order, their text untouched. Indices, settings and header lines are left out.

    Raises TranscriptError for a timing line that can't be read. What was mended is added to `mended`.
    """
    lines = source.text.split("\n")
    timings: list[tuple[int, re.Match[str] | None]] = []
    lost: list[int] = []
    early: list[int] = []
    garbled: list[int] = []
    for number, line in enumerate(lines):
        if line.count(":") > 1 and len(line) < 80 and "-->" not in line:
            # Only where a cue may begin: below its index or an empty line. Elsewhere two times are somebody's words.
            begins = number == 0 or not lines[number - 1].strip() or _INDEX.fullmatch(lines[number - 1])
            pair = _ARROWLESS.fullmatch(line) if begins else None
            stamps = [stamp for stamp in pair.groups() if stamp] if pair else []
            match = _TIMING.match(" --> ".join(stamps)) if stamps else None
            if match and all(seconds(stamp) is not None for stamp in stamps):
                if not _TIMING.match(line):
                    lost.append(number + 1)
                timings.append((number, match))
                continue
        if ">" in line or "→" in line:
            match = _TIMING.match(line)
            if match and _seconds(match[1]) is not None:
                timings.append((number, match))
                if "-" in match[1]:
                    early.append(number + 1)
            elif "-" in line.partition(">")[0].rstrip(" ->=") and _GARBLED.fullmatch(line):
                timings.append((number, None))
                garbled.append(number + 1)
            elif _ARROW.match(line):
                raise source.refuse(
                    f"{line.strip()[:60]!r} is no time that can be read.",
                    line=number + 1,
                    repair="Write it as 00:00:05,000 --> 00:00:08,000.",
                )
    if early:
        mended.append(f"{counted(len(early), 'cue')} began before zero (first in line {early[0]}): now at 0:00")
    if garbled:
        mended.append(
            f"{counted(len(garbled), 'time')} can't be read (first in line {garbled[0]}): estimated from those around"
        )
    all_without = len(lost) == len(timings) > 1 and all("," in lines[number - 1] for number in lost)  # YouTube's .sbv
    if lost and not all_without:
        mended.append(f"{counted(len(lost), 'arrow')} between times put right (first in line {lost[0]})")
    indexed = sum(number > 0 and bool(_INDEX.fullmatch(lines[number - 1])) for number, _ in timings)
    has_indices = indexed * 2 > len(timings)
    if has_indices and indexed < len(timings):
        mended.append(f"{counted(len(timings) - indexed, 'cue')} had no index")
    cues: list[Cue] = []
    for position, (number, match) in enumerate(timings):
        stop = timings[position + 1][0] if position + 1 < len(timings) else len(lines)
        if position + 1 < len(timings) and has_indices and _INDEX.fullmatch(lines[stop - 1]) and stop - 1 > number:
            stop -= 1
        body = lines[number + 1 : stop]
        if match is None:
            cues.append(Cue(cues[-1].start if cues else 0.0, None, body, number + 1, timed=False))
            continue
        if match[3].strip() and not _NOT_TEXT.fullmatch(match[3]):
            body.insert(0, match[3])
        cues.append(Cue(_seconds(match[1]) or 0.0, _seconds(match[2]), body, number + 1))
    return cues


def _seconds(clock: str | None) -> float | None:
    """A cue's time; one before zero is zero."""
    text = (clock or "").replace(" ", "")
    return (0.0 if seconds(text[1:]) is not None else None) if text[:1] == "-" else seconds(text) if text else None


class _Opening(NamedTuple):
    """What a line opens with: a label or None, whether the line says that the speaker changes, and the words after it.

    `sure`: a voice (`<v Name>`), which is always a speaker. `bare`: a name in brackets, which may be a stage direction.
    """

    label: str | None
    changes: bool
    words: str
    sure: bool = False
    bare: bool = False


def turns_of(cues: list[Cue], mended: list[str]) -> tuple[ParsedTurn, ...]:
    """Turns of the cues' words, in the order they are heard; a label carries on until the next one.

    A line may open with a voice between \\x02 and \\x03 (from `<v Name>`), which is always a speaker. A line that opens as
    the file's labels do, and whose label is not believed, is nobody's, and so is what follows it.
    """
    cues = _times_as_meant([cue for cue in cues if any(line.strip() for line in cue.lines)], mended)
    cues = _without_rolled_lines(cues, mended)
    cues = _with_names_apart(cues)
    labels = _labels(cues)
    turns: list[ParsedTurn] = []
    pieces: list[Piece] = []
    speaker: str | None = None
    for cue in cues:
        for changed, label, words in _parts(cue.lines, labels):
            if changed:
                _close(turns, speaker, pieces)
                pieces, speaker = [], label
            found = pieces_of(words)
            pieces.extend(piece._replace(start=cue.start, end=cue.end) if cue.timed else piece for piece in found)
    _close(turns, speaker, pieces)
    return tuple(_trim_overlaps(voices_inside(turns), mended))


def _labels(cues: list[Cue]) -> _Labels:
    """The labels that this file uses, learnt from all its lines."""
    named: Counter[str] = Counter()
    small: Counter[str] = Counter()
    in_brackets: Counter[str] = Counter()
    sure: set[str] = set()
    first = None
    voices = dashes = 0
    for cue in cues:
        for line in cue.lines:
            opening = _opening(line)
            dashes += line.lstrip()[:1] in ("-", "–", "—")
            if opening.sure:
                voices += 1
            elif opening.bare and opening.label:
                in_brackets[opening.label] += 1
            elif opening.label:
                named[opening.label] += 1
                small[opening.label] += opening.words[:1].islower()
                if _CERTAIN.match(line):
                    sure.add(opening.label)
                first = first or opening.label
    if voices > 1:  # a file that marks its voices has no second kind of label
        return _Labels(Judged(set(), set(), {}), set(), False)
    text = "\n".join(line for cue in cues for line in cue.lines)
    start = _opening(cues[0].lines[0]) if cues else None
    found = judged(
        named, text, opening=start.label if start and not start.bare else None, sure=frozenset(sure), small=small
    )
    names = {label for label in in_brackets if name_like(label) and not is_aside(label) and not _is_direction(label)}
    again = {label for label in names if in_brackets[label] > 1 or label in found.speakers}
    # "- [Ann] words": who writes one name so writes all of them so.
    bare = names if again or (dashes and len(names) > 1) else set()
    return _Labels(found, bare, bool(bare) and dashes > 0)


class _Labels(NamedTuple):
    """What a file's labels are. `bare`: names in brackets; `dashes`: a line that opens with one is another voice's."""

    plain: Judged
    bare: set[str]
    dashes: bool


def _with_names_apart(cues: list[Cue]) -> list[Cue]:
    """The cues with their labels marked as voices where the file writes a name above the words, or before a dash."""
    for form in (_ABOVE, _BEFORE_DASH):
        found = {number: match for number, cue in enumerate(cues) if (match := form.match("\n".join(cue.lines)))}
        names = Counter(clean_label(match[1]) for match in found.values() if name_like(clean_label(match[1])))
        again = {name for name, count in names.items() if count > 1 and not is_heading_word(name)}
        if again and names.total() * 5 >= len(cues) * 4 and names.total() > 2:
            again = set(names)  # every cue has one
        if len(again) > 1 and sum(names[name] for name in again) * 2 >= len(cues):
            marked = list(cues)
            for number, match in found.items():
                if (name := clean_label(match[1])) in again:
                    lines = "\n".join(cues[number].lines)[match.end() :].split("\n")
                    marked[number] = cues[number]._replace(lines=[f"\x02{name}\x03{lines[0]}", *lines[1:]])
            return marked
    return cues


def _is_direction(label: str) -> bool:
    return not pieces_of(f"[{label}] and")[0].speech


def _close(turns: list[ParsedTurn], speaker: str | None, pieces: list[Piece]) -> None:
    if pieces:
        turns.append(ParsedTurn(speaker, tuple(pieces)))


def _opening(line: str) -> _Opening:
    voice = _VOICE.match(line)
    if voice:
        return _Opening(clean_label(voice[1]) or None, True, line[voice.end() :], sure=True)
    prefix = _PREFIXES.match(line)
    assert prefix is not None  # every part of it is optional
    rest = line[prefix.end() :]
    bracketed = _BRACKETED.match(rest)
    if bracketed:
        certain = bool(bracketed[2]) or bool(_MACHINE.fullmatch(bracketed[1]))
        return _Opening(clean_label(bracketed[1]), True, rest[bracketed.end() :], bare=not certain)
    named = _NAMED.match(rest) if ":" in rest or "：" in rest else None
    if named and (label := clean_label(named[1])):
        return _Opening(label, True, rest[named.end() :])
    if prefix["arrows"]:
        return _Opening(None, True, rest)
    return _Opening(None, False, rest if prefix["dash"] else line.lstrip("\u200e\u200f\u061c"))


def _parts(lines: list[str], labels: _Labels) -> list[tuple[bool, str | None, str]]:
    """The cue's words in runs of one voice: (speaker changes, label or None, words)."""
    dashes = labels.dashes or sum(bool(_DASHED.match(line)) for line in lines) > 1
    parts: list[tuple[bool, str | None, list[str]]] = []
    for line in lines:
        label, changed, words, sure, bare = _opening(line)
        if label and not sure and label not in (labels.bare if bare else labels.plain.speakers):
            # Opens like a label and is none that is known: whose words these are isn't known either.
            changed = not bare and label in labels.plain.doubted
            label, words = None, line.lstrip("\u200e\u200f\u061c")
            if re.match(r"\s*(?:>|&gt;){2}", line):
                changed, words = True, re.sub(r"^\s*(?:(?:>|&gt;)+\s*)+", "", line)
        elif not changed and not dashes:
            words = line.lstrip("\u200e\u200f\u061c")
        if label:
            label = labels.plain.names.get(label, label)
        changed = changed or (dashes and bool(_DASHED.match(line)))
        if dashes and not label:
            words = re.sub(r"^\s*[-–—]\s*", "", words)
        if label and is_aside(label):
            label = None
        if changed or not parts:
            parts.append((changed, label, [words.strip()]))
        else:
            parts[-1][2].append(words.strip())
    return [(changed, label, " ".join(words)) for changed, label, words in parts]


def _times_as_meant(cues: list[Cue], mended: list[str]) -> list[Cue]:
    """The cues in the order they are heard, none ending before it starts."""
    fixed: list[Cue] = []
    offset, restarts = 0.0, []
    latest = 0.0
    starts = [cue.start for cue in cues]
    latest_before = [0.0, *itertools.accumulate(starts, max)]
    for position, cue in enumerate(cues):
        start = cue.start + offset
        if start < latest - PART_BREAK and _starts_again(starts[position : position + 5], latest_before[position]):
            offset = latest
            start = cue.start + offset
            restarts.append(cue.line)
        end = cue.end + offset if cue.end is not None else None
        latest = max(latest, start, end if end is not None and end < start + 600 else start)
        fixed.append(cue._replace(start=round(start, 3), end=round(end, 3) if end is not None else None))
    if restarts:
        lines = ", ".join(map(str, restarts[:5]))
        mended.append(f"times start again at line {lines}: read as further parts, one after the other")
    moved = sum(later.start < earlier.start for earlier, later in itertools.pairwise(fixed))
    if moved:
        first = next(later.line for earlier, later in itertools.pairwise(fixed) if later.start < earlier.start)
        mended.append(f"{counted(moved, 'cue')} out of order (first in line {first}): sorted by time")
        fixed.sort(key=lambda cue: cue.start)
    backwards = [cue.line for cue in fixed if cue.end is not None and cue.end < cue.start]
    if backwards:
        mended.append(
            f"{counted(len(backwards), 'cue')} ended before the beginning (first in line {backwards[0]}): now "
            f"where the next begins"
        )
    for position, cue in enumerate(fixed):
        if cue.timed and (cue.end is None or cue.end < cue.start):
            after = fixed[position + 1].start if position + 1 < len(fixed) else None
            fixed[position] = cue._replace(end=after)
    return fixed


def _starts_again(run: list[float], latest: float) -> bool:
    """Whether the cues that start so are a part of their own: near zero, rising, and never back to the old run."""
    rising = all(earlier <= later for earlier, later in itertools.pairwise(run))
    return len(run) > 2 and run[0] < 30 and rising and max(run[:3]) < latest


def _without_rolled_lines(cues: list[Cue], mended: list[str]) -> list[Cue]:
    """Without the lines that roll-up captions show again; only where the whole file is made that way."""
    cleaned = [cue._replace(lines=[" ".join(line.split()) for line in cue.lines if line.strip()]) for cue in cues]
    overlaps = [0]
    evidence = 0
    for earlier, later in itertools.pairwise(cleaned):
        near = earlier.end is None or later.start - earlier.end < 1.0
        count = _rolled(earlier.lines, later.lines) if near else 0
        overlaps.append(count)
        if (count and (count < len(later.lines) or (later.end or later.start) - later.start < 0.1)) or (
            not count and near and _grown(earlier.lines, later.lines)
        ):
            evidence += 1
    if evidence < 3 or evidence * 4 < len(cleaned):
        return cleaned
    kept: list[Cue] = []
    dropped = 0
    for position, cue in enumerate(cleaned):
        lines = cue.lines[overlaps[position] :]
        dropped += overlaps[position]
        if position and not overlaps[position] and _grown(cleaned[position - 1].lines, cue.lines):
            shown = " ".join(cleaned[position - 1].lines)
            lines = [" ".join(cue.lines)[len(shown) :].strip()]
            dropped += 1
        if lines:
            kept.append(cue._replace(lines=lines))
        elif kept and cue.end is not None:
            kept[-1] = kept[-1]._replace(end=max(cue.end, kept[-1].end or cue.end))
    mended.append(f"captions roll up: {counted(dropped, 'line')} shown again left out")
    return kept


def _rolled(earlier: list[str], later: list[str]) -> int:
    """How many of `later`'s first lines are `earlier`'s last ones."""
    for count in range(min(len(earlier), len(later), MOST_LINES), 0, -1):
        if earlier[-count:] == later[:count]:
            return count
    return 0


def _grown(earlier: list[str], later: list[str]) -> bool:
    shown, now = " ".join(earlier), " ".join(later)
    return len(now) > len(shown) > 0 and now.startswith(shown + " ")


def _trim_overlaps(turns: Sequence[ParsedTurn], mended: list[str]) -> list[ParsedTurn]:
    """Nobody talks over themself: a piece ends at the latest where the same voice's next piece starts."""
    trimmed, count = [], 0
    for turn in turns:
        pieces = list(turn.pieces)
        for position in range(len(pieces) - 1):
            piece, after = pieces[position], pieces[position + 1]
            if piece.end is None or after.start is None or piece.start is None or piece.end <= after.start:
                continue
            if piece.start < after.start and (turn.speaker is not None or piece.end - after.start <= SLIP):
                pieces[position] = piece._replace(end=after.start)
                count += 1
        trimmed.append(ParsedTurn(turn.speaker, tuple(pieces)))
    if count:
        mended.append(f"{counted(count, 'cue')} overlapped the next of the same voice: now ending where it begins")
    return trimmed
