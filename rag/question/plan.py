"""Questions that need several search passes -> a plan: which kind they are, and the passes that they take.

    "compare what A and B said about …"  → a pass for each person      "which episodes mention …"  → one wide pass
    "how did A's view of … change"       → a pass for each date         "which guests talk about …", "list everything …"

Recognised by rules; a language model may be asked for the kind where the rules see none. Knows nothing of how it is answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, Protocol, get_args

from index.library import EpisodeSummary
from prompts import flat, one_line
from rag.english import CONJUNCTIONS, SPEECH_VERBS, WORDS_ABOUT_TALK
from rag.model.endpoint import Allowance, whole_reply
from rag.model.faults import ModelFault
from rag.question.question import Question
from rag.question.scope import Scope
from rag.settings import Settings

PlanKind = Literal["compare", "change", "people", "episodes", "list"]

MOST_PASSES = 5  # beside the first one, which decides whether there is an answer at all
NARROW, WIDE = 6, 30  # passages of a search pass for one person or date, and of one that is to find everything
LONGEST_REPLY = 2_000  # characters of a model's opinion, its thoughts among them
SHARE = 0.25  # of the answer's time, in which a model says which kind it is

_PEOPLE = r"(?:guests|people|speakers|hosts|everyone|everybody|they all)"
_VIEW = r"(?:mind|views?|opinions?|tune|positions?|stances?|attitudes?|thinking|feelings?|thoughts?)"
_EPISODES = r"(?:episodes?|shows|programmes|programs|interviews|conversations)"
_TOUCHED = (
    r"(?:mention|talk|discuss|cover|deal|speak|spoke|come|came|hear|heard|about|say|said|touch|feature|refer|where|on)"
)
_PLEASE = r"^\W*(?:please |can you |could you )*"
PATTERNS: dict[PlanKind, tuple[re.Pattern[str], ...]] = {
    "compare": tuple(
        re.compile(pattern, re.I)
        for pattern in (
            r"\b(?:compar(?:e|es|ed|ing)|comparison(?: of| between)?|contrast)\b",
            r"\b(?:what is |what's )?the difference between\b",
            r"\b(?:differ(?:s|ed|ent|ently|ences?)?|disagree[sd]?|agree[sd]?|versus|vs\.?|respectively|in common)\b",
            r"\bboth\b",
        )
    ),
    "change": tuple(
        re.compile(pattern, re.I)
        for pattern in (
            rf"\bchang(?:e|es|ed|ing) (?:\w+ ){{0,2}}{_VIEW}(?: about| on| of)?\b",
            rf"\b{_VIEW}\b(?=.{{0,80}}\b(?:chang|evolv|shift|differ|develop)\w*)",
            r"\b(?:evolv|shift|develop|chang|differ)(?:e|es|ed|ing|s)?\b(?= over\b| between\b|[?. ]*$)",
            r"\b(?:come|came|coming) (?:a)?round to\b",
            r"\bover (?:time|the years)\b",
            r"\bstill (?:say|think|believe|feel|want|like|hate|love)s?\b",
            r"\b(?:at first|before|back then|originally)\b(?=.{0,80}\bnow\b)",
            r"\bbetween (?:\w+ )?\d{4} and (?:\w+ )?\d{4}\b",
            r"\bthen and now\b",
        )
    ),
    "episodes": (
        re.compile(rf"\b(?:which|what) (?:\w+ )?{_EPISODES}\b(?=.*\b{_TOUCHED})", re.I),
        re.compile(
            rf"^\W*(?:list|show|find|name|give)(?: me)?(?: all)?(?: of)?(?: the)? {_EPISODES}\b(?=.*\b{_TOUCHED})", re.I
        ),
    ),
    "people": tuple(
        re.compile(pattern, re.I)
        for pattern in (
            r"\bwhich (?:other )?(?:guests|people|speakers|hosts)\b|^\W*what (?:other )?(?:guests|speakers|hosts)\b",
            r"\bwho (?:all|else)\b",
            r"^\W*who (?:has |have )?(?:ever )?(?:talk|spoke|speak|mention|discuss|comment)\w*",
            rf"(?:\bwhat|\bhow|\bwhich \w+) (?:do|did|does|have|has|would) (?:all )?(?:of )?(?:the |our |your )?{_PEOPLE}\b",
            r"\b(?:do|did|does|has) (?:each|every)(?: of the| of your)? guests?\b",
        )
    ),
    "list": tuple(
        re.compile(pattern, re.I)
        for pattern in (
            rf"{_PLEASE}(?:list|collect|enumerate)\b(?: (?:me|all|everything|every|each|of|the|that)\b)*",
            rf"{_PLEASE}(?:find|show|give|name|get)(?: me)? (?:all|everything|every|each|the bits)\b",
            r"^\W*(?:please )?every(?:thing|\s+(?:time|place|mention|moment|passage|quote|bit))\b",
            r"^\W*(?:please )?all (?:of )?(?:the )?(?:times|places|moments|passages|bits|mentions|quotes|things)\b",
        )
    ),
}
"""The wording of each kind, which is not searched for. The first kind with a match and what it needs is taken."""

_GUESTS = re.compile(r"\bguests?\b", re.I)
_BESIDES = re.compile(r"\b(?:besides|apart from|except(?: for)?|other than)\b", re.I)
_SPEAKS = re.compile(rf"\b(?:{SPEECH_VERBS})\b", re.I)
_RECOMMENDS = re.compile(r"\b(?:recommend|advis|suggest)\w*", re.I)
RECOMMENDING = ("recommend", "advice", "should", "try")
_ADVICE = re.compile(
    r"\b(?:recommend\w*|(?:my|the best|one piece of) advice|i(?:'d|’d| would) (?:say|tell|advise|suggest|start|begin)"
    r"|you (?:should|ought|must|want to|need to|can(?:'t|’t) go wrong)|have (?:that|this) one|(?:do|go and) (?:read|see|hear)"
    r"|try (?:a|an|the|this|that)|make sure|be sure to|give (?:it|that) a (?:try|go)|worth (?:a|your|the)? ?\w+ing)\b",
    re.I,
)
"""How recommendations are put, where a list of them is asked for and not what of: nobody says "I recommend everything"."""


@dataclass(frozen=True, slots=True)
class SearchPass:
    """One retrieval of a plan: what is asked, where, and how many passages. `title` leads what it finds; "" for no line."""

    title: str
    question: Question
    scope: Scope
    passages: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A question of more than one search pass. `question` is all of it, without the words that only gave its kind away.

    `but`: people whose words are not wanted ("who else besides Maud …"). `holds`: what a quote must hold, where that and no
    subject is what is asked for.
    """

    kind: PlanKind
    question: Question
    passes: tuple[SearchPass, ...]
    but: tuple[str, ...] = ()
    holds: re.Pattern[str] | None = None

    @property
    def lists(self) -> bool:
        """Whether everything is asked for: such an answer leaves nothing out, and says how complete it can be."""
        return self.kind in ("people", "episodes", "list")


def plan(
    asked: Question,
    scope: Scope,
    rows: Callable[[Sequence[str]], list[int]],
    *,
    ask_kind: Callable[[str], PlanKind | None] | None = None,
) -> Plan | None:
    """The search passes that the question needs, up to MOST_PASSES; None: one, like most questions.

    `rows`: the database rows of episodes. `ask_kind`: who else is asked of which kind it is, where the rules see none.
    """
    if asked.unknown:
        return None
    for kind, patterns in PATTERNS.items():
        if any(pattern.search(asked.asked) for pattern in patterns) and (made := _made(kind, asked, scope, rows)):
            return made
    if _speak_together(asked) and (made := _made("compare", asked, scope, rows)):
        return made
    opinion = ask_kind(asked.asked) if ask_kind else None
    return _made(opinion, asked, scope, rows) if opinion else None


def model_kind(settings: Settings, *, spent: Callable[[int, int, bool], None]) -> Callable[[str], PlanKind | None]:
    """Asks the language model of which kind a question is. It never raises: without an opinion, there is one pass."""

    def opinion_of(question: str) -> PlanKind | None:
        values = {"question": one_line(question)}
        allowance = Allowance(settings.timeout * SHARE, settings.max_tokens)
        try:
            reply = whole_reply(
                settings, values, prompt="plan", longest=LONGEST_REPLY, allowance=allowance, spent=spent
            )
        except ModelFault:
            return None
        word = re.fullmatch(r"\W*([a-z]+)\W*", reply.rpartition("</think>")[2].lower())
        return next((kind for kind in get_args(PlanKind) if word and kind == word[1]), None)

    return opinion_of


def _made(kind: PlanKind, asked: Question, scope: Scope, rows: Callable[[Sequence[str]], list[int]]) -> Plan | None:
    """The plan of that kind; None where the question lacks what it needs: people, dates or a subject."""
    people = _people(asked) if kind == "compare" else asked.people or tuple(filter(None, [scope.person]))
    subject = _without(kind, asked)
    if not subject.words:
        return None
    wide = SearchPass("", subject, scope, WIDE)
    if kind == "compare":
        if not 2 <= len(people) <= MOST_PASSES:
            return None
        passes = [
            SearchPass(
                f"{flat(name)}:", replace(subject, people=(name,), said=True), _with((name,), scope, rows), NARROW
            )
            for name in people
        ]
        return Plan(kind, replace(subject, people=people, said=True), tuple(passes))
    if kind == "change":
        if len(people) != 1:
            return None
        subject = replace(subject, people=people, said=True)
        dated = sorted((e for e in scope.episodes if e.date and any(p.name == people[0] for p in e.people)), key=_when)
        if len(dated) < 2:
            return None
        if len(dated) > MOST_PASSES:  # which of them mention it shows in one wide pass
            return Plan(kind, subject, (SearchPass("", subject, scope, WIDE),))
        narrow = [(e, Scope((e,), rows([e.id]), scope.person)) for e in dated]
        return Plan(kind, subject, tuple(SearchPass(episode_line(e), subject, one, NARROW) for e, one in narrow))
    if kind == "people" and _BESIDES.search(asked.asked):
        subject = replace(subject, people=(), said=False)
        return Plan(kind, subject, (replace(wide, question=subject),), but=asked.people)
    if not people and _GUESTS.search(asked.asked):  # the host is none of those asked about
        wide = replace(wide, question=replace(subject, role="guest", said=True))
    advice = _ADVICE if subject.words == RECOMMENDING else None
    if people and subject.said:
        wide = replace(wide, scope=_with(people, scope, rows))
    return Plan(kind, subject, (wide,), holds=advice)


def _with(people: Sequence[str], scope: Scope, rows: Callable[[Sequence[str]], list[int]]) -> Scope:
    """The episodes in which one of these people speaks, as far as it is known who does."""
    theirs = [e for e in scope.episodes if any(p.name in people for p in e.people)]
    return Scope(tuple(theirs), rows([e.id for e in theirs]), scope.person) if theirs else scope


class _Dated(Protocol):
    @property
    def date(self) -> str | None: ...

    @property
    def title(self) -> str: ...


def episode_line(episode: _Dated) -> str:
    """The line that leads what is quoted from one episode. Nothing in a title can look like a mark."""
    return f"{f'{episode.date}, ' if episode.date else ''}{flat(episode.title)}:"


def _when(episode: EpisodeSummary) -> tuple[str, str]:
    return episode.date or "", episode.title


def _people(asked: Question) -> tuple[str, ...]:
    """The people that the question names at places of their own; a first name that two share names neither."""
    places = _places(asked)
    return tuple(
        name
        for name, own in places.items()
        if own and not any(own & others for other, others in places.items() if other != name)
    )


def _places(asked: Question) -> dict[str, set[int]]:
    """At which words of the question each of its people is named."""
    words = re.findall(r"\w+", asked.asked.casefold())
    return {
        name: {n for n, word in enumerate(words) if word in re.findall(r"\w+", name.casefold())}
        for name in asked.people
    }


def _speak_together(asked: Question) -> bool:
    """Whether it asks what two people say, in one breath: "what did A and B say about …"."""
    words, places = re.findall(r"\w+", asked.asked.casefold()), _places(asked)
    own = sorted((min(places[name]), max(places[name])) for name in _people(asked))
    joined = any(
        words[last + 1 : first] and set(words[last + 1 : first]) <= CONJUNCTIONS
        for (_, last), (first, _) in pairwise(own)
    )
    return joined and bool(_SPEAKS.search(asked.asked))


def _without(kind: PlanKind, asked: Question) -> Question:
    """The question without the wording of its kind: "compare" stands in no answer."""
    rest, gone = asked.about or asked.asked, set()
    for pattern in PATTERNS[kind]:
        for match in pattern.finditer(rest):
            gone |= set(re.findall(r"\w+", match[0].casefold()))
        rest = pattern.sub(" ", rest)
    left = set(re.findall(r"\w+", rest.casefold()))
    words = tuple(word for word in asked.words if (word not in gone or word in left) and word not in WORDS_ABOUT_TALK)
    if not words and _RECOMMENDS.search(asked.asked):
        return replace(asked, words=RECOMMENDING, about=" ".join(RECOMMENDING))
    return replace(asked, words=words, about=" ".join(rest.split()))
