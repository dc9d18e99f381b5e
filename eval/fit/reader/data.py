"""Questions and texts -> what the reader learns from: a question, a few sentences of an episode, and what is right of them.

Wrong ones are made here: other words of the same text, the words most like the question elsewhere, a detail exchanged, the
question turned round, and right words of a person other than the one asked about. The order is a function of the seed
alone, a block after the other, so that training goes on where it was stopped.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace

from eval.fit.reader.changed import detail_changed, misspelt, turned_round
from eval.fit.reader.sets import TRAINED, Corpus, Item, Text

BLOCK = 1024
TALKS = {"changelog": 1.5, "qmsum": 10.0, "mined": 3.0, "written": 7.0, "fiction": 14.0}
"""How often their questions are read; `mined` are those of `reader_mistakes.py`."""
CHARACTERS = 3.9
"""Of a token, rather few: what is cut off at the end is not learnt from."""
VOICES = 0.2
"""Of the texts without speakers are given some: turns with made-up names."""
MISSPELT = 0.15
"""Of the questions are typed in haste."""
BARE = 0.2
"""Of the episodes lose theirs, and where turns end: like transcripts without labels."""
_SAYING = (
    "According to {n}, {q}",
    "{Q} according to {n}?",
    "What does {n} say: {q}",
    "What did {n} say about this: {q}",
)


@dataclass(frozen=True, slots=True)
class ReaderExample:
    """What is read, and what is right; None where that isn't known.

    `sentences`: start and end in `passage`, and whether it answers. `spans`: alternative words of the answer in `passage`;
    an empty tuple: none. `answered`: by whom the question asks for; `by_anyone`: whoever says it.
    """

    set: str
    kind: str
    question: str
    passage: str
    sentences: tuple[tuple[int, int, bool | None], ...]
    spans: tuple[tuple[int, int], ...] | None
    answered: bool
    by_anyone: bool


class ExampleMaker:
    """Makes examples of a part of the corpus."""

    def __init__(self, corpus: Corpus, part: str, *, tokens: int = 192, sets: Sequence[str] | None = None) -> None:
        self.texts, self.tokens = corpus.texts, tokens
        self.names = sorted(
            {s[3] for text in corpus.texts if text.set in ("changelog", "friendsqa") for s in text.sentences if s[3]}
        )
        self.names = [name for name in self.names if re.fullmatch(r"[A-Z][\w'-]+(?: [A-Z][\w'-]+)?", name)] or [
            "Ann Lee",
            "Bo",
        ]
        self.items: dict[str, list[Item]] = defaultdict(list)
        self.beside: dict[str, list[int]] = defaultdict(list)
        for item in corpus.items:
            if corpus.texts[item.text].part == part and (sets is None or item.set in sets):
                self.items[item.set].append(item)
        for number, text in enumerate(corpus.texts):
            if text.part == part:
                self.beside[text.doc].append(number)

    def blocks(self, seed: int, first: int = 0, size: int = BLOCK) -> Iterator[list[ReaderExample]]:
        """Blocks of examples without end, from number `first` on; every set's rows are gone through in turn."""
        weights = {name: TRAINED.get(name, TALKS.get(name, 0)) * len(rows) for name, rows in self.items.items()}
        total = sum(weights.values())
        number = first
        while True:
            rng = random.Random(f"{seed} block {number}")
            block = []
            for name in sorted(weights):
                rows = self.items[name]
                share = weights[name] / total * size
                for place in range(int(share * number), int(share * (number + 1))):
                    order = place // len(rows)
                    row = (place * _step(len(rows), seed + order) + order) % len(rows)
                    made = self.example(rows[row], rng)
                    typed = misspelt(made.question, rng) if rng.random() < MISSPELT else made.question
                    block.append(replace(made, question=typed))
            yield block
            number += 1

    def example(self, item: Item, rng: random.Random) -> ReaderExample:
        """One example of an item: right as it stands, or wrong in one of the ways."""
        if not item.answered:
            window = (
                self._answering(item, rng)
                if item.gold
                else self._window(self.texts[item.text], self._like(item, item.text, rng), rng)
            )
            return self._named(item, "not answered", window, rng)
        kind = rng.random()
        if kind > 0.49 and kind < 0.62:
            changed = detail_changed(item, self.texts[item.text], rng) or turned_round(item, rng)
            if changed is not None:
                window = self._answering(item, rng)
                return self._named(replace(item, question=changed), "changed", window, rng, wrong=True)
        if kind > 0.62:
            elsewhere = self._wrong(item, rng)
            if elsewhere is not None:
                return self._named(item, "elsewhere", elsewhere, rng, wrong=True)
        return self._named(item, "answer", self._answering(item, rng), rng)

    def as_it_stands(self, item: Item, rng: random.Random) -> ReaderExample:
        """The item as its set has it, nothing made: what is measured."""
        text = self.texts[item.text]
        window = self._answering(item, rng) if item.gold else self._window(text, self._like(item, item.text, rng), rng)
        return self._shown(
            item, "as it stands", window, {}, item.answered, item.answered or bool(item.gold), item.question
        )

    # ---- which sentences

    def _budget(self, question: str) -> int:
        return int((self.tokens - 4) * CHARACTERS - min(len(question), 200))

    def _answering(self, item: Item, rng: random.Random) -> list[tuple[Text, int]]:
        text = self.texts[item.text]
        seed = rng.choice(item.gold) if item.gold else 0
        without = set(item.asked) if item.asked and rng.random() < 0.6 else set()
        return self._window(text, seed, rng, without=without, question=item.question)

    def _window(
        self, text: Text, seed: int, rng: random.Random, *, without: Set[int] = frozenset(), question: str = ""
    ) -> list[tuple[Text, int]]:
        """Sentences around one, as many as may be read, more or fewer of them before it."""
        budget = self._budget(question) * (1 if rng.random() < 0.7 else rng.uniform(0.4, 1))
        first = last = seed
        size = _length(text, seed)
        before = rng.random()
        while True:
            options = [
                n for n in (first - 1, last + 1) if 0 <= n < len(text.sentences) and size + _length(text, n) <= budget
            ]
            if not options:
                break
            pick = options[0] if len(options) == 1 or rng.random() < before else options[1]
            size += 0 if pick in without else _length(text, pick)
            first, last = min(first, pick), max(last, pick)
        return [(text, n) for n in range(first, last + 1) if n not in without]

    def _wrong(self, item: Item, rng: random.Random) -> list[tuple[Text, int]] | None:
        """Words that don't answer: of the same text, of its document, or most like the question elsewhere."""
        text = self.texts[item.text]
        bad = {*item.gold, *item.near}
        answers = [text.text[a:b].casefold() for a, b in item.spans if b - a >= 2]
        for _ in range(4):
            if item.asked and rng.random() < 0.25:
                return self._evaded(item, rng)
            if item.wrong and rng.random() < 0.45:
                place = rng.choice(item.wrong)
            else:
                place = rng.choice([item.text, *self.beside[text.doc]])
            other = self.texts[place]
            own = place == item.text
            if own and not item.placed:
                continue
            seed = self._like(item, place, rng, but=bad if own else frozenset())
            window = self._window(other, seed, rng, question=item.question)
            if own:
                inside = [i for i, (_, n) in enumerate(window) if n in bad or n in item.asked]
                at = next(i for i, (_, n) in enumerate(window) if n == seed)
                low = max((i for i in inside if i < at), default=-1)
                window = window[low + 1 : min((i for i in inside if i > at), default=len(window))]
            said = " ".join(other.text[other.sentences[n][0] : other.sentences[n][1]] for _, n in window).casefold()
            if window and not any(answer in said for answer in answers):
                return window
        return None

    def _evaded(self, item: Item, rng: random.Random) -> list[tuple[Text, int]]:
        """The host's question, and then other words of the one who answers: asked, and not answered."""
        text = self.texts[item.text]
        who = text.sentences[item.gold[0]][3]
        theirs = [
            n for n, s in enumerate(text.sentences) if s[3] == who and n not in item.near and _length(text, n) > 40
        ]
        window = [(text, n) for n in item.asked][-3:]
        if theirs:
            at = rng.choice(theirs)
            turn = text.sentences[at][2]
            size = sum(_length(text, n) for _, n in window)
            while at < len(text.sentences) and text.sentences[at][2] == turn and at not in item.near:
                size += _length(text, at)
                if size > self._budget(item.question):
                    break
                window.append((text, at))
                at += 1
        return window

    def _like(self, item: Item, place: int, rng: random.Random, but: Set[int] = frozenset()) -> int:
        """A sentence of a text with many of the question's words (half of the time any one), none of `but`."""
        text = self.texts[place]
        free = [n for n in range(len(text.sentences)) if n not in but and n not in item.asked] or [0]
        if rng.random() < 0.4:
            return rng.choice(free)
        words = {w for w in re.findall(r"\w{4,}", item.question.lower())}
        tried = free if len(free) <= 60 else rng.sample(free, 60)
        return max(tried, key=lambda n: (len(words & set(re.findall(r"\w{4,}", _said(text, n).lower()))), rng.random()))

    # ---- who says it

    def _named(
        self, item: Item, kind: str, window: list[tuple[Text, int]], rng: random.Random, wrong: bool = False
    ) -> ReaderExample:
        """The example, some of them about the words of one person: of whoever says it, or of somebody who doesn't."""
        anyone = (item.answered or bool(item.gold)) and not wrong
        voices: dict[tuple[int, int], str] = {}
        question, right = item.question, item.answered
        speakers = [text.sentences[n][3] for text, n in window]
        if not any(speakers) and rng.random() < VOICES:
            voices = self._voices(window, rng)
        shown = list(voices.values()) or [speaker for speaker in speakers if speaker]
        gold = {
            voices.get((id(text), n), text.sentences[n][3])
            for text, n in window
            if n in item.gold and text is self.texts[item.text]
        }
        if item.person and (not wrong or rng.random() < 0.5):
            # Who speaks beside the answer may be saying the same: nobody knows whether they answer.
            beside = {text.sentences[n][3] for text, n in window if n in item.near and n not in item.gold}
            others = sorted(
                {
                    w
                    for w in self._speakers(item)
                    if item.person.lower() not in w.lower() and w.lower() not in question.lower()
                }
                - beside
            )
            if others and rng.random() < 0.4:
                other = rng.choice(others)
                other = (
                    other
                    if " " not in item.person and rng.random() < 0.2
                    else other.split()[0]
                    if " " not in item.person
                    else other
                )
                question = re.sub(rf"(?<!\w){re.escape(item.person)}(?!\w)", other, question, flags=re.I)
                right, kind = False, "swapped" if anyone else kind
        elif voices and (right or not anyone) and rng.random() < 0.75:
            owner = next(iter(gold)) if len(gold) == 1 and anyone else None
            if (owner or not anyone) and shown:
                others = (
                    sorted(set(shown) - {owner})
                    if rng.random() < 0.7
                    else [n for n in rng.sample(self.names, min(3, len(self.names))) if n not in shown]
                )
                right = owner is None or not others or rng.random() < 0.55
                name = owner if owner and right else rng.choice(others or shown)
                kind = "swapped" if anyone and not right else kind
                name = name if rng.random() < 0.5 else name.split()[0]
                body = question[:1].lower() + question[1:] if question[:4].lower() in _ASKING else question
                question = rng.choice(_SAYING).format(n=name, q=body, Q=question.rstrip("? "))
        bare = not item.person and any(speakers) and rng.random() < BARE
        return self._shown(item, kind, window, voices, anyone and right, anyone, question, bare=bare)

    def _speakers(self, item: Item) -> list[str]:
        text = self.texts[item.text]
        return [speaker for _, _, _, speaker in text.sentences if speaker]

    def _voices(self, window: list[tuple[Text, int]], rng: random.Random) -> dict[tuple[int, int], str]:
        """Made-up speakers: one to three turns, of whole sentences."""
        cuts = (
            sorted(rng.sample(range(1, len(window)), min(len(window) - 1, rng.randint(0, 2))))
            if len(window) > 1
            else []
        )
        names = rng.sample(self.names, min(3, len(self.names)))
        turn = [sum(cut <= place for cut in cuts) for place in range(len(window))]
        return {(id(text), n): names[turn[place] % len(names)] for place, (text, n) in enumerate(window)}

    def _shown(
        self,
        item: Item,
        kind: str,
        window: list[tuple[Text, int]],
        voices: dict[tuple[int, int], str],
        answered: bool,
        anyone: bool,
        question: str,
        bare: bool = False,
    ) -> ReaderExample:
        """The sentences as one text with a label before each turn, and where everything lies in it."""
        passage, sentences, spans = "", [], []
        home = self.texts[item.text]
        last = object()
        for text, n in window:
            start, end, turn, speaker = text.sentences[n]
            speaker = voices.get((id(text), n), speaker)
            end = start + len(text.text[start:end].rstrip())
            key = (id(text), speaker if voices else turn)
            if bare or key == last:
                passage += " " if passage else ""
            else:
                passage += ("\n" if passage else "") + (f"{speaker}: " if speaker else "")
            last = key
            at = len(passage)
            passage += text.text[start:end]
            gold: bool | None = anyone and text is home and n in item.gold
            if anyone and not gold and (not item.placed or (text is home and n in item.near)):
                gold = None
            sentences.append((at, len(passage), gold))
            if anyone and text is home:
                spans += [
                    (max(a, start) - start + at, min(b, end) - start + at)
                    for a, b in item.spans
                    if a < end and start < b
                ]
        known = not anyone or bool(item.spans)
        return ReaderExample(
            item.set, kind, question, passage, tuple(sentences), tuple(spans) if known else None, answered, anyone
        )


_ASKING = {
    word[:4]
    for word in (
        "what ",
        "when ",
        "where",
        "which",
        "who ",
        "why ",
        "how ",
        "did ",
        "does",
        "is t",
        "are ",
        "was ",
        "in w",
    )
}


def _said(text: Text, n: int) -> str:
    return text.text[text.sentences[n][0] : text.sentences[n][1]]


def _length(text: Text, n: int) -> int:
    return text.sentences[n][1] - text.sentences[n][0] + 1


def _step(count: int, seed: int) -> int:
    """A step with which every row is met once in `count` steps."""
    from math import gcd

    rng = random.Random(f"{seed} {count}")
    while True:
        step = rng.randrange(1, count + 1)
        if gcd(step, count) == 1:
            return step
