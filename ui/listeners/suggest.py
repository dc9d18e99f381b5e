"""Questions that this library can answer: to begin with, to go on with, and to try where there was no answer.

Each one was asked, without a language model, before it is shown. Knows nothing of HTML or Gradio.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from threading import BoundedSemaphore, Lock

from cachetools import LRUCache

from index.errors import VerbatimError
from index.library import EpisodeSummary, Library
from rag.answer import Answer, Done
from rag.assistant import Assistant
from rag.question.people import nearest_names
from rag.question.scope import Filters
from ui.words.listeners import said

MOST_SUGGESTED = 3
MOST_EXAMPLES = 4
MOST_TRIED = 6  # questions asked for one set of suggestions: each takes about as long as an answer without a model
SUGGESTING_AT_ONCE = 2  # listeners; answers come first, and whoever is third goes without suggestions
REMEMBERED = 2000  # questions known to have an answer or none
PASSAGES = 16  # looked through for other people who spoke of it
SPOKEN_WORDS = 30  # of a person in a passage, from which they count as speaking of it
EPISODES_READ = 4  # of a person, for what they speak about
MOST_TOPICS = 6
LONGEST_TOPIC = 60  # characters
TOPIC_LETTERS = 4  # shorter words name few topics
RARE = 1.2  # of a topic's words: they stand in fewer than about one passage of four
TOPIC = re.compile(r"\b(?:about|of|on)\s+(.{3,60}?)\s*\?*\s*$", re.IGNORECASE)
TOKEN = re.compile(r"[A-Za-z]+(?:[’'][a-z]+)?|[.,;:?!—–-]+")
NOUN = re.compile(r"[A-Za-z]{4,}")
ARTICLES = {"the": "the", "this": "the", "that": "the", "a": "a", "an": "an"} | dict.fromkeys(
    ["my", "our", "your", "his", "her", "their"], "the"
)
POINTERS = {"it", "that", "this", "these", "those", "them", "him", "her", "there"}
VAGUE = set("best better first second third last next other same only whole little late very again most more".split())


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question to ask next. `everywhere`: without the filters; `label`: what is shown instead of the question.

    `goes_on`: it asks for more of the answer to this question.
    """

    question: str
    everywhere: bool = False
    label: str = ""
    goes_on: str = ""


class Suggester:
    """Makes suggestions for one library, and remembers which questions have an answer."""

    def __init__(self, assistant: Assistant) -> None:
        self.library = assistant.library
        # The writer without a model: a suggestion must cost nothing but a moment.
        self.assistant = Assistant(assistant.library, assistant.settings, retriever=assistant.retriever)
        self._known: LRUCache[tuple[int, str, Filters, int], Answer | None] = LRUCache(REMEMBERED)
        self._topics: LRUCache[tuple[int, str], list[str]] = LRUCache(REMEMBERED)
        self._lock, self._examples = Lock(), Lock()
        self._turns = BoundedSemaphore(SUGGESTING_AT_ONCE)

    def examples(self) -> list[str]:
        """Up to four questions that an empty conversation begins with, made from people and titles."""
        candidates = (Suggestion(question) for question in self._questions())
        with self._examples:  # who comes while they are being tried waits for them, and doesn't try them too
            return [found.question for found in self._answerable(candidates, Filters(), limit=MOST_EXAMPLES)]

    def next(self, answer: Answer, filters: Filters) -> list[Suggestion]:
        """Up to three questions to ask after this answer, none of them the same again; none while many others want some."""
        if not self._turns.acquire(blocking=False):
            return []
        try:
            return self._next(answer, filters)
        finally:
            self._turns.release()

    def _next(self, answer: Answer, filters: Filters) -> list[Suggestion]:
        if answer.kind not in ("speech", "filters"):
            return [Suggestion(question) for question in self.examples()[:MOST_SUGGESTED]]
        answered = answer.verdict in ("answered", "said_by_other")
        candidates = self._after_answer(answer) if answered else self._after_refusal(answer, filters)
        asked = {answer.question.strip().casefold(), answer.asked.strip().casefold()}
        fresh = (c for c in candidates if c.everywhere or c.question.casefold() not in asked)
        return self._answerable(fresh, filters, limit=MOST_SUGGESTED)

    def _answerable(self, candidates: Iterable[Suggestion], filters: Filters, *, limit: int) -> list[Suggestion]:
        kept: dict[str, Suggestion] = {}
        for tried, candidate in enumerate(candidates):
            if tried == MOST_TRIED or len(kept) == limit:
                break
            if candidate.question not in kept and self.answers(candidate, filters):
                kept[candidate.question] = candidate
        return list(kept.values())

    def answers(self, candidate: Suggestion, filters: Filters) -> bool:
        """Whether the library answers it, by whom it asks for."""
        narrowed = Filters() if candidate.everywhere else filters
        answer = self._answer(candidate.goes_on or candidate.question, narrowed, more=1 if candidate.goes_on else 0)
        return answer is not None and answer.verdict == "answered"

    def _answer(self, question: str, filters: Filters, *, more: int = 0) -> Answer | None:
        key = (self.library.generation(), question, filters, more)
        with self._lock:
            if key in self._known:
                return self._known[key]
        try:
            answer = next(e.answer for e in self.assistant.ask(question, (), filters, more=more) if isinstance(e, Done))
        except VerbatimError:
            answer = None
        with self._lock:
            self._known[key] = answer
        return answer

    def _after_answer(self, answer: Answer) -> Iterator[Suggestion]:
        """More of it, one other person on the same topic, other topics of those who were quoted, other people again."""
        if answer.question == answer.asked:  # a follow-up is shown made whole; asked again, it might be read otherwise
            yield Suggestion(said("more"), goes_on=answer.asked)
        cited = list(dict.fromkeys(c.speaker for c in answer.citations if c.speaker))
        topic = topic_asked(answer.asked)
        others = [said("ask_about", person=name, topic=topic) for name in self._others(answer, cited)] if topic else []
        own = [
            said("ask_about", person=name, topic=own_topic)
            for name in cited[:2]
            for own_topic in self.topics(name)
            if not _shares_word(own_topic, answer.asked)
        ]
        yield from (Suggestion(question) for question in [*others[:1], *own[:3], *others[1:], *own[3:]])

    def _after_refusal(self, answer: Answer, filters: Filters) -> Iterator[Suggestion]:
        """What comes nearest to the question and has an answer."""
        if filters != Filters():
            yield Suggestion(answer.question, everywhere=True, label=said("try_everywhere"))
        summaries = self.library.summaries()
        topic = topic_asked(answer.asked)
        if answer.verdict == "unknown_person":
            with self.assistant.pinned() as assistant:
                asked, _ = assistant.understand(answer.question, (), Filters())
            for name in nearest_names(asked.unknown or "", summaries):
                literal = name.replace("\\", r"\\")
                yield Suggestion(re.sub(re.escape(asked.unknown or ""), literal, answer.asked, flags=re.I))
        if topic:
            yield Suggestion(said("ask_anybody", topic=topic))
        near = [citation.speaker for citation in answer.nearest if citation.speaker]
        named = [answer.searched.speaker] if answer.searched.speaker else []
        for name in dict.fromkeys([*named, *near]):
            yield from (Suggestion(said("ask_about", person=name, topic=own)) for own in self.topics(name)[:2])
        yield from (Suggestion(question) for question in self._questions())

    def _others(self, answer: Answer, cited: Sequence[str]) -> list[str]:
        """Who else speaks in the passages about this, best passage first."""
        with self.assistant.pinned() as assistant:
            asked, scope = assistant.understand(answer.asked, (), Filters())
            hits = assistant.retriever.retrieve(replace(asked, people=(), role=None), scope, k=PASSAGES)
            spoken = assistant.library.spoken_words([hit.id for hit in hits])
        names = (
            name
            for hit in hits
            for (name, role), words in spoken.get(hit.id, {}).items()
            if words >= SPOKEN_WORDS and role != "host"
        )
        return [name for name in dict.fromkeys(names) if name not in cited]

    def _questions(self) -> Iterator[str]:
        """Questions about the newest episodes: a title that asks one, or what is talked about with a guest, or the title."""
        summaries = sorted(self.library.summaries(), key=lambda summary: summary.date or "", reverse=True)
        for summary in islice(summaries, MOST_TRIED):
            guest = next((person.name for person in summary.people if person.role == "guest"), None)
            topic = next(iter(self.topics(guest)), "") if guest else topic_of(summary)
            if summary.title.endswith("?"):
                yield summary.title
            elif topic:
                yield said("ask_about", person=guest, topic=topic) if guest else said("ask_anybody", topic=topic)

    def topics(self, person: str) -> list[str]:
        """`topics_of` a person, remembered for as long as the library stays as it is."""
        key = (self.library.generation(), person)
        with self._lock:
            if key in self._topics:
                return self._topics[key]
        with self.library.snapshot() as library:
            topics = topics_of(library, person)
        with self._lock:
            self._topics[key] = topics
        return topics


def topic_asked(question: str) -> str:
    """What a question is about, in its own words: `the tidal barrier`; "" where it doesn't say, or only says `it`."""
    # A follow-up made whole carries in brackets what it refers to.
    found = TOPIC.search(re.sub(r"\s*\([^()]*\)", "", question))
    return found[1] if found and found[1].casefold() not in POINTERS else ""


def topics_of(library: Library, person: str) -> list[str]:
    """What is talked about with a person: phrases that come up more than once in their newest episodes, then the titles."""
    theirs = [s for s in library.summaries() if any(speaker.name == person for speaker in s.people)]
    newest = sorted(theirs, key=lambda summary: summary.date or "", reverse=True)[:EPISODES_READ]
    names = {word.casefold() for summary in newest for speaker in summary.people for word in speaker.name.split()}
    names |= {word.casefold() for summary in newest for word in summary.show.split()}
    often: Counter[str] = Counter()
    articles: dict[str, Counter[str]] = {}
    for episode in library.episodes(summary.id for summary in newest):
        for sentence in episode.sentences:
            for article, phrase in phrases(sentence.text) if sentence.speech else ():
                if not names & set(phrase.casefold().split()):
                    often[phrase] += 1
                    articles.setdefault(phrase, Counter())[article] += 1
    telling: dict[str, float] = {}
    for phrase, count in often.items():
        rarity = min(library.rarity(word) for word in phrase.split())
        if count > 1 and rarity >= RARE:
            article = articles[phrase].most_common(1)[0][0]
            telling[f"{article} {phrase}".strip()] = count * rarity
    titles = [topic for summary in newest if (topic := topic_of(summary))]
    kept: list[str] = []
    for topic in [*sorted(telling, key=lambda phrase: (-telling[phrase], phrase)), *titles]:
        if len(topic) <= LONGEST_TOPIC and not any(_shares_word(topic, other) for other in kept):
            kept.append(topic)
    return kept[:MOST_TOPICS]


def phrases(text: str) -> Iterator[tuple[str, str]]:
    """Pairs of words that name something, as (the article before them, the pair): `a copper kettle`, `Pellow Haven`."""
    words = TOKEN.findall(text)
    for at, (one, other) in enumerate(pairwise(words)):
        article = ARTICLES.get(words[at - 1].lower(), "") if at else ""
        proper = bool(at) and one[0].isupper() and other[0].isupper()
        telling = NOUN.fullmatch(one) and NOUN.fullmatch(other) and not VAGUE & {one.lower(), other.lower()}
        if telling and (article or proper):
            yield article, f"{one} {other}"


def _shares_word(one: str, other: str) -> bool:
    def words(text: str) -> set[str]:
        return {word for word in re.findall(r"[\w’'-]+", text.casefold()) if len(word) >= TOPIC_LETTERS}

    return bool(words(one) & words(other))


def topic_of(summary: EpisodeSummary) -> str:
    """The part of a title that is about something: `Elon Musk: Tesla Autopilot | Podcast #18` is `Tesla Autopilot`."""
    names = {word.lower() for person in summary.people for word in person.name.split() if len(word) > 2}
    for part in re.split(r"\s*[:|,–—]\s*|\s+-\s+", summary.title):
        words = part.split()
        about_nobody = not names & {word.lower() for word in words}
        if words and about_nobody and not re.search(r"#\d|\b(episode|podcast|ep\.?)\b", part, re.IGNORECASE):
            return re.sub(r"^(The|A|An)\b", lambda article: article[0].lower(), part)
    return ""
