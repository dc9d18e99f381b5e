"""Libraries that are made for a question set and kept, under a name made of all that is in them.

The name comes from the episodes as they were read and from the passages as they are embedded, so a change in how files are
read or cut makes a new library by itself; nothing measured is ever measured on a library of yesterday's code.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from index.episode import Episode
from index.errors import TranscriptError, VerbatimError
from index.library import Library, Progress, find_transcripts
from index.library.tables.schema import FORMAT
from index.reading.read import read_episode
from index.search.encoder import known_name
from index.search.passages import LIMITS, build_passages, embedded_text

ProgressBar = Callable[[], AbstractContextManager[Callable[[Progress], None]]]
"""Makes a bar: a context whose value is the callback for `Library.add`."""


def no_bar() -> AbstractContextManager[Callable[[Progress], None]]:
    """A bar that draws nothing."""
    return nullcontext(lambda progress: None)


def library_of_transcripts(
    transcripts: Path,
    embeddings: str,
    cache: Path,
    *,
    bar: ProgressBar = no_bar,
) -> Path:
    """The folder of a library of these transcripts; made where there is none yet. Refused files are named on stderr.

    VerbatimError: the path isn't there, or nothing in it can be read.
    """
    files, missing = find_transcripts([transcripts])
    if missing:
        raise missing[0]
    episodes = []
    for file in files:
        try:
            episodes.append(read_episode(file))
        except TranscriptError as exc:
            print(f"refused: {exc}", file=sys.stderr)
    if not episodes:
        raise VerbatimError(f"{transcripts}: no transcript in it can be read.")
    folder = cache / _key(episodes, embeddings)
    library = Library.create(folder, embeddings)
    with bar() as on_progress:
        library.add(files, on_progress=on_progress)
    return folder


def library_of_episodes(episodes: Sequence[Episode], embeddings: str, cache: Path) -> Path:
    """The folder of a library of the episodes that a set brings along."""
    folder = cache / _key(episodes, embeddings)
    library = Library.create(folder, embeddings)
    held = {summary.id for summary in library.summaries()}
    with library.writing_many() as add:
        for episode in episodes:
            if episode.id not in held:
                add(episode)
    return folder


def _key(episodes: Sequence[Episode], embeddings: str) -> str:
    digest = hashlib.sha256(f"{known_name(embeddings)} {LIMITS.name} {FORMAT}".encode())
    for episode in episodes:
        # The hash of a file says nothing of how it was read, and changes with its reader's version.
        digest.update(repr(replace(episode, content_hash="")).encode())
        for passage in build_passages(episode, LIMITS):
            digest.update(embedded_text(episode, passage).encode())
    return digest.hexdigest()[:16]
