"""Who speaks in a transcript without labels, as a language model hears it. It only places boundaries: no word comes from it.

    sentences → windows, numbered and fenced → "12 host" → parsed → windows reconciled → believed at all?

`index/interviews/voices.py` weighs it then as a witness beside its own probabilities, which are measured as the model's are not.
What contradicts a sure sentence makes it unknown; a model that contradicts the recovery throughout is not believed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from index.episode import Person, Role, Sentence
from index.interviews.voices import LEAST_SENTENCES, Recovery, TellVoices, decide, prepare
from prompts import fence_around, flat, one_line
from rag.model.endpoint import whole_reply
from rag.model.faults import ModelFault
from rag.settings import Settings

PROMPT = "speakers"
WINDOW_CHARACTERS = 8_000  # about 2,000 tokens: with the reply it fits the 4,096 that local servers start with
WINDOW_SENTENCES = 120
OVERLAP = 12  # sentences that two windows share
LONGEST_SHOWN = 600  # characters of one sentence; its beginning shows the voice
LONGEST_REPLY = 40_000  # characters, a reasoning model's thoughts among them
MOST_PEOPLE = 12
LEAST_AGREEMENT = 2 / 3
"""Share of what the recovery leans to, on the host's side and on the guest's, that the model must say too.

Simulated on 61 interviews: believed are .99 of the models that flip one turn in ten, .57 with one in five, none that guess.
"""
MOST_FAULTS = 3
"""Faults of the endpoint, one file after another, after which it isn't asked again."""

_LINE = re.compile(r"[\W_]*(\d{1,6})\W+(host|guest|unclear)\W*", re.IGNORECASE)
_NUMBERED = re.compile(r"\W*\d")
_END = re.compile(r"\W*end\W*", re.IGNORECASE)
_ROLES: dict[str, Role] = {"host": "host", "guest": "guest", "unclear": "unknown"}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Labels:
    """What the model says of an episode: a role by sentence position, `unknown` where it is unclear or contradicts itself.

    Sentences that it says nothing of are left out. `dropped`: lines of its replies that mean nothing. `unread`: of so
    many `windows`, those whose reply was mostly such lines, and was left out entirely.
    """

    roles: Mapping[int, Role] = field(default_factory=dict)
    dropped: int = 0
    unread: int = 0
    windows: int = 0


def model_voices(settings: Settings, report: Callable[[str], None]) -> TellVoices:
    """What `Library.add` asks for the voices of an episode without labels. It never raises for what the model does.

    `report` gets a line where the model wasn't asked, failed, or was understood in part.
    """
    faults = 0

    def voices(sentences: Sequence[Sentence], people: Sequence[Person]) -> Mapping[int, Role] | None:
        nonlocal faults
        prepared = prepare(sentences, people)
        recovery = decide(prepared)
        why = _indistinguishable(recovery, bare=prepared.bare)
        if faults >= MOST_FAULTS:
            why = f"The language model failed {MOST_FAULTS} times in a row"
        if why:
            report(f"{why}, so the language model was not asked who speaks.")
            return None
        try:
            labels = label_speakers(settings, sentences, people)
        except ModelFault as exc:
            faults += 1
            report(f"{exc}, so voices were told apart without it.")
            return None
        faults = 0
        if labels.unread * 2 > labels.windows:
            report("The language model's reply could not be read, so voices were told apart without it.")
            return None
        if not agrees(recovery, labels.roles):
            report("The language model contradicts what is likely throughout, so voices were told apart without it.")
            return None
        if labels.dropped:
            report(
                f"{labels.dropped} lines of the language model's replies could not be used"
                f" ({labels.unread} of {labels.windows} replies left out); the rest was."
            )
        return labels.roles

    return voices


def _indistinguishable(recovery: Recovery, *, bare: bool) -> str:
    """Why host and guest can't be told apart here, whoever says so; "" where they can."""
    if recovery.panel:
        return "More than two people seem to speak"
    if bare:
        return "Without punctuation one sentence may hold two voices"
    if len(recovery.heard) < LEAST_SENTENCES:
        return f"There are fewer than {LEAST_SENTENCES} sentences"
    return ""


# Asking


def label_speakers(settings: Settings, sentences: Sequence[Sentence], people: Sequence[Person]) -> Labels:
    """What the model says of each spoken sentence, asked window by window. ModelFault: it failed in one of them.

    Each window may take `settings.timeout` seconds.
    """
    spoken = [sentence for sentence in sentences if sentence.speech]
    said: dict[int, set[Role]] = {}
    dropped = unread = 0
    windows = list(windows_of(spoken))
    for window in windows:
        reply = _asked(settings, window, people)
        roles, begins, rubbish = parse_reply(reply, len(window))
        dropped += rubbish
        if not begins or rubbish > begins:
            unread += 1
            continue
        for sentence, role in zip(window, roles, strict=True):
            if role is not None:
                said.setdefault(sentence.position, set()).add(role)
    agreed = {position: next(iter(roles)) if len(roles) == 1 else "unknown" for position, roles in said.items()}
    log.info("the language model labelled %d of %d sentences, %d lines dropped", len(agreed), len(spoken), dropped)
    return Labels(agreed, dropped, unread, len(windows))


def windows_of(sentences: Sequence[Sentence]) -> Iterator[Sequence[Sentence]]:
    """The sentences in stretches that fit a prompt, each sharing up to `OVERLAP` with the one before; all in their order."""
    first = 0
    while first < len(sentences):
        last, characters = first, 0
        while last < len(sentences) and last - first < WINDOW_SENTENCES:
            characters += len(_shown(last, sentences[last]))
            if characters > WINDOW_CHARACTERS and last > first:
                break
            last += 1
        yield sentences[first:last]
        if last == len(sentences):
            return
        first = last - min(OVERLAP, (last - first) // 2)


def _shown(number: int, sentence: Sentence) -> str:
    """A sentence as the model reads it, on one line: nothing in it can look like another sentence's number."""
    return f"{number}: {one_line(sentence.text)[:LONGEST_SHOWN]}\n"


def _asked(settings: Settings, window: Sequence[Sentence], people: Sequence[Person]) -> str:
    """The reply about one window; "" where it is too long to be one."""
    lines = "".join(_shown(number, sentence) for number, sentence in enumerate(window, start=1)).rstrip("\n")
    named = [f"{flat(p.name)} ({p.role})" if p.role != "unknown" else flat(p.name) for p in people[:MOST_PEOPLE]]
    values = {
        "people": ", ".join(named) or "not known",
        "sentences": lines,
        "fence": fence_around(lines),
    }
    reply = whole_reply(settings, values, prompt=PROMPT, longest=LONGEST_REPLY)
    return reply if len(reply) <= LONGEST_REPLY else ""


def parse_reply(reply: str, count: int) -> tuple[list[Role | None], int, int]:
    """The role of each of `count` sentences, None before the first line; how many lines count, and how many are dropped.

    A dropped line with a number in it hides a change of voice: the stretch that it falls into is `unknown`. So is the
    last one, where the reply breaks off without its `end`.
    """
    begins: list[tuple[int, Role]] = []
    doubted: set[int] = set()  # indexes into `begins`
    dropped, ended = 0, False
    for line in (reply.partition("</think>")[2] or reply).splitlines():
        found = _LINE.fullmatch(line)
        number = int(found[1]) if found else 0
        if found and not ended and (begins[-1][0] if begins else 0) < number <= count:
            begins.append((number, _ROLES[found[2].lower()]))
        elif _END.fullmatch(line):
            ended = True
        elif any(letter.isalnum() for letter in line):
            dropped += 1
            if _NUMBERED.match(line):
                doubted.add(len(begins) - 1)
                doubted.update(n for n, (first, _) in enumerate(begins) if first <= number < _next(begins, n, count))
    if not ended:
        doubted.add(len(begins) - 1)
    roles: list[Role | None] = [None] * count
    for n, (first, role) in enumerate(begins):
        last = _next(begins, n, count)
        roles[first - 1 : last - 1] = ["unknown" if n in doubted else role] * (last - first)
    return roles, len(begins), dropped


def _next(begins: Sequence[tuple[int, Role]], n: int, count: int) -> int:
    """The number of the sentence at which the stretch after the `n`th begins."""
    return begins[n + 1][0] if n + 1 < len(begins) else count + 1


# Believing


def agrees(recovery: Recovery, roles: Mapping[int, Role]) -> bool:
    """Whether the model says mostly what the recovery leans to, of the host's sentences and of the guest's.

    A model that gives all to one voice, swaps the two or guesses says no more than chance about one of them.
    """
    for role in ("host", "guest"):
        said = [
            (one.sure - 0.5, roles[one.position] == role)
            for one in recovery.heard
            if one.likely == role and roles.get(one.position, "unknown") != "unknown"
        ]
        if sum(lean for lean, same in said if same) <= LEAST_AGREEMENT * sum(lean for lean, _ in said):
            return False
    return True
