"""May this sentence of a language model be shown? The rules, for one sentence and the quotes that it was given.

A sentence is judged in clauses: a clause ends at its marks, and rests on the quotes that these name. In each clause

- the marks were given, and what stands in quote marks stands word for word in the sentences of the quotes cited;
- who is credited is who speaks in the quotes cited;
- names, numbers and negations outside the quote marks are carried by the words cited (or by the question);
- and so are two thirds of everything else, or half of it where exact words stand beside it.

What is doubtful is refused: the reader loses a sentence, and keeps the speakers' own words. Knows nothing of streams.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from index.episode import Turn
from index.lexical import STOP_WORDS, stems
from index.speakers import is_anonymous
from rag.check import check_quote, locate
from rag.extract import Quote
from rag.names import SPEECH_VERBS
from rag.question import Question
from rag.result import Check

# Share of a clause's content words that stand in the words cited or in the question. With a half, “Tobin burns velvet”
# passed for a quote in which he burns oak.
LEAST_CARRIED = 2 / 3
LEAST_BESIDE_A_QUOTE = (
    1 / 2
)  # the same share, where exact words stand beside them: “… says the library holds “243 jars””
LEAST_CITED = 1 / 3  # share that stands in the words cited themselves, where nothing is quoted: no echo of the question
LEAST_QUOTE_WORDS = 3  # a quote this long carries a clause, and may have its wrong mark mended

_QUOTED = re.compile(
    r"“([^“”]*)”|\"([^\"]*)\"|«([^«»]*)»|„([^„“”]*)[“”]"
    r"|(?<!\w)‘((?:[^‘’]|(?<=\w)’(?=\w))*)’(?!\w)|(?<!\w)'((?:[^']|(?<=\w)'(?=\w))*)'(?!\w)"
)
_MARK = r"\[\s*[0-9]{1,3}(?:\s*(?:[,;&]|and)\s*[0-9]{1,3})*\s*\]"
MARKS = re.compile(rf"\s*{_MARK}(?:\s*{_MARK})*")
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_MARKUP = re.compile(r"://|\bwww\.|\]\(|[<>`{}|\\]|@\w")
_SPEECH = frozenset(SPEECH_VERBS.split("|")) | frozenset(
    """according added adds recalls recalled notes noted insists insisted remembers remembered points pointed
    calling saying telling explaining describing""".split()
)
_SPEAKS = rf"(?:{'|'.join(sorted(_SPEECH, key=len, reverse=True))})"
_SPEAKS_NEXT = re.compile(
    rf"['’]?s?(?:,[^,]*,)?\s*(?::|(?:\w+ly\s+|also\s+|has\s+|had\s+|would\s+|did\s+|does\s+|never\s+|not\s+|always\s+){{0,3}}{_SPEAKS}\b"
    r"|['’]s\s+(?:view|opinion|words|advice|answer|take|position)\b)",
    re.IGNORECASE,
)
_SPOKE_BEFORE = re.compile(
    r"\b(?:according to|says|said|asks|asked|adds|added|explains|explained|by|words of)\s*(?:[\w.]+\s+)?$",
    re.IGNORECASE,
)
_ONLY_JOINED = re.compile(r"^(?:['’]s)?(?:\s|,|and|or|&|with|like|plus|as well as|both|[A-Z][\w'’.-]*)*$")
_FIRST_PERSON = re.compile(r"\b(?:I|I['’]\w+|[Mm]y|[Mm]e|mine|myself|[Ww]e|[Ww]e['’]\w+|[Oo]ur|ours|us)\b")
_PRONOUN = re.compile(r"\b(?:he|she|they|his|her|their|him|them|hers|theirs)\b", re.IGNORECASE)
_ROLE_WORDS = {
    "guest": re.compile(r"\b(?:guest|interviewee)s?\b", re.IGNORECASE),
    "host": re.compile(r"\b(?:host|interviewer|presenter)s?\b", re.IGNORECASE),
}
# Words that open a sentence with a capital and name nobody.
_OPENERS = frozenset(
    """according additionally although asked besides both despite even finally first furthermore generally here however
    indeed initially instead later moreover once one overall rather second since similarly sometimes still therefore though
    thus unlike until whereas whether yes yet mr mrs ms dr""".split()
)


@dataclass(frozen=True, slots=True)
class Clause:
    """Words up to their marks: `plain` is what stands outside quote marks, `runs` are the words inside, `text` is both."""

    text: str
    plain: str
    runs: tuple[str, ...]
    marks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ruling:
    """The verdict on a sentence. Only "verified" may be shown, as `clauses`, whose marks may have been mended."""

    check: Check
    why: str = ""
    clauses: tuple[Clause, ...] = ()
    ending: str = ""


def judge(
    sentence: str,
    given: Mapping[int, Quote],
    question: Question,
    people: Sequence[str] = (),
    *,
    before: Sequence[str] = (),
) -> Ruling:
    """The verdict on one sentence. `given`: the quotes by the number that the model knows them by.

    `people`: everybody known by name, so that a first name alone counts. `before`: whom "she" or "they" means to the
    reader: the speakers of the sentence shown before, or those whom the question names.
    """
    if _MARKUP.search(sentence) or any(unicodedata.category(letter) in ("Cc", "Cf", "Co") for letter in sentence):
        return Ruling("unsupported", "markup, a link or unprintable letters")
    clauses, ending = clauses_of(sentence)
    if not clauses:
        return Ruling("unsupported", "no mark")
    if re.search(r"\w", ending):
        return Ruling("unsupported", "words after the last mark")
    judged: list[Clause] = []
    credited = tuple(before)
    for number, clause in enumerate(clauses):
        unknown = [mark for mark in clause.marks if mark not in given]
        if unknown:
            return Ruling("absent", f"mark {unknown[0]} was not given")
        clause, check = _quotes_checked(clause, given)
        if check != "verified":
            return Ruling(check, "what stands in quote marks was not said so in the quote cited")
        cited = Cited([given[mark] for mark in clause.marks])
        named, problem = _credit(clause, cited, question, people, opens=number == 0)
        if problem:
            return Ruling("wrong_speaker", problem)
        if named:
            credited = tuple(named)
        elif credited and (number or _PRONOUN.search(clause.plain)) and not cited.speakers <= set(credited):
            return Ruling("wrong_speaker", f"reads as if {credited[0]} said it")
        for rule in (_names, _numbers, _negations, _opposites, _carried):
            if problem := rule(clause, cited, question, opens=number == 0):
                return Ruling("unsupported", problem)
        judged.append(clause)
    return Ruling("verified", "", tuple(judged), ending)


def clauses_of(sentence: str) -> tuple[list[Clause], str]:
    """The sentence's clauses, and what stands after its last marks. Marks inside quote marks are words, not marks."""
    held = [match for match in _QUOTED.finditer(sentence)]
    blank = _QUOTED.sub(lambda match: "\0" * len(match[0]), sentence)
    clauses, start = [], 0
    for match in MARKS.finditer(blank):
        inside = [quoted for quoted in held if start <= quoted.start() < match.start()]
        plain = _QUOTED.sub(" … ", sentence[start : match.start()])
        runs = tuple(next(group for group in quoted.groups() if group is not None) for quoted in inside)
        marks = tuple(dict.fromkeys(int(number) for number in re.findall(r"[0-9]+", match[0])))
        clauses.append(Clause(sentence[start : match.start()], plain, runs, marks))
        start = match.end()
    return clauses, sentence[start:]


class Cited:
    """The quotes that one clause rests on, as words to look in."""

    def __init__(self, quotes: Sequence[Quote]) -> None:
        self.quotes = quotes
        self.text = " ".join(quote.text for quote in quotes)
        self.words = words_of(self.text)
        self.stems = set(stems(self.words))
        self.speakers = {quote.turn.speaker.name if _is_known(quote.turn) else None for quote in quotes}
        self.roles = {quote.turn.speaker.role for quote in quotes if quote.turn.speaker}
        self.about = words_of(" ".join(f"{quote.episode.title} {quote.episode.show.name}" for quote in quotes))
        self.dates = " ".join(quote.episode.date or "" for quote in quotes)

    @property
    def name_parts(self) -> set[str]:
        """The words of the speakers' names, lower case."""
        return words_of(" ".join(name for name in self.speakers if name))


def words_of(text: str) -> set[str]:
    """The words of a text, lower case, with an 's taken off."""
    return {_bare(part) for word in _WORD.findall(text) for part in (word, *re.split(r"[-.]", word)) if part}


def _bare(word: str) -> str:
    return re.sub(r"['’]s?$", "", word.lower()).replace("’", "'")


def _is_known(turn: Turn) -> bool:
    return turn.speaker is not None and not is_anonymous(turn.speaker.name)


# What stands in quote marks


def _quotes_checked(clause: Clause, given: Mapping[int, Quote]) -> tuple[Clause, Check]:
    """The clause with its quotes found in what it cites; a wrong mark on one right quote is mended. Else what is wrong."""
    if re.search(r"[\"“”„«»]", clause.plain) or re.search(r"\[", clause.plain):
        return clause, "altered"  # a quote mark without its pair: nobody can say where the quote ends
    missing = [run for run in clause.runs if not any(_stands(run, given[mark]) for mark in clause.marks)]
    if not missing:
        return clause, "verified"
    elsewhere = [
        number
        for number, quote in given.items()
        if number not in clause.marks and all(_stands(run, quote) for run in clause.runs)
    ]
    is_quote = max(len(_WORD.findall(run)) for run in clause.runs) >= LEAST_QUOTE_WORDS
    # Mended only where nothing of it stood under the mark written, so that no right mark is taken away.
    nothing_stood = len(clause.marks) == 1 and len(missing) == len(clause.runs)
    if len(elsewhere) == 1 and nothing_stood and is_quote:
        return Clause(clause.text, clause.plain, clause.runs, (elsewhere[0],)), "verified"
    quote = given[clause.marks[0]]
    name = quote.turn.speaker.name if quote.turn.speaker else None
    check, _ = check_quote(_trimmed(missing[0]), name, quote.episode, first=quote.first, last=quote.last)
    return clause, "absent" if check == "verified" else check  # said by them, but not in the words cited


def _stands(run: str, quote: Quote) -> bool:
    """True when the words stand together in the quote's own sentences."""
    name = quote.turn.speaker.name if quote.turn.speaker else None
    return any(
        quote.first <= place.first and place.last <= quote.last and place.speakers == (name,)
        for place in locate(_trimmed(run), quote.episode)
    )


def _trimmed(run: str) -> str:
    # English puts its own comma or full stop inside the quote marks; a question mark would change the words' sense.
    return re.sub(r"[\s.,;…]+$", "", run).strip()


# Who is credited


def _credit(
    clause: Clause, cited: Cited, question: Question, people: Sequence[str], *, opens: bool
) -> tuple[set[str], str]:
    """The speakers that a clause credits, and what is wrong with it; "" where nothing is."""
    parts = {part for name in people for part in words_of(name) if len(part) > 2}
    own = cited.name_parts
    in_question = words_of(question.asked)
    text = clause.plain
    named: set[str] = set()
    speaker_ends: int | None = None  # where a speaker of the quotes cited is first named
    reports = False  # "Maud says …": whoever speaks after that, speaks in her words
    for role, pattern in _ROLE_WORDS.items():
        for match in pattern.finditer(text):
            if role in cited.roles and len(cited.roles) == 1:
                named |= {name for name in cited.speakers if name}
                reports = reports or _speaks(text, match)
                speaker_ends = match.end() if speaker_ends is None else min(speaker_ends, match.end())
            elif _bare(match[0]) not in cited.words or _speaks(text, match):
                return set(), f"credits the {role}, who does not speak there"
    if _FIRST_PERSON.search(text):
        return set(), "speaks as “I” or “we” outside quote marks"
    for token in _WORD.finditer(text):
        word = _bare(token[0])
        capital = token[0][0].isupper()
        first = opens and not _WORD.search(text[: token.start()])
        if word in own and (capital or word in parts):
            named |= {name for name in cited.speakers if name and word in words_of(name)}
            reports = reports or _speaks(text, token)
            speaker_ends = token.end() if speaker_ends is None else speaker_ends
            continue
        is_person = word in parts and (capital or word not in STOP_WORDS)
        speaks = capital and not (first and word in STOP_WORDS | _OPENERS | _SPEECH) and _speaks(text, token)
        if not is_person and not speaks:
            continue
        led = speaker_ends is not None and not _ONLY_JOINED.match(text[speaker_ends : token.start()])
        if word in cited.words:
            if (led and (reports or not speaks)) or (not speaks and not _FIRST_PERSON.search(cited.text)):
                continue
        elif word in in_question and led and reports and not speaks:
            continue
        return set(), f"names {token[0]}, who does not speak there"
    return named, ""


def _speaks(text: str, match: re.Match[str]) -> bool:
    """True where the grammar makes the one named there a speaker: "X said", "according to X", "X:"."""
    return bool(_SPEAKS_NEXT.match(text[match.end() :]) or _SPOKE_BEFORE.search(text[: match.start()]))


# What is carried


def _names(clause: Clause, cited: Cited, question: Question, *, opens: bool) -> str:
    """What is wrong with the names outside quote marks: each stands in the words cited, the titles or the question."""
    known = cited.words | cited.name_parts | cited.about | words_of(question.asked)
    known_stems = set(stems(known))
    for token in _WORD.finditer(clause.plain):
        word = _bare(token[0])
        is_host = re.search(r"[^\W\d_]\.[^\W\d_]{2,}", token[0])
        if not is_host and not any(letter.isupper() for letter in token[0]):
            continue
        before = clause.plain[: token.start()].rstrip()
        if (opens and not _WORD.search(before)) or before.endswith(":"):
            if word in STOP_WORDS | _OPENERS | _SPEECH or stems([word])[0] in known_stems:
                continue
        elif word in known or word in ("mr", "mrs", "ms", "dr"):
            continue
        if all(part in known for part in re.split(r"[-.]", word)) and not is_host:
            continue
        return f"the name {token[0]} does not stand in the words cited"
    return ""


def _numbers(clause: Clause, cited: Cited, question: Question, *, opens: bool) -> str:
    """What is wrong with the numbers outside quote marks: each stands in the words cited, with the thing it counts."""
    there = numbers(cited.text)
    values = {value for value, _ in there} | {value for value, _ in numbers(cited.dates + " " + " ".join(cited.about))}
    if not there:
        values |= {value for value, _ in numbers(question.asked)}
    if re.search(r"\b(?:an?|single|once|one)\b", cited.text, re.IGNORECASE):
        values.add(1.0)
    carried = cited.stems | set(stems(words_of(question.asked)))
    for value, unit in numbers(clause.plain, ones=False):
        if value not in values:
            return f"the number {value:g} does not stand in the words cited"
        counted = {other for other, thing in there if thing == unit}
        if unit and unit not in carried:
            return f"{value:g} counts something else there"
        if unit and counted and value not in counted:
            return f"there are not {value:g} of these in the words cited"
    for word in _QUANTITIES & words_of(clause.plain):
        if stems([word])[0] not in cited.stems:
            return f"“{word}” does not stand in the words cited"
    return ""


def _negations(clause: Clause, cited: Cited, question: Question, *, opens: bool) -> str:
    """What is wrong with "not" and its kin: none is added, none is dropped, none is cut off a quote."""
    ours, theirs = Polarity(clause.text), Polarity(cited.text)
    subject = set(stems(_SPEECH | cited.name_parts))
    if ours.found and not (theirs.found or Polarity(question.asked).found):
        return "a negation that the words cited don't have"
    for stem in sorted(ours.plain - ours.negated - subject):
        if stem in theirs.negated - theirs.plain:
            return f"the negation of “{stem}” is dropped"
    for stem in sorted(ours.negated - ours.plain - subject):
        if stem in theirs.plain - theirs.negated:
            return f"“{stem}” is negated, and is not in the words cited"
    if _ONLY.search(clause.text) and not _NOT_ONLY.search(clause.text) and _NOT_ONLY.search(cited.text):
        return "“not only” became “only”"
    if theirs.bare and not ours.found and not (ours.plain - subject) & theirs.plain:
        return "the words cited say no"
    return ""


def _opposites(clause: Clause, cited: Cited, question: Question, *, opens: bool) -> str:
    """What is wrong where a word became its opposite: loves, hates."""
    ours = set(stems(words_of(clause.plain)))
    only_ours, only_theirs = ours - cited.stems, cited.stems - ours
    for one, other in _OPPOSITES:
        for said, meant in ((one, other), (other, one)):
            if said in only_ours and meant in only_theirs:
                return f"“{said}”, where the words cited have “{meant}”"
    return ""


def _carried(clause: Clause, cited: Cited, question: Question, *, opens: bool) -> str:
    """What is wrong where too little of a clause stands in the words cited."""
    skipped = STOP_WORDS | _SPEECH | cited.name_parts | words_of(" ".join(_OPENERS))
    ours = {stem for word in words_of(clause.plain) - skipped for stem in stems([word]) if re.search(r"\w", stem)}
    quoted = max((len(_WORD.findall(run)) for run in clause.runs), default=0)
    asked = set(stems(words_of(question.asked)))
    in_cited = {stem for stem in ours if stem in cited.stems}
    if not ours and quoted < LEAST_QUOTE_WORDS:
        return "nothing in it can be checked"
    least = LEAST_BESIDE_A_QUOTE if quoted >= LEAST_QUOTE_WORDS else LEAST_CARRIED
    if ours and len({stem for stem in ours if stem in cited.stems | asked}) < least * len(ours):
        return "too little of it stands in the words cited"
    if ours and quoted < LEAST_QUOTE_WORDS and len(in_cited) < LEAST_CITED * len(ours):
        return "it only repeats the question"
    for quote in cited.quotes:
        its_own = set(stems(words_of(quote.text)))
        if not ours & its_own and not any(_stands(run, quote) for run in clause.runs):
            return "a mark that carries nothing of it"
    return ""


# Numbers

_UNITS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_VALUES = (
    {word: float(n) for n, word in enumerate(_UNITS.split())}
    | {word: float(n) for n, word in zip(range(20, 100, 10), _TENS.split(), strict=True)}
    | {word: float(n) for n, word in enumerate(_ORDINALS.split(), start=3)}
)
_SCALES = {"hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_QUANTITIES = frozenset("half quarter dozen dozens twice double triple hundreds thousands millions".split())
_NUMBER_TOKEN = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)*")
_NOT_COUNTED = frozenset("no the this that any each every which someone some only another".split())


def numbers(text: str, *, ones: bool = True) -> list[tuple[float, str | None]]:
    """The numbers of a text, in figures or words, each with the stem of the word that it counts (None: no such word).

    `ones`: whether "one" always counts as a number; else only where it can't be "the one", "no one", "one of".
    """
    tokens = [token.lower() for token in _NUMBER_TOKEN.findall(text.replace("%", " percent "))]
    found: list[tuple[float, str | None]] = []
    at = 0
    while at < len(tokens):
        start, total, current, seen = at, 0.0, 0.0, False
        while at < len(tokens):
            token = tokens[at]
            if token[0].isdigit() and not seen:
                current, seen = float(token.replace(",", "")), True
            elif token in _SCALES and (seen or (start > 0 and tokens[start - 1] == "a")):
                current = (current or 1.0) * _SCALES[token]
                seen = True
                if _SCALES[token] > 100:
                    total, current = total + current, 0.0
            elif token in _SCALES and not seen and at == start:
                current, seen = _SCALES[token], True
            elif token in _VALUES and (added := _joined(current, _VALUES[token], seen)) is not None:
                current, seen = added, True
            elif not (
                token == "and" and seen and at > start and tokens[at - 1] in _SCALES and _is_number(tokens, at + 1)
            ):
                break
            at += 1
        if not seen:
            at = start + 1
            continue
        unit = tokens[at] if at < len(tokens) else ""
        counts = unit and unit not in STOP_WORDS and unit not in _VALUES and not unit[0].isdigit() and len(unit) > 2
        is_loose_one = tokens[start:at] == ["one"] and (not counts or (start > 0 and tokens[start - 1] in _NOT_COUNTED))
        if ones or not is_loose_one:
            found.append((total + current, stems([_bare(unit)])[0] if counts else None))
    return found


def _joined(current: float, added: float, seen: bool) -> float | None:
    """A number word put to those before it: twenty + two, two hundred + five, nineteen + eighty; None: a new number."""
    if not seen:
        return added
    if added < 10 and current % 10 == 0 and current % 100 >= 20:
        return current + added
    if current >= 100 and current % 100 == 0:
        return current + added
    if current == 0:
        return added
    if 10 <= current < 100 and added >= 10:
        return current * 100 + added
    return None


def _is_number(tokens: Sequence[str], at: int) -> bool:
    return at < len(tokens) and (tokens[at] in _VALUES or tokens[at][0].isdigit())


# Negations and opposites

_NEGATOR = re.compile(
    r"no|not|never|none|nobody|nothing|neither|nor|nowhere|cannot|without|hardly|barely|rarely|seldom|ain'?t"
    r"|(?:do|does|did|wo|would|ca|could|should|must|need|is|are|was|were|has|have|had)n'?t"
    r"|refus\w*|avoid\w*|den(?:y|ies|ied)|stop\w*|quit|lack\w*|fail\w*|reject\w*|against|oppos\w*|instead|rather"
)
_NO_NEGATION = re.compile(r"\b(?:not only|not just|no doubt|no wonder|nothing but|no one but)\b")
_ONLY = re.compile(r"\b(?:only|just|merely)\b", re.IGNORECASE)
_NOT_ONLY = re.compile(r"(?:\bnot|n['’]t) (?:only|just|merely)\b", re.IGNORECASE)
_CLAUSE_END = re.compile(
    r"[,;:.!?()—–]+|\b(?:but|because|although|though|while|whereas)\b"
    r"|\band (?=(?:i|he|she|we|they|it|you|that|this|there|then|so)\b)"
)
_PAIRS = """love/hate like/dislike good/bad best/worst better/worse more/less more/fewer most/least increase/decrease
    rise/fall raise/lower always/never before/after agree/disagree support/oppose safe/dangerous true/false right/wrong
    easy/hard easy/difficult cheap/expensive early/late first/last start/stop begin/end win/lose open/close buy/sell
    bought/sold hot/cold high/low higher/lower fast/slow faster/slower big/small bigger/smaller old/new young/old
    older/younger day/night morning/evening accept/reject allow/forbid possible/impossible happy/unhappy strong/weak
    rich/poor alone/together mother/father brother/sister son/daughter husband/wife north/south east/west for/against
    success/failure succeed/fail remember/forget gain/loss up/down with/without enjoy/hate""".split()
_OPPOSITES = [tuple(stems(pair.split("/"))) for pair in _PAIRS]


class Polarity:
    """Which content words (stems) of a text stand under a negation, which don't; the same word may do both.

    `found`: there is a negation. `bare`: one that negates nothing beside it ("No." "I would not.").
    """

    def __init__(self, text: str) -> None:
        self.plain: set[str] = set()
        self.negated: set[str] = set()
        self.found = self.bare = False
        folded = re.sub(r"[\"“”„«»]", " ", text.replace("’", "'").replace("‘", "'").lower())
        for clause in _CLAUSE_END.split(_NO_NEGATION.sub(" ", folded)):
            self._read(re.findall(r"[^\W_]+(?:'[^\W_]+)*", clause))

    def _read(self, words: Iterable[str]) -> None:
        negated = False
        under: set[str] = set()
        seen = False
        for word in words:
            if _NEGATOR.fullmatch(word):
                negated, seen = not negated, True
            elif word not in STOP_WORDS:
                stem = stems([_bare(word)])[0]
                (self.negated if negated else self.plain).add(stem)
                if negated:
                    under.add(stem)
        self.found |= seen
        self.bare |= seen and not under
