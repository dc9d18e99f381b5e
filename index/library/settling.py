"""What only a show's episodes together tell: who the voices are that no label names, spellings of one name, who hosts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from contextlib import suppress
from pathlib import Path

from index.errors import LibraryDamaged, TranscriptError
from index.library.changing import Encode, decide, episode_of, transaction
from index.library.connection import Connection
from index.library.tables import episodes, people, rows, schema
from index.reading.faults import contained


def settle(connection: Connection, encode: Encode) -> None:
    """Settle it for the episodes that were added since it was last done. They are noted with each commit, so that a writer who
    was killed before it came to this leaves it to the next."""
    if new := schema.unsettled(connection):
        _name_again(connection, encode, new & set(rows.episode_ids(connection)))
        _settle_people(connection, encode)


def _name_again(connection: Connection, encode: Encode, new: Set[str]) -> None:
    """Re-run speaker naming for the `new` episodes, and for older ones that mention a regular first recognised because of
    them.

    From their files, so that what was told of them before counts for nothing. An episode whose file is gone, or has
    changed, stays as it is.
    """
    from index.reading.read import read_episode
    from index.speakers.labels import names_nobody
    from index.speakers.people import speaks_of, told_anew
    from index.speakers.regulars import regulars_of

    for of_show in people.speakers_beside(connection, new):
        spoken_in = Counter(name for speakers in of_show.values() for name in speakers.names)
        fresh = Counter(name for id_ in new & of_show.keys() for name in of_show[id_].names)
        before = regulars_of(spoken_in - fresh, len(of_show.keys() - new))
        since = regulars_of(spoken_in, len(of_show)).keys() - before.keys()
        for id_, speakers in of_show.items():
            regulars = regulars_of(spoken_in - Counter(speakers.names), len(of_show) - 1)
            to_tell = speakers.recovered or any(map(names_nobody, speakers.names))
            if not (speakers.source and regulars and to_tell and (id_ in new or since)):
                continue
            try:
                added = episode_of(connection, id_, as_added=True)
                if id_ not in new and not speaks_of(added, since):
                    continue
                with contained(speakers.source, connection.folder):
                    told = read_episode(Path(speakers.source), regulars=regulars)
            except (TranscriptError, LibraryDamaged):
                continue
            now = told_anew(added, told) if told.content_hash == added.content_hash else None
            if now is None:
                continue
            with transaction(connection):
                episodes.retell(connection, now)
                decide(connection, encode, id_)
                schema.raise_generation(connection)


def _settle_people(connection: Connection, encode: Encode) -> None:
    """Spellings of one name in a show are made one, and who comes back is a host."""
    from index.speakers.people import one_person_each, roles_of_show

    with transaction(connection):
        changed = False
        for show, (number, spoken_in) in people.speakers_of_shows(connection).items():
            kept = one_person_each(spoken_in)
            for name, keep in kept.items():
                people.rename_person(connection, show, name, keep)
                spoken_in[keep] += spoken_in.pop(name)
            roles = roles_of_show(number, spoken_in)
            if people.give_roles(connection, show, roles) or kept:
                changed = True
                # Whose name and role are known decides who is credited where there are no labels.
                for id_ in people.unlabelled_episodes(connection, show):
                    with suppress(LibraryDamaged):  # that one stays as it is; `check` names it
                        decide(connection, encode, id_)
        schema.note_unsettled(connection, None)
        if changed:
            schema.raise_generation(connection)
