"""What people change in a library: corrections given and taken back, episodes removed and put back; each in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from index.corrections import kinds
from index.corrections.applied import corrected
from index.corrections.kinds import Correction, KeptCorrection, WordsAre
from index.episode import Episode
from index.errors import NoSuchEpisode, VerbatimError
from index.interviews.answers import VoiceIs
from index.interviews.voices import Recovery, recover_turns, recovered_turns
from index.library import removed
from index.library.causes import telling
from index.library.connection import Connection
from index.library.damage import is_whole
from index.library.removed import Removed
from index.library.tables import corrections, episodes, passages, rows, schema, seals
from index.search.passages import Questions, embedded_text, with_words_of

Encode = Callable[[list[str]], np.ndarray]
"""Texts -> their vectors, float32, shape (n_texts, dimensions); the model behind it is loaded when it is first needed."""


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """One transaction: all that is written in the block is committed at its end, with the hashes of what changed; or none."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        schema.bring_up(connection)
        yield
        seals.seal(connection)


def episode_of(connection: Connection, id_: str, *, as_added: bool = False) -> Episode:
    """The whole episode; `as_added`: without its corrections. NoSuchEpisode names the nearest ids. LibraryDamaged: it is not
    what was stored."""
    found = episodes.read_episode(connection, id_, as_added=as_added)
    if found is None:
        raise _no_such(connection, id_)
    return found


def _no_such(connection: Connection, id_: str) -> NoSuchEpisode:
    from rapidfuzz import process

    ids = rows.episode_ids(connection)
    return NoSuchEpisode(id_, [match for match, *_ in process.extract(id_, ids, limit=3, score_cutoff=50)])


def recovery_of(connection: Connection, id_: str) -> Recovery:
    """How sure it is who speaks each sentence of an episode without labels. VerbatimError: its transcript has labels."""
    episode = _reviewable(connection, id_)
    given = _answers(corrections.read(connection, id_))
    return recover_turns(episode.sentences, episode.people, corrections=given, voices=dict(episode.voices))


def _reviewable(connection: Connection, id_: str) -> Episode:
    """The episode as it was added, where it was told from the words alone who speaks; VerbatimError where it wasn't."""
    episode = episode_of(connection, id_, as_added=True)
    if not episode.unlabelled:
        raise VerbatimError(
            f"The transcript of {id_} says who speaks, so there is nothing to answer. Where a name in it is wrong, "
            f'put it right: verbatim correct {id_} --speaker "NAME" --at N'
        )
    return episode


def _answers(given: Sequence[KeptCorrection]) -> list[VoiceIs]:
    """The answers about voices that count."""
    return [kept.correction for kept in given if kept.state == "active" and isinstance(kept.correction, VoiceIs)]


def correct(connection: Connection, encode: Encode, id_: str, given: Sequence[Correction], by: str | None) -> None:
    """Keep corrections of an episode, all of them or none. `by`: whose. VerbatimError: one can't be meant."""
    with _deciding(connection, encode, id_):
        if any(isinstance(correction, VoiceIs) for correction in given):
            _reviewable(connection, id_)
        now = episode_of(connection, id_)
        texts = [sentence.text for sentence in episode_of(connection, id_, as_added=True).sentences]
        for correction in given:
            kinds.check(correction, now)
            corrections.insert(connection, id_, KeptCorrection.given_now(correction, by, texts))


def undo(connection: Connection, encode: Encode, id_: str, number: int | None) -> KeptCorrection:
    """Take a correction back. `number`: that of the one meant; None: the last answer about who speaks that counts."""
    with _deciding(connection, encode, id_):
        given = [kept for kept in corrections.read(connection, id_) if kept.state == "active"]
        if number is None:
            _reviewable(connection, id_)
            given = [kept for kept in given if isinstance(kept.correction, VoiceIs)]
        chosen = [kept for kept in given if number in (None, kept.number)]
        if not chosen:
            what = "answer about who speaks" if number is None else f"correction {number}"
            raise VerbatimError(f"No {what} in {id_} is left to take back.")
        corrections.undo(connection, chosen[-1].number)
    return replace(chosen[-1], state="undone")


@contextmanager
def _deciding(connection: Connection, encode: Encode, id_: str) -> Iterator[None]:
    """A transaction in which corrections of an episode change; the episode is put together anew at its end."""
    with transaction(connection):
        # What is damaged would be taken for what was stored, if it were hashed anew with the correction.
        episode_of(connection, id_, as_added=True)
        seals.open_of(connection, id_)
        yield
        decide(connection, encode, id_)
        schema.raise_generation(connection)


def decide(connection: Connection, encode: Encode, id_: str) -> None:
    """The episode written anew: as it was added, then who speaks where it has no labels, then what was put right."""
    added = episode_of(connection, id_, as_added=True)
    given = corrections.read(connection, id_)
    turns = added.turns
    if added.unlabelled:
        sentences = [turn.sentences for turn in added.turns]
        turns = recovered_turns(sentences, added.people, corrections=_answers(given), voices=dict(added.voices))
    put_right = [kept.correction for kept in given if kept.state == "active"]
    episode = corrected(replace(added, turns=turns), put_right)
    episodes.rewrite_episode(connection, added, episode)
    # What passages are made of depends on the words alone: who speaks moves none of them.
    worded = corrected(added, [one for one in put_right if isinstance(one, WordsAre)])
    held = list(passages.read_passages(connection, passages.passages_in(connection, id_)).values())
    questions = Questions(worded)
    now = [with_words_of(worded, episode, passage, questions) for passage in held]
    texts = [(embedded_text(worded, old), embedded_text(worded, new)) for old, new in zip(held, now, strict=True)]
    changed = [number for number, (old, new) in enumerate(texts) if old != new]
    if [(old.text, old.context) for old in held] != [(new.text, new.context) for new in now]:
        vectors = encode([texts[number][1] for number in changed]) if changed else ()
        passages.replace_passages(connection, id_, now, dict(zip(changed, vectors, strict=True)))
    elif now != held:
        passages.move_passages(connection, id_, now)


def remove(connection: Connection, id_: str) -> None:
    """Forget an episode and its corrections. NoSuchEpisode: it isn't there."""
    with transaction(connection):
        delete(connection, id_)
        schema.raise_generation(connection)


def to_bin(connection: Connection, id_: str, by: str | None) -> Removed:
    """Take an episode out of the library, and keep all of it in the bin. NoSuchEpisode: it isn't there."""
    folder = connection.folder
    episode_of(connection, id_, as_added=True)  # what is damaged can't be put back as it was
    removed.tidy(folder, connection)
    with transaction(connection):
        # On the disk before the row goes. After a break between the two the episode is still there, and what lies in the
        # bin is recognised by that.
        with telling(folder):
            kept = removed.keep(folder, connection, id_, by)
        delete(connection, id_)
        schema.raise_generation(connection)
    return kept


def from_bin(connection: Connection, key: str) -> str:
    """Put a removed episode back; returns its id. LibraryError: its id is taken by now."""
    with transaction(connection):
        id_ = removed.put_back(connection.folder, connection, key)
        schema.raise_generation(connection)
    # From here on the episode is there, and what still lies in the bin is a leftover.
    removed.tidy(connection.folder, connection)
    return id_


def delete(connection: Connection, id_: str) -> None:
    """Inside a transaction. NoSuchEpisode: it isn't there."""
    if id_ not in rows.episode_ids(connection):
        raise _no_such(connection, id_)
    whole = is_whole(connection, id_)
    episodes.delete_episode(connection, id_)
    if not whole:
        # FTS5 was told other words to forget than it once was given.
        passages.rebuild_lexical(connection)
