"""Who hosts and who is the guest, from what a page says and from how the episode begins."""

from __future__ import annotations

import re

from index.episode import Person, Role


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TITLE = (
    r"(?:Prof(?:essor)?|Dr|Doctor|Mr|Mrs|Ms|Miss|Mx|Sir|Dame|Lord|Lady|Baroness|Rev(?:erend)?|Hon|Sen(?:ator)?"
    r"|Capt(?:ain)?|Col(?:onel)?)\.?"
)
_PART = r"\b[^\W\d_a-z][\w'’]*(?:-[^\W\d_]\w*){0,3}"
_NAME = rf"{_PART}(?:\s+(?:(?:[A-Z]\.|de|da|di|del|della|van|von|der|den|bin|al|la|le|el|Ó|Mac|St\.)\s+){{0,3}}{_PART}){{0,3}}"
_TITLED = (
    rf"(?:(?:{_TITLE}|(?:[Tt]he\s)?(?:[\w-]+\s+){{0,3}}?(?:author|professor|founder|chef|writer|scientist)s?)\s+){{0,4}}"
    rf"(?P<name>{_NAME})"
)
_HE_SAYS = re.compile(
    rf"(?:[Mm]y name(?:['’]s| is)|[Ii]['’]?\s?a?m your (?:co-?)?host,?|[Yy]our (?:co-?)?host,?|[Hh]osted by"
    rf"|[Jj]oin (?:our |your )?hosts?,?"
    rf"|[Oo]ur host,?|[Yy]our host is|[Hh]ost,|[Hh]ost:)\s+{_TITLED}"
)
_I_AM = re.compile(
    rf"(?:\bI['’]m|\bI am|[Tt]his is)\s+(?P<name>{_NAME})(?=\s*[,.!;–—-]|\s+and\b|\s+here\b|\s+with\b|\s+from\b)"
)
_JOINED = re.compile(
    rf"(?:[Jj]oin(?:ed|ing)(?: (?:me|us|here))?(?: today| this week| now| again)?,?(?: (?:with|by|is|are))"
    rf"|(?:here|talking|speaking|chatting|sitting down|sit down|talk|speak|chat|conversation|interview"
    rf"|delighted to welcome"
    rf"|pleased to welcome|excited to welcome)(?: today| this week)? (?:with|to)"
    rf"|[Mm]y guests?(?: today| this week| for today| on today's episode)?,?(?: (?:is|are|today is))?"
    rf"|(?:[Tt]oday['’]s|[Tt]his week['’]s|[Oo]ur|[Ss]pecial) guests?,?(?: (?:today|this week))?(?: is)?"
    rf"|[Pp]lease welcome|[Ww]elcome,|[Ww]e welcome|I welcome|[Ww]ith (?:our |my |special )?guest,?"
    rf"|[Ii]nterviews?|[Gg]uest:|[Gg]uest,)"
    rf",?\s+{_TITLED}"
)
_JOINS = re.compile(
    rf"(?P<name>{_NAME})\s+(?:joins (?:us|me|the show|our)|is (?:our|my|today['’]s) guest|is with (?:us|me))"
)
_BIOGRAPHY = re.compile(
    rf"^(?:{_TITLE}\s+)*(?P<name>{_NAME})(?:\s*,[^.]{{1,80}},)?\s+(?:is|was|has been|serves|works|teaches|leads"
    rf"|runs|founded)\s+"
    r"(?:currently\s+|also\s+)?(?:an?|the|one of|at|as|in|currently|Professor|Director|Head|Chief|President"
    r"|founder|co-founder|CEO)\b"
)
_NOT_PEOPLE = _words(
    "the a an this that it he she we they i you today here hello hi welcome thanks thank so and but in on at to "
    "our my your episode podcast show season part host guest us me them everyone everybody all listeners happy "
    "glad delighted excited pleased going very really just not also joined back"
)
OPENING_CHARACTERS = 1500  # people are introduced in the first minute or two


def people_of(notes: list[str], speech: str, *, not_names: tuple[str, ...] = ()) -> tuple[Person, ...]:
    """Hosts first, then guests, with the fullest form of each name that the page gives.

    `notes`: the lines around the speech; `speech`: its beginning is enough. `not_names`: the show's and the episode's
    titles, which look like names.
    """
    opening = speech[:OPENING_CHARACTERS]
    everything = "\n".join(notes)
    banned = {title.casefold() for title in not_names}
    hosts = _names(_HE_SAYS, everything, banned) + _names(_HE_SAYS, opening, banned)
    if not hosts:
        hosts = _names(_I_AM, opening[:500], banned)[:1]
    guests = _names(_JOINED, opening, banned) + _names(_JOINED, everything, banned) + _names(_JOINS, everything, banned)
    biographies = [name for line in notes for name in _names(_BIOGRAPHY, line.strip(), banned)]
    people: list[Person] = []
    for name in hosts:
        _add(people, name, "host", biographies)
    for name in guests:
        _add(people, name, "guest", biographies)
    if not any(person.role == "guest" for person in people):
        for name in biographies:
            # A biography of somebody who is never spoken to may be the sponsor's or the show's own.
            if " " in name or re.search(rf"\b{re.escape(name)}\b", opening):
                _add(people, name, "guest", [])
    return tuple(people)


def _names(pattern: re.Pattern[str], text: str, banned: set[str]) -> list[str]:
    found = []
    for match in pattern.finditer(text):
        name = re.sub(rf"^(?:{_TITLE}\s+)+", "", " ".join(match["name"].split())).rstrip(".'’-")
        name = re.sub(r"['’]s$", "", name)
        words = name.split()
        while words and words[-1].lower() in _NOT_PEOPLE:
            words.pop()
        name = " ".join(words)
        if (
            not words
            or re.split(r"['’]", words[0])[0].lower() in _NOT_PEOPLE
            or name.casefold() in banned
            or len(name) < 2
        ):
            continue
        found.append(name)
    return found


def _add(people: list[Person], name: str, role: Role, biographies: list[str]) -> None:
    for full in biographies:
        if full != name and full.startswith(name + " "):
            name = full
    for position, person in enumerate(people):
        if _same(person.name, name):
            # "Mark" and "Mark Thompson" are one; whoever is a host stays one.
            if len(name) > len(person.name):
                people[position] = Person(name, person.role)
            return
    people.append(Person(name, role))


def _same(one: str, other: str) -> bool:
    a, b = one.casefold().split(), other.casefold().split()
    return a == b or (a[0] == b[0] and 1 in (len(a), len(b)))
