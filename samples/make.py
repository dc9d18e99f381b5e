"""Speaks the scripts and writes the sample show: audio, transcripts in seven formats, and the truth to measure by.

    python samples/make.py                      # everything, about a minute
    python samples/make.py --scripts a.txt b.txt

Needs numpy, lame and espeak-ng with its shared library. Each sentence is spoken on its own and laid after the one
before, so its time is a count of samples, not an estimate; word times are the synthesiser's own events. Two runs write
the same bytes. Knows nothing of the project's readers: the formats are written out here, so that a reader's mistake
cannot hide in its own twin.
"""

from __future__ import annotations

import argparse
import ctypes
import ctypes.util
import html
import io
import json
import re
import subprocess
import sys
import textwrap
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
WORDS_A_MINUTE = 162  # espeak's own figure; it speaks our short words faster, about 180 a minute with the pauses
BITRATE = 24  # kbit/s, constant: all six episodes stay under 13 MB
MP3_RATE = 16_000
# A frame of so low a rate is too small for the header that tells players how late the first sample comes, so they all
# start 576 (encoder) + 529 (decoder) samples late. As much of the opening's silence is cut: times stay true to 3 ms.
MP3_DELAY = (576 + 529) / MP3_RATE
PAUSES = {"opening": 0.6, "sentence": 0.22, "turn": 0.4, "interruption": 0.12, "laugh": 0.5}  # seconds
SILENCE = 60  # of 32768: quieter than this at a sentence's edges is the synthesiser waiting, not speech

CUE_LINE = 40  # characters; captions are two such lines at most
CUE_SECONDS = (2.0, 6.0)


@dataclass(frozen=True, slots=True)
class Voice:
    """A person of the show and how the synthesiser says their words."""

    name: str
    role: str
    voice: str
    pitch: int


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is shown, with its seconds from the start of the audio."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of one person, or a stage direction such as [music], which has no person.

    `turn` counts turns from 0. `directions` are inline ones that stand before the words, as "[laughs]".
    `words` and the times are empty and None for the episode without audio.
    """

    person: Voice | None
    turn: int
    text: str
    directions: str = ""
    start: float | None = None
    end: float | None = None
    words: tuple[Word, ...] = ()

    @property
    def shown(self) -> str:
        return f"{self.directions} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Script:
    """An episode as it was written. `lines` carry times only after `speak`."""

    fields: dict[str, str]
    people: tuple[Voice, ...]
    lines: tuple[Line, ...]

    @property
    def id(self) -> str:
        return self.fields["id"]

    @property
    def spoken(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.person)

    @property
    def turns(self) -> list[list[Line]]:
        """Sentences grouped by turn; a stage direction is a group of its own."""
        groups: list[list[Line]] = []
        for line in self.lines:
            if groups and groups[-1][0].turn == line.turn:
                groups[-1].append(line)
            else:
                groups.append([line])
        return groups


def main(argv: list[str] | None = None) -> int:
    """Writes audio/, transcripts/ and truth/ for the scripts named, or for all of them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scripts", nargs="*", type=Path, default=sorted((HERE / "scripts").glob("*.txt")))
    arguments = parser.parse_args(argv)
    for folder in ("audio", "transcripts", "truth"):
        (HERE / folder).mkdir(exist_ok=True)
    synthesiser = Synthesiser()
    for path in arguments.scripts:
        script = parse_script(path.read_text(encoding="utf-8"))
        suffix, write = FORMATS[script.fields["format"]]
        if script.fields["format"] == "page":  # a page whose episode nobody can play
            seconds = None
        else:
            script, samples = speak(script, synthesiser)
            save_mp3(samples, synthesiser.rate, HERE / "audio" / f"{script.id}.mp3")
            seconds = len(samples) / synthesiser.rate
            save_json(HERE / "transcripts" / f"{script.id}.meta.json", metadata(script, seconds))
        (HERE / "transcripts" / f"{script.id}{suffix}").write_text(write(script), encoding="utf-8")
        save_json(HERE / "truth" / f"{script.id}.json", truth(script))
        words = sum(len(line.text.split()) for line in script.spoken)
        length = "no audio" if seconds is None else f"{seconds / 60:.1f} min"
        print(f"{script.id}: {words} words, {len(script.spoken)} sentences, {length}", file=sys.stderr)
    return 0


# Reading the scripts


def parse_script(text: str) -> Script:
    """A script: `key: value` lines, `---`, then a turn a line. `{41|forty-one}` is shown as 41, spoken as forty-one."""
    head, body = text.split("\n---\n", 1)
    fields: dict[str, str] = {}
    people: dict[str, Voice] = {}
    for line in head.splitlines():
        key, value = line.split(": ", 1)
        if key == "person":
            label, name, role, voice, pitch = (part.strip() for part in value.split("|"))
            people[label] = Voice(name, role, voice, int(pitch))
        else:
            fields[key] = value
    lines: list[Line] = []
    for turn, line in enumerate(body.strip().splitlines()):
        if line.startswith("["):
            lines.append(Line(None, turn, line))
            continue
        label, words = line.split(": ", 1)
        for sentence in split_sentences(words):
            directions, rest = re.fullmatch(r"((?:\[\w+\] )*)(.*)", sentence).groups()
            lines.append(Line(people[label], turn, rest, directions.strip()))
    return Script(fields, tuple(people.values()), tuple(lines))


def split_sentences(words: str) -> list[str]:
    """Sentences end at . ! or ? before a space and a capital, a number's brace or a quote. No "Dr." is written."""
    return re.split(r"""(?<=[.!?])\s+(?=["{\[A-Z])|(?<=[.!?]")\s+(?=["{\[A-Z])""", words)


def show_numbers(text: str) -> str:
    return re.sub(r"\{([^|]*)\|[^}]*\}", r"\1", text)


def spoken_words(text: str) -> list[tuple[str, str]]:
    """Each shown word with what is said for it, as ("63", "sixty-three"). Of `61 times`, the first word says it all."""
    pairs: list[tuple[str, str]] = []
    for token in re.findall(r"[^\s{]*\{[^}]*\}\S*|\S+", text):
        shown = show_numbers(token).split()
        said = re.sub(r"\{[^|]*\|([^}]*)\}", r"\1", token)
        pairs += [(shown[0], said)] + [(word, "") for word in shown[1:]]
    return pairs


# Speaking


class Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


class Synthesiser:
    """espeak-ng through its shared library, which tells where each word begins; the command does not."""

    RETRIEVAL, RATE, PITCH, UTF8 = 1, 1, 3, 1
    END, WORD = 0, 1

    def __init__(self) -> None:
        name = ctypes.util.find_library("espeak-ng")
        if not name:
            raise SystemExit("espeak-ng's shared library was not found. Install the package espeak-ng and run again.")
        self.library = ctypes.CDLL(name)
        self.rate = self.library.espeak_Initialize(self.RETRIEVAL, 0, None, 0)
        callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))
        self.callback = callback(self._collect)  # kept: the library holds only the bare pointer
        self.library.espeak_SetSynthCallback(self.callback)
        self.chunks: list[np.ndarray] = []
        self.events: list[tuple[int, float]] = []

    def _collect(self, samples, count: int, events) -> int:
        if samples and count:
            self.chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        position = 0
        while events[position].type != self.END:
            if events[position].type == self.WORD:
                self.events.append((events[position].text_position - 1, events[position].audio_position / 1000))
            position += 1
        return 0

    def say(self, text: str, person: Voice) -> tuple[np.ndarray, list[tuple[int, float]]]:
        """int16 samples, silent edges cut off, and (character, seconds) of each word's beginning."""
        if self.library.espeak_SetVoiceByName(person.voice.encode()):
            raise SystemExit(f"espeak-ng has no voice {person.voice}")
        self.library.espeak_SetParameter(self.RATE, WORDS_A_MINUTE, 0)
        self.library.espeak_SetParameter(self.PITCH, person.pitch, 0)
        self.chunks, self.events = [], []
        data = text.encode()
        self.library.espeak_Synth(data, len(data) + 1, 0, 1, 0, self.UTF8, None, None)
        self.library.espeak_Synchronize()
        samples = np.concatenate(self.chunks)
        loud = np.flatnonzero(np.abs(samples.astype(int)) > SILENCE)
        first, last = loud[0], loud[-1] + 1
        return samples[first:last], [(at, max(0.0, seconds - first / self.rate)) for at, seconds in self.events]


def speak(script: Script, synthesiser: Synthesiser) -> tuple[Script, np.ndarray]:
    """The script with true times, and its audio: int16, shape (n_samples,), at the synthesiser's rate."""
    rate = synthesiser.rate
    pieces: list[np.ndarray] = []
    clock = 0  # samples laid so far
    lines: list[Line] = []

    def lay(samples: np.ndarray) -> None:
        nonlocal clock
        pieces.append(samples.astype(np.int16))
        clock += len(samples)

    def rest(kind: str) -> None:
        lay(np.zeros(int(PAUSES[kind] * rate)))

    rest("opening")
    for number, line in enumerate(script.lines):
        if line.person is None:
            begin = clock
            lay(SOUNDS[line.text](rate))
            lines.append(Line(None, line.turn, line.text, "", begin / rate, clock / rate))
            rest("turn")
            continue
        if line.directions:
            rest("laugh")
        pairs = spoken_words(line.text)
        said = " ".join(word for _, word in pairs if word)
        samples, events = synthesiser.say(said, line.person)
        start, end = clock / rate, (clock + len(samples)) / rate
        words = time_words(pairs, events, start, end)
        lay(samples)
        text = show_numbers(line.text)
        lines.append(Line(line.person, line.turn, text, line.directions, start, end, words))
        following = script.lines[number + 1] if number + 1 < len(script.lines) else line
        if following.turn == line.turn:
            rest("sentence")
        else:  # short replies come quickly, as they do
            rest("interruption" if len(following.text.split()) <= 3 else "turn")
    return Script(script.fields, script.people, tuple(lines)), np.concatenate(pieces)


def time_words(
    pairs: list[tuple[str, str]], events: list[tuple[int, float]], start: float, end: float
) -> tuple[Word, ...]:
    """The shown words with times. Words that the synthesiser runs together (`of the`) share a stretch by length."""
    character, begins = 0, []
    for _, said in pairs:
        inside = [seconds for at, seconds in events if said and character <= at < character + len(said)]
        begins.append(start + inside[0] if inside else None)
        character += len(said) + 1 if said else 0
    begins[0] = start
    words, at = [], 0
    while at < len(pairs):
        after = at + 1
        while after < len(pairs) and begins[after] is None:
            after += 1
        until = begins[after] if after < len(pairs) else end
        lengths = np.cumsum([0] + [len(shown) for shown, _ in pairs[at:after]])
        edges = begins[at] + (until - begins[at]) * lengths / lengths[-1]
        words += [Word(pairs[at + n][0], float(edges[n]), float(edges[n + 1])) for n in range(after - at)]
        at = after
    return tuple(words)


def chord(rate: int, tones: dict[float, float], seconds: float, fade: float) -> np.ndarray:
    """A few sine tones (hertz: loudness) that die away; `fade` is the time in seconds to a third."""
    time = np.arange(int(seconds * rate)) / rate
    sound = sum(loud * np.sin(2 * np.pi * hertz * time) for hertz, loud in tones.items())
    edge = np.minimum(1, np.minimum(time, seconds - time) / 0.05)  # no click at either end
    return 6000 * sound * np.exp(-time / fade) * edge


SOUNDS: dict[str, Callable[[int], np.ndarray]] = {
    "[music]": lambda rate: chord(rate, {207.7: 0.5, 261.6: 0.4, 311.1: 0.4, 415.3: 0.2}, 4.0, 3.0),
    "[bell]": lambda rate: chord(rate, {466.2: 0.6, 932.3: 0.4, 1108.7: 0.3, 1397.0: 0.2}, 3.0, 0.9),
}


def save_mp3(samples: np.ndarray, rate: int, path: Path) -> None:
    """Constant rate: a browser that seeks by bytes lands where it meant to."""
    wav = io.BytesIO()
    with wave.open(wav, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples[round(MP3_DELAY * rate) :].astype("<i2").tobytes())
    options = f"--quiet -m m --cbr -b {BITRATE} --resample {MP3_RATE / 1000}"
    subprocess.run(["lame", *options.split(), "-", str(path)], input=wav.getvalue(), check=True)


# Writing the transcripts


def clock_text(seconds: float, point: str = "") -> str:
    """00:01:02, or 00:01:02,345 with `point` a comma."""
    milliseconds = round(seconds * 1000)
    whole, rest = divmod(milliseconds, 1000)
    text = f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{text}{point}{rest:03d}" if point else text


def cut_cues(turn: list[Line], label: str = "") -> Iterator[tuple[float, float, str]]:
    """A turn as captions: (start, end, text). Short sentences share one, long ones are cut into even parts."""
    units: list[list[Word]] = []
    for line in turn:
        if units and units[-1][-1].end - units[-1][0].start < CUE_SECONDS[0]:
            units[-1].extend(add_directions(line))
        else:
            units.append(list(add_directions(line)))
    for number, unit in enumerate(units):
        letters = np.cumsum([len(word.text) + 1 for word in unit]) + (len(label) if number == 0 else 0)
        seconds = unit[-1].end - unit[0].start
        # Twelve characters are left free: two lines seldom break quite at their ends.
        parts = max(-(-letters[-1] // (CUE_LINE * 2 - 12)), int(np.ceil(seconds / CUE_SECONDS[1])))
        part_of = np.minimum((letters - 1) * parts // letters[-1], parts - 1)
        for part in range(parts):
            cue = [word for word, place in zip(unit, part_of, strict=True) if place == part]
            yield cue[0].start, cue[-1].end, " ".join(word.text for word in cue)


def add_directions(line: Line) -> tuple[Word, ...]:
    """The line's words; a direction such as [laughs] rides on the first of them."""
    if not line.directions:
        return line.words
    first = line.words[0]
    return (Word(f"{line.directions} {first.text}", first.start, first.end), *line.words[1:])


def write_srt(script: Script) -> str:
    """SubRip: the name stands before the first caption of each turn, as broadcasters do."""
    blocks = []
    for turn in script.turns:
        label = f"{turn[0].person.name}: "
        for number, (start, end, text) in enumerate(cut_cues(turn, label)):
            body = "\n".join(textwrap.wrap(label + text if number == 0 else text, CUE_LINE + 2))
            blocks.append(f"{len(blocks) + 1}\n{clock_text(start, ',')} --> {clock_text(end, ',')}\n{body}\n")
    return "\n".join(blocks)


def write_vtt(script: Script) -> str:
    """WebVTT with voice tags on every cue."""
    note = "The Long Quay is a fictional show: its people, places and facts are invented."
    blocks = [f"WEBVTT - {script.fields['title']}\n\nNOTE\n{note}\n"]
    for turn in script.turns:
        for start, end, text in cut_cues(turn):
            body = "\n".join(textwrap.wrap(html.escape(text, quote=False), CUE_LINE + 2))
            blocks.append(f"{clock_text(start, '.')} --> {clock_text(end, '.')}\n<v {turn[0].person.name}>{body}\n")
    return "\n".join(blocks)


def write_podcast_json(script: Script) -> str:
    """The podcast namespace's JSON, version 1.0.0: a segment a sentence."""
    segments = []
    for line in script.spoken:
        times = {"startTime": round(line.start, 2), "endTime": round(line.end, 2)}
        segments.append({"speaker": line.person.name, **times, "body": line.shown})
    return json.dumps({"version": "1.0.0", "segments": segments}, ensure_ascii=False, indent=1) + "\n"


def write_whisper_json(script: Script) -> str:
    """Speech recognition's JSON with a diariser's names: segments of one to three sentences, each with its words."""
    segments: list[dict] = []
    for turn in script.turns:
        packs: list[list[Line]] = []
        for line in turn:
            if packs and line.end - packs[-1][0].start < 9:
                packs[-1].append(line)
            else:
                packs.append([line])
        for pack in packs:
            name = turn[0].person.name
            words = [
                {"word": word.text, "start": round(word.start, 3), "end": round(word.end, 3), "speaker": name}
                for line in pack
                for word in line.words
            ]
            text = " " + " ".join(line.shown for line in pack)  # the leading space is the recogniser's habit
            segment = {"start": round(pack[0].start, 3), "end": round(pack[-1].end, 3), "text": text, "speaker": name}
            segments.append(segment | {"words": words})
    return json.dumps({"language": "en", "segments": segments}, ensure_ascii=False) + "\n"


def write_markdown(script: Script) -> str:
    """A page of Markdown: bold names with a colon, the time in escaped brackets, a turn a paragraph."""
    parts = [f"# {script.fields['title']}", f"*{script.fields['show']}.* {script.fields['description']}"]
    for turn in script.turns:
        words = " ".join(line.shown for line in turn)
        parts.append(f"**{turn[0].person.name}:** \\[{clock_text(int(turn[0].start))}\\] {words}")
    return "\n\n".join(parts) + "\n"


def write_text(script: Script) -> str:
    """Plain text: `Name (00:01:21):` above the words, stage directions on lines of their own."""
    parts = []
    for turn in script.turns:
        if turn[0].person is None:
            parts.append(turn[0].text)
        else:
            words = " ".join(line.shown for line in turn)
            parts.append(f"{turn[0].person.name} ({clock_text(int(turn[0].start))}):\n{words}")
    return "\n\n".join(parts) + "\n"


def write_page(script: Script) -> str:
    """A whole web page copied as text: show notes, links, a sponsor, then the talk in one breath without any names."""
    talk = " ".join(show_numbers(line.shown) for line in script.lines)
    notes = (HERE / "scripts" / "notes" / f"{script.id}.md").read_text(encoding="utf-8")
    return f"{notes}{talk}\n"


FORMATS: dict[str, tuple[str, Callable[[Script], str]]] = {
    "srt": (".srt", write_srt),
    "vtt": (".vtt", write_vtt),
    "podcast-json": (".json", write_podcast_json),
    "whisper-json": (".json", write_whisper_json),
    "md": (".md", write_markdown),
    "text": (".txt", write_text),
    "page": (".txt", write_page),
}


def metadata(script: Script, seconds: float) -> dict:
    """What stands beside a transcript as NAME.meta.json."""
    return {
        "show": script.fields["show"],
        "title": script.fields["title"],
        "date": script.fields["date"],
        "description": script.fields["description"],
        "duration": round(seconds, 2),
        "people": [{"name": person.name, "role": person.role} for person in script.people],
        "audio": f"../audio/{script.id}.mp3",
        "url": f"https://example.org/the-long-quay/{script.id}",
        "note": "A fictional show, made for trying the software.",
    }


def truth(script: Script) -> list[dict]:
    """Every sentence with who said it and when; the times are None for the episode without audio."""
    return [
        {
            "speaker": line.person.name,
            "role": line.person.role,
            "start": None if line.start is None else round(line.start, 3),
            "end": None if line.end is None else round(line.end, 3),
            "text": show_numbers(line.text),
        }
        for line in script.spoken
    ]


def save_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
