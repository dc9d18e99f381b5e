"""The library on disk: the only writer of its folder. Knows nothing of questions, language models or Gradio.

    library.db           SQLite, the truth: episodes, people, turns, sentences, passages, embeddings, corrections,
                         feedback, BM25
    vectors-N.faiss      derived: the FAISS index as of generation N
    vectors.json         derived: which of these files is whole, its SHA-256 and generation; written last
    lock                 held while writing; names its holder
    removed/             episodes that were removed and can be put back

`Library` holds what lives between calls: connections, the lock, caches by generation. What is done, other files do: adding,
settling, changing, vectors_on_disk, words, damage.

One transaction per episode is the commit, and raises the generation. A FAISS file that is missing, stale or damaged is
made good from the stored embeddings: by readers in memory, by the next writer on disk.
"""

from __future__ import annotations

import copy
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from cachetools import LRUCache

from index.corrections.kinds import Correction, KeptCorrection
from index.episode import Episode, Passage
from index.errors import LibraryDamaged, LibraryError, NoLibrary
from index.interviews.voices import Recovery, TellVoices
from index.library import adding, changing, feedback, removed, vectors_on_disk, words
from index.library.adding import AddReport, Progress, find_transcripts
from index.library.causes import DATABASE, blocked, telling
from index.library.connection import Connection, Readers, connect_to_write, locked, one_generation
from index.library.damage import faults
from index.library.feedback import Feedback
from index.library.removed import Removed
from index.library.settling import settle
from index.library.tables import corrections, passages, rows, schema, seals
from index.library.tables.episodes import audio
from index.library.tables.summaries import EpisodeSummary, summaries
from index.library.vectors_on_disk import Vectors
from index.search import lexical
from index.search.encoder import Encoder, Remembered, load_encoder
from index.search.faiss_index import FaissIndex
from index.search.onnx_export import EMBEDDED_MODEL

MOST_EPISODES = 64  # kept as they were read: some 1 MB each where they are long

log = logging.getLogger(__name__)


class Library:
    """A library that is open. Reading is safe from many threads; they always see a whole generation."""

    def __init__(self, folder: Path, encoder: Encoder | str) -> None:
        self.folder = folder
        self._encoder = encoder
        self._readers = Readers(folder)
        self._sync = threading.Lock()
        self._state: Vectors | None = None
        self._by_generation: dict[str, tuple[int, Any]] = {}
        self._episodes: LRUCache[tuple[str, int], Episode] = LRUCache(MOST_EPISODES)
        self._episodes_lock = threading.Lock()
        self._whole: Library | None = None
        """The library that this one is a snapshot of; None where it is none."""
        self._pinned: tuple[Connection, int] | None = None
        self.left_out: dict[str, LibraryDamaged] = {}
        """The damaged episodes that were passed over while this snapshot was read, with what is said of them."""

    @classmethod
    def create(cls, folder: str | Path, encoder: Encoder | str = EMBEDDED_MODEL) -> Library:
        """A new library, or the one that is there. `encoder`: an embedding model, or its name."""
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError as exc:
            raise LibraryError(f"No library can be made in {folder}: it is a file. Name another folder.") from exc
        except OSError as exc:
            raise blocked(folder, exc) from exc
        library = cls(folder, encoder)
        with library._writing() as connection:
            schema.create(connection, library.encoder.fingerprint)
        schema.check_format(library.connection)
        schema.check_model(library.connection, encoder)
        return library

    @classmethod
    def open(cls, folder: str | Path, encoder: Encoder | str | None = None) -> Library:
        """The library in that folder. NoLibrary, WrongModel, LibraryDamaged: why it can't be, and the repair.

        `encoder` None means: the model that the library was built with.
        """
        folder = Path(folder)
        if not (folder / DATABASE).is_file():
            raise NoLibrary(folder)
        library = cls(folder, encoder or "")
        recorded = schema.fingerprint(library.connection)
        if recorded is None:
            raise NoLibrary(folder)
        schema.check_format(library.connection)
        library._encoder = encoder or recorded.name
        schema.check_model(library.connection, library._encoder)
        return library

    # Reading

    @property
    def connection(self) -> Connection:
        """This thread's connection, or this snapshot's. It never writes; writers open their own."""
        return self._pinned[0] if self._pinned else self._readers.of_thread()

    @contextmanager
    def snapshot(self) -> Iterator[Library]:
        """This library as of one generation for as long as the block lasts, whatever others write meanwhile.

        It may be read by any thread, by one at a time. A snapshot of a snapshot is itself.
        """
        if self._pinned:
            yield self
            return
        with self._readers.lent() as connection:
            taken = copy.copy(self)
            # The first look at the database is the moment that is kept.
            taken._whole, taken._pinned, taken.left_out = self, (connection, schema.generation(connection)), {}
            yield taken

    @cached_property
    def encoder(self) -> Encoder:
        """The embedding model; loaded when it is first needed. WrongModel: not the one that the vectors came from."""
        if self._whole:
            return self._whole.encoder
        encoder = load_encoder(self._encoder) if isinstance(self._encoder, str) else self._encoder
        recorded = schema.fingerprint(self.connection) if (self.folder / DATABASE).is_file() else None
        if recorded is not None and recorded != encoder.fingerprint:
            raise schema.wrong_model(self.folder, recorded, str(encoder.fingerprint))
        return encoder

    @cached_property
    def remembered(self) -> Remembered:
        """The encoder with the vectors of what was asked for lately: for questions and their answers."""
        return self._whole.remembered if self._whole else Remembered(self.encoder)

    def generation(self) -> int:
        """How many times this library has changed."""
        return self._pinned[1] if self._pinned else schema.generation(self.connection)

    def _kept(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives for the present generation; made anew only when the library has changed."""
        with one_generation(self.connection):
            generation = self.generation()
            held = self._by_generation.get(name)
            if held is None or held[0] != generation:
                held = self._by_generation[name] = generation, make()
        return held[1]

    def summaries(self) -> list[EpisodeSummary]:
        """Every episode, by show and date."""
        return list(self._kept("summaries", lambda: summaries(self.connection)))

    def episode(self, id_: str) -> Episode:
        """The whole episode, as it was stored. NoSuchEpisode names the nearest ids. LibraryDamaged: it is not what was stored."""
        with one_generation(self.connection):
            key = id_, self.generation()
            with self._episodes_lock:
                held = self._episodes.get(key)
            if held is None:
                held = changing.episode_of(self.connection, id_)
                with self._episodes_lock:
                    self._episodes[key] = held
        return held

    def episodes(self, ids: Iterable[str]) -> Iterator[Episode]:
        """These episodes, in this order. A damaged one is passed over: named in the log, and in `left_out`."""
        for id_ in ids:
            try:
                yield self.episode(id_)
            except LibraryDamaged as exc:
                if id_ not in self.left_out:
                    log.warning("%s", exc)
                self.left_out[id_] = exc

    def episode_as_added(self, id_: str) -> Episode:
        """The episode without what was told or put right since. NoSuchEpisode names the nearest ids."""
        with one_generation(self.connection):
            return changing.episode_of(self.connection, id_, as_added=True)

    def recovery(self, id_: str) -> Recovery:
        """How sure it is who speaks each sentence, as the words, the people and the answers given so far tell.

        VerbatimError: the transcript has labels, so there is nothing to tell. NoSuchEpisode: it isn't there.
        """
        with one_generation(self.connection):
            return changing.recovery_of(self.connection, id_)

    def corrections(self, id_: str) -> list[KeptCorrection]:
        """Everything that was put right in an episode, in the order in which it was given, what was taken back too."""
        with one_generation(self.connection):
            changing.episode_of(self.connection, id_)
            return corrections.read(self.connection, id_)

    def feedback(self) -> list[Feedback]:
        """All that listeners said about answers, oldest first."""
        return feedback.read(self.connection)

    def audio_file(self, id_: str) -> Path | None:
        """The episode's audio on this machine, or None (there is none, it is gone, or it is a URL)."""
        file = audio(self.connection, id_)
        return Path(file) if file and os.path.isabs(file) and os.path.isfile(file) else None

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        """Passages by id; ids that are gone are left out."""
        return passages.read_passages(self.connection, ids)

    def passages_in(self, episode: str) -> list[Passage]:
        """The passages of an episode, in its order; none where there is no such episode."""
        return list(self.passages(passages.passages_in(self.connection, episode)).values())

    def search_words(self, words: list[str], *, k: int, rows: list[int] | None = None) -> list[tuple[int, float]]:
        """The `k` best passages for these words as (id, BM25), best first. `rows`: episode rows to search in."""
        return lexical.search(self.connection, words, k=k, episodes=rows)

    def search_vector(self, vector: np.ndarray, *, k: int, rows: list[int] | None = None) -> list[tuple[int, float]]:
        """The `k` nearest passages as (id, cosine), best first. `rows`: episode rows to search in."""
        return self._vectors().search(vector, k=k, rows=rows)

    def vectors(self) -> FaissIndex:
        """The FAISS index as of now; not to be changed."""
        return self._vectors().index

    def cosines(self, vector: np.ndarray, ids: Sequence[int]) -> dict[int, float]:
        """The cosine of each of these passages with a vector of unit length; ids that are gone are left out."""
        return self._vectors().cosines(vector, ids)

    def around(self, ids: Iterable[int], *, reach: int) -> dict[int, list[int]]:
        """Of each of these passages, the ids of up to `reach` before and after it in its episode, in their order."""
        return self._vectors().around(ids, reach=reach)

    def passage_count(self) -> int:
        """How many passages the library has, over all episodes."""
        return len(self._vectors().ids)

    def passages_with(self, word: str) -> int:
        """In how many passages a word stands, in any of its forms."""
        with one_generation(self.connection):
            return words.passages_with(self.connection, word, self._kept("counts", dict))

    def rarity(self, word: str) -> float:
        """How much a word tells a passage from the others: BM25's idf over the library."""
        return words.rarity(self.passage_count(), self.passages_with(word))

    def holding(self, word: str) -> set[int]:
        """The ids of the passages with a word, in any of its forms."""
        return lexical.holding(self.connection, word)

    def spelled(self, word: str) -> str:
        """A word that stands in no passage as the one that is surely meant, else as it is: "anemometre", "anemomet"."""
        if not words.may_be_misspelt(word) or self.passages_with(word) or self.encoder.knows(word):
            return word
        return words.nearest(word, self._kept("terms", lambda: words.terms(self.connection)))

    def spoken_words(self, ids: Sequence[int]) -> dict[int, dict[tuple[str, str], int]]:
        """Of each passage, who speaks about how many words in it: {id: {(name, role): words}}."""
        return passages.spoken_words(self.connection, ids)

    def said_by(self, name: str) -> list[tuple[int, str]]:
        """Every sentence that a person says, with the passage that it stands in: (passage id, text), in no set order."""
        return passages.said_by(self.connection, name)

    def passages_of(self, rows: Sequence[int], *, among: Sequence[int]) -> set[int]:
        """Those of these passages that stand in episodes of these database rows."""
        return self._vectors().among(among, rows)

    def rows(self, ids: Sequence[str]) -> list[int]:
        """The database rows of episodes, for `search_words` and `search_vector`."""
        return rows.episode_rows(self.connection, ids)

    def check(self) -> list[str]:
        """What is wrong with this library, in words with the repair; empty when nothing is."""
        problems = faults(self.connection, self.folder)
        if fault := vectors_on_disk.fault(self.connection):
            problems.append(f"The FAISS index is {fault}. Repair: verbatim check --repair --library {self.folder}")
        return problems

    def without_hash(self) -> int:
        """How many episodes have no hash to be checked by yet: all of a library that an earlier version made, until the
        first change since."""
        return 0 if seals.sealed(self.connection) else len(rows.episode_ids(self.connection))

    # Writing

    def add(
        self,
        paths: Iterable[str | Path],
        *,
        duration: float | None = None,
        tell_voices: TellVoices | None = None,
        keep_both: bool = False,
        on_progress: Callable[[Progress], None] = lambda progress: None,
    ) -> AddReport:
        """Add files, and what is in folders. Unchanged files are skipped, changed ones replace their episode.

        What was put right in an episode is carried over to the same words of the changed file; where they are gone, the
        correction is kept, counts no more, and is reported as `unplaced`.

        A file that can't be read is reported and the rest goes in. LibraryBusy: another process is writing. `duration`:
        how many seconds the talk lasts; only for a single file, which is read anew. `tell_voices` is asked who speaks in
        files without labels, also in those that were added without it; what it told stays until the file changes.

        A file with the words of an episode from another file is left out and told in `copies`, or takes its place where it
        tells more of who speaks or when. `keep_both`: both are kept.
        """
        files, missing = find_transcripts(paths)
        if duration is not None and len(files) > 1:
            raise LibraryError(f"A duration is that of one talk; these are {len(files)} files. Add them one by one.")
        with self._writing() as connection:
            report = adding.add_files(
                connection,
                self._encode,
                files,
                duration=duration,
                tell_voices=tell_voices,
                keep_both=keep_both,
                on_progress=on_progress,
            )
            settle(connection, self._encode)
            # Also where nothing is new: an earlier writer may have been killed before it came to this.
            if report.added or report.replaced or vectors_on_disk.fault(connection):
                self._save_vectors(connection)
        size = sum(map(adding.size_of, files))
        on_progress(Progress(None, len(files), len(files), size, size))
        report.refused[:0] = missing
        return report

    def add_again(self, file: Path, given: Sequence[KeptCorrection] | None = None) -> AddReport:
        """Read a file again though it has not changed, in the place of its episode, which is damaged.

        `given`: what was put right in it, where the library doesn't hold it any more. What is damaged itself counts no more.
        """
        with self._writing() as connection:
            report = adding.read_again(connection, self._encode, file, given)
            if not report.refused:
                settle(connection, self._encode)
                self._save_vectors(connection)
        return report

    def add_episode(self, episode: Episode, *, source: str = "") -> str:
        """Add one episode that was made in Python; returns its id, which may have been made unique."""
        with self.writing_many() as add:
            return add(episode, source)

    @contextmanager
    def writing_many(self) -> Iterator[Callable[..., str]]:
        """A function that adds one episode made in Python; each is committed at once, the FAISS file written at the end."""
        with self._changing() as connection:
            yield lambda episode, source="": adding.store(connection, self._encode, episode, source).id

    def correct(self, id_: str, *given: Correction, by: str | None = None) -> None:
        """Keep answers about who speaks, or corrections of a speaker, a time or words; all of them or none. `by`: whose.

        It shows everywhere at once; what the transcript says stays as it was added. Passages are embedded anew only where
        their words change. VerbatimError: it can't be meant, or answers about voices where the transcript has labels.
        """
        with self._changing() as connection:
            changing.correct(connection, self._encode, id_, given, by)

    def undo_correction(self, id_: str, number: int | None = None) -> KeptCorrection:
        """Take a correction back, as if it had not been given; it stays in `corrections`.

        `number`: that of the one meant; None: the last answer about who speaks that counts. VerbatimError: it doesn't count.
        """
        with self._changing() as connection:
            return changing.undo(connection, self._encode, id_, number)

    def add_feedback(self, given: Feedback, *, version: str = "") -> None:
        """Keep what a listener said about an answer. `version`: Verbatim's. LibraryError: it can't be kept, and why.

        Without the lock: it changes nothing that is derived, and must not be lost while somebody adds episodes.
        """
        feedback.check(given)
        with closing(connect_to_write(self.folder)) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            feedback.insert(connection, given.given_now(schema.generation(connection), version))

    def remove(self, id_: str) -> None:
        """Forget an episode everywhere, and what was put right in it too. NoSuchEpisode: it isn't there."""
        with self._changing() as connection:
            changing.remove(connection, id_)

    def to_bin(self, id_: str, *, by: str | None = None) -> Removed:
        """Take an episode out of the library, and keep all of it in the bin. NoSuchEpisode: it isn't there."""
        with self._changing() as connection:
            return changing.to_bin(connection, id_, by)

    def in_bin(self) -> list[Removed]:
        """The episodes that can be put back, the last removed first."""
        return removed.listed(self.folder, self.connection)

    def from_bin(self, key: str) -> str:
        """Put a removed episode back as it was, answers and all; returns its id. LibraryError: its id is taken by now."""
        with self._changing() as connection:
            return changing.from_bin(connection, key)

    def empty_bin(self, key: str) -> None:
        """Delete a removed episode for good."""
        with self._writing(), telling(self.folder):
            removed.discard(self.folder, key)

    def repair(self) -> None:
        """Make the derived indexes anew from the database, and hashes where an earlier version left none."""
        with self._changing() as connection:
            with changing.transaction(connection):
                passages.rebuild_lexical(connection)
            removed.tidy(self.folder, connection)
            self._state = None
            vectors_on_disk.forget(self.folder)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with locked(self.folder), closing(connect_to_write(self.folder)) as connection:
            yield connection

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """As `_writing`; where the block was left without an error, the FAISS file is written at its end."""
        with self._writing() as connection:
            yield connection
            self._save_vectors(connection)

    def _encode(self, texts: list[str]) -> np.ndarray:
        """The vectors of texts; not of an encoder that is held, since it is loaded only where there is something to embed."""
        return self.encoder.encode(texts)

    # The FAISS index

    def _vectors(self) -> Vectors:
        """The FAISS index as of the database's generation; caught up from the stored embeddings where it lags."""
        generation = self.generation()
        whole = self._whole or self
        state = self._state if self._pinned else whole._state
        if state is None or state.generation != generation:
            with self._sync:
                state = whole._state
                if state is None or state.generation != generation:
                    state = vectors_on_disk.caught_up(self.connection, state)
                    # A snapshot that others have overtaken keeps its own.
                    if whole._state is None or whole._state.generation < state.generation:
                        whole._state = state
            self._state = state
        return state

    def _save_vectors(self, connection: Connection) -> None:
        with self._sync:
            state = self._state = vectors_on_disk.caught_up(connection, self._state)
        vectors_on_disk.save(state, self.folder)
