"""Passages -> quotes: the shortest run of whole sentences, by one speaker, that answers. Nothing here writes a word.

A quote starts where its thought starts: a sentence that leans on the one before ("That's why …", "It …") takes it along,
and a question is not an answer. How well a quote fits is kept beside it as signals, for `rag/evidence/verdict.py` to decide by.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from index.episode import Episode, Sentence, Turn
from index.library import Library
from index.search.lexical import stems
from rag.evidence.quote import Quote, Signals
from rag.evidence.readings import readings
from rag.evidence.retrieve import Hit
from rag.question.answer_type import expected, holds
from rag.question.question import Question
from rag.reader.reading import READ, Reader
from rag.reader.view import AFTER_A_QUESTION

READ_PASSAGES = 6  # passages whose sentences are looked at without a reader; more change no answer on the samples
LONGEST_QUOTE_WORDS = 75
SHORTEST_QUOTE_WORDS = 7
MOST_SENTENCES = 6
OPENING_WORDS = 20  # of an answer, before its best sentence: quoted with it
STRONG_MARGIN = 0.7  # a sentence this little below the best one is quoted with it: half as likely to be the answer
ASKED_THE_SAME = 0.5  # cosine from which a host's question counts as the one that was asked

_LEANS = re.compile(
    r"^(?:(?:and|but|so|or|because|well|yeah|yes|no|now|right|okay|oh|then|also|um|uh|er|i mean|you know)[,.]?\s+)*"
    r"(?:it|it's|its|that|that's|this|these|those|they|they're|them|he|he's|she|she's|him|her|his|their|there|there's|which|then|"
    r"i did|i do|i was|i am|i would|i have|i can|we did|we do|so|because|exactly|not really|once|both|neither|"
    r"the other|another|one)\b",
    re.I,
)
_ASKS = re.compile(
    r"\?[\"'”’)]*$|^(?:(?:and|so|but|well|now|okay|right),? )*(?:i (?:want|wanted|have|had|need|would like|'d like) to ask\b"
    r"|i'd love to (?:ask|hear)\b|let me ask\b|can i ask\b|tell (?:me|us) (?:about|how|what|why|more)\b|talk (?:me|us) through\b)",
    re.I,
)


def leans(text: str) -> bool:
    """Whether a sentence leans on the one before it: "That's why …", "It …"."""
    return bool(_LEANS.match(text))


def asks(text: str) -> bool:
    """Whether a sentence asks something of somebody."""
    return bool(_ASKS.search(text))


class Extractor:
    """Chooses quotes from a library's passages."""

    def __init__(self, library: Library, reader: Reader | None = None) -> None:
        self.library, self.reader = library, reader

    def read(self, question: Question, hits: Sequence[Hit]) -> Evidence:
        """The sentences of the best passages, each with how well it fits the question."""
        hits = hits[: READ if self.reader else READ_PASSAGES]
        candidates = self._candidates(hits)
        weights, known = self._weights(question)
        if not candidates:
            return Evidence(question, [], [], weights, known, np.zeros((0, len(FEATURES))))
        if self.reader:
            # "In 2023" says where to look; no sentence answers it.
            asked = question.about if question.narrowed and question.about else question.asked
            read = readings(self.library, self.reader, asked, hits)
            near = np.array([read.get((c.episode.id, c.sentence.position), 0.0) for c in candidates])
        else:
            near = self._cosines(question, candidates)
        weighed = fitted(read=self.reader is not None)["sentence"]
        scored, features = _score(question, candidates, near, weights, weighed)
        return Evidence(
            question, candidates, scored, weights, known, features, read=self.reader is not None, cosines=self._cosines
        )

    def _cosines(self, question: Question, candidates: Sequence[_Candidate]) -> np.ndarray:
        """Of each candidate, the cosine of the question and the sentence by itself, shape (candidates,)."""
        vectors = self.library.remembered.encode([c.sentence.text for c in candidates])
        asked: np.ndarray = self.library.remembered.encode([question.about or question.asked], query=True)[0]
        return vectors @ asked

    def whole(self, hit: Hit, may_speak: Callable[[Turn], bool]) -> Quote | None:
        """The longest run of a passage by one turn that `may_speak`, as a quote; None where there is none."""
        runs = []
        for episode in self.library.episodes([hit.passage.episode]):
            for turn in episode.turns:
                inside = turn.spoken(hit.passage.first, hit.passage.last)
                if inside and may_speak(turn):
                    runs.append((sum(len(s.text) for s in inside), episode, turn, inside))
        if not runs:
            return None
        _, episode, turn, inside = max(runs, key=lambda run: run[0])
        text = " ".join(s.text for s in inside)
        signals = Signals(passage_cosine=hit.cosine)
        return Quote(episode, turn, inside[0].position, inside[-1].position, text, hit.score, hit.id, signals)

    def _weights(self, question: Question) -> tuple[dict[str, float], float]:
        """The stems of the question's words with their rarity (BM25's idf over the library), and the share known here."""
        weights: dict[str, float] = {}
        known = 0.0
        for word in question.words:
            here = self.library.passages_with(word) > 0
            for stem in stems(re.findall(r"\w+", word)):
                weights[stem] = self.library.rarity(word)
                known += weights[stem] if here else 0.0
        return weights, known / max(sum(weights.values()), 1e-6)

    def _candidates(self, hits: Sequence[Hit]) -> list[_Candidate]:
        """The sentences of speech of these passages, and those that follow a question at a passage's end; in order."""
        found: dict[tuple[str, int], _Candidate] = {}
        read = {episode.id: episode for episode in self.library.episodes({hit.passage.episode: None for hit in hits})}
        for hit in hits:
            episode = read.get(hit.passage.episode)
            if episode is None:  # it is damaged
                continue
            last = hit.passage.last
            spoken = [(turn, s) for turn in episode.turns for s in turn.spoken()]
            at_end = next((s for _, s in spoken if s.position == last), None)
            if at_end is not None and _ASKS.search(at_end.text):
                last += AFTER_A_QUESTION
            for number, (turn, sentence) in enumerate(spoken):
                if hit.passage.first <= sentence.position <= last and (episode.id, sentence.position) not in found:
                    asked = _question_before(spoken, number)
                    found[episode.id, sentence.position] = _Candidate(episode, turn, sentence, hit, asked)
        return [found[key] for key in sorted(found)]


@dataclass(frozen=True, slots=True)
class _Candidate:
    episode: Episode
    turn: Turn
    sentence: Sentence
    hit: Hit
    asked: str


@dataclass(frozen=True, slots=True)
class _Scored:
    near: float
    coverage: float
    score: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read for a question: candidate sentences and their scores, in the order of the transcripts.

    `read`: whether a reader has read them. `cosines`: (question, candidates) -> how alike their words are.
    """

    question: Question
    candidates: list[_Candidate]
    scored: list[_Scored]
    weights: dict[str, float]
    known: float
    features: np.ndarray
    read: bool = False
    cosines: Callable[[Question, Sequence[_Candidate]], np.ndarray] | None = None

    def asked_in_vain(self, may_answer: Callable[[Turn], bool]) -> Quote | None:
        """The words of somebody who asks the same of those that `may_answer`; None where nobody does."""
        asking = [i for i, candidate in enumerate(self.candidates) if self._host_asks(candidate, may_answer)]
        if not asking or self.cosines is None:
            return None
        alike = self.cosines(self.question, [self.candidates[i] for i in asking])
        best = int(np.argmax(alike))
        return _quote_around(asking[best], self) if alike[best] >= ASKED_THE_SAME else None

    def _host_asks(self, candidate: _Candidate, may_answer: Callable[[Turn], bool]) -> bool:
        """Whether a host asks something here of somebody else who may answer."""
        who = candidate.turn.speaker
        if (
            who is None
            or who.role != "host"
            or who.name in self.question.people
            or not _ASKS.search(candidate.sentence.text)
        ):
            return False
        return any(
            c.turn.speaker != who and c.episode.id == candidate.episode.id and may_answer(c.turn)
            for c in self.candidates
        )

    def choose(self, may_speak: Callable[[Turn], bool] = lambda turn: True, *, limit: int = 3) -> list[Quote]:
        """Up to `limit` quotes by turns that `may_speak`, best first; none overlap. Empty: there is nothing to quote."""
        asked = self.question
        may_ask = asked.role == "host" or "ask" in stems(re.findall(r"\w+", asked.asked))
        order = sorted(range(len(self.candidates)), key=lambda i: -self.scored[i].score)
        quotes: list[Quote] = []
        for i in order:
            candidate = self.candidates[i]
            if len(quotes) == limit:
                break
            if not may_speak(candidate.turn) or (_ASKS.search(candidate.sentence.text) and not may_ask):
                continue
            if len(re.findall(r"\w+", candidate.sentence.text)) < 3:
                continue
            quote = _quote_around(i, self)
            if not any(
                q.episode.id == quote.episode.id and q.first <= quote.last and quote.first <= q.last for q in quotes
            ):
                quotes.append(quote)
        return quotes


def _question_before(spoken: Sequence[tuple[Turn, Sentence]], number: int) -> str:
    """The question that a sentence may answer: asked by somebody else (or an unlabelled voice) just before it."""
    turn = spoken[number][0]
    for back in range(1, AFTER_A_QUESTION + 3):
        if number - back < 0:
            return ""
        before, sentence = spoken[number - back]
        if _ASKS.search(sentence.text) and (before is not turn or turn.speaker is None):
            return sentence.text
    return ""


def coverage(text_stems: set[str], weights: dict[str, float]) -> float:
    """The share of the question's words that are among these, weighted by rarity; 0 where it has none."""
    total = sum(weights.values())
    return sum(weight for stem, weight in weights.items() if stem in text_stems) / total if total else 0.0


def stem_set(text: str) -> set[str]:
    """The stems of every word of a text, names and grammar included, each once."""
    return set(stems(re.findall(r"\w+", text)))


def _score(
    question: Question,
    candidates: Sequence[_Candidate],
    near: np.ndarray,
    weights: dict[str, float],
    weighed: Mapping[str, float],
) -> tuple[list[_Scored], np.ndarray]:
    """Each candidate's fit, and the features (n_candidates, len(FEATURES)) that the fitted weights were applied to.

    `near`: how near each comes to the question, by its reader or by its words alone, -1..1.
    """
    best_hit = max(candidate.hit.score for candidate in candidates)
    covered = [coverage(stem_set(candidate.sentence.text), weights) for candidate in candidates]
    kind = expected(question.asked)
    asked_words = frozenset(re.findall(r"\w+", question.asked.lower()))
    held = [kind is not None and holds(kind, candidate.sentence.text, but=asked_words) for candidate in candidates]

    def beside(i: int, j: int) -> bool:
        """Whether candidate j stands within two sentences of i (stage directions lie between), in the same episode."""
        return (
            0 <= j < len(candidates)
            and candidates[j].episode.id == candidates[i].episode.id
            and abs(candidates[j].sentence.position - candidates[i].sentence.position) <= 2
        )

    features = np.array(
        [
            [
                near[i],
                covered[i],
                near[i - 1] if beside(i, i - 1) else 0.0,
                near[i + 1] if beside(i, i + 1) else 0.0,
                covered[i - 1] if beside(i, i - 1) else 0.0,
                coverage(stem_set(candidate.asked), weights),
                candidate.hit.score / max(best_hit, 1e-6),
                min(words := len(candidate.sentence.text.split()), 25) / 25,
                words < 5,
                bool(_ASKS.search(candidate.sentence.text)),
                bool(_LEANS.match(candidate.sentence.text)),
                held[i],
                (beside(i, i + 1) and held[i + 1]) or (beside(i, i - 1) and held[i - 1]),
                candidate.turn.speaker is not None and candidate.turn.speaker.name in question.people,
                candidate.turn.speaker is not None
                and candidate.turn.speaker.role == "host"
                and question.role != "host",
            ]
            for i, candidate in enumerate(candidates)
        ],
        float,
    )
    scores = features @ np.array([weighed.get(name, 0.0) for name in FEATURES])
    scored = [_Scored(float(near[i]), covered[i], float(scores[i])) for i in range(len(candidates))]
    return scored, features


FEATURES = (
    "near",
    "coverage",
    "near_before",
    "near_after",
    "coverage_before",
    "question_coverage",
    "passage",
    "length",
    "short",
    "asks",
    "leans",
    "expected",
    "expected_beside",
    "named",
    "host",
)
"""What a sentence's fit is made of, in the order of its weights in `fitted.json`."""


@cache
def fitted(*, read: bool) -> dict[str, Any]:
    """The weights fitted on development questions, for sentences that a reader has `read` or for those alone: `python -m eval
    fit-quotes` writes them and names the data."""
    every = json.loads(files("rag.evidence").joinpath("fitted.json").read_text(encoding="utf-8"))
    weights: dict[str, Any] = every["read" if read else "alone"]
    return weights


def _quote_around(seed: int, evidence: Evidence) -> Quote:
    """The seed sentence with those before that it leans on, and those after that it needs to be whole."""
    candidates, scored, weights = evidence.candidates, evidence.scored, evidence.weights
    turn, episode = candidates[seed].turn, candidates[seed].episode
    spoken = turn.spoken()
    first = last = next(n for n, s in enumerate(spoken) if s.position == candidates[seed].sentence.position)
    score_at = {(c.episode.id, c.sentence.position): s.score for c, s in zip(candidates, scored, strict=True)}

    def words() -> int:
        return sum(len(s.text.split()) for s in spoken[first : last + 1])

    def fits(sentence: Sentence) -> bool:
        return words() + len(sentence.text.split()) <= LONGEST_QUOTE_WORDS and last - first + 1 < MOST_SENTENCES

    while (
        first > 0
        and _LEANS.match(spoken[first].text)
        and fits(spoken[first - 1])
        and not _ASKS.search(spoken[first - 1].text)
    ):
        first -= 1
    opening = spoken[:first]
    if turn.speaker and candidates[seed].asked and 0 < sum(len(s.text.split()) for s in opening) <= OPENING_WORDS:
        # The short start of an answer often is the answer ("No. I'd leave it to people."); a bare "Well." is not.
        said = [n for n, s in enumerate(opening) if len(s.text.split()) >= 3 and not _ASKS.search(s.text)]
        while said and first > said[0] and fits(spoken[first - 1]) and not _ASKS.search(spoken[first - 1].text):
            first -= 1
    while last + 1 < len(spoken) and fits(spoken[last + 1]) and not _ASKS.search(spoken[last + 1].text):
        following = spoken[last + 1]
        strong = score_at.get((episode.id, following.position), -math.inf) >= scored[seed].score - STRONG_MARGIN
        if words() >= SHORTEST_QUOTE_WORDS and not strong:
            break
        last += 1
    text = " ".join(s.text for s in spoken[first : last + 1])
    candidate = candidates[seed]
    in_quote = stem_set(text) | stem_set(candidate.asked)
    in_passage = stem_set(candidate.hit.passage.text) | stem_set(candidate.hit.passage.context) | in_quote
    inside = {s.position for s in spoken[first : last + 1]}
    near = max(
        s.near
        for c, s in zip(candidates, scored, strict=True)
        if c.episode.id == episode.id and c.sentence.position in inside
    )
    signals = Signals(
        near=near,
        passage_cosine=candidate.hit.cosine,
        coverage=coverage(in_quote, weights),
        passage_coverage=coverage(in_passage, weights),
        known=evidence.known,
        expected=_expected_in(evidence.question, text, candidate),
        read=evidence.read,
    )
    return Quote(
        episode,
        turn,
        spoken[first].position,
        spoken[last].position,
        text,
        scored[seed].score,
        candidate.hit.id,
        signals,
    )


def _expected_in(question: Question, text: str, candidate: _Candidate) -> float:
    """How near the kind of thing that is asked for stands: 1 in the quote, ½ in its passage, 0 in neither."""
    kind = expected(question.asked)
    if kind is None:
        return 1.0
    asked_words = frozenset(re.findall(r"\w+", question.asked.lower()))
    if holds(kind, text, but=asked_words):
        return 1.0
    return 0.5 if holds(kind, candidate.hit.passage.text, but=asked_words) else 0.0
