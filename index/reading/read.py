"""A transcript file and what lies beside it -> an Episode. The door: what is not fit is refused here, by name."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from index.episode import Episode, Person, Role, Sentence, Show, Turn
from index.errors import TranscriptError
from index.formats import parse_source, read_bytes
from index.formats.front_matter import metadata_from_mapping
from index.formats.parsed import Metadata, ParsedTurn, counted
from index.formats.source import open_source, whole_characters
from index.interviews.voices import NOTHING, TellVoices, recovered_turns
from index.plain import plain
from index.reading.account import told_left_out
from index.reading.allowance import allowance
from index.reading.chapters import listed_chapters
from index.reading.sentences import build_sentences
from index.reading.timeline import on_the_recording
from index.reading.timing import estimate_times, possible_times
from index.speakers.people import people_of_labels
from index.speakers.regulars import Regular

READER_VERSION = "5"
"""Part of every content hash: raise it when reading changes, and `verbatim add` reads all files anew."""

AUDIO_SUFFIXES = frozenset([".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".wav", ".flac", ".webm"])
LARGEST_SIDECAR = 1_000_000
MOST_TOLD = 50_000
"""Tokens of a talk without labels in which voices are told apart: four hours, and five seconds of work."""
_TOKEN = re.compile(r"\w{1,6}|[^\w\s]")  # about as the network's own are
TRANSCRIPT_SUFFIXES = frozenset(
    (
        ".srt .vtt .sbv .ass .ssa .sub .smi .sami .lrc .ttml .dfxp .srv1 .srv2 .srv3 .json .json3 .jsonl .otr .csv .tsv"
        " .html .htm .md .markdown .txt .text .docx"
    ).split()
)
NOT_TRANSCRIPTS = re.compile(
    r"(?:readme|license|licence|licenses|contributing|changelog|package(?:-lock)?|code_of_conduct)\.\w+", re.I
)
"""Whole names of files that lie in many folders and hold no talk: `changelog-12.md` is an episode, `CHANGELOG.md` isn't."""


def sidecar_of(path: Path) -> Path:
    """`NAME.meta.json` beside a transcript `NAME.srt`."""
    return path.with_name(path.stem + ".meta.json")


def chapters_beside(path: Path) -> Path:
    """`NAME.chapters.json` beside a transcript `NAME.srt`: the podcast namespace's chapters."""
    return path.with_name(path.stem + ".chapters.json")


def content_hash(path: Path, *, by_voices: bool = False) -> str:
    """SHA-256 over the transcript, what lies beside it and the reader's version: equal hashes give equal episodes.

    All but a `duration` given with the file: it stays known until the file changes. `by_voices`: the hash of the episode
    whose speakers were told by another way than ours, which may say something else each time.
    """
    return _hash(path, read_bytes(path), by_voices=by_voices)


def _hash(path: Path, data: bytes, *, by_voices: bool) -> str:
    digest = hashlib.sha256(READER_VERSION.encode())
    digest.update(data)
    sidecar = sidecar_of(path)
    if sidecar.is_file():
        digest.update(b"\0sidecar\0" + read_bytes(sidecar))
    chapters = chapters_beside(path)
    if chapters.is_file():
        digest.update(b"\0chapters\0" + read_bytes(chapters))
    if by_voices:
        digest.update(b"\0voices\0")
    return digest.hexdigest()


def read_episode(
    path: Path,
    *,
    duration: float | None = None,
    tell_voices: TellVoices | None = None,
    regulars: Mapping[str, Regular] | None = None,
) -> Episode:
    """The episode in a file, ready to be added. TranscriptError: why it can't be, and what to do.

    What the sidecar says wins over front matter, and that over what was understood from the page. `duration` (seconds) wins
    over all of them; where nobody tells one, the audio file's length is taken. `tell_voices` is asked who speaks where
    the transcript has no labels. `regulars`: who comes back in the show's other episodes; it helps to tell who the labels are.
    """
    # Read once: the hash is that of the very bytes that are parsed, even when the file is being written.
    data = read_bytes(path)
    with allowance(path):
        source = open_source(data, str(path))
        parsed = parse_source(source)
        mended = [*parsed.mended, *told_left_out(source, parsed)]
        metadata = _merge(_read_json_beside(sidecar_of(path), mended), parsed.metadata)
        beside = _read_json_beside(chapters_beside(path), mended)
        audio = _resolved_audio(path, metadata.audio)
        told = duration or metadata.duration or _audio_seconds(audio)
        parsed_turns, duration = possible_times(on_the_recording(parsed.turns, told, mended), told, mended)
        chapters = beside.chapters or metadata.chapters or listed_chapters(metadata.description or "")
        sentences = build_sentences([turn.pieces for turn in parsed_turns], duration=duration)
        timed = estimate_times(sentences, duration, chapters)
        labelled = any(turn.speaker for turn in parsed_turns)
        turns = _labelled(parsed_turns, timed, metadata.people, regulars) if labelled else ()
    voices = None
    if not labelled:  # told by a network, whose work is in proportion to the words: no matter of the allowance
        turns, voices = _recovered(timed, metadata.people, tell_voices, mended)
    if not any(sentence.speech for turn in turns for sentence in turn.sentences):
        raise TranscriptError(path, "there are no spoken words in it.", repair="Add a file that holds a transcript.")
    return Episode(
        id=_slug(metadata.id or plain(path.stem)),
        show=Show(metadata.show or _show_from_folder(path), metadata.show_description or ""),
        title=metadata.title or plain(path.stem).strip() or "Episode",
        turns=turns,
        people=_people(turns, metadata),
        date=metadata.date,
        description=metadata.description or "",
        duration=max(filter(None, (duration, _last_time(turns))), default=None),
        audio=audio,
        url=metadata.url,
        format=parsed.format,
        content_hash=_hash(path, data, by_voices=voices is not None),
        mended=tuple(mended),
        unlabelled=not labelled,
        voices=tuple(sorted((voices or NOTHING).items())),
    )


def _read_json_beside(sidecar: Path, mended: list[str]) -> Metadata:
    """The fields in a JSON file that lies beside a transcript; empty where there is none. What was mended is added to `mended`."""
    if not sidecar.is_file():
        return Metadata()
    mapping, halves = read_sidecar(sidecar)
    if halves:
        mended.append(f"{plain(sidecar.name)}: {counted(halves, 'half character')} left out")
    return metadata_from_mapping(mapping, str(sidecar))


def read_sidecar(sidecar: Path) -> tuple[Any, int]:
    """The value in a JSON file, and how many half characters were left out of it. TranscriptError: it is too large, or none."""
    data = read_bytes(sidecar)
    if len(data) > LARGEST_SIDECAR:
        raise TranscriptError(sidecar, f"{len(data):,} bytes are more than a sidecar may have.")
    try:
        text, halves = whole_characters(data.decode("utf-8-sig"))
        return json.loads(text), halves
    except RecursionError as exc:
        raise TranscriptError(sidecar, "it is nested too deeply.", repair="Mend or delete it.") from exc
    except ValueError as exc:  # no UTF-8, no JSON, or a number of more digits than Python reads
        line = exc.lineno if isinstance(exc, json.JSONDecodeError) else None
        raise TranscriptError(sidecar, f"not JSON ({exc}).", line=line, repair="Mend or delete it.") from exc


def _merge(first: Metadata, second: Metadata) -> Metadata:
    """Each field from `first` where it says something, else from `second`."""
    return Metadata(**{f.name: getattr(first, f.name) or getattr(second, f.name) for f in fields(Metadata)})


def _labelled(
    parsed: Sequence[ParsedTurn],
    timed: Sequence[Sequence[Sentence]],
    people: Sequence[Person],
    regulars: Mapping[str, Regular] | None,
) -> tuple[Turn, ...]:
    """The turns with the people that their labels stand for."""
    labels = people_of_labels(parsed, people, regulars)
    return tuple(
        Turn(labels[turn.speaker].person, tuple(of_turn), labels[turn.speaker].source)
        if turn.speaker
        else Turn(None, tuple(of_turn), "unknown")
        for turn, of_turn in zip(parsed, timed, strict=True)
        if of_turn
    )


def _recovered(
    timed: Sequence[Sequence[Sentence]], people: Sequence[Person], tell: TellVoices | None, mended: list[str]
) -> tuple[tuple[Turn, ...], Mapping[int, Role] | None]:
    """The turns of a talk without labels; and what was told of their voices, None where nothing was."""
    if sum(len(_TOKEN.findall(sentence.text)) for turn in timed for sentence in turn) > MOST_TOLD:
        mended.append("more than four hours of talk without labels: it is not told who speaks")
        return tuple(Turn(None, tuple(turn)) for turn in timed if turn), None
    voices = tell([sentence for turn in timed for sentence in turn], people) if tell else None
    return recovered_turns(timed, people, voices=voices or NOTHING), voices


def _people(turns: tuple[Turn, ...], metadata: Metadata) -> tuple[Person, ...]:
    """Those the metadata names, then those who speak besides, each once."""
    by_name: dict[str, Person] = {}
    for person in (*metadata.people, *(turn.speaker for turn in turns if turn.speaker)):
        if person.name not in by_name or by_name[person.name].role == "unknown":
            by_name[person.name] = person
    return tuple(by_name.values())


def _last_time(turns: tuple[Turn, ...]) -> float | None:
    """Where the transcript's own times end; None where it has none: an estimate is no duration."""
    sentences = [sentence for turn in turns for sentence in turn.sentences if sentence.end is not None]
    if not any(sentence.time_source == "transcript" for sentence in sentences):
        return None
    return max(sentence.end for sentence in sentences if sentence.end is not None)


def _show_from_folder(path: Path) -> str:
    """Files without a show are grouped by the folder they lie in."""
    return plain(path.resolve().parent.name).strip() or "Podcast"


def _resolved_audio(path: Path, audio: str | None) -> str | None:
    """A URL as it is; a path made absolute from the transcript's folder; None where there is no such audio file.

    A sidecar is untrusted and its audio is served to listeners: only sound files are taken, and only from the
    transcript's folder, a folder beside it, or below these.
    """
    if audio is None or re.match(r"https?://", audio):
        return audio
    try:
        file = (path.parent / audio).resolve()
        near = file.is_relative_to(path.resolve().parent.parent)
        found = near and file.suffix.lower() in AUDIO_SUFFIXES and file.is_file()
        return (
            str(file) if found and plain(str(file)) == str(file) else None
        )  # an address is kept as it is or not at all
    except (OSError, ValueError):  # no name that a file can have: too long, or with a NUL in it
        return None


def _audio_seconds(audio: str | None) -> float | None:
    """How long a sound file on this machine plays; None where it doesn't tell."""
    if audio is None or not Path(audio).is_absolute():
        return None
    from tinytag import TinyTag

    try:
        return TinyTag.get(audio).duration or None
    except Exception:  # whatever a damaged recording does to its reader: the length stays unknown
        return None


def _slug(text: str) -> str:
    """An id that is safe in a URL, a command line and a file name."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.") or "episode"
