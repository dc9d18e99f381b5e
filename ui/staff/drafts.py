"""Transcripts on their way into the library: checked, read into a draft, corrected by hand, then saved.
Knows nothing of pages.

A draft lies in a folder of its own until it is saved: then the file goes to `transcripts/` in the library's folder, with
its sidecar beside it, and is added like any other.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from index.episode import Episode
from index.errors import TranscriptError, VerbatimError
from index.formats.front_matter import metadata_from_mapping
from index.formats.source import MAX_BYTES
from index.library import Library
from index.reading.apart import read_apart
from index.reading.faults import contained
from index.reading.read import TRANSCRIPT_SUFFIXES, read_sidecar, sidecar_of
from ui.words.evaluate import said

MOST_FILES = 20
SIDECAR = ".meta.json"
KEPT = "transcripts"
NO_SHOW = "Podcast"


@dataclass(frozen=True, slots=True)
class FileDraft:
    """A file that was given. `episode` is what was read of it, None where `refusal` says why it can't be.

    `fields`: what is said of it by hand, as a sidecar has it; `saved`: the id that it got in the library.
    """

    name: str
    file: Path
    episode: Episode | None = None
    refusal: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    saved: str = ""


Drafts = tuple[FileDraft, ...]


def read_drafts(paths: Sequence[str], *, show: str = "") -> Iterator[Drafts]:
    """The files as drafts, given anew after each one that was read. The last holds them all, read or refused.

    `show`: what is taken for the show where a file doesn't tell one.
    """
    folder = Path(tempfile.mkdtemp(prefix="verbatim-drafts-"))
    files = [Path(path) for path in paths]
    sidecars = {file.name.removesuffix(SIDECAR): file for file in files if file.name.endswith(SIDECAR)}
    drafts = tuple(FileDraft(file.name, file) for file in files if not file.name.endswith(SIDECAR))
    yield drafts
    taken: set[str] = set()
    for at, draft in enumerate(drafts):
        refusal = why_not(draft.file, at, taken)
        taken.add(draft.file.stem.casefold())
        read = replace(draft, refusal=refusal) if refusal else _read(draft, folder, sidecars.get(draft.file.stem), show)
        drafts = (*drafts[:at], read, *drafts[at + 1 :])
        yield drafts


def why_not(file: Path, at: int, taken: set[str]) -> str:
    """Why this file isn't even opened; "" where it may be."""
    if at >= MOST_FILES:
        return said("too_many", files=MOST_FILES)
    if file.suffix.lower() not in TRANSCRIPT_SUFFIXES:
        return said("wrong_kind", kinds=", ".join(sorted(TRANSCRIPT_SUFFIXES)))
    if (size := file.stat().st_size) > MAX_BYTES:
        return said("too_large", size=f"{size / 1e6:.0f}", megabytes=MAX_BYTES // 1_000_000)
    return said("same_name") if file.stem.casefold() in taken else ""


def _read(draft: FileDraft, folder: Path, sidecar: Path | None, show: str) -> FileDraft:
    here = Path(tempfile.mkdtemp(dir=folder))
    file = here / f"{safe_name(draft.file.stem)}{draft.file.suffix.lower()}"
    shutil.copyfile(draft.file, file)
    if sidecar is not None:
        shutil.copyfile(sidecar, sidecar_of(file))
    try:
        with contained(draft.name):
            episode = read_apart(file)
            given = read_sidecar(sidecar_of(file))[0] if sidecar is not None else {}
    except TranscriptError as error:
        return replace(draft, file=file, refusal=told(error))
    # A folder's name stands in where no show is told; here the folder means nothing.
    known = episode.show.name if episode.show.name != here.name else show
    people = [{"name": person.name, "role": person.role} for person in episode.people]
    fields = given | {"title": episode.title, "show": known, "date": episode.date or "", "people": people}
    return replace(draft, file=file, episode=episode, fields=fields)


def told(error: TranscriptError) -> str:
    """The fault and its repair, without the folder that a visitor knows nothing of."""
    place = f"line {error.line}: " if error.line else ""
    return f"{place}{error.why} {error.repair}".strip()


def safe_name(stem: str) -> str:
    """A file's name as letters, digits, dots and dashes; what it was called is no matter of ours."""
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.")[:100] or "episode"


def mended(draft: FileDraft, title: str, show: str, date: str, people: str) -> FileDraft:
    """The draft with what was typed. VerbatimError: a field that can't be meant."""
    named = []
    for line in people.splitlines():
        name, _, role = line.rpartition(",")
        known = role.strip().lower() in ("host", "guest")
        if line.strip():
            named.append({"name": name.strip(), "role": role.strip().lower()} if known else {"name": line.strip()})
    typed = {"title": title.strip(), "show": show.strip(), "date": date.strip(), "people": named}
    fields = {name: value for name, value in (draft.fields | typed).items() if value not in ("", None, [])}
    try:
        metadata_from_mapping(fields, draft.name)
    except TranscriptError as error:
        raise VerbatimError(f"{draft.name}: {told(error)}") from error
    return replace(draft, fields=fields)


def people_text(draft: FileDraft) -> str:
    """The people as they are typed: one a line, with the role where it is known."""
    people = draft.fields.get("people") or []
    roles = {person["name"]: person.get("role", "unknown") for person in people if isinstance(person, dict)}
    return "\n".join(f"{name}, {role}" if role in ("host", "guest") else name for name, role in roles.items())


def save_drafts(library: Library, drafts: Drafts) -> Iterator[Drafts]:
    """Saves those that are ready, one by one; given anew after each. One that is refused says why and stays a draft."""
    for at, draft in enumerate(drafts):
        if draft.episode is None or draft.saved:
            continue
        drafts = (*drafts[:at], _saved(library, draft), *drafts[at + 1 :])
        yield drafts


def _saved(library: Library, draft: FileDraft) -> FileDraft:
    folder = library.folder / KEPT
    folder.mkdir(exist_ok=True)
    file = _free(folder, draft.file)
    shutil.copyfile(draft.file, file)
    # Without a show, a file's folder would be taken for it, and this one says nothing.
    fields = (
        {"show": NO_SHOW} | draft.fields | {"id": _own_id(library, draft.episode.id if draft.episode else file.stem)}
    )
    sidecar_of(file).write_text(json.dumps(fields, ensure_ascii=False, indent=1), encoding="utf-8")
    try:
        report = library.add([file])
    except VerbatimError as error:
        refusal = str(error)
    else:
        added = [*report.added, *report.replaced, *report.unchanged]
        if added:
            return replace(draft, saved=added[0], refusal="")
        copied = next(iter(report.copies.values()), None)
        refusal = said("copy", title=library.episode(copied).title) if copied else told(report.refused[0])
    file.unlink(missing_ok=True)
    sidecar_of(file).unlink(missing_ok=True)
    return replace(draft, refusal=refusal)


def _own_id(library: Library, id_: str) -> str:
    """An id that no episode has: one whose file is gone would be replaced by a newcomer with its id, and be lost."""
    held = {summary.id for summary in library.summaries()} | {removed.episode for removed in library.in_bin()}
    numbered = (f"{id_}-{number}" for number in itertools.count(2))
    return next(free for free in itertools.chain([id_], numbered) if free not in held)


def _free(folder: Path, file: Path) -> Path:
    """A name in the folder that no transcript or sidecar has: what was saved before is never written over."""
    held = {there.name.removesuffix(SIDECAR).rsplit(".", 1)[0].casefold() for there in folder.iterdir()}
    held |= {there.name.removesuffix(SIDECAR).casefold() for there in folder.iterdir()}
    stem, number = file.stem, 1
    while stem.casefold() in held:
        number += 1
        stem = f"{file.stem}-{number}"
    return folder / f"{stem}{file.suffix}"


def discard(drafts: Drafts) -> None:
    """Deletes the drafts' files; what was saved lies elsewhere."""
    for draft in drafts:
        if draft.file.parent.parent.name.startswith("verbatim-drafts-"):
            shutil.rmtree(draft.file.parent.parent, ignore_errors=True)
