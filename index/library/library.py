"""The library on disk: the only writer of its folder. Knows nothing of questions, language models or Gradio.

    library.db           SQLite, the truth: episodes, people, turns, sentences, passages, embeddings, corrections,
                         feedback, BM25
    vectors-N.faiss      derived: the FAISS index as of generation N
    vectors.json         derived: which of these files is whole, its SHA-256 and generation; written last
    lock                 held while writing; names its holder
    removed/             episodes that were removed and can be put back

One transaction per episode is the commit, and raises the generation. A FAISS file that is missing, stale or damaged is
made good from the stored embeddings: by readers in memory, by the next writer on disk.
"""

from __future__ import annotations

import copy
import errno
import hashlib
import json
import logging
import math
import os
import socket
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from index.corrections import kinds as corrections
from index.corrections.applied import corrected
from index.corrections.kinds import Given, Kept, WordsAre
from index.episode import Episode, Passage, SpeakerSource, TimeSource
from index.errors import (
    LibraryBlocked,
    LibraryBusy,
    LibraryDamaged,
    LibraryError,
    NoLibrary,
    NoSuchEpisode,
    TranscriptError,
    VerbatimError,
    WrongModel,
    printable,
)
from index.interviews.voices import Correction, Recovery, TellVoices, recover_turns, recovered_turns
from index.library import corrections_table, feedback, seals
from index.library import removed as bin
from index.library import tables as store
from index.library.connection import (
    DATABASE,
    Connection,
    blocked,
    connect_to_read,
    connect_to_write,
    file_as_seen,
    hindrance,
    telling,
)
from index.library.feedback import Feedback
from index.library.removed import Removed
from index.reading.faults import contained
from index.search import lexical
from index.search.encoder import EMBEDDED_MODEL, Encoder, Fingerprint, Remembered, known_name, load_encoder
from index.search.faiss_index import FaissIndex
from index.search.passages import LIMITS, Questions, build_passages, embedded_text, with_words_of

STAMP = "vectors.json"
LOCK = "lock"
MOST_COUNTS = 50_000  # words whose passages are counted once and kept: a few MiB
MOST_EPISODES = 64  # kept as they were read: some 1 MB each where they are long
MOST_IDLE = 8  # connections kept open for the next question
MISSPELT_LETTERS = 5  # shorter words have too many neighbours
MISSPELT_LIKENESS = 80  # rapidfuzz ratio: one letter in five wrong, or two swapped in a word of seven

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Speaker:
    """A person in one episode, with what they spoke there. `seconds` is None where the transcript has no times."""

    name: str
    role: str
    words: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class EpisodeSummary:
    """An episode's line in a list: all that is known of it but its words."""

    id: str
    show: str
    title: str
    date: str | None
    people: tuple[Speaker, ...]
    duration: float | None
    format: str
    speaker_sources: tuple[SpeakerSource, ...]
    time_sources: tuple[TimeSource, ...]
    passages: int
    audio: str | None
    url: str | None
    description: str
    mended: tuple[str, ...]
    content_hash: str


@dataclass
class AddReport:
    """What became of each file that was to be added."""

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[TranscriptError] = field(default_factory=list)
    mended: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unplaced: dict[str, int] = field(default_factory=dict)
    """How many corrections count no more, since the words that they are about have changed; by episode."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where `add` stands, told before each file and once at the end: files and bytes done, of how many."""

    file: Path | None
    files: int
    of_files: int
    bytes: int
    of_bytes: int


class Library:
    """A library that is open. Reading is safe from many threads; they always see a whole generation."""

    def __init__(self, folder: Path, encoder: Encoder | str) -> None:
        self.folder = folder
        self._encoder = encoder
        self._connections = threading.local()
        self._sync = threading.Lock()
        self._state: _Vectors | None = None
        self._by_generation: dict[str, tuple[int, Any]] = {}
        self._episodes: OrderedDict[tuple[str, int], Episode] = OrderedDict()
        self._idle: list[Connection] = []
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
            store.create(connection, library.encoder.fingerprint)
        library._check_format()
        library._check_model()
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
        recorded = store.fingerprint(library.connection)
        if recorded is None:
            raise NoLibrary(folder)
        library._check_format()
        if not encoder:
            library._encoder = recorded.name
        library._check_model()
        return library

    # Reading

    @property
    def connection(self) -> Connection:
        """This thread's connection, or this snapshot's. It never writes; writers open their own."""
        if self._pinned:
            return self._pinned[0]
        connection = getattr(self._connections, "open", None)
        if connection is None or _is_past(connection):
            connection = self._connections.open = connect_to_read(self.folder)
        return connection

    @contextmanager
    def snapshot(self) -> Iterator[Library]:
        """This library as of one generation for as long as the block lasts, whatever others write meanwhile.

        It may be read by any thread, by one at a time. A snapshot of a snapshot is itself.
        """
        if self._pinned:
            yield self
            return
        connection = self._idle_connection()
        try:
            connection.execute("BEGIN")
            taken = copy.copy(self)
            # The first look at the database is the moment that is kept.
            taken._whole, taken._pinned, taken.left_out = self, (connection, store.generation(connection)), {}
            yield taken
        finally:
            if connection.in_transaction:
                connection.rollback()
            if len(self._idle) < MOST_IDLE:
                self._idle.append(connection)
            else:
                connection.close()

    def _idle_connection(self) -> Connection:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return connect_to_read(self.folder)
            if not _is_past(connection):
                return connection
            connection.close()

    @cached_property
    def encoder(self) -> Encoder:
        """The embedding model; loaded when it is first needed. WrongModel: not the one that the vectors came from."""
        if self._whole:
            return self._whole.encoder
        encoder = load_encoder(self._encoder) if isinstance(self._encoder, str) else self._encoder
        recorded = store.fingerprint(self.connection) if (self.folder / DATABASE).is_file() else None
        if recorded is not None and recorded != encoder.fingerprint:
            raise _wrong_model(self.folder, recorded, str(encoder.fingerprint))
        return encoder

    @cached_property
    def remembered(self) -> Remembered:
        """The encoder with the vectors of what was asked for lately: for questions and their answers."""
        return self._whole.remembered if self._whole else Remembered(self.encoder)

    def generation(self) -> int:
        """How many times this library has changed."""
        return self._pinned[1] if self._pinned else store.generation(self.connection)

    def _kept(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives for the present generation; made anew only when the library has changed."""
        with _snapshot(self.connection):
            generation = self.generation()
            held = self._by_generation.get(name)
            if held is None or held[0] != generation:
                held = self._by_generation[name] = generation, make()
        return held[1]

    def summaries(self) -> list[EpisodeSummary]:
        """Every episode, by show and date."""
        return list(self._kept("summaries", self._read_summaries))

    def _read_summaries(self) -> list[EpisodeSummary]:
        return [_summary(row) for row in store.summaries(self.connection)]

    def episode(self, id_: str) -> Episode:
        """The whole episode, as it was stored. NoSuchEpisode names the nearest ids. LibraryDamaged: it is not what was stored."""
        with _snapshot(self.connection):
            key = id_, self.generation()
            held = self._episodes.get(key)
            if held is None:
                held = self._episodes[key] = self._read(self.connection, id_)
                while len(self._episodes) > MOST_EPISODES:
                    with suppress(KeyError):  # another thread was quicker
                        self._episodes.popitem(last=False)
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
        with _snapshot(self.connection):
            return self._added(self.connection, id_)

    def _read(self, connection: Connection, id_: str) -> Episode:
        found = store.read_episode(connection, id_)
        if found is None:
            raise _no_such(connection, id_)
        return found

    def _added(self, connection: Connection, id_: str) -> Episode:
        """The episode as it was added, without what was told or put right since."""
        found = store.read_episode(connection, id_, as_added=True)
        if found is None:
            raise _no_such(connection, id_)
        return found

    def _reviewable(self, connection: Connection, id_: str) -> Episode:
        """The episode as it was added, where it was told from the words alone who speaks; VerbatimError where it wasn't."""
        episode = self._added(connection, id_)
        if not episode.unlabelled:
            raise VerbatimError(
                f"The transcript of {id_} says who speaks, so there is nothing to answer. Where a name in it is wrong, "
                f'put it right: verbatim correct {id_} --speaker "NAME" --at N'
            )
        return episode

    def recovery(self, id_: str) -> Recovery:
        """How sure it is who speaks each sentence, as the words, the people and the answers given so far tell.

        VerbatimError: the transcript has labels, so there is nothing to tell. NoSuchEpisode: it isn't there.
        """
        with _snapshot(self.connection):
            episode = self._reviewable(self.connection, id_)
            given = _answers(corrections_table.read(self.connection, id_))
        return recover_turns(episode.sentences, episode.people, corrections=given, voices=dict(episode.voices))

    def corrections(self, id_: str) -> list[Kept]:
        """Everything that was put right in an episode, in the order in which it was given, what was taken back too."""
        with _snapshot(self.connection):
            self._read(self.connection, id_)
            return corrections_table.read(self.connection, id_)

    def feedback(self) -> list[Feedback]:
        """All that listeners said about answers, oldest first."""
        return feedback.read(self.connection)

    def audio_file(self, id_: str) -> Path | None:
        """The episode's audio on this machine, or None (there is none, it is gone, or it is a URL)."""
        audio = store.audio(self.connection, id_)
        return Path(audio) if audio and os.path.isabs(audio) and os.path.isfile(audio) else None

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        """Passages by id; ids that are gone are left out."""
        return store.read_passages(self.connection, ids)

    def passages_in(self, episode: str) -> list[Passage]:
        """The passages of an episode, in its order; none where there is no such episode."""
        return list(store.read_passages(self.connection, store.passages_in(self.connection, episode)).values())

    def search_words(self, words: list[str], *, k: int, rows: list[int] | None = None) -> list[tuple[int, float]]:
        """The `k` best passages for these words as (id, BM25), best first. `rows`: episode rows to search in."""
        return lexical.search(self.connection, words, k=k, episodes=rows)

    def search_vector(self, vector: np.ndarray, *, k: int, rows: list[int] | None = None) -> list[tuple[int, float]]:
        """The `k` nearest passages as (id, cosine), best first. `rows`: episode rows to search in."""
        state = self._vectors()
        allowed = None if rows is None else state.ids[np.isin(state.episodes, np.array(rows, np.int64))]
        return state.index.search(vector, k=k, allowed=allowed)

    def vectors(self) -> FaissIndex:
        """The FAISS index as of now; not to be changed."""
        return self._vectors().index

    def cosines(self, vector: np.ndarray, ids: Sequence[int]) -> dict[int, float]:
        """The cosine of each of these passages with a vector of unit length; ids that are gone are left out."""
        state = self._vectors()
        # A writer may have taken some away since they were found.
        here = [id_ for id_, held in zip(ids, np.isin(np.array(ids, np.int64), state.ids), strict=True) if held]
        return dict(zip(here, (state.index.rows(here) @ vector).tolist(), strict=True)) if here else {}

    def around(self, ids: Iterable[int], *, reach: int) -> dict[int, list[int]]:
        """Of each of these passages, the ids of up to `reach` before and after it in its episode, in their order."""
        state = self._vectors()
        # An episode's passages are stored in one go, in their order: neighbours have neighbouring ids.
        wanted = np.unique(np.fromiter(ids, np.int64))
        wanted = wanted[np.isin(wanted, state.ids)]
        rows = np.searchsorted(state.ids, wanted)
        steps = np.array([step for step in range(-reach, reach + 1) if step], np.int64)
        beside = rows[:, None] + steps
        inside = (beside >= 0) & (beside < len(state.ids))
        beside = np.where(inside, beside, rows[:, None])
        same = inside & (state.episodes[beside] == state.episodes[rows][:, None])
        near = state.ids[beside]
        return {id_: ids_[here].tolist() for id_, ids_, here in zip(wanted.tolist(), near, same, strict=True)}

    def passage_count(self) -> int:
        return len(self._vectors().ids)

    def passages_with(self, word: str) -> int:
        """In how many passages a word stands, in any of its forms."""
        with _snapshot(self.connection):
            counts: dict[str, int] = self._kept("counts", dict)
            if len(counts) > MOST_COUNTS:
                counts.clear()
            held = counts.get(word)
            if held is None:
                # Another thread may empty the counts meanwhile, so the value is returned and not looked up again.
                held = counts[word] = lexical.passages_with(self.connection, word)
        return held

    def rarity(self, word: str) -> float:
        """How much a word tells a passage from the others: BM25's idf over the library."""
        held, with_it = max(1, self.passage_count()), self.passages_with(word)
        return math.log(1 + (held - with_it + 0.5) / (with_it + 0.5))

    def holding(self, word: str) -> set[int]:
        """The ids of the passages with a word, in any of its forms."""
        return lexical.holding(self.connection, word)

    def spelled(self, word: str) -> str:
        """A word that stands in no passage as the one that is surely meant, else as it is: "anemometre", "anemomet"."""
        if len(word) < MISSPELT_LETTERS or not word.isalpha() or self.passages_with(word) or self.encoder.knows(word):
            return word
        from rapidfuzz import fuzz, process

        terms = self._kept("terms", lambda: lexical.terms(self.connection, shortest=MISSPELT_LETTERS - 1))
        (stem,) = lexical.stems([word])
        found = process.extractOne(stem, terms, scorer=fuzz.ratio, score_cutoff=MISSPELT_LIKENESS)
        return found[0] if found else word

    def spoken_words(self, ids: Sequence[int]) -> dict[int, dict[tuple[str, str], int]]:
        """Of each passage, who speaks about how many words in it: {id: {(name, role): words}}."""
        return store.spoken_words(self.connection, ids)

    def said_by(self, name: str) -> list[tuple[int, str]]:
        """Every sentence that a person says, with the passage that it stands in: (passage id, text), in no set order."""
        return store.said_by(self.connection, name)

    def passages_of(self, rows: Sequence[int], *, among: Sequence[int]) -> set[int]:
        """Those of these passages that stand in episodes of these database rows."""
        state = self._vectors()
        wanted = np.isin(state.ids, np.array(among, np.int64)) & np.isin(state.episodes, np.array(rows, np.int64))
        return set(state.ids[wanted].tolist())

    def rows(self, ids: Sequence[str]) -> list[int]:
        """The database rows of episodes, for `search_words` and `search_vector`."""
        return store.episode_rows(self.connection, ids)

    def check(self) -> list[str]:
        """What is wrong with this library, in words with the repair; empty when nothing is."""
        problems = faults(self.connection, self.folder)
        fault = self._vectors_fault()
        if fault:
            problems.append(f"The FAISS index is {fault}. Repair: verbatim check --repair --library {self.folder}")
        return problems

    def without_hash(self) -> int:
        """How many episodes have no hash to be checked by yet: all of a library that an earlier version made, until the
        first change since."""
        return 0 if seals.sealed(self.connection) else len(store.episode_ids(self.connection))

    # Writing

    def add(
        self,
        paths: Iterable[str | Path],
        *,
        duration: float | None = None,
        tell_voices: TellVoices | None = None,
        on_progress: Callable[[Progress], None] = lambda progress: None,
    ) -> AddReport:
        """Add files, and what is in folders. Unchanged files are skipped, changed ones replace their episode.

        What was put right in an episode is carried over to the same words of the changed file; where they are gone, the
        correction is kept, counts no more, and is reported as `unplaced`.

        A file that can't be read is reported and the rest goes in. LibraryBusy: another process is writing. `duration`:
        how many seconds the talk lasts; only for a single file, which is read anew. `tell_voices` is asked who speaks in
        files without labels, also in those that were added without it; what it told stays until the file changes.
        """
        report = AddReport()
        files, missing = find_transcripts(paths)
        if duration is not None and len(files) > 1:
            raise LibraryError(f"A duration is that of one talk; these are {len(files)} files. Add them one by one.")
        report.refused += missing
        sizes = {file: _size(file) for file in files}
        done = 0
        with self._writing() as connection:
            for number, file in enumerate(files):
                on_progress(Progress(file, number, len(files), done, sum(sizes.values())))
                try:
                    with contained(file, self.folder):
                        self._add_file(connection, file, report, duration, tell_voices)
                except TranscriptError as exc:
                    report.refused.append(exc)
                done += sizes[file]
            self._settle(connection)
            # Also where nothing is new: an earlier writer may have been killed before it came to this.
            if report.added or report.replaced or self._vectors_fault():
                self._save_vectors(connection)
        on_progress(Progress(None, len(files), len(files), done, done))
        return report

    def add_again(self, file: Path, given: Sequence[Kept] | None = None) -> AddReport:
        """Read a file again though it has not changed, in the place of its episode, which is damaged.

        `given`: what was put right in it, where the library doesn't hold it any more. What is damaged itself counts no more.
        """
        from index.reading.read import read_episode

        report = AddReport()
        with self._writing() as connection:
            try:
                committed = self._commit(connection, read_episode(file), str(file.resolve()), given, of_show=True)
            except TranscriptError as exc:
                report.refused.append(exc)
                return report
            (report.replaced if committed.replaced else report.added).append(committed.id)
            if committed.unplaced:
                report.unplaced[committed.id] = committed.unplaced
            self._settle(connection)
            self._save_vectors(connection)
        return report

    def _settle(self, connection: Connection) -> None:
        """What only a show's episodes together tell, of those that were added since it was last told. They are noted with each
        commit, so that a writer who was killed before it came to this leaves it to the next."""
        if new := store.unsettled(connection):
            self._name_anew(connection, new & set(store.episode_ids(connection)))
            self._settle_people(connection)

    def add_episode(self, episode: Episode, *, source: str = "") -> str:
        """Add one episode that was made in Python; returns its id, which may have been made unique."""
        with self.writing_many() as add:
            return add(episode, source)

    @contextmanager
    def writing_many(self) -> Iterator[Callable[..., str]]:
        """A function that adds one episode made in Python; each is committed at once, the FAISS file written at the end."""
        with self._writing() as connection:
            yield lambda episode, source="": self._commit(connection, episode, source).id
            self._save_vectors(connection)

    def correct(self, id_: str, *given: Given, by: str | None = None) -> None:
        """Keep answers about who speaks, or corrections of a speaker, a time or words; all of them or none. `by`: whose.

        It shows everywhere at once; what the transcript says stays as it was added. Passages are embedded anew only where
        their words change. VerbatimError: it can't be meant, or answers about voices where the transcript has labels.
        """
        with self._deciding(id_) as connection:
            if any(isinstance(correction, Correction) for correction in given):
                self._reviewable(connection, id_)
            now = self._read(connection, id_)
            texts = [sentence.text for sentence in self._added(connection, id_).sentences]
            for correction in given:
                corrections.check(correction, now)
                corrections_table.insert(connection, id_, Kept.given_now(correction, by, texts))

    def undo_correction(self, id_: str, number: int | None = None) -> Kept:
        """Take a correction back, as if it had not been given; it stays in `corrections`.

        `number`: that of the one meant; None: the last answer about who speaks that counts. VerbatimError: it doesn't count.
        """
        with self._deciding(id_) as connection:
            given = [kept for kept in corrections_table.read(connection, id_) if kept.state == "active"]
            if number is None:
                self._reviewable(connection, id_)
                given = [kept for kept in given if isinstance(kept.correction, Correction)]
            chosen = [kept for kept in given if number in (None, kept.number)]
            if not chosen:
                what = "answer about who speaks" if number is None else f"correction {number}"
                raise VerbatimError(f"No {what} in {id_} is left to take back.")
            corrections_table.undo(connection, chosen[-1].number)
        return replace(chosen[-1], state="undone")

    @contextmanager
    def _deciding(self, id_: str) -> Iterator[Connection]:
        """A transaction in which corrections of an episode change; the episode is put together anew at its end."""
        with self._writing() as connection:
            with _changing(connection):
                # What is damaged would be taken for what was stored, if it were hashed anew with the correction.
                self._added(connection, id_)
                seals.open_of(connection, id_)
                yield connection
                self._decide(connection, id_)
                store.raise_generation(connection)
            self._save_vectors(connection)

    def add_feedback(self, given: Feedback, *, version: str = "") -> None:
        """Keep what a listener said about an answer. `version`: Verbatim's. LibraryError: it can't be kept, and why.

        Without the lock: it changes nothing that is derived, and must not be lost while somebody adds episodes.
        """
        feedback.check(given)
        with closing(connect_to_write(self.folder)) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            feedback.insert(connection, given.given_now(store.generation(connection), version))

    def _decide(self, connection: Connection, id_: str) -> None:
        """The episode written anew: as it was added, then who speaks where it has no labels, then what was put right."""
        added = self._added(connection, id_)
        given = corrections_table.read(connection, id_)
        turns = added.turns
        if added.unlabelled:
            sentences = [turn.sentences for turn in added.turns]
            turns = recovered_turns(sentences, added.people, corrections=_answers(given), voices=dict(added.voices))
        put_right = [kept.correction for kept in given if kept.state == "active"]
        episode = corrected(replace(added, turns=turns), put_right)
        store.rewrite_episode(connection, added, episode)
        # What passages are made of depends on the words alone: who speaks moves none of them.
        worded = corrected(added, [one for one in put_right if isinstance(one, WordsAre)])
        held = list(store.read_passages(connection, store.passages_in(connection, id_)).values())
        questions = Questions(worded)
        now = [with_words_of(worded, episode, passage, questions) for passage in held]
        texts = [(embedded_text(worded, old), embedded_text(worded, new)) for old, new in zip(held, now, strict=True)]
        changed = [number for number, (old, new) in enumerate(texts) if old != new]
        if [(old.text, old.context) for old in held] != [(new.text, new.context) for new in now]:
            vectors = self.encoder.encode([texts[number][1] for number in changed]) if changed else ()
            store.replace_passages(connection, id_, now, dict(zip(changed, vectors, strict=True)))
        elif now != held:
            store.move_passages(connection, id_, now)

    def remove(self, id_: str) -> None:
        """Forget an episode everywhere, and what was put right in it too. NoSuchEpisode: it isn't there."""
        with self._writing() as connection:
            with _changing(connection):
                self._delete(connection, id_)
                store.raise_generation(connection)
            self._save_vectors(connection)

    def to_bin(self, id_: str, *, by: str | None = None) -> Removed:
        """Take an episode out of the library, and keep all of it in the bin. NoSuchEpisode: it isn't there."""
        with self._writing() as connection:
            self._added(connection, id_)  # what is damaged can't be put back as it was
            bin.tidy(self.folder, connection)
            with _changing(connection):
                # On the disk before the row goes. After a break between the two the episode is still there, and what lies
                # in the bin is recognised by that.
                with telling(self.folder):
                    removed = bin.keep(self.folder, connection, id_, by)
                self._delete(connection, id_)
                store.raise_generation(connection)
            self._save_vectors(connection)
        return removed

    def _delete(self, connection: Connection, id_: str) -> None:
        """Inside a transaction. NoSuchEpisode: it isn't there."""
        if id_ not in store.episode_ids(connection):
            raise _no_such(connection, id_)
        whole = seals.is_whole(connection, id_)
        store.delete_episode(connection, id_)
        if not whole:
            # FTS5 was told other words to forget than it once was given.
            store.rebuild_lexical(connection)

    def in_bin(self) -> list[Removed]:
        """The episodes that can be put back, the last removed first."""
        return bin.listed(self.folder, self.connection)

    def from_bin(self, key: str) -> str:
        """Put a removed episode back as it was, answers and all; returns its id. LibraryError: its id is taken by now."""
        with self._writing() as connection:
            with _changing(connection):
                id_ = bin.put_back(self.folder, connection, key)
                store.raise_generation(connection)
            # From here on the episode is there, and what still lies in the bin is a leftover.
            bin.tidy(self.folder, connection)
            self._save_vectors(connection)
        return id_

    def empty_bin(self, key: str) -> None:
        """Delete a removed episode for good."""
        with self._writing(), telling(self.folder):
            bin.discard(self.folder, key)

    def repair(self) -> None:
        """Make the derived indexes anew from the database, and hashes where an earlier version left none."""
        with self._writing() as connection:
            with _changing(connection):
                store.rebuild_lexical(connection)
            bin.tidy(self.folder, connection)
            self._state = None
            with telling(self.folder):
                (self.folder / STAMP).unlink(missing_ok=True)
            self._save_vectors(connection)

    def _add_file(
        self,
        connection: Connection,
        file: Path,
        report: AddReport,
        duration: float | None,
        tell_voices: TellVoices | None,
    ) -> None:
        # Imported here: who only asks need not load every format's parser.
        from index.reading.read import content_hash, read_episode

        source = str(file.resolve())
        if printable(source) != source:
            raise TranscriptError(file, "its name, or that of a folder around it, is no UTF-8.", repair="Rename it.")
        without = content_hash(file)
        told = store.episode_by_hash(connection, content_hash(file, by_voices=True), source)
        known = told or store.episode_by_hash(connection, without, source)
        if known is not None and duration is None and (tell_voices is None or told is not None):
            report.unchanged.append(known)
            return
        episode = read_episode(file, duration=duration, tell_voices=tell_voices)
        if known is not None and duration is None and episode.content_hash == without:
            report.unchanged.append(known)  # it has labels, or the voices were not told
            return
        committed = self._commit(connection, episode, source, of_show=True)
        (report.replaced if committed.replaced else report.added).append(committed.id)
        if episode.mended:
            report.mended[committed.id] = episode.mended
        if committed.unplaced:
            report.unplaced[committed.id] = committed.unplaced

    def _name_anew(self, connection: Connection, new: Set[str]) -> None:
        """Tell the voices that no label names anew, by what their show's other episodes tell: in the `new` episodes, and in
        those that speak of somebody who is known to come back since the new ones are there.

        From their files, so that what was told of them before counts for nothing. An episode whose file is gone, or has
        changed, stays as it is.
        """
        from index.reading.read import read_episode
        from index.speakers.labels import names_nobody
        from index.speakers.people import speaks_of, told_anew
        from index.speakers.regulars import regulars_of

        for episodes in store.speakers_beside(connection, new):
            spoken_in = Counter(name for speakers in episodes.values() for name in speakers.names)
            fresh = Counter(name for id_ in new & episodes.keys() for name in episodes[id_].names)
            before = regulars_of(spoken_in - fresh, len(episodes.keys() - new))
            since = regulars_of(spoken_in, len(episodes)).keys() - before.keys()
            for id_, speakers in episodes.items():
                regulars = regulars_of(spoken_in - Counter(speakers.names), len(episodes) - 1)
                to_tell = speakers.recovered or any(map(names_nobody, speakers.names))
                if not (speakers.source and regulars and to_tell and (id_ in new or since)):
                    continue
                try:
                    added = self._added(connection, id_)
                    if id_ not in new and not speaks_of(added, since):
                        continue
                    with contained(speakers.source, self.folder):
                        told = read_episode(Path(speakers.source), regulars=regulars)
                except (TranscriptError, LibraryDamaged):
                    continue
                now = told_anew(added, told) if told.content_hash == added.content_hash else None
                if now is None:
                    continue
                with _changing(connection):
                    store.retell(connection, now)
                    self._decide(connection, id_)
                    store.raise_generation(connection)

    def _settle_people(self, connection: Connection) -> None:
        """What only a show's episodes together tell: spellings of one name made one, and who comes back is a host."""
        from index.speakers.people import one_person_each, roles_of_show

        with _changing(connection):
            changed = False
            for show, (episodes, spoken_in) in store.speakers_of_shows(connection).items():
                kept = one_person_each(spoken_in)
                for name, keep in kept.items():
                    store.rename_person(connection, show, name, keep)
                    spoken_in[keep] += spoken_in.pop(name)
                roles = roles_of_show(episodes, spoken_in)
                if store.give_roles(connection, show, roles) or kept:
                    changed = True
                    # Whose name and role are known decides who is credited where there are no labels.
                    for id_ in store.unlabelled_episodes(connection, show):
                        with suppress(LibraryDamaged):  # that one stays as it is; `check` names it
                            self._decide(connection, id_)
            store.note_unsettled(connection, None)
            if changed:
                store.raise_generation(connection)

    def _commit(
        self,
        connection: Connection,
        episode: Episode,
        source: str,
        given: Sequence[Kept] | None = None,
        *,
        of_show: bool = False,
    ) -> _Committed:
        """Embed and store; the transaction at the end is the commit. `given`: what was put right in it, where that is not what
        the library holds. `of_show`: what its show tells of it is still to be settled."""
        passages = build_passages(episode, LIMITS)
        vectors = self.encoder.encode([embedded_text(episode, passage) for passage in passages])
        with _changing(connection):
            id_, replaced = store.place_of(connection, episode, source)
            if given is None:
                given = self._to_carry_over(connection, id_) if replaced else []
            if replaced:
                self._delete(connection, id_)
            if of_show:
                store.note_unsettled(connection, id_)
            store.insert_episode(connection, episode, id_, source, passages, vectors)
            unplaced = self._carry_over(connection, replace(episode, id=id_), given)
            store.raise_generation(connection)
        return _Committed(id_, replaced, unplaced)

    def _to_carry_over(self, connection: Connection, id_: str) -> list[Kept]:
        """What was put right in an episode; out of use where it is not what was given."""
        given = corrections_table.read(connection, id_)
        return given if seals.are_whole_corrections(connection, id_) else [corrections.never_placed(kept) for kept in given]

    def _carry_over(self, connection: Connection, episode: Episode, given: Sequence[Kept]) -> int:
        """Keep what was put right in an episode with its new version. Returns how much of it no longer fits."""
        texts = [sentence.text for sentence in episode.sentences]
        carried = [
            corrections.set_aside(kept)
            if isinstance(kept.correction, Correction) and not episode.unlabelled
            else corrections.placed(kept, texts)
            for kept in given
        ]
        for kept in carried:
            corrections_table.insert(connection, episode.id, kept)
        if any(kept.state == "active" for kept in carried):
            self._decide(connection, episode.id)
        return sum(kept.state == "unplaced" for kept in carried)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with locked(self.folder), closing(connect_to_write(self.folder)) as connection:
            yield connection

    # The FAISS index and its stamp

    def _vectors(self) -> _Vectors:
        """The FAISS index as of the database's generation; caught up from the stored embeddings where it lags."""
        generation = self.generation()
        whole = self._whole or self
        state = self._state if self._pinned else whole._state
        if state is None or state.generation != generation:
            with self._sync:
                state = whole._state
                if state is None or state.generation != generation:
                    state = _caught_up(self.connection, self.folder, state)
                    # A snapshot that others have overtaken keeps its own.
                    if whole._state is None or whole._state.generation < state.generation:
                        whole._state = state
            self._state = state
        return state

    def _vectors_fault(self) -> str:
        """What is wrong with the FAISS index on disk, or "" where nothing is."""
        stamp = _read_stamp(self.folder)
        if stamp is None or not _stamp_is_true(self.folder, stamp):
            return "missing or damaged"
        return "" if stamp["generation"] == self.generation() else "stale"

    def _save_vectors(self, connection: Connection) -> None:
        """Write the FAISS index of what is committed. Where that can't be done the next writer does it, and readers catch up
        in memory: nothing of what was stored is missing."""
        with self._sync:
            state = self._state = _caught_up(connection, self.folder, self._state)
        try:
            self._write_vectors(state)
        except (OSError, RuntimeError) as exc:  # FAISS tells what the system refuses by a RuntimeError
            for left in self.folder.glob("vectors*.part"):
                with suppress(OSError):
                    left.unlink(missing_ok=True)
            why = exc if isinstance(exc, OSError) else hindrance(self.folder) or OSError(errno.EIO, str(exc))
            log.warning("It is stored; its FAISS index is not: %s", blocked(self.folder, why))

    def _write_vectors(self, state: _Vectors) -> None:
        file = self.folder / f"vectors-{state.generation}.faiss"
        scratch = file.with_suffix(".part")
        state.index.save(scratch)
        scratch.replace(file)
        stamp = {"file": file.name, "generation": state.generation, "sha256": _sha256(file)}
        # The stamp is renamed last: it never names a file that isn't whole.
        scratch_stamp = self.folder / f"{STAMP}.part"
        scratch_stamp.write_text(json.dumps(stamp))
        scratch_stamp.replace(self.folder / STAMP)
        for other in self.folder.glob("vectors-*"):
            if other.name != file.name:
                other.unlink(missing_ok=True)

    def _check_format(self) -> None:
        if (made_as := store.made_as(self.connection)) not in store.FORMATS:
            raise LibraryError(
                f"{self.folder} has format {made_as}; this version reads format {store.FORMAT}. "
                f"Add the transcripts to a new library: verbatim add TRANSCRIPTS --library NEW, and keep this folder: "
                f"its corrections and its feedback are in it alone."
            )

    def _check_model(self) -> None:
        recorded = store.fingerprint(self.connection)
        named = known_name(self._encoder) if isinstance(self._encoder, str) else self._encoder.fingerprint.name
        if recorded is not None and named != recorded.name:
            raise _wrong_model(self.folder, recorded, named)


@dataclass(frozen=True, slots=True)
class _Committed:
    """An episode that was stored. `unplaced`: answers about the one it replaced that fit it no more."""

    id: str
    replaced: bool
    unplaced: int


def _answers(given: Sequence[Kept]) -> list[Correction]:
    """The answers about voices that count."""
    return [kept.correction for kept in given if kept.state == "active" and isinstance(kept.correction, Correction)]


@dataclass(frozen=True, slots=True)
class _Vectors:
    """A generation's index: `ids` and `episodes` are the passages and the episode rows they belong to, int64."""

    generation: int
    index: FaissIndex
    ids: np.ndarray
    episodes: np.ndarray


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


def _size(file: Path) -> int:
    """Bytes in it, for showing how far things are; 0 where it can't be told."""
    try:
        return file.stat().st_size
    except OSError:
        return 0


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


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The library's lock is held. LibraryBusy: another process holds it, and which. LibraryBlocked: it can't be taken."""
    from filelock import FileLock, Timeout

    lock, holder = FileLock(folder / LOCK), folder / f"{LOCK}.holder"
    with telling(folder):
        try:
            lock.acquire(timeout=0)
        except Timeout as exc:
            raise LibraryBusy(folder, _holder(folder)) from exc
    try:
        with suppress(OSError):  # a name for others to read; a full disk has no room for it
            holder.write_text(f"process {os.getpid()} on {socket.gethostname()}")
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


@contextmanager
def _changing(connection: Connection) -> Iterator[None]:
    """One transaction: all that is written in the block is committed at its end, with the hashes of what changed; or none."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        store.bring_up(connection)
        yield
        seals.seal(connection)


@contextmanager
def _snapshot(connection: Connection) -> Iterator[None]:
    """What is read inside is of one generation, though another process may be writing the next."""
    if connection.in_transaction:  # it is so already
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.rollback()


def _is_past(connection: Connection) -> bool:
    """Whether somebody has written the database since it was opened as a file that nobody writes."""
    return connection.seen is not None and connection.seen != file_as_seen(connection.folder)


def faults(connection: Connection, folder: Path) -> list[str]:
    """What is wrong with the database, in words with the repair; damaged episodes each by its name."""
    repair = f"verbatim check --repair --library {folder}"
    found: list[str] = []
    for look in (store.problems, lexical.problems):
        try:
            found += look(connection)
        except LibraryDamaged as exc:
            found.append(str(exc))
        except (LibraryBlocked, LibraryBusy):
            pass  # SQLite takes looking into the lexical index for a change, which can't be made here, or now
    try:
        found += [f"Episode {name} is damaged: {why}. Repair: {repair}" for name, why in seals.faults(connection)]
    except LibraryDamaged as exc:
        found.append(str(exc))
    return list(dict.fromkeys(found))


def _no_such(connection: Connection, id_: str) -> NoSuchEpisode:
    from rapidfuzz import process

    ids = store.episode_ids(connection)
    return NoSuchEpisode(id_, [match for match, *_ in process.extract(id_, ids, limit=3, score_cutoff=50)])


def _caught_up(connection: Connection, folder: Path, state: _Vectors | None) -> _Vectors:
    """The index of the database's present generation, from the one at hand or the file, by what it lacks or has too much."""
    with _snapshot(connection):
        generation = store.generation(connection)
        ids, episodes = store.passage_ids(connection)
        # A copy, since other threads may be searching the one at hand.
        vectors = state.index.copy() if state is not None else _read_vectors(folder, store.dimensions(connection))
        held = vectors.ids
        vectors.remove(np.setdiff1d(held, ids).tolist())
        for new_ids, rows in store.embeddings(connection, np.setdiff1d(ids, held)):
            vectors.add(new_ids, rows)
    if vectors.index.ntotal != len(ids):  # a passage has lost its vector: the words still find it
        there = np.isin(ids, vectors.ids)
        ids, episodes = ids[there], episodes[there]
    return _Vectors(generation, vectors, ids, episodes)


def _read_vectors(folder: Path, dimensions: int) -> FaissIndex:
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
        return _sha256(folder / stamp["file"]) == stamp["sha256"]
    except OSError:
        return False


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _holder(folder: Path) -> str:
    try:
        return (folder / f"{LOCK}.holder").read_text()[:200] or "another process"
    except OSError:
        return "another process"


def _wrong_model(folder: Path, recorded: Fingerprint, named: str) -> WrongModel:
    return WrongModel(
        f"{folder} was built with {recorded}; the settings name {named}. "
        f"Set VERBATIM_EMBEDDINGS={recorded.name}, or add the episodes to a new library."
    )


def _summary(row: dict) -> EpisodeSummary:
    people = tuple(Speaker(*person) for person in row.pop("people"))
    return EpisodeSummary(people=people, **row)
