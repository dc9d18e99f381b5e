"""Labels in a transcript -> people with roles. Doubt stays doubt: who can't be told has the role `unknown`.

A label ("Mark", "MARK THOMPSON:") is matched to a person that the page, front matter or sidecar names. Where nobody
says who is host and who is guest, it is told from what each does: the host opens, welcomes and asks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from index.episode import Person, Role
from index.formats.parsed import ParsedTurn

ANONYMOUS = re.compile(r"^(?:speaker|spk|person|voice|unknown|unidentified)?[ _-]*(?:speaker|\d{1,3}|[a-z]|\?)?$", re.I)
_ROLE_LABEL = re.compile(r"^(?:the )?(host|guest|interviewer|interviewee|moderator|presenter)$", re.I)
_ROLE_OF_LABEL: dict[str, Role] = {
    "host": "host", "interviewer": "host", "moderator": "host", "presenter": "host",
    "guest": "guest", "interviewee": "guest",
}  # fmt: skip
_WELCOMES = re.compile(
    r"\bwelcome (?:back )?to\b|\bthis is (?:the )?\w+.{0,40}\bpodcast\b|\bi'm your host\b|\bjoin(?:ed|ing) (?:me|us|by|today)\b"
    r"|\bwith me (?:today|now|is)\b|\bmy guest\b|\bthanks? (?:you )?for (?:listening|tuning)\b",
    re.I,
)


def is_anonymous(label: str) -> bool:
    """True for labels that name nobody: `Speaker 1`, `SPEAKER_00`, `Unknown`, `A`."""
    return bool(ANONYMOUS.match(label.strip()))


def resolve_people(turns: Sequence[ParsedTurn], people: Sequence[Person]) -> dict[str, Person]:
    """Who each label stands for. `people` are those that the metadata names; labels that fit none keep their own name."""
    labels = Counter(turn.speaker for turn in turns if turn.speaker)
    resolved: dict[str, Person] = {}
    for label in labels:
        resolved[label] = _named(label, people)
    if not any(person.role == "host" for person in resolved.values()):
        host = _host_by_deeds(turns, labels)
        if host is not None and resolved[host].role == "unknown":
            resolved[host] = Person(resolved[host].name, "host")
            others = [label for label in labels if resolved[label].name != resolved[host].name]
            # Only of two is the other one surely the guest; a third may be a co-host.
            if len(others) == 1 and resolved[others[0]].role == "unknown":
                resolved[others[0]] = Person(resolved[others[0]].name, "guest")
    return resolved


def _named(label: str, people: Sequence[Person]) -> Person:
    """The one person of the metadata that the label can mean, or the label itself as a person of unknown role."""
    role_label = _ROLE_LABEL.match(label.strip())
    if role_label:
        role = _ROLE_OF_LABEL[role_label[1].lower()]
        fitting = [person for person in people if person.role == role]
        return fitting[0] if len(fitting) == 1 else Person(label, role)
    folded = _fold(label)
    exact = [person for person in people if _fold(person.name) == folded]
    if exact:
        return exact[0]
    words = folded.split()
    partly = [person for person in people if words and _is_part(words, _fold(person.name).split())]
    return partly[0] if len(partly) == 1 else Person(label, "unknown")


def _fold(name: str) -> str:
    return " ".join(re.findall(r"\w+", name.casefold()))


def _is_part(label: list[str], name: list[str]) -> bool:
    """`mark` or `thompson` of `mark thompson`; initials `mt` too."""
    return all(word in name for word in label) or (
        len(label) == 1 and len(name) > 1 and label[0] == "".join(word[0] for word in name)
    )


def _host_by_deeds(turns: Sequence[ParsedTurn], labels: Counter[str]) -> str | None:
    """The label that opens or welcomes *and* asks the largest share of its sentences, or None where that is not clear."""
    if len(labels) < 2:
        return None
    texts: dict[str, list[str]] = {label: [] for label in labels}
    for turn in turns:
        if turn.speaker:
            texts[turn.speaker].append(" ".join(piece.text for piece in turn.pieces if piece.speech))
    welcomes = {label: sum(len(_WELCOMES.findall(text)) for text in said) for label, said in texts.items()}
    asks = {label: sum(text.rstrip().endswith("?") for text in said) / len(said) for label, said in texts.items()}
    best_welcome = max(welcomes, key=lambda label: welcomes[label])
    best_asker = max(asks, key=lambda label: asks[label])
    if best_welcome == best_asker and welcomes[best_welcome] > 0 and asks[best_asker] > 0.2:
        return best_welcome
    return None
