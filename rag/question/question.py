"""What a question asks: rewritten after earlier ones, the people and episodes it names, and the words to search for.

Names are resolved with first names, surnames and typos allowed. Whether the question asks what somebody *said* (and not
only mentions them) is recognised by its grammar: that decides whether another person's words can answer it.
Knows nothing of passages or models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from index.episode import Role
from index.library import EpisodeSummary
from index.plain import plain
from rag.english import ARTICLES, NOBODY, NOT_NAMES
from rag.question.follow_up import rewritten
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
    """

    asked: str
    words: tuple[str, ...]
    people: tuple[str, ...] = ()
    role: Role | None = None
    said: bool = False
    unknown: str | None = None
    episodes: tuple[str, ...] = ()
    about: str = ""

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
    history: Sequence[Mapping[str, str]] = (),
    is_word: Callable[[str], bool] = lambda word: True,
) -> Question:
    """The question understood, against the episodes that it may be about.

    `history`: earlier messages, oldest first, as {"role", "content"}. `is_word` says whether a lower-case word is used
    as one in these transcripts; a "name" that is one doesn't make an unknown person. QuestionError: nothing is asked.
    """
    text = " ".join(plain(question).split())
    if not re.search(r"\w", text):
        raise QuestionError(
            "There is no question. Ask what somebody said, for example: what did the guest say about …?"
        )
    if len(text) > LONGEST_QUESTION:
        raise QuestionError(f"The question has {len(text):,} characters; up to {LONGEST_QUESTION:,} can be asked.")
    names = names_of(episodes)
    asked = rewritten(text, history, names)
    mentions = find_people(asked, names)
    slots = speaker_slots(asked)
    roles = [role for role, pattern in _ROLE.items() if pattern.search(asked)]
    in_slot = [name for name, start, end in mentions if any(start < last and first < end for first, last in slots)]
    people = in_slot or [name for name, *_ in mentions]
    role: Role | None = roles[0] if len(roles) == 1 and not people else None
    role_said = role is not None and any(_ROLE[role].search(asked[first:last]) for first, last in slots)
    # "What did Tobin say about Maud?": she is the subject, and looked for.
    speakers = [mention for mention in mentions if mention[0] in people]
    return Question(
        asked=asked,
        words=tuple(search_words(asked, speakers)),
        people=tuple(dict.fromkeys(people)),
        role=role,
        said=bool(in_slot) or role_said,
        unknown=None if people or role else _unknown_person(asked, slots, is_word),
        episodes=tuple(_named_episodes(asked, episodes)),
        about=without_names(asked, speakers),
    )


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
