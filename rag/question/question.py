"""What was asked, as one value: the question whole, whom it means and how, and the words to search for.

Names are resolved with first names, surnames and typos allowed. Whether the question asks what somebody *said* (and not
only mentions them) is recognised by its grammar: that decides whether another person's words can answer it.
Knows nothing of passages or models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from index.episode import Role
from index.library import EpisodeSummary
from index.plain import plain
from rag.answer import Carried
from rag.english import ARTICLES, NOBODY, NOT_NAMES
from rag.question.about_library import is_small_talk
from rag.question.conversation import Exchange, Source, listed_in, offered_in, said_in, sources_of
from rag.question.follow_up import Whole, made_whole, topic_of
from rag.question.narrowed import Narrowed, narrowed, titled, wants_outline
from rag.question.offices import by_office, pronoun_in
from rag.question.people import Mention, find_people, fold, names_of, search_words, speaker_slots, without_names
from rag.question.scope import QuestionError

OWN_WORDS = 2  # of a follow-up's own, that say what is looked for
LONGEST_QUESTION = 2000  # characters; a longer one is a pasted document


Wants = Literal["answer", "outline", "topics", "episodes"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question understood.

    `asked` is it rewritten to stand alone, `about` the same without the names of people here, who seldom say their own.
    `words` are what
    to search for, without names of speakers and words about speaking.
    `people` are the persons named, `role` is set where it says "the guest" or "the host". `said` is True where it asks
    for what they *said*. `unknown` is a name asked about as a speaker that nobody here has.
    `narrowed` is where it limits itself to, by title, guest, date or order. `wants` is the kind of answer: one about its
    subject, an
    `outline` of an episode, what somebody says in the main (`topics`), or the episodes themselves (`episodes`).
    `carried` is what it takes over from the questions before it, `near` the sources beside which an answer may stand,
    `focus` who was spoken of last where it names nobody: their words come first in the search, and anybody's may answer.
    `more`: how often more of the last answer was asked for; `again`: that answer is asked for once more.
    `languages`: the question's and the library's, where the one can't be searched in the other.
    """

    asked: str
    words: tuple[str, ...]
    people: tuple[str, ...] = ()
    role: Role | None = None
    said: bool = False
    unknown: str | None = None
    about: str = ""
    narrowed: Narrowed | None = None
    wants: Wants = "answer"
    carried: tuple[Carried, ...] = ()
    near: tuple[Source, ...] = ()
    focus: tuple[str, ...] = ()
    more: int = 0
    again: bool = False
    languages: tuple[str, str] | None = None

    @property
    def asked_for(self) -> str | None:
        """Whose words are asked for, as it is said to the reader: "Ann or Bo", "the guest"; None: anybody's."""
        if self.people:
            return " or ".join(self.people)
        return f"the {self.role}" if self.role else None


_ROLE: dict[Role, re.Pattern[str]] = {
    "guest": re.compile(r"\b(?:the|her|his|their|this|that|today's|today’s) (?:guest|interviewee)s?\b", re.I),
    "host": re.compile(r"\b(?:the|her|his|their|this|that) (?:host|interviewer|presenter)s?\b", re.I),
}


_ONLY = re.compile(r"\bonly (?:what )?(?:the )?(?P<role>host|guest)s?\b", re.I)
_WHICH = re.compile(r"^\W*(?:what|which)(?: one)?(?:['’]?s| is| was| are| were| do you have)?(?: there)?\W*$", re.I)
_NO_WORDS = frozenset("anything something everything words quotes exactly else main mainly".split())
_NO_TOPIC = re.compile(
    r"^\W*(?:(?:and|so|please|ok)\b[, ]*)*(?:what (?:did|does|do|has|was|is|else did)\b.*|what['’]s .*|(?:give"
    r" me |show me )?(?:anything|something|everything|the words|quotes?) (?:from|by|of)\b.*"
    r"|what .* (?:says?|said|talks? about|talked about))\W*$",
    re.I,
)


def read_question(
    question: str,
    *,
    episodes: Sequence[EpisodeSummary],
    history: Sequence[Mapping[str, Any]] = (),
    is_word: Callable[[str], bool] = lambda word: True,
    without: Sequence[str] = (),
    today: date | None = None,
) -> Question:
    """The question understood, against the episodes that it may be about.

    `history`: earlier messages, oldest first, as {"role", "content"}. `is_word` says whether a lower-case word is used
    as one in these transcripts; a "name" that is one doesn't make an unknown person. `without`: kinds of what is carried on
    that the reader took away. QuestionError: nothing is asked.
    """
    text = checked(question)
    return understood(
        whole_of(text, exchanges_of(history, episodes), episodes, without), episodes, is_word=is_word, today=today
    )


def checked(question: str) -> str:
    """The question on one line. QuestionError: it holds no word, or is too long."""
    text = " ".join(plain(question).split())
    if not re.search(r"\w", text):
        raise QuestionError(
            "There is no question. Ask what somebody said, for example: what did the guest say about …?"
        )
    if len(text) > LONGEST_QUESTION:
        raise QuestionError(f"The question has {len(text):,} characters; up to {LONGEST_QUESTION:,} can be asked.")
    return text


def exchanges_of(history: Sequence[Mapping[str, Any]], episodes: Sequence[EpisodeSummary]) -> list[Exchange]:
    """The state of a conversation, oldest question first. Each is read in the light of those before it."""
    names = names_of(episodes)
    exchanges: list[Exchange] = []
    for said in said_in(history):
        if is_small_talk(said.question, names):
            continue
        given = re.fullmatch(r"(.*?)(?: \((.*)\))?", said.asked) if said.asked else None
        whole = whole_of(said.question, exchanges, episodes)
        if given:
            whole = replace(whole, text=given[1], rests_on=given[2] or "")
        before = exchanges[-1] if exchanges else Exchange("")
        parts = (whole.text,) if whole.anybody else (whole.text, whole.rests_on)
        people = [name for part in parts for name, *_ in _asked_first(part, episodes)] or _the_host(
            whole.text, episodes
        )
        topic = topic_of(whole.text) or (topic_of(whole.rests_on) or before.topic if whole.rests_on else "")
        sources = sources_of(said, names, episodes)
        exchanges.append(
            Exchange(
                asked=whole.text,
                rests_on=whole.rests_on,
                people=tuple(dict.fromkeys([*whole.speakers, *people])),
                topic=topic,
                sources=sources or (before.sources if whole.again else ()),
                listed=listed_in(said.answer, episodes),
                offered=offered_in(said.answer, names, people),
                more=whole.more,
                choices=before.choices if whole.picked else sources,
            )
        )
    return exchanges


def whole_of(
    text: str, exchanges: Sequence[Exchange], episodes: Sequence[EpisodeSummary], without: Sequence[str] = ()
) -> Whole:
    """A question made whole by the rules, after these exchanges."""
    titles = {episode.id: episode.title for episode in episodes}
    return made_whole(
        text,
        exchanges,
        lambda part: people_meant(part, episodes),
        titles=lambda id_: titles.get(id_, id_),
        pronoun_of=lambda name: pronoun_in(name, episodes),
        guests_of=lambda id_: [p.name for e in episodes if e.id == id_ for p in e.people if p.role == "guest"],
        without=without,
    )


def understood(
    whole: Whole,
    episodes: Sequence[EpisodeSummary],
    *,
    is_word: Callable[[str], bool] = lambda word: True,
    today: date | None = None,
) -> Question:
    """What a question that stands alone asks: whom it means and how, where, and what to search for."""
    limit = _limit(whole, episodes, today or date.today())
    own, rests_on = (limit.rest, "") if limit and not whole.rests_on else (whole.text, whole.rests_on)
    asked = f"{own} ({rests_on})" if rests_on else own
    pointed = set(limit.people) if limit else set()
    mentions = _but(people_meant(own, episodes), pointed)
    roles = [role for role, pattern in _ROLE.items() if pattern.search(own)]
    if not (mentions or roles or whole.anybody) and rests_on:
        own = asked
        mentions = _but(people_meant(own, episodes), pointed)
    slots = speaker_slots(own)
    roles = roles or [role for role, pattern in _ROLE.items() if pattern.search(own)]
    in_slot = [name for name, start, end in mentions if any(start < last and first < end for first, last in slots)]
    people = list(whole.speakers) or in_slot or [name for name, *_ in mentions]
    only = _ONLY.search(own)
    role: Role | None = roles[0] if len(roles) == 1 and not people else None
    if only:
        role, people = ("host" if only["role"].lower() == "host" else "guest"), []
    role_said = role is not None and (bool(only) or any(_ROLE[role].search(own[first:last]) for first, last in slots))
    # "What did Tobin say about Maud?": she is the subject, and looked for.
    speakers = [mention for mention in people_meant(asked, episodes) if mention[0] in people]
    return Question(
        asked=whole.asked,
        words=tuple(search_words(asked, speakers)),
        people=tuple(dict.fromkeys(people)),
        role=role,
        said=bool(in_slot and not only) or bool(whole.speakers) or role_said,
        unknown=None if people or role else _unknown_person(own, slots, is_word),
        about=_about(replace(whole, text=own) if not rests_on else whole, speakers, episodes),
        narrowed=limit,
        wants=_wanted(own, limit, people, speakers),
        carried=whole.carried,
        near=whole.near,
        focus=() if people or roles or whole.anybody else whole.focus,
        more=whole.more,
        again=whole.again,
    )


def _limit(whole: Whole, episodes: Sequence[EpisodeSummary], today: date) -> Narrowed | None:
    """The episodes that a question limits itself to, or the one that it goes on about."""
    if whole.episode:
        episode = next((one for one in episodes if one.id == whole.episode), None)
        return Narrowed((whole.episode,), titled(episode), whole.text) if episode else None
    parts = (whole.text, whole.rests_on) if whole.rests_on else (whole.text,)
    found = (narrowed(part, people_meant(part, episodes), episodes, today) for part in parts)
    return next((limit for limit in found if limit), None)


def _wanted(own: str, limit: Narrowed | None, people: Sequence[str], speakers: Sequence[Mention]) -> Wants:
    """The kind of answer that is asked for."""
    topic = [word for word in search_words(own, speakers, always=False) if word not in _NO_WORDS]
    if len(people) == 1 and _NO_TOPIC.match(own) and not topic:
        return "topics"
    if limit is None or people:
        return "answer"
    if _WHICH.match(limit.rest):
        return "episodes"
    if wants_outline(limit.rest):
        return "outline" if len(limit.episodes) == 1 else "episodes"
    return "answer"


def _but(mentions: Sequence[Mention], pointed: set[str]) -> list[Mention]:
    """The mentions without those who only pointed at an episode, unless nobody else is named twice."""
    return [one for one in mentions if one[0] not in pointed]


def _about(whole: Whole, speakers: Sequence[Mention], episodes: Sequence[EpisodeSummary]) -> str:
    """What is embedded: the question without names; with the one that it rests on, unless its own words say enough."""
    own = people_meant(whole.text, episodes)
    if whole.rests_on and len(search_words(whole.text, own, always=False)) >= OWN_WORDS:
        return without_names(whole.text, [one for one in own if one[0] in {name for name, *_ in speakers}])
    return without_names(whole.asked, speakers)


def people_meant(text: str, episodes: Sequence[EpisodeSummary]) -> list[Mention]:
    """(name, start, end) of each person that a text names, or means by what they do."""
    named = find_people(text, names_of(episodes))
    taken = [(start, end) for _, start, end in named]
    others = [
        mention
        for mention in by_office(text, episodes)
        if not any(first < mention[2] and mention[1] < last for first, last in taken)
    ]
    return sorted([*named, *others], key=lambda mention: mention[1])


def _the_host(text: str, episodes: Sequence[EpisodeSummary]) -> list[str]:
    """The host, where the text asks of them and there is one."""
    if not _ROLE["host"].search(text):
        return []
    hosts = {person.name for episode in episodes for person in episode.people if person.role == "host"}
    return [*hosts] if len(hosts) == 1 else ["the host"]


def _asked_first(text: str, episodes: Sequence[EpisodeSummary]) -> list[Mention]:
    """The people that a text names, those first whose words it asks for."""
    slots = speaker_slots(text)
    mentions = people_meant(text, episodes)
    return sorted(mentions, key=lambda one: not any(one[1] < last and first < one[2] for first, last in slots))


def _unknown_person(text: str, slots: Sequence[tuple[int, int]], is_word: Callable[[str], bool]) -> str | None:
    """A name in a speaker's place; None where what stands there is no name ("the council", "anyone", "people")."""
    has_capitals = any(
        word[:1].isupper() for word in re.findall(r"[\w'’-]+", text)[1:] if word not in ("I", "I'm", "I've")
    )
    for start, end in slots:
        words = text[start:end].split()
        article = False
        while words and words[0].lower() in NOT_NAMES | ARTICLES:
            article = words[0].lower() in ARTICLES
            words = words[1:]
        begins = text.index(words[0], start) if words else end
        if _PASSIVE.search(f"{text[:begins]}·{text[end:]}") or any(_TERM.fullmatch(word) for word in words):
            continue
        if article or not words or len(words) > 3:
            continue
        if any(fold(word) in NOBODY or fold(word) in NOT_NAMES for word in words):
            continue
        if has_capitals:
            if all(word[:1].isupper() for word in words):
                return " ".join(words)
        elif not words[0].isdigit() and not words[-1].endswith("s") and not all(is_word(fold(word)) for word in words):
            return " ".join(words)
    # "Why did Eugenia Branscombe give up fishing?": whatever she did, a name that stands nowhere here is a stranger's.
    for match in _DID_SOMETHING.finditer(text):
        if not any(is_word(fold(word)) for word in match["name"].split()):
            return match["name"]
    return None


# "What is Hesk Red called?", "When was CUT_LINE introduced?": what is spoken of speaks not.
_PASSIVE = re.compile(
    r"\b(?:is|was|are|were|been|being)\s+·\s+(?:\w+ly )?(?!\w+ing\b)(?:\w+ed|said|told|put|spoken|thought|felt)\b", re.I
)
_TERM = re.compile(r"\w*[_\d]\w*|[A-Z]{2,}s?")

_DID_SOMETHING = re.compile(
    r"\b(?i:did|does|has|would|will|can|could)\s+(?P<name>[A-Z][\w'’-]+(?: [A-Z][\w'’-]+){1,2})\b"
)
