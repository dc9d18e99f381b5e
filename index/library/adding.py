"""Transcript files -> episodes in a library: found, read, embedded and stored, a transaction an episode."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from index.corrections import kinds
from index.corrections.kinds import KeptCorrection
from index.episode import Episode
from index.errors import TranscriptError, printable
from index.interviews.answers import VoiceIs
from index.interviews.voices import TellVoices
from index.library.changing import Encode, decide, delete, transaction
from index.library.connection import Connection
from index.library.copies import copy_of
from index.library.tables import corrections, episodes, schema, seals
from index.reading.faults import contained
from index.search.passages import LIMITS, build_passages, embedded_text


@dataclass
class AddReport:
    """What became of each file that was to be added."""

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[TranscriptError] = field(default_factory=list)
    mended: dict[str, tuple[str, ...]] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    """Files whose talk the library holds already, from another file; each with that episode. They were left out."""
    unplaced: dict[str, int] = field(default_factory=dict)
    """How many corrections count no more, since the words that they are about have changed; by episode."""

    def note(self, stored: Stored) -> None:
        """One more that was stored."""
        (self.replaced if stored.replaced else self.added).append(stored.id)
        if stored.unplaced:
            self.unplaced[stored.id] = stored.unplaced


@dataclass(frozen=True, slots=True)
class Progress:
    """Where `add` stands, told before each file and once at the end: files and bytes done, of how many."""

    file: Path | None
    files: int
    of_files: int
    bytes: int
    of_bytes: int


@dataclass(frozen=True, slots=True)
class Stored:
    """An episode that was stored. `unplaced`: corrections of the one it replaced that fit it no more."""

    id: str
    replaced: bool
    unplaced: int


def find_transcripts(paths: Iterable[str | Path]) -> tuple[list[Path], list[TranscriptError]]:
    """The files that are meant: named ones as they are, globs and folders searched for transcripts; and what is missing."""
    from index.reading.read import TRANSCRIPT_SUFFIXES

    files: dict[Path, None] = {}
    missing = []
    for path in map(Path, paths):
        if os.path.isdir(path):
            found = sorted(file for file in path.rglob("*") if _looks_like_transcript(file))
        elif os.path.exists(path):
            found = [path]
        else:
            found = _matching(path)
        if not found:
            what = "holds no transcripts." if os.path.isdir(path) else "there is no such file."
            missing.append(
                TranscriptError(path, what, repair=f"Known kinds: {', '.join(sorted(TRANSCRIPT_SUFFIXES))}.")
            )
        files.update(dict.fromkeys(found))
    return list(files), missing


def _matching(pattern: Path) -> list[Path]:
    """The files that a glob means, sorted; none where it is no glob."""
    try:
        found = Path(pattern.anchor or ".").glob(str(pattern.relative_to(pattern.anchor)))
        return sorted(file for file in found if file.is_file())
    except (OSError, ValueError):  # what no file can be called, or `**` inside a name
        return []


def _looks_like_transcript(file: Path) -> bool:
    from index.reading.read import NOT_TRANSCRIPTS, TRANSCRIPT_SUFFIXES

    return (
        file.suffix.lower() in TRANSCRIPT_SUFFIXES
        and not file.name.endswith((".meta.json", ".chapters.json"))
        and not file.name.startswith(".")
        and not NOT_TRANSCRIPTS.fullmatch(file.name)
        and file.is_file()
    )


def add_files(
    connection: Connection,
    encode: Encode,
    files: Sequence[Path],
    *,
    duration: float | None = None,
    tell_voices: TellVoices | None = None,
    keep_both: bool = False,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> AddReport:
    """Add files; unchanged ones are skipped, changed ones replace their episode. A file that can't be read is reported."""
    report = AddReport()
    sizes = {file: size_of(file) for file in files}
    done = 0
    for number, file in enumerate(files):
        on_progress(Progress(file, number, len(files), done, sum(sizes.values())))
        try:
            with contained(file, connection.folder):
                _add_file(connection, encode, file, report, duration, tell_voices, keep_both)
        except TranscriptError as exc:
            report.refused.append(exc)
        done += sizes[file]
    return report


def read_again(connection: Connection, encode: Encode, file: Path, given: Sequence[KeptCorrection] | None) -> AddReport:
    """Add a file though it has not changed, in the place of its episode. `given`: as in `store`."""
    from index.reading.read import read_episode

    report = AddReport()
    try:
        stored = store(connection, encode, read_episode(file), str(file.resolve()), given, of_show=True)
    except TranscriptError as exc:
        report.refused.append(exc)
    else:
        report.note(stored)
    return report


def _add_file(
    connection: Connection,
    encode: Encode,
    file: Path,
    report: AddReport,
    duration: float | None,
    tell_voices: TellVoices | None,
    keep_both: bool,
) -> None:
    # Imported here: who only asks need not load every format's parser.
    from index.reading.read import content_hash, read_episode

    source = str(file.resolve())
    if printable(source) != source:
        raise TranscriptError(file, "its name, or that of a folder around it, is no UTF-8.", repair="Rename it.")
    without = content_hash(file)
    told = episodes.episode_by_hash(connection, content_hash(file, by_voices=True), source)
    known = told or episodes.episode_by_hash(connection, without, source)
    if known is not None and duration is None and (tell_voices is None or told is not None):
        report.unchanged.append(known)
        return
    episode = read_episode(file, duration=duration, tell_voices=tell_voices)
    if known is not None and duration is None and episode.content_hash == without:
        report.unchanged.append(known)  # it has labels, or the voices were not told
        return
    same = None if keep_both or known is not None else copy_of(connection, episode, source)
    if same is not None and not same.better:
        report.copies[str(file)] = same.id
        return
    stored = store(connection, encode, episode, source, of_show=True, place=same.id if same else None)
    report.note(stored)
    if episode.mended:
        report.mended[stored.id] = episode.mended


def store(
    connection: Connection,
    encode: Encode,
    episode: Episode,
    source: str,
    given: Sequence[KeptCorrection] | None = None,
    *,
    of_show: bool = False,
    place: str | None = None,
) -> Stored:
    """Embed and store; the transaction at the end is the commit. `given`: what was put right in it, where that is not what
    the library holds. `of_show`: what its show tells of it is still to be settled. `place`: the episode that it replaces,
    where neither its file nor its id tells."""
    passages = build_passages(episode, LIMITS)
    vectors = encode([embedded_text(episode, passage) for passage in passages])
    with transaction(connection):
        id_, replaced = (place, True) if place else episodes.place_of(connection, episode, source)
        if given is None:
            given = _to_carry_over(connection, id_) if replaced else []
        if replaced:
            delete(connection, id_)
        if of_show:
            schema.note_unsettled(connection, id_)
        episodes.insert_episode(connection, episode, id_, source, passages, vectors)
        unplaced = _carry_over(connection, encode, replace(episode, id=id_), given)
        schema.raise_generation(connection)
    return Stored(id_, replaced, unplaced)


def _to_carry_over(connection: Connection, id_: str) -> list[KeptCorrection]:
    """What was put right in an episode; out of use where it is not what was given."""
    given = corrections.read(connection, id_)
    return given if seals.are_whole_corrections(connection, id_) else [kinds.never_placed(kept) for kept in given]


def _carry_over(connection: Connection, encode: Encode, episode: Episode, given: Sequence[KeptCorrection]) -> int:
    """Keep what was put right in an episode with its new version. Returns how much of it no longer fits."""
    texts = [sentence.text for sentence in episode.sentences]
    carried = [
        kinds.set_aside(kept)
        if isinstance(kept.correction, VoiceIs) and not episode.unlabelled
        else kinds.placed(kept, texts)
        for kept in given
    ]
    for kept in carried:
        corrections.insert(connection, episode.id, kept)
    if any(kept.state == "active" for kept in carried):
        decide(connection, encode, episode.id)
    return sum(kept.state == "unplaced" for kept in carried)


def size_of(file: Path) -> int:
    """Bytes in it, for showing how far things are; 0 where it can't be told."""
    try:
        return file.stat().st_size
    except OSError:
        return 0
