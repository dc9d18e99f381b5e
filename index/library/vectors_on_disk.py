"""The FAISS index of a library: caught up with the database, searched, and kept in a file that a stamp vouches for.

    vectors-N.faiss      the index as of generation N
    vectors.json         the stamp: which of these files is whole, its SHA-256 and generation; written last

Both are derived. A file that is missing, stale or damaged is made good from the embeddings that the database holds.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.errors import LibraryDamaged
from index.library.causes import blocked, hindrance, telling
from index.library.connection import Connection, one_generation
from index.library.tables import passages, schema
from index.search.faiss_index import FaissIndex

STAMP = "vectors.json"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Vectors:
    """A generation's index: `ids` and `episodes` are the passages and the episode rows they belong to, int64, rising ids."""

    generation: int
    index: FaissIndex
    ids: np.ndarray
    episodes: np.ndarray

    def search(self, vector: np.ndarray, *, k: int, rows: Sequence[int] | None = None) -> list[tuple[int, float]]:
        """The `k` nearest passages as (id, cosine), best first. `rows`: episode rows to search in."""
        allowed = None if rows is None else self.ids[np.isin(self.episodes, np.array(rows, np.int64))]
        return self.index.search(vector, k=k, allowed=allowed)

    def cosines(self, vector: np.ndarray, ids: Sequence[int]) -> dict[int, float]:
        """The cosine of each of these passages with a vector of unit length; ids that are gone are left out."""
        # A writer may have taken some away since they were found.
        here = [id_ for id_, held in zip(ids, np.isin(np.array(ids, np.int64), self.ids), strict=True) if held]
        return dict(zip(here, (self.index.rows(here) @ vector).tolist(), strict=True)) if here else {}

    def around(self, ids: Iterable[int], *, reach: int) -> dict[int, list[int]]:
        """Of each of these passages, the ids of up to `reach` before and after it in its episode, in their order."""
        # An episode's passages are stored in one go, in their order: neighbours have neighbouring ids.
        wanted = np.unique(np.fromiter(ids, np.int64))
        wanted = wanted[np.isin(wanted, self.ids)]
        rows = np.searchsorted(self.ids, wanted)
        steps = np.array([step for step in range(-reach, reach + 1) if step], np.int64)
        beside = rows[:, None] + steps
        inside = (beside >= 0) & (beside < len(self.ids))
        beside = np.where(inside, beside, rows[:, None])
        same = inside & (self.episodes[beside] == self.episodes[rows][:, None])
        near = self.ids[beside]
        return {id_: ids_[here].tolist() for id_, ids_, here in zip(wanted.tolist(), near, same, strict=True)}

    def among(self, ids: Sequence[int], rows: Sequence[int]) -> set[int]:
        """Those of these passages that stand in episodes of these database rows."""
        wanted = np.isin(self.ids, np.array(ids, np.int64)) & np.isin(self.episodes, np.array(rows, np.int64))
        return set(self.ids[wanted].tolist())


def caught_up(connection: Connection, state: Vectors | None) -> Vectors:
    """The index of the database's present generation, from the one at hand or the file, by what it lacks or has too much."""
    with one_generation(connection):
        generation = schema.generation(connection)
        ids, episodes = passages.passage_ids(connection)
        # A copy, since other threads may be searching the one at hand.
        vectors = state.index.copy() if state is not None else _read(connection.folder, schema.dimensions(connection))
        held = vectors.ids
        vectors.remove(np.setdiff1d(held, ids).tolist())
        for new_ids, rows in passages.embeddings(connection, np.setdiff1d(ids, held)):
            vectors.add(new_ids, rows)
    if vectors.index.ntotal != len(ids):  # a passage has lost its vector: the words still find it
        there = np.isin(ids, vectors.ids)
        ids, episodes = ids[there], episodes[there]
    return Vectors(generation, vectors, ids, episodes)


def fault(connection: Connection) -> str:
    """What is wrong with the FAISS index on disk, in a clause; "" where nothing is."""
    stamp = _read_stamp(connection.folder)
    if stamp is None or not _stamp_is_true(connection.folder, stamp):
        return "missing or damaged"
    return "" if stamp["generation"] == schema.generation(connection) else "stale"


def forget(folder: Path) -> None:
    """No file counts any more; the next to be saved is made of the database alone."""
    with telling(folder):
        (folder / STAMP).unlink(missing_ok=True)


def save(vectors: Vectors, folder: Path) -> None:
    """Write the FAISS index of what is committed. Where that can't be done the next writer does it, and readers catch up in
    memory: nothing of what was stored is missing."""
    try:
        _write(vectors, folder)
    except (OSError, RuntimeError) as exc:  # FAISS tells what the system refuses by a RuntimeError
        for left in folder.glob("vectors*.part"):
            with suppress(OSError):
                left.unlink(missing_ok=True)
        why = exc if isinstance(exc, OSError) else hindrance(folder) or OSError(errno.EIO, str(exc))
        log.warning("It is stored; its FAISS index is not: %s", blocked(folder, why))


def _write(vectors: Vectors, folder: Path) -> None:
    file = folder / f"vectors-{vectors.generation}.faiss"
    scratch = file.with_suffix(".part")
    vectors.index.save(scratch)
    scratch.replace(file)
    stamp = {"file": file.name, "generation": vectors.generation, "sha256": sha256_of(file)}
    # The stamp is renamed last: it never names a file that isn't whole.
    scratch_stamp = folder / f"{STAMP}.part"
    scratch_stamp.write_text(json.dumps(stamp))
    scratch_stamp.replace(folder / STAMP)
    for other in folder.glob("vectors-*"):
        if other.name != file.name:
            other.unlink(missing_ok=True)


def _read(folder: Path, dimensions: int) -> FaissIndex:
    """The stamped FAISS file, or an empty store where it is missing or not what the stamp says."""
    stamp = _read_stamp(folder)
    if stamp is not None and _stamp_is_true(folder, stamp):
        try:
            vectors = FaissIndex.load(folder / stamp["file"])
        except LibraryDamaged:
            return FaissIndex(dimensions)
        if vectors.dimensions == dimensions:
            return vectors
    return FaissIndex(dimensions)


def _read_stamp(folder: Path) -> dict | None:
    try:
        stamp = json.loads((folder / STAMP).read_text())
        return {
            "file": Path(stamp["file"]).name,
            "generation": int(stamp["generation"]),
            "sha256": str(stamp["sha256"]),
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _stamp_is_true(folder: Path, stamp: dict) -> bool:
    try:
        return sha256_of(folder / stamp["file"]) == stamp["sha256"]
    except OSError:
        return False


def sha256_of(file: Path) -> str:
    """Of a file's content, as hexadecimal digits."""
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
