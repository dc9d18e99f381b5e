"""Sentences for the gate, honest and not, made from the episodes of a library: what is written, the quotes that the writer
was given, and whether it may be shown. Made from a seed: the same episodes give the same cases.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from eval.studies.gate.rewrites import (
    FILLERS,
    HE,
    QUOTE_STYLES,
    SHE,
    THEY,
    Pronouns,
    name_changed,
    negation_changed,
    number_changed,
    paraphrase,
    plain,
    third_person,
    word_changed,
)
from eval.studies.gate.swaps import SentenceWords, subject
from index.episode import Episode, Sentence, Turn
from index.search.encoder import Encoder
from index.search.lexical import STOP_WORDS
from index.speakers.labels import is_anonymous
from rag.evidence.check import normalise
from rag.evidence.quote import Quote, Signals
from rag.question.question import Question

QUOTE_WORDS = 18  # a quote grows by whole sentences until it has so many
SENTENCE_WORDS = (6, 30)
MARK_STYLES = (" [{n}].", " [{n}].", ". [{n}]", " [{n}]")
NAMES = "Marlowe Tamsin Okafor Bergstrom Delphine Ruddock Ysolde Penhallow Castor Novak".split()
PRONOUNS = {"Tobin Askerly": HE, "Joss Quillfeather": HE} | dict.fromkeys(
    ("Maud Illingsby", "Odette Marlpike", "Billie Strand", "Petra Vanlowe", "Nell Havergate", "Agnes Thirlwell"), SHE
)
QUOTAS = {
    "quote": 150, "quote inside": 60, "paraphrase": 400, "two speakers": 60, "report told as one": 40, "by hand": 100,
    "swapped speaker, quoted": 50, "swapped speaker, not quoted": 50, "quote with a word changed": 60,
    "two half quotes joined": 50, "words of another episode": 50, "negation changed": 70, "number changed": 70,
    "name changed": 50, "invented mark": 40, "mark on anything": 50, "reporter credited": 50, "word swapped": 130,
    "word swapped, by hand": 100,
}  # fmt: skip
HONEST = frozenset(list(QUOTAS)[:6])


@dataclass(frozen=True, slots=True)
class Case:
    """One sentence with its marks. `source`: the mark of the quote that it is made from. `half`: "dev" or "test"."""

    kind: str
    sentence: str
    quotes: tuple[Quote, ...]
    source: int
    question: Question
    episode: str
    half: str

    @property
    def honest(self) -> bool:
        """True where the sentence says what its quote says, so that it ought to be shown."""
        return self.kind in HONEST


@dataclass(frozen=True, slots=True)
class QuotedSentence:
    """A sentence to make cases of, with the quote around it."""

    quote: Quote
    text: str

    @property
    def who(self) -> str:
        """The name of who says it."""
        assert self.quote.turn.speaker
        return self.quote.turn.speaker.name

    @property
    def pronouns(self) -> Pronouns:
        """The speaker's pronouns: by name for the samples, "they" for everybody else."""
        return PRONOUNS.get(self.who, THEY)

    @property
    def half(self) -> str:
        """ "dev" or "test", by its episode."""
        return half_of(self.quote.episode.id)


def half_of(episode: str) -> str:
    """The half that an episode's cases are in: a coin thrown by its name."""
    return "test" if hashlib.sha256(f"gate {episode}".encode()).digest()[0] % 2 else "dev"


def build_cases(episodes: Sequence[Episode], encoder: Encoder, *, seed: int = 7, scale: float = 1.0) -> list[Case]:
    """`QUOTAS` times `scale` cases of each kind, or as many as the episodes give."""
    cases: list[Case] = []
    by_hand = list(_by_hand(episodes))
    for half in ("dev", "test"):
        ours = [episode for episode in episodes if half_of(episode.id) == half]
        said = [sentence for episode in ours for sentence in sayable(episode)]
        if len({one.who for one in said}) < 2:
            continue
        maker = Maker(said, SentenceWords((one.text for one in said), encoder), random.Random(f"{seed} {half}"))
        for kind, quota in QUOTAS.items():
            if "by hand" in kind:
                written = [hand for hand in by_hand if hand[2] == kind and hand[0].half == half]
                cases += [maker.case(kind, one, sentence, about=about) for one, sentence, _, about in written]
            else:
                cases += maker.make(kind, round(quota * scale / 2))
    return cases


def sayable(episode: Episode) -> Iterator[QuotedSentence]:
    """The statements of named speakers that the templates can turn."""
    for turn in episode.turns:
        if turn.speaker is None or is_anonymous(turn.speaker.name):
            continue
        for sentence in turn.sentences:
            words = sentence.text.split()
            fits = SENTENCE_WORDS[0] <= len(words) <= SENTENCE_WORDS[1] and sentence.text[:1].isupper()
            strange = re.search(r"[?\[\]“”\"{}<>|…]|\.\.|--|—| '|\b[Yy]ou", sentence.text)
            if sentence.speech and fits and not strange and len(subject(sentence.text)) >= 3:
                yield QuotedSentence(quote_from(episode, turn, sentence), sentence.text)


def quote_from(episode: Episode, turn: Turn, first: Sentence, least: int = 1) -> Quote:
    """A quote as the writer is given: whole sentences of one turn, from `first` on; `least` so many sentences."""
    spoken = [s for s in turn.sentences if s.speech and s.position >= first.position]
    count = 1
    while count < len(spoken) and (count < least or sum(len(s.text.split()) for s in spoken[:count]) < QUOTE_WORDS):
        count += 1
    text = " ".join(s.text for s in spoken[:count])
    return Quote(episode, turn, first.position, spoken[count - 1].position, text, 1.0, 1, Signals())


def _by_hand(episodes: Sequence[Episode]) -> Iterator[tuple[QuotedSentence, str, str, str]]:
    """What was written by hand about the sample show: (sentence said, what is written, kind, what was asked about)."""
    held = {episode.id: episode for episode in episodes}
    for line in files("eval").joinpath("data/paraphrases.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["episode"] not in held:
            continue
        for turn in held[row["episode"]].turns:
            for sentence in turn.sentences:
                if turn.speaker and normalise(row["begins"].split(". ")[0]) in normalise(sentence.text):
                    said = QuotedSentence(
                        quote_from(held[row["episode"]], turn, sentence, row["sentences"]), sentence.text
                    )
                    yield said, row["honest"], "by hand", row["about"]
                    yield said, row["swapped"], "word swapped, by hand", row["about"]


class Maker:
    """Makes cases of one half. Every kind has a method that makes one of a sentence, or None where it can't be."""

    def __init__(self, said: Sequence[QuotedSentence], words: SentenceWords, rng: random.Random) -> None:
        self.said, self.words, self.rng = said, words, rng
        self.people = {one.who for one in said}
        names = {name for one in said for name in re.findall(r"(?<=[a-z] )[A-Z][a-z]{3,}\b", one.text)}
        self.names = sorted(names) + NAMES
        self.lower = {word for one in said for word in re.findall(r"\b[a-z']+", one.text)}
        self.kinds: Mapping[str, Callable[[QuotedSentence], Case | None]] = {
            "quote": self.quote,
            "quote inside": self.quote_inside,
            "paraphrase": self.paraphrase,
            "two speakers": self.two_speakers,
            "report told as one": self.report_named,
            "swapped speaker, quoted": self.swapped_quoted,
            "swapped speaker, not quoted": self.swapped_plain,
            "quote with a word changed": self.quote_changed,
            "two half quotes joined": self.joined,
            "words of another episode": self.other_episode,
            "negation changed": self.negation,
            "number changed": self.number,
            "name changed": self.name,
            "invented mark": self.invented,
            "mark on anything": self.filler,
            "reporter credited": self.reporter,
            "word swapped": self.swapped_word,
        }

    def make(self, kind: str, count: int) -> list[Case]:
        """Up to `count` different cases of a kind, of sentences drawn at random; fewer where it can't be made of
        enough of them."""
        order = list(self.said)
        self.rng.shuffle(order)
        made: dict[str, Case] = {}
        for one in order * 2:
            if len(made) >= count:
                break
            case = self.kinds[kind](one)
            if case is not None:
                made.setdefault(case.sentence, case)
        return list(made.values())

    def case(
        self,
        kind: str,
        said: QuotedSentence,
        sentence: str,
        *others: QuotedSentence,
        mark: str | None = None,
        about: str | None = None,
    ) -> Case:
        """The case with three or four quotes in any order; `{0}`, `{1}` in the sentence stand for those given, by number."""
        quotes = [said.quote, *(one.quote for one in others)]
        for quote in self.distractors(said):
            if len(quotes) < 4 and all(quote.text != held.text for held in quotes):
                quotes.append(quote)
        order = list(range(len(quotes)))
        self.rng.shuffle(order)
        numbers = {number: order.index(number) + 1 for number in order}
        if "{0}" in sentence:
            for number, mark_number in numbers.items():
                sentence = sentence.replace(f"{{{number}}}", str(mark_number))
        else:
            sentence += (mark or self.rng.choice(MARK_STYLES)).format(n=numbers[0])
        words = subject(said.text)[:3]
        asked = f"What does {said.who} say about {about or ' and '.join(words[:2])}?"
        people: tuple[str, ...] = (said.who,)
        if self.rng.random() < 0.4:
            asked, people = f"What is said about {about or words[0]}?", ()
        return Case(
            kind,
            sentence,
            tuple(quotes[n] for n in order),
            numbers[0],
            Question(asked, tuple(words), people, said=True),
            said.quote.episode.id,
            said.half,
        )

    def distractors(self, said: QuotedSentence) -> Iterator[Quote]:
        """Another speaker of the same episode, then anybody."""
        same = [one for one in self.said if one.quote.episode.id == said.quote.episode.id]
        here = [one for one in same if one.who != said.who]
        yield from (one.quote for one in self.rng.sample(here, min(1, len(here))))
        yield from (one.quote for one in self.rng.sample(list(self.said), 6) if one.quote.turn is not said.quote.turn)

    def other_person(self, said: QuotedSentence) -> str:
        """Somebody else's name, mostly from the same episode, so that the lie is near."""
        people = [p.name for p in said.quote.episode.people if not is_anonymous(p.name)]
        people += [one.who for one in self.rng.sample(list(self.said), 12)]
        here = [name for name in people if not set(name.lower().split()) & set(said.who.lower().split())]
        return here[0] if here and self.rng.random() < 0.6 else self.rng.choice(here or NAMES)

    def short(self, name: str) -> str:
        """A name as a writer would put it: the first name alone for half of those whom it can't confuse."""
        first = name.split()[0]
        alone = sum(one.split()[0] == first for one in self.people) < 2
        return first if first.isalpha() and len(first) > 3 and alone and self.rng.random() < 0.5 else name

    def quoted(self, who: str, text: str) -> str:
        """The words in quote marks, in one of many manners; often only the first clauses of them."""
        text = text.rstrip(".!")
        parts = [m.start() for m in re.finditer(r"(?:,|;) ", text)]
        fit = [at for at in parts if len(text[:at].split()) >= 5]
        if fit and self.rng.random() < 0.3:
            text = text[: self.rng.choice(fit)]
        text = text[0].lower() + text[1:] if self.rng.random() < 0.2 and not text.startswith("I") else text
        return self.rng.choice(QUOTE_STYLES).format(who=who, it=text)

    def indirect(self, said: QuotedSentence) -> str | None:
        """The sentence in reported speech by its speaker; None where its grammar doesn't allow it."""
        return self.in_indirect_speech(said.text, self.short(said.who), said.pronouns)

    def in_indirect_speech(self, text: str, who: str, pronouns: Pronouns) -> str | None:
        """Words in reported speech by `who`; None where their grammar doesn't allow it."""
        return paraphrase(text, who, pronouns, self.rng, is_word=self.is_word)

    def is_word(self, word: str) -> bool:
        """True where a capital is only that of a sentence's first word."""
        return word.lower() in self.lower | STOP_WORDS

    # Honest

    def quote(self, said: QuotedSentence) -> Case:
        """Honest: the speaker's words between quote marks."""
        return self.case("quote", said, self.quoted(self.short(said.who), said.text))

    def quote_inside(self, said: QuotedSentence) -> Case | None:
        """Honest: reported speech up to a clause that is quoted."""
        match = re.fullmatch(
            r"(.{15,}?),? ((?:and|but|because|so|when|which|for|with|from|in|on|to) .{12,}?)[.!]?", said.text
        )
        indirect = match and third_person(plain(match[1]), said.pronouns)
        if not match or not indirect:
            return None
        indirect = indirect[0].lower() + indirect[1:] if self.is_word(indirect.split()[0]) else indirect
        who = self.short(said.who)
        return self.case("quote inside", said, f"{who} says {indirect} “{match[2]}”")

    def paraphrase(self, said: QuotedSentence) -> Case | None:
        """Honest: the speaker's words in reported speech."""
        indirect = self.indirect(said)
        return self.case("paraphrase", said, indirect) if indirect else None

    def two_speakers(self, said: QuotedSentence) -> Case | None:
        """Honest: what two speakers say, in one sentence with a mark for each."""
        others = [one for one in self.rng.sample(list(self.said), 20) if one.who != said.who]
        if not others:
            return None
        other = others[0]
        one = self.indirect(said) if self.rng.random() < 0.6 else self.quoted(said.who, said.text)
        two = self.indirect(other) if self.rng.random() < 0.6 else self.quoted(other.who, other.text)
        if not one or not two:
            return None
        if two.split()[0] in ("In", "Asked", "According", "As") or two.split()[0].lower() in STOP_WORDS:
            two = two[0].lower() + two[1:]
        link = self.rng.choice([", while ", ", and ", ", whereas ", "; "])
        return self.case("two speakers", said, f"{one} [{{0}}]{link}{two} [{{1}}].", other)

    def report_named(self, said: QuotedSentence) -> Case | None:
        """Honest: what the speaker says that another said, attributed to both."""
        made = self.reported(said)
        if made is None:
            return None
        indirect, source, words = made
        style = self.rng.choice(
            (
                "{who} says {source} used to say “{it}”",
                "{who} quotes {source}: “{it}”",
                "{who} says that {source} said {it}",
                "According to {who}, {source} said “{it}”",
                "{who} recalls what {source} said: “{it}”",
            )
        )
        return self.case(
            "report told as one", indirect, style.format(who=self.short(indirect.who), source=source, it=words)
        )

    # Not honest

    def swapped_quoted(self, said: QuotedSentence) -> Case:
        """A lie: a quote, attributed to somebody else."""
        return self.case("swapped speaker, quoted", said, self.quoted(self.short(self.other_person(said)), said.text))

    def swapped_plain(self, said: QuotedSentence) -> Case | None:
        """A lie: reported speech, attributed to somebody else."""
        indirect = self.in_indirect_speech(said.text, self.short(self.other_person(said)), said.pronouns)
        return self.case("swapped speaker, not quoted", said, indirect) if indirect else None

    def quote_changed(self, said: QuotedSentence) -> Case | None:
        """A lie: between quote marks, with one word, a "not" or a number changed."""
        changed = word_changed(said.text, lambda word: self.swap(word, said), self.rng)
        if self.rng.random() < 0.2:
            changed = negation_changed(said.text, self.rng)
        if self.rng.random() < 0.2:
            changed = number_changed(said.text, self.rng)
        return self.lie("quote with a word changed", said, changed and self.whole_quote(said, changed))

    def joined(self, said: QuotedSentence) -> Case | None:
        """A lie: the beginning of one sentence and the end of another, as one quote."""
        same = [one for one in self.said if one.who == said.who and one.quote.episode.id == said.quote.episode.id]
        other = self.rng.choice(same)
        one, two = said.text.split(), other.text.rstrip(".!").split()
        if other.text == said.text:
            return None
        joined = " ".join(one[: max(3, len(one) // 2)] + two[-max(3, len(two) // 2) :])
        return self.lie("two half quotes joined", said, self.whole_quote(said, joined), words=joined)

    def other_episode(self, said: QuotedSentence) -> Case | None:
        """A lie: true words of another episode, with the mark of this one."""
        far = [one for one in self.said if one.quote.episode.id != said.quote.episode.id]
        other = self.rng.choice(far) if far else None
        if other is None:
            return None
        indirect = self.whole_quote(said, other.text) if self.rng.random() < 0.6 else None
        indirect = indirect or self.in_indirect_speech(other.text, self.short(said.who), said.pronouns)
        return self.lie("words of another episode", said, indirect)

    def negation(self, said: QuotedSentence) -> Case | None:
        """A lie: reported speech with a "not" added or taken away."""
        indirect = self.indirect(said)
        return self.lie("negation changed", said, indirect and negation_changed(indirect, self.rng))

    def number(self, said: QuotedSentence) -> Case | None:
        """A lie: reported speech with another number."""
        indirect = self.indirect(said)
        return self.lie("number changed", said, indirect and number_changed(indirect, self.rng))

    def name(self, said: QuotedSentence) -> Case | None:
        """A lie: reported speech with another name in what is said."""
        inside = name_changed(plain(said.text), self.names, self.rng)
        indirect = inside and self.in_indirect_speech(inside, self.short(said.who), said.pronouns)
        other = set(re.findall(r"\w+", inside or "")) - set(re.findall(r"\w+", said.text))
        return self.lie(
            "name changed", said, indirect if indirect and other & set(re.findall(r"\w+", indirect)) else None
        )

    def invented(self, said: QuotedSentence) -> Case | None:
        """A lie: a mark that belongs to no quote."""
        indirect = self.indirect(said)
        mark = self.rng.choice([" [9].", " [12].", " [{n}][7].", " [0]."])
        return self.case("invented mark", said, indirect, mark=mark) if indirect else None

    def filler(self, said: QuotedSentence) -> Case:
        """A lie: an empty phrase with two of the quote's words and its mark."""
        words = self.rng.sample(subject(said.text), 2)
        sentence = self.rng.choice(FILLERS).format(who=said.who, a=words[0], A=words[0].capitalize(), b=words[1])
        marks = self.rng.choice([" [{n}].", " [{n}].", " [1][2][3]."])
        return self.case("mark on anything", said, sentence, mark=marks)

    def reporter(self, said: QuotedSentence) -> Case | None:
        """A lie: what the speaker says that another said, attributed to the speaker."""
        made = self.reported(said)
        if made is None:
            return None
        indirect, _, words = made
        style = self.rng.choice(
            ("{who} says “{it}”", "“{it},” says {who}", "{who} says that {it}", "According to {who}, {it}")
        )
        return self.lie("reporter credited", indirect, style.format(who=self.short(indirect.who), it=words))

    def swapped_word(self, said: QuotedSentence) -> Case | None:
        """A lie: reported speech with one word exchanged."""
        indirect = self.indirect(said)
        return self.lie(
            "word swapped", said, indirect and word_changed(indirect, lambda word: self.swap(word, said), self.rng)
        )

    def lie(self, kind: str, said: QuotedSentence, sentence: str | None, *, words: str | None = None) -> Case | None:
        """The case, unless the lie turned out to be said in the quote after all."""
        if sentence is None or (words and normalise(words) in normalise(said.quote.text)):
            return None
        return self.case(kind, said, sentence)

    def whole_quote(self, said: QuotedSentence, text: str) -> str:
        """`text` between quote marks as the speaker's words, in one of QUOTE_STYLES, without a mark."""
        return self.rng.choice(QUOTE_STYLES).format(who=self.short(said.who), it=text.rstrip(".!"))

    def swap(self, word: str, said: QuotedSentence) -> str | None:
        """What a word of the quote is exchanged for; None for the writer's own words ("explains") and where nothing
        fits."""
        if word not in said.text.lower():
            return None  # a word of the writer's own: "explains"
        return (self.words.near if self.rng.random() < 0.6 else self.words.any)(word, self.rng)

    def reported(self, said: QuotedSentence) -> tuple[QuotedSentence, str, str] | None:
        """A sentence of the speaker's own in which somebody else's words are reported: (it, whose words, the words)."""
        words = plain(said.text)
        if re.search(r"\b(?:I|[Ww]e|my|our|me|us)\b", words):
            return None
        source = self.rng.choice([*NAMES, "my grandmother", "my old teacher", "my brother"])
        indirect = self.rng.choice(
            (
                "As {source} used to say, {it}.",
                "{it}, as {source} once put it.",
                "{Source} told me that {it}.",
                "{Source} always said {it}.",
                "{it}, {source} said to me.",
                "{Source} wrote that {it}.",
            )
        )
        low = words[0].lower() + words[1:] if self.is_word(words.split()[0]) else words
        text = indirect.format(source=source, Source=source[0].upper() + source[1:], it=low)
        episode, turn = said.quote.episode, said.quote.turn
        sentence = Sentence(len(episode.sentences), text[0].upper() + text[1:])
        assert turn.speaker
        added = Turn(turn.speaker, (sentence,), turn.speaker_source)
        longer = replace(episode, turns=(*episode.turns, added))
        outside = re.sub(r"^my ", f"{said.pronouns[2]} ", source)
        return QuotedSentence(quote_from(longer, added, sentence), sentence.text), outside, low
