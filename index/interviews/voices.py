"""Who speaks in a transcript without labels: host or guest, sentence by sentence, with a probability. Doubt stays doubt.

Sentences go in and come out as they are: nothing here changes, drops or moves a word. What a person answers in review
("the host speaks from here") is fixed, and its neighbourhood is decided again. Where more than two people seem to speak,
nobody is told from anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

import numpy as np

from index.episode import Person, Role, Sentence, Turn
from index.interviews.answers import VoiceIs, known_voices
from index.interviews.features import names_by_role
from index.interviews.model import TalkArrays, TurnModel, shipped

NOTHING: Mapping[int, Role] = MappingProxyType({})
LEAST_SENTENCES = 8
"""A talk of fewer has no two sides to be told apart."""
PANEL_WORDS = 1500
"""Words of the shortest talk in which a panel is looked for, as in the talks that the detector was fitted on."""
HOST_FROM = 0.95
"""From so much on a sentence is credited to the host where neither a person nor a model has answered about the talk.

The fitted threshold is .87. From .95 on, .98 of the words credited to the host of an unseen show are theirs. On a scripted show
it is .93 from .95 on, and .79 from the fitted threshold on.
"""
LEAST_CREDITED = 0.1
"""Share of a talk's words that must be sure to be the guest's; in a talk with fewer, which a person hasn't answered about,
nobody is credited.

It is unlike those learned from: of 145 interviews of unseen shows none has fewer but the one that is taken for a panel; the
scripted show has .05, .83 of them right.
"""
NOBODY = (1.0, 1.0)
"""Thresholds that only what a person said reaches."""
PUNCTUATED = 0.3
"""Share of the sentences that must end in a full stop or its kin; in raw speech recognition nobody is credited.

Measured on interviews without punctuation, by the network of n-grams alone: of the words that would be credited to the guest,
.83 are the guest's.
"""

KEPT = 16
"""Talks of which what was read is kept, about a megabyte each: in review one is decided again after each answer."""

WITNESS_RIGHT = 0.9
"""How often another way to tell voices is taken to be right. Assumed: low enough that it can't outweigh the rest alone."""

TellVoices = Callable[[Sequence[Sentence], Sequence[Person]], Mapping[int, Role] | None]
"""Another way to tell voices: the role of spoken sentences by position, `unknown` where in doubt; None: it tells nothing."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One spoken sentence: how likely the host says it, and the role that is sure enough to be shown, else `unknown`.

    `begins`: another voice than the sentence before. `fixed`: a person said so.
    """

    position: int
    p_host: float
    role: Role
    begins: bool
    fixed: bool = False

    @property
    def likely(self) -> Literal["host", "guest"]:
        """The likelier of the two, however unsure."""
        return "host" if self.p_host > 0.5 else "guest"

    @property
    def sure(self) -> float:
        """The probability of the likelier role, 0.5 to 1."""
        return max(self.p_host, 1 - self.p_host)


@dataclass(frozen=True, slots=True)
class Recovery:
    """A talk with its voices told apart as far as they can be. `p_panel`: how likely more than two people speak.

    `apart`: False in a panel, in a talk of a few sentences and without punctuation, where not even the changes of voice are told.
    """

    heard: tuple[Heard, ...]
    p_panel: float = 0.0
    panel: bool = False
    apart: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A talk read once, to be decided as often as there are answers. `bare`: without punctuation, as some recognisers write."""

    spoken: tuple[Sentence, ...]
    talk: TalkArrays
    p_panel: float
    panel: bool
    bare: bool
    model: TurnModel


def recover_turns(
    sentences: Sequence[Sentence],
    people: Sequence[Person] = (),
    *,
    corrections: Sequence[VoiceIs] = (),
    voices: Mapping[int, Role] = NOTHING,
) -> Recovery:
    """The voice of each spoken sentence, in order; all unknown in a panel, and in a talk of a few sentences.

    `people`: hosts and guests whose names may fall in the talk. Later corrections win over earlier ones. `voices`: what
    another way of telling them said.
    """
    return decide(prepare(sentences, people), corrections, voices)


def recovered_turns(
    turns: Sequence[Sequence[Sentence]],
    people: Sequence[Person] = (),
    *,
    corrections: Sequence[VoiceIs] = (),
    voices: Mapping[int, Role] = NOTHING,
) -> tuple[Turn, ...]:
    """Turns without labels as turns with speakers, where these are sure enough and their names are known.

    A turn ends where the voice is likely to change, so that no quote runs over it, whether or not anybody is credited.
    Where nothing is told apart (`Recovery.apart`) the turns stay as they were, without speakers.
    """
    sentences = [sentence for turn in turns for sentence in turn]
    recovery = recover_turns(sentences, people, corrections=corrections, voices=voices)
    heard = {one.position: one for one in recovery.heard}
    if not recovery.apart:
        return tuple(Turn(None, tuple(turn)) for turn in turns if turn)
    named = {role: [person for person in people if person.role == role] for role in ("host", "guest")}
    built: list[Turn] = []
    open_: list[Sentence] = []
    before: tuple[Person | None, object] | None = None
    for number, turn in enumerate(turns):
        for sentence in turn:
            one = heard.get(sentence.position)
            if one is None and before is not None:
                voice = before  # a stage direction stays where it stands
            elif one is None:
                voice = (None, number)
            else:
                fitting = named.get(one.role, [])
                person = fitting[0] if len(fitting) == 1 else None
                voice = (person, one.role if person else (one.likely, number))
            if open_ and voice != before:
                built.append(_turn(before, open_))
                open_ = []
            open_.append(sentence)
            before = voice
    if open_:
        built.append(_turn(before, open_))
    return tuple(built)


def _turn(voice: tuple[Person | None, object] | None, sentences: Sequence[Sentence]) -> Turn:
    person = voice[0] if voice else None
    return Turn(person, tuple(sentences), "recovered" if person else "unknown")


def prepare(sentences: Sequence[Sentence], people: Sequence[Person] = (), model: TurnModel | None = None) -> Prepared:
    """The features of a talk, by the shipped model where none is given; the talks that were read last are kept."""
    return _read(tuple(sentences), tuple(people), model or shipped())


@lru_cache(maxsize=KEPT)
def _read(sentences: tuple[Sentence, ...], people: tuple[Person, ...], model: TurnModel) -> Prepared:
    spoken = tuple(sentence for sentence in sentences if sentence.speech)
    texts = [sentence.text for sentence in spoken]
    hosts = [person.name for person in people if person.role == "host"]
    guests = [person.name for person in people if person.role == "guest"]
    p_panel = model.panel_chance(texts)
    # Where a host and a guest are named, more evidence is wanted that there are others.
    from_ = float(model.arrays["panel_thresholds"][int(len(hosts) == len(guests) == 1)])
    long_enough = sum(len(text.split()) for text in texts) >= PANEL_WORDS
    panel = len(hosts) > 1 or len(guests) > 1 or (long_enough and p_panel > from_)
    ended = sum(text.rstrip("\"'”’)]").endswith((".", "!", "?", "…")) for text in texts)
    bare = ended < PUNCTUATED * len(texts)
    return Prepared(spoken, model.read(texts, names_by_role(hosts, guests)), p_panel, panel, bare, model)


def decide(prepared: Prepared, corrections: Sequence[VoiceIs] = (), voices: Mapping[int, Role] = NOTHING) -> Recovery:
    """The voice of each spoken sentence, given what a person said; those are fixed, the others decided around them.

    `voices` move the others' probabilities as a witness does who is right `WITNESS_RIGHT` of the time. Where they contradict
    what is sure without them, the role is unknown; nor is anybody credited on their word against what is likely without them.
    """
    spoken, model = prepared.spoken, prepared.model
    if len(spoken) < LEAST_SENTENCES and not corrections:
        return Recovery(tuple(Heard(s.position, 0.5, "unknown", n == 0) for n, s in enumerate(spoken)), apart=False)
    known = known_voices([sentence.position for sentence in spoken], corrections)
    p_host = 1 - model.calibrated(model.log_odds(prepared.talk, known))
    p_host = np.where(known[:, 0] == 1, 1.0, np.where(known[:, 1] == 1, 0.0, p_host))
    # Whoever answers in review says by that that there are two to tell apart.
    panel = prepared.panel and not corrections
    apart = not (panel or prepared.bare)
    host_from, guest_from = model.thresholds if apart else NOBODY
    alone = p_host
    says = np.array([_SAYS[voices.get(sentence.position, "unknown")] for sentence in spoken])
    if apart:  # where nobody can be told from anybody, a witness can't either
        weight = (WITNESS_RIGHT / (1 - WITNESS_RIGHT)) ** np.where(known.any(1), 0, says)
        p_host = alone * weight / (alone * weight + 1 - alone)
    if not known.any() and not says.any():
        words = np.array([len(sentence.text.split()) for sentence in spoken])
        unlike = words[1 - p_host >= guest_from].sum() < LEAST_CREDITED * words.sum()
        host_from, guest_from = NOBODY if unlike else (max(host_from, HOST_FROM), guest_from)
    heard = []
    for number, (sentence, p) in enumerate(zip(spoken, p_host.tolist(), strict=True)):
        role: Role = "host" if p >= host_from else "guest" if 1 - p >= guest_from else "unknown"
        contradicted = not known[number].any() and _SAYS[role] == -says[number]
        if role != "unknown" and (contradicted or (role == "host") != (alone[number] > 0.5)):
            role = "unknown"
        begins = number == 0 or bool((p > 0.5) != (p_host[number - 1] > 0.5))
        heard.append(Heard(sentence.position, p, role, begins, bool(known[number].any())))
    return Recovery(tuple(heard), prepared.p_panel, panel, apart or bool(known.any()))


_SAYS: dict[Role, int] = {"host": 1, "guest": -1, "unknown": 0}
