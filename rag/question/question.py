"""What was asked, as one value: the question whole, whom it means and how, and the words to search for.

Names are resolved with first names, surnames and typos allowed. Whether the question asks what somebody *said* (and not
only mentions them) is recognised by its grammar: that decides whether another person's words can answer it.
Knows nothing of passages or models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from index.episode import Role
from index.library import EpisodeSummary
from index.plain import plain
from rag.english import ARTICLES, NOBODY, NOT_NAMES
from rag.question.about_library import is_small_talk
from rag.question.conversation import Exchange, Source, listed_in, offered_in, said_in, sources_of
from rag.question.follow_up import Carried, Whole, made_whole, topic_of
from rag.question.offices import by_office, pronoun_in
from rag.question.people import find_people, fold, names_of, search_words, speaker_slots, without_names
from rag.question.scope import QuestionError

LONGEST_QUESTION = 2000  # characters; a longer one is a pasted document


@dataclass(frozen=True, slots=True)
class Question:
    """A question understood.

    `asked` is it rewritten to stand alone, `about` the same without the names of people here, who seldom say their own.
    `words` are what
    to search for, without names of speakers and words about speaking.
    `people` are the persons named, `role` is set where it says "the guest" or "the host". `said` is True where it asks
    for what they *said*. `unknown` is a name asked about as a speaker that nobody here has.
    `carried` is what it takes over from the questions before it, `near` the sources beside which an answer may stand,
    `focus` who was spoken of last where it names nobody: their words come first in the search, and anybody's may answer.
    `more`: how often more of the last answer was asked for; `again`: that answer is asked for once more.
    """

    asked: str
    words: tuple[str, ...]
    people: tuple[str, ...] = ()
    role: Role | None = None
    said: bool = False
    unknown: str | None = None
    episodes: tuple[str, ...] = ()
    about: str = ""
    carried: tuple[Carried, ...] = ()
    near: tuple[Source, ...] = ()
    focus: tuple[str, ...] = ()
    more: int = 0
    again: bool = False

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


def read_question(
    question: str,
    *,
    episodes: Sequence[EpisodeSummary],
    history: Sequence[Mapping[str, Any]] = (),
    is_word: Callable[[str], bool] = lambda word: True,
    without: Sequence[str] = (),
) -> Question:
    """The question understood, against the episodes that it may be about.

    `history`: earlier messages, oldest first, as {"role", "content"}. `is_word` says whether a lower-case word is used
    as one in these transcripts; a "name" that is one doesn't make an unknown person. `without`: kinds of what is carried on
    that the reader took away. QuestionError: nothing is asked.
    """
    text = checked(question)
    return understood(whole_of(text, exchanges_of(history, episodes), episodes, without), episodes, is_word=is_word)


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
        if is_small_talk(said.question):
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
    whole: Whole, episodes: Sequence[EpisodeSummary], *, is_word: Callable[[str], bool] = lambda word: True
) -> Question:
    """What a question that stands alone asks: whom it means and how, and what to search for."""
    asked, own = whole.asked, whole.text
    mentions = people_meant(own, episodes)
    roles = [role for role, pattern in _ROLE.items() if pattern.search(own)]
    if not (mentions or roles or whole.anybody) and whole.rests_on:
        own = asked
        mentions = people_meant(own, episodes)
    slots = speaker_slots(own)
    roles = roles or [role for role, pattern in _ROLE.items() if pattern.search(own)]
    in_slot = [name for name, start, end in mentions if any(start < last and first < end for first, last in slots)]
    people = list(whole.speakers) or in_slot or [name for name, *_ in mentions]
    role: Role | None = roles[0] if len(roles) == 1 and not people else None
    role_said = role is not None and any(_ROLE[role].search(own[first:last]) for first, last in slots)
    # "What did Tobin say about Maud?": she is the subject, and looked for.
    speakers = [mention for mention in people_meant(asked, episodes) if mention[0] in people]
    return Question(
        asked=asked,
        words=tuple(search_words(asked, speakers)),
        people=tuple(dict.fromkeys(people)),
        role=role,
        said=bool(in_slot) or bool(whole.speakers) or role_said,
        unknown=None if people or role else _unknown_person(own, slots, is_word),
        episodes=(whole.episode,) if whole.episode else tuple(_named_episodes(asked, episodes)),
        about=without_names(asked, speakers),
        carried=whole.carried,
        near=whole.near,
        focus=() if people or roles or whole.anybody else whole.focus,
        more=whole.more,
        again=whole.again,
    )


def people_meant(text: str, episodes: Sequence[EpisodeSummary]) -> list[tuple[str, int, int]]:
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


def _asked_first(text: str, episodes: Sequence[EpisodeSummary]) -> list[tuple[str, int, int]]:
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


_DID_SOMETHING = re.compile(
    r"\b(?i:did|does|has|would|will|can|could)\s+(?P<name>[A-Z][\w'’-]+(?: [A-Z][\w'’-]+){1,2})\b"
)


def _named_episodes(text: str, episodes: Sequence[EpisodeSummary]) -> list[str]:
    """Episodes that the question is limited to: "in The Digital First Approach", "the episode called …"."""
    folded = f" {fold(text)} "
    return [
        episode.id
        for episode in episodes
        # The cheap test first: a library may have thousands of titles.
        if f" {(title := fold(episode.title))} " in folded
        and " " in title
        and re.search(rf" (?:in|from|episode|episode called|called|titled) {re.escape(title)} ", folded)
    ]
