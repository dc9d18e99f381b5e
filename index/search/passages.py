"""Episode -> passages: whole sentences of one exchange, what is embedded and found.

A passage never cuts a sentence, prefers to begin where an exchange begins (a question, or a new speaker), and carries
as `context` the question that it answers: that helps finding, and is never quoted as the passage's own words.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace

from index.episode import Episode, Passage, Sentence, Turn


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a passage may get. `words` and `seconds` are upper bounds (one longer sentence stands alone)."""

    words: int = 150
    seconds: float = 60.0
    least_words: int = 60

    @property
    def name(self) -> str:
        """The limits as a word, recorded in the library: "150w60s40" and the like."""
        return f"{self.words}w{self.seconds:g}s{self.least_words}"


LIMITS = Limits()
LONGEST_QUESTION_WORDS = 60


def build_passages(episode: Episode, limits: Limits = LIMITS) -> list[Passage]:
    """The passages of an episode in order; together they hold each sentence of speech exactly once."""
    questions = Questions(episode)
    passages: list[Passage] = []
    open_: list[tuple[Turn, Sentence]] = []
    for turn in episode.turns:
        spoken = [sentence for sentence in turn.sentences if sentence.speech]
        for number, sentence in enumerate(spoken):
            begins_exchange = number == 0 and _asks(turn)
            if open_ and (
                _too_long(open_, sentence, limits) or (begins_exchange and _words(open_) >= limits.least_words)
            ):
                passages.append(_close(episode, open_, questions))
                open_ = []
            open_.append((turn, sentence))
    if open_:
        passages.append(_close(episode, open_, questions))
    return passages


def embedded_text(episode: Episode, passage: Passage) -> str:
    """What is embedded for a passage: its own words, after the end of the question that they answer."""
    question = " ".join(passage.context.split()[-EMBEDDED_QUESTION_WORDS:])
    return f"{question} {passage.text}".strip()


EMBEDDED_QUESTION_WORDS = 30


def with_words_of(worded: Episode, timed: Episode, passage: Passage, questions: Questions) -> Passage:
    """The passage with the words that its sentences have in `worded`, and the times that they have in `timed`.

    `questions`: those of `worded`.
    """
    own = [s for s in worded.sentences[passage.first : passage.last + 1] if s.speech]
    return replace(
        passage,
        text=" ".join(sentence.text for sentence in own),
        context=questions.before(passage.first),
        start=timed.sentences[passage.first].start,
        end=timed.sentences[passage.last].end,
    )


def question_before(episode: Episode, position: int) -> str:
    """The words that the turn holding sentence `position` answers: the end of the turn before it, or ""."""
    return Questions(episode).before(position)


class Questions:
    """What the turns of an episode answer, each looked up without going through those before it."""

    def __init__(self, episode: Episode) -> None:
        self._ends = [turn.sentences[-1].position for turn in episode.turns]
        self._asking: list[Turn | None] = [None]  # before each turn, the last one of more than three words
        for turn in episode.turns:
            self._asking.append(turn if turn.words > 3 else self._asking[-1])

    def before(self, position: int) -> str:
        """As `question_before`."""
        turn = self._asking[bisect_left(self._ends, position)]
        if turn is None:
            return ""
        words = " ".join(sentence.text for sentence in turn.sentences if sentence.speech).split()
        return " ".join(words[-LONGEST_QUESTION_WORDS:])


def _asks(turn: Turn) -> bool:
    spoken = [sentence.text for sentence in turn.sentences if sentence.speech]
    return any(text.rstrip("\"'”’) ").endswith("?") for text in spoken[-2:])


def _words(open_: list[tuple[Turn, Sentence]]) -> int:
    return sum(len(sentence.text.split()) for _, sentence in open_)


def _too_long(open_: list[tuple[Turn, Sentence]], sentence: Sentence, limits: Limits) -> bool:
    if _words(open_) + len(sentence.text.split()) > limits.words:
        return True
    start = open_[0][1].start
    return start is not None and sentence.end is not None and sentence.end - start > limits.seconds


def _close(episode: Episode, open_: list[tuple[Turn, Sentence]], questions: Questions) -> Passage:
    first, last = open_[0][1], open_[-1][1]
    return Passage(
        episode=episode.id,
        first=first.position,
        last=last.position,
        text=" ".join(sentence.text for _, sentence in open_),
        context=questions.before(first.position),
        start=first.start,
        end=last.end,
    )
