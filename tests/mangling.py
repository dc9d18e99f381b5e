"""Transcripts whose truth is known, written with labels as people and programs mangle them, and how well they are read."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from index.formats import parse
from index.formats.parsed import Parsed

_WORD = re.compile(r"[^\W\d_]+")


class Said(NamedTuple):
    """One turn as it truly was: who, from what second, and the words."""

    who: str
    start: float
    words: str


class Read(NamedTuple):
    """How many words of the truth were read with the right speaker, a wrong one, nobody; and how many weren't read at all."""

    right: int
    wrong: int
    unknown: int
    lost: int

    @property
    def words(self) -> int:
        return sum(self)


def clock(seconds: float, mark: str = ".") -> str:
    whole, part = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{mark}{part:03d}"


def short(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _cues(talk: Sequence[Said], label: Callable[[Said], str], *, vtt: bool = False, joined: int = 1) -> str:
    parts = ["WEBVTT\n\n"] if vtt else []
    mark = "." if vtt else ","
    for number in range(0, len(talk), joined):
        group = talk[number : number + joined]
        end = talk[number + joined].start if number + joined < len(talk) else group[-1].start + 9
        head = "" if vtt else f"{number // joined + 1}\n"
        text = " ".join(label(said) + said.words for said in group)
        parts.append(f"{head}{clock(group[0].start, mark)} --> {clock(max(end, group[0].start), mark)}\n{text}\n\n")
    return "".join(parts)


def _lines(talk: Sequence[Said], line: Callable[[Said], str], between: str = "\n\n") -> str:
    return between.join(map(line, talk)) + "\n"


def _offices(talk: Sequence[Said]) -> str:
    seen: set[str] = set()
    lines = []
    for said in talk:
        full, last = said.who.upper(), said.who.split()[-1].upper()
        only = sum(who.split()[-1].upper() == last for who in {other.who for other in talk}) == 1
        label = last if said.who in seen and only else f"{full}, KEEPER OF THE NORTH SHED (via phone)"
        lines.append(f"{label}: {said.words}")
        seen.add(said.who)
    return "\n\n".join(lines)


def _table(talk: Sequence[Said]) -> str:
    rows = "\n".join(f"| {said.words.replace('|', ' ')} | {said.who} | {short(said.start)} |" for said in talk)
    return f"| Words | Who | At |\n|---|---|---|\n{rows}\n"


def _csv(talk: Sequence[Said]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([("Text", "Begin", "Speaker"), *((s.words, clock(s.start), s.who) for s in talk)])
    return out.getvalue()


def _map(talk: Sequence[Said]) -> str:
    names = list(dict.fromkeys(said.who for said in talk))
    rows = [{"spk": f"v{names.index(s.who)}", "begin": round(s.start * 1000), "content": s.words} for s in talk]
    return json.dumps({"voices": {f"v{n}": name for n, name in enumerate(names)}, "items": rows})


def _linked(said: Said) -> str:
    return f"**[{short(said.start)}](https://example.org/e?t={int(said.start)})** {said.who}: {said.words}"


def _in_words(said: Said) -> str:
    return f"{said.who}\n{int(said.start) // 60} minutes {int(said.start) % 60} seconds\n{said.words}"


def _in_frames(said: Said) -> str:
    return f"{clock(said.start)[:8]}:12 - {clock(said.start + 1)[:8]}:03\n{said.who}\n{said.words}"


def _numbered(talk: Sequence[Said], said: Said) -> str:
    return f"SPEAKER_{_number(talk, said.who):02d} [{said.start:.1f}s - {said.start + 1:.1f}s]: {said.words}"


def _email(who: str) -> str:
    return "@".join([".".join(who.lower().split()), "example.org"])


WAYS: dict[str, tuple[str, Callable[[Sequence[Said]], str]]] = {
    "chevrons inside a cue": ("a.srt", lambda t: _cues(t, lambda s: f">> {s.who}: ", joined=3)),
    "labels in mid-line": ("a.vtt", lambda t: _cues(t, lambda s: f"{s.who}: ", vtt=True, joined=2)),
    "pronouns": ("a.vtt", lambda t: _cues(t, lambda s: f"{s.who} (they/them): ", vtt=True)),
    "a bar and a company": ("a.srt", lambda t: _cues(t, lambda s: f"{s.who} | Harbour Works: ")),
    "offices, then surnames": ("a.txt", _offices),
    "a link as the time": ("a.md", lambda t: _lines(t, _linked)),
    "glued to the time": ("a.txt", lambda t: _lines(t, lambda s: f"{s.who}: {clock(s.start)[:8]}{s.words}")),
    "a table": ("a.md", _table),
    "cells in another order": ("a.csv", _csv),
    "list items": ("a.md", lambda t: _lines(t, lambda s: f"- {s.who}: {s.words}", "\n")),
    "a dash and brackets": ("a.srt", lambda t: _cues(t, lambda s: f"- [{s.who}] ")),
    "a full-width colon": ("a.txt", lambda t: _lines(t, lambda s: f"{s.who}：{s.words}")),
    "marks of direction": ("a.srt", lambda t: _cues(t, lambda s: f"\u200f{s.who}: ")),
    "log-in names": ("a.txt", lambda t: _lines(t, lambda s: f"{'_'.join(s.who.lower().split())}7: {s.words}")),
    "e-mail addresses": ("a.vtt", lambda t: _cues(t, lambda s: f"{_email(s.who)}: ", vtt=True)),
    "pictures": ("a.txt", lambda t: _lines(t, lambda s: f"🦊 {s.who}: {s.words}")),
    "a dash": ("a.txt", lambda t: _lines(t, lambda s: f"{s.who} – {s.words}")),
    "a time in words": ("a.txt", lambda t: _lines(t, _in_words)),
    "frames above the name": ("a.txt", lambda t: _lines(t, _in_frames)),
    "a map of names": ("a.json", _map),
    "numbers for names": ("a.txt", lambda t: _lines(t, partial(_numbered, t))),
}  # fmt: skip


def _number(talk: Sequence[Said], who: str) -> int:
    return list(dict.fromkeys(said.who for said in talk)).index(who)


def read_mangled(talk: Sequence[Said], way: str) -> tuple[Parsed, Read]:
    """A talk written in one of the WAYS, as it is read, and how its words fared."""
    name, write = WAYS[way]
    parsed = parse(write(talk).encode(), name)
    return parsed, compared(talk, parsed, way)


def compared(talk: Sequence[Said], parsed: Parsed, way: str) -> Read:
    """Each word of the truth, looked for in the order spoken, and by whom it was read."""
    heard = [
        (w.lower(), turn.speaker)
        for turn in parsed.turns
        for p in turn.pieces
        if p.speech
        for w in _WORD.findall(p.text)
    ]
    right = wrong = unknown = lost = at = 0
    for said in talk:
        for word in _WORD.findall(said.words):
            near = next((n for n in range(at, min(at + 40, len(heard))) if heard[n][0] == word.lower()), None)
            if near is None:
                lost += 1
                continue
            label, at = heard[near][1], near + 1
            if label is None:
                unknown += 1
            elif is_label_of(label, said.who, talk, way):
                right += 1
            else:
                wrong += 1
    return Read(right, wrong, unknown, lost)


def is_label_of(label: str, who: str, talk: Sequence[Said], way: str) -> bool:
    if way == "numbers for names":
        return label == f"SPEAKER_{_number(talk, who):02d}"
    letters = "".join(_WORD.findall(label.lower()))
    name = "".join(_WORD.findall(who.lower()))
    return letters.startswith(name) or letters == "".join(_WORD.findall(who.split()[-1].lower()))
