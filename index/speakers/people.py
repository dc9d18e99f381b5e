"""Labels in a transcript -> people with roles. Doubt stays doubt: who can't be told keeps the label and is `unknown`.

A label ("Mark", "MARK THOMPSON:", "MT") is matched to a person that the page, front matter or sidecar names; labels that
are one name spelled in several ways become one person; `Speaker 1` gets the name that the talk gives that voice. Where
nobody says who is host and who is guest, it is told from what each does. A wrong name is worse than none.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from index.episode import Episode, Person, Role, SpeakerSource
from index.formats.parsed import ParsedTurn
from index.speakers.evidence import folded
from index.speakers.labels import ROLE_LABEL, is_anonymous, names_nobody
from index.speakers.mentions import first_names
from index.speakers.naming import names_of_voices
from index.speakers.regulars import InShow, Regular
from index.speakers.roles import hosting, roles_of

_ROLE_OF_LABEL: dict[str, Role] = {
    "host": "host",
    "interviewer": "host",
    "moderator": "host",
    "presenter": "host",
    "guest": "guest",
    "interviewee": "guest",
    "panelist": "guest",
    "panellist": "guest",
}
_DEGREE = re.compile(r"(?:,\s*|\s+)\(?(?:Ph\.?\s?D|Psy\.?\s?D|M\.?D|Jr|Sr|Esq|MBA|MSc|BSc|[IVX]{2,})\.?\)?(?=\s|,|$)")
_TITLE = re.compile(r"^(?:Prof(?:essor)?|Dr|Doctor|Mr|Mrs|Ms|Sir|Dame)\.?\s+", re.IGNORECASE)
MOST_EXCHANGES = 0.2
"""Two labels that answer each other in more than this share of their turns are two people, however alike the names."""
SURE_OF_ROLE = 0.97
"""How probable a role must be before "Speaker 1" gets the name of the only host, or the only guest, that the page names."""
RETURNS = 0.3
"""Who speaks in this share of a show's episodes belongs to the show."""
FEWEST_RETURNS = 4
MOST_LABELS = 200
"""Of a talk with more, each is taken for a name as it stands: nobody talks with so many, and every two would be compared."""
VISITS = 0.05
"""Who speaks in no more than this share of them is a guest, where nobody tells otherwise."""
FEWEST_EPISODES = 20
_UNKNOWN: tuple[Role, float] = ("unknown", 0.0)


@dataclass(frozen=True, slots=True)
class Voice:
    """Who a label stands for. `source` is `recovered` where the label names nobody and the talk tells the name."""

    person: Person
    source: SpeakerSource = "labelled"


def people_of_labels(
    turns: Sequence[ParsedTurn], people: Sequence[Person], regulars: Mapping[str, Regular] | None = None
) -> dict[str, Voice]:
    """Who each label stands for. `people` are those that the metadata names; labels that fit none keep their own name.

    `regulars`: who comes back in the show's other episodes, by first name, as far as that is known.
    """
    labels = Counter(turn.speaker for turn in turns if turn.speaker)
    if not labels:
        return {}
    if len(labels) > MOST_LABELS:
        return {label: Voice(Person(label)) for label in labels}
    named = {label: person for label in labels if (person := _of_metadata(label, people))}
    merged = _one_name_each(turns, [label for label in labels if label not in named and not names_nobody(label)])
    named |= {label: _of_metadata(name, people) or Person(name) for label, name in merged.items()}
    # From here on each person is one voice, however many labels the transcript gives it.
    voices = [
        replace(turn, speaker=named[turn.speaker].name if turn.speaker in named else turn.speaker) for turn in turns
    ]
    known = {person.name: person.name for person in named.values()}
    show = InShow(regulars, hosting(voices)) if regulars and len(named) < len(labels) else None
    names = names_of_voices(voices, known=known, expected=[p.name for p in people], show=show)
    told = {label: _of_metadata(name, people) or Person(name) for label, name in names.items()}
    roles = roles_of(voices, known | {label: person.name for label, person in told.items()})
    without = [label for label in labels if label not in named and label not in told]
    told |= _by_elimination(without, {p.name for p in (*named.values(), *told.values())}, people, roles)
    found = {}
    for label in labels:
        person = told.get(label) or named.get(label) or Person(label)
        by_deeds = roles.get(named[label].name if label in named else label, _UNKNOWN)[0]
        found[label] = Voice(_with_role(label, person, by_deeds), "recovered" if label in told else "labelled")
    return found


def one_person_each(episodes: Mapping[str, int]) -> dict[str, str]:
    """Names under which one person speaks in several episodes of a show, as {name: the name to keep}; most have none.

    `episodes`: in how many episodes each name speaks. Only spellings of one full name are made one; a first name alone
    may be anybody's.
    """
    kept: dict[str, str] = {}
    alike: dict[tuple[int, int, str], list[str]] = defaultdict(list)  # by number of words, place and word
    for name in sorted(episodes, key=lambda name: (-episodes[name], len(name), name)):
        words = bare_words(name)
        if len(words) < 2:
            continue
        places = [(len(words), place, word) for place, word in enumerate(words)]
        near = dict.fromkeys(other for place in places for other in alike[place])
        fitting = [other for other in near if _one_spelling(words, bare_words(other))]
        if len(fitting) == 1:
            kept[name] = fitting[0]
        else:
            for place in places:
                alike[place].append(name)
    return kept


def speaks_of(episode: Episode, first_names: Set[str]) -> bool:
    """Whether one of these words, in small letters and without accents, falls in the talk."""
    return bool(first_names) and any(not first_names.isdisjoint(folded(turn.text)) for turn in episode.turns)


def told_anew(episode: Episode, told: Episode) -> Episode | None:
    """The episode with the speakers that it has in `told`, the same one read again; None where that changes nothing."""
    if [len(turn.sentences) for turn in episode.turns] != [len(turn.sentences) for turn in told.turns]:
        return None  # its duration was given by hand, which may mend its times otherwise
    if _names(episode) == _names(told):
        return None
    turns = [
        replace(old, speaker=new.speaker, speaker_source=new.speaker_source)
        for old, new in zip(episode.turns, told.turns, strict=True)
    ]
    return replace(episode, turns=tuple(turns), people=told.people)


def _names(episode: Episode) -> list[str | None]:
    return [turn.speaker.name if turn.speaker else None for turn in episode.turns]


def roles_of_show(episodes: int, spoken_in: Mapping[str, int]) -> dict[str, Role]:
    """Who is told by a show's episodes together: host or guest. `spoken_in`: in how many of the `episodes` each name speaks.

    A label that names nobody is somebody else in each episode.
    """
    told = {name: role_in_show(spoken, episodes) for name, spoken in spoken_in.items() if not names_nobody(name)}
    return {name: role for name, role in told.items() if role != "unknown"}


def role_in_show(spoken: int, episodes: int) -> Role:
    """The role of who speaks in so many of a show's episodes: hosts come back, guests hardly do."""
    if spoken >= FEWEST_RETURNS and spoken >= RETURNS * episodes:
        return "host"
    return "guest" if episodes >= FEWEST_EPISODES and spoken <= VISITS * episodes else "unknown"


def bare_words(name: str) -> list[str]:
    """The words of a name without titles, degrees and middle initials: `Dr. Ann B. Lee, PhD` is ann lee."""
    words = folded(_TITLE.sub("", _DEGREE.sub("", name)))
    return [word for place, word in enumerate(words) if len(word) > 1 or place in (0, len(words) - 1)] or words


def _of_metadata(label: str, people: Sequence[Person]) -> Person | None:
    """The one person of the metadata that the label can mean."""
    role_label = ROLE_LABEL.match(label.strip())
    if role_label:
        fitting = [person for person in people if person.role == _ROLE_OF_LABEL[role_label[1].lower()]]
        return fitting[0] if len(fitting) == 1 and not label.strip()[-1].isdigit() else None
    words = folded(label)
    if not words or is_anonymous(label):
        return None
    bare = bare_words(label)
    for fits in (
        lambda p: folded(p.name) == words,
        lambda p: bare_words(p.name) == bare,
        lambda p: _is_part(words, folded(p.name)),
        lambda p: _misspelt(bare, bare_words(p.name)),
    ):
        fitting = [person for person in people if fits(person)]
        if fitting:
            return fitting[0] if len({person.name for person in fitting}) == 1 else None
    return None


def _is_part(label: list[str], name: list[str]) -> bool:
    """`mark` or `thompson` of `mark thompson`; initials `mt` too."""
    initials = "".join(word[0] for word in name)
    return all(word in name for word in label) or (len(name) > 1 and "".join(label) == initials)


def _misspelt(one: list[str], other: list[str]) -> bool:
    """Two or more words, one of them alike but for a letter (two in long ones), the others the same."""
    from rapidfuzz.distance import DamerauLevenshtein

    if len(one) != len(other) or len(one) < 2:
        return False
    unlike = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    if len(unlike) != 1:
        return False
    a, b = unlike[0]
    shorter = min(len(a), len(b))
    if {a, b} <= first_names() or a[0] != b[0] or shorter < 5:  # Maria and Marie, Lund and Lind may be two people
        return False
    return DamerauLevenshtein.distance(a, b) <= (2 if shorter > 6 else 1)


def _one_spelling(one: list[str], other: list[str]) -> bool:
    return one == other or _misspelt(one, other)


def _one_name_each(turns: Sequence[ParsedTurn], labels: Iterable[str]) -> dict[str, str]:
    """Each label with the fullest name that it surely stands for: "Ann", "AL" and "Ann Leee" with "Ann Lee"."""
    counts = Counter(turn.speaker for turn in turns)
    names = {label: label for label in labels}
    bare = {label: bare_words(label) for label in names}
    fullest_first = sorted(names, key=lambda label: (-len(bare[label]), -counts[label], label))
    place = {label: number for number, label in enumerate(fullest_first)}
    for label in reversed(fullest_first):
        words = bare[label]
        fitting = []
        for other in fullest_first:
            if other == label or not words:
                continue
            longer = sum(map(len, bare[other])) > sum(map(len, words))
            fuller = place[other] < place[label]
            if (longer and _is_part(words, bare[other])) or (fuller and _one_spelling(words, bare[other])):
                fitting.append(other)
        if len(fitting) == 1 and not _talk_to_each_other(turns, label, fitting[0]):
            names[label] = fitting[0]
    return {label: names[name] for label, name in names.items()}


def _talk_to_each_other(turns: Sequence[ParsedTurn], one: str, other: str) -> bool:
    speakers = [turn.speaker for turn in turns if turn.speaker]
    met = sum({a, b} == {one, other} for a, b in pairwise(speakers))
    return met > MOST_EXCHANGES * min(speakers.count(one), speakers.count(other))


def _by_elimination(
    labels: Sequence[str], taken: set[str], people: Sequence[Person], roles: Mapping[str, tuple[Role, float]]
) -> dict[str, Person]:
    """The page's only host, or only guest, for the only one of the voices without a name that surely is one."""
    found: dict[str, Person] = {}
    told = {label: _role_of(label, roles) for label in labels}
    if any(role == "unknown" for role, _ in told.values()):
        return {}
    for role in ("host", "guest"):
        free = [person for person in people if person.role == role]
        fitting = [label for label in labels if told[label][0] == role]
        if len(free) == len(fitting) == 1 and told[fitting[0]][1] >= SURE_OF_ROLE and free[0].name not in taken:
            found[fitting[0]] = free[0]
    return found


def _role_of(label: str, roles: Mapping[str, tuple[Role, float]]) -> tuple[Role, float]:
    said = ROLE_LABEL.match(label.strip())
    if said:
        return _ROLE_OF_LABEL[said[1].lower()], 1.0
    return roles.get(label, _UNKNOWN)


def _with_role(label: str, person: Person, by_deeds: Role) -> Person:
    said = ROLE_LABEL.match(label.strip())
    role: Role = _ROLE_OF_LABEL[said[1].lower()] if said else by_deeds
    return person if person.role != "unknown" else replace(person, role=role)
