"""Whether a sentence of a language model may be shown. The rules, for one sentence and the quotes that it was given.

A sentence is judged in clauses: a clause ends at its marks, and rests on the quotes that these name. In each clause

- the marks were given, and what stands in quote marks stands word for word in the sentences of the quotes cited;
- whoever the words are attributed to speaks in the quotes cited, and whom the speaker only reports is named;
- names, numbers and negations outside the quote marks are supported by the words cited;
- and so is every other word, by itself, a synonym, or what stands just before the quote.

What is wrong only mechanically is mended: a mark on a quote that stands elsewhere, a mark that is missing. A clause whose
words are not all supported is replaced by the words that it was made from. What is doubtful is withheld: the reader loses
a sentence, and keeps the speakers' own words. Knows nothing of streams.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from index.plain import plain
from index.search.lexical import stems
from rag.answer import Check
from rag.english import QUANTITIES, REPORTING_WORDS, SPEECH_FORMS, TITLES
from rag.evidence.check import check_quote, locate, normalise
from rag.evidence.quote import Quote
from rag.gate.attribution import attribute, attributes_to_reporter, pronoun
from rag.gate.clauses import MARKS, WORD, Cited, Clause, bare, clauses_of, names_in, speaker_of, words_of
from rag.gate.negation import NOT_ONLY, ONLY, Polarity, tilted, turned
from rag.gate.numbers import numbers
from rag.gate.order import misplaced
from rag.gate.synonyms import meant
from rag.gate.words import Support, is_supported_word, support_of
from rag.question.question import Question

LEAST_QUOTE_WORDS = 3  # a quote this long supports a clause, and may have its wrong mark mended
LEAST_CITED = 2 / 3  # share of a clause's words that stand in the quotes themselves, and not only just before them
LEAST_OWN_WORDS = 1 / 2  # share of a clause's words that a sentence must support to be shown in its place

_MARKUP = re.compile(r"://|\bwww\.|\]\(|[<>`{}|\\]|@\w")
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:above|previous|prior|earlier|before|rules?|instructions?|quotes?|prompt)"
    r"|\b(?:system|assistant|user|human)\s*(?::|prompt|message|turn)|\bnew (?:rules?|instructions?|task)\b|\byou are now\b"
    r"|\b(?:question|answer)\s*:|^\W*(?:write|print|repeat|output)\b"
    r"|(?:^|[.!?;:,]\s+|\b(?:and|then|please)\s+)"
    r"(?:say|write|answer|reply|respond|claim|cite|credit|quote|attribute|print|repeat|output)\b.{0,30}"
    r"\b(?:that|only|everything|always|nothing but|instead|every sentence)\b|\blanguage model\b"
    r"|\b(?:ignorier|ignorez|ignora|oublie[zr]?|vergiss|olvida)|игнорируй|забудь|忽略|无视|無視|تجاهل|התעלם",
    re.IGNORECASE,
)
_SPOKEN_SIGNS = frozenset("`{}|\\")  # some transcripts set a spoken name in these; links and tags are nobody's words


@dataclass(frozen=True, slots=True)
class Ruling:
    """The verdict on a sentence. Only "verified" may be shown, as `clauses`, whose marks may have been mended.

    `why` is also given for a sentence that is verified only because a speaker's own words were put into it.
    """

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
    said = " ".join(quote.text for quote in given.values())
    markup = any(match[0] not in _SPOKEN_SIGNS or match[0] not in said for match in _MARKUP.finditer(sentence))
    if markup or _unprintable(sentence):
        return Ruling("unsupported", "markup, a link or unprintable letters")
    clauses, ending = _marked(sentence, given)
    if not clauses:
        return Ruling("unsupported", "no mark")
    if re.search(r"\w", ending):
        return Ruling("unsupported", "words after the last mark")
    judged: list[Clause] = []
    attributed = tuple(before)
    mended = ""
    for number, clause in enumerate(clauses):
        clause = _remarked(clause, given)
        unknown = [mark for mark in clause.marks if mark not in given]
        if unknown:
            return Ruling("absent", f"mark {unknown[0]} was not given")
        clause, check = _quotes_checked(clause, given)
        if check != "verified":
            return Ruling(check, "what stands in quote marks was not said so in the quote cited")
        cited = Cited([given[mark] for mark in clause.marks])
        shown = clause
        plain, text = (cited.with_short_names(words) for words in (clause.plain, clause.text))
        clause = replace(clause, plain=plain, text=text)
        named, problem = attribute(clause, cited, people, opens=number == 0)
        if problem := problem or attributes_to_reporter(clause, cited):
            return Ruling("wrong_speaker", problem)
        if named:
            attributed = tuple(named)
        elif attributed and (number or pronoun(clause.plain)) and not cited.speakers <= set(attributed):
            return Ruling("wrong_speaker", f"reads as if {attributed[0]} said it")
        support = support_of(clause, cited, question)
        for rule in (_orders, _names, _numbers, _negations, _small_words, _marks):
            if problem := rule(clause, cited, support):
                return Ruling("unsupported", problem)
        if problem := _unsupported(clause, support) or misplaced(clause, cited, support):
            own = _own_words(clause, cited, support)
            if own is None or attributes_to_reporter(own, cited):
                return Ruling("unsupported", problem)
            shown, mended = own, problem
        judged.append(shown)
    return Ruling("verified", mended, tuple(judged), ending)


def _unprintable(sentence: str) -> bool:
    return plain(sentence) != sentence or any(unicodedata.category(letter) == "Co" for letter in sentence)


def _marked(sentence: str, given: Mapping[int, Quote]) -> tuple[list[Clause], str]:
    """The sentence's clauses and its ending; a mark that is missing from an exact quote, or stands too early, is mended."""
    clauses, ending = clauses_of(sentence)
    stop = re.search(r"[.!?…]*$", ending.rstrip())
    assert stop
    left = ending.rstrip()[: stop.start()]
    if not MARKS.search(sentence):
        whole = [_remarked(clause, given) for clause in clauses_of(f"{left} [0]")[0]]
        return (whole, stop[0]) if whole and whole[0].marks[0] in given else ([], ending)
    if clauses and re.search(r"\w", left) and words_of(left) <= _attribution(given, clauses[-1]):
        last = clauses[-1]
        clauses[-1] = replace(last, text=last.text + left, plain=last.plain + left)  # “…” [1], says Tobin.
        return clauses, stop[0]
    return clauses, ending


def _remarked(clause: Clause, given: Mapping[int, Quote]) -> Clause:
    """The clause with the right mark for one that was never given, where its exact words stand in one quote only."""
    if all(mark in given for mark in clause.marks) or not _is_quote(clause.runs):
        return clause
    holding = _holding(clause.runs, given)
    return replace(clause, marks=(holding[0],)) if len(holding) == 1 else clause


def _holding(runs: Sequence[str], given: Mapping[int, Quote]) -> list[int]:
    """The numbers of the quotes in which all these words stand."""
    return [number for number, quote in given.items() if all(_stands(run, quote) for run in runs)]


def _is_quote(runs: Sequence[str]) -> bool:
    return max((len(WORD.findall(run)) for run in runs), default=0) >= LEAST_QUOTE_WORDS


def _attribution(given: Mapping[int, Quote], clause: Clause) -> set[str]:
    """The words that may stand after a mark: who said it."""
    names = {name for mark in clause.marks if mark in given and (name := speaker_of(given[mark]))}
    return words_of(" ".join(names)) | SPEECH_FORMS | REPORTING_WORDS


# What stands in quote marks


def _quotes_checked(clause: Clause, given: Mapping[int, Quote]) -> tuple[Clause, Check]:
    """The clause with its quotes found in what it cites; a wrong mark on one right quote is mended. Else what is wrong."""
    if re.search(r"[\"“”„«»]", clause.plain) or re.search(r"\[", clause.plain):
        return clause, "altered"  # a quote mark without its pair: nobody can say where the quote ends
    missing = [run for run in clause.runs if not any(_stands(run, given[mark]) for mark in clause.marks)]
    if not missing:
        return clause, "verified"
    elsewhere = [number for number in _holding(clause.runs, given) if number not in clause.marks]
    # Mended only where nothing of it stood under the mark written, so that no right mark is taken away.
    nothing_stood = len(clause.marks) == 1 and len(missing) == len(clause.runs)
    if len(elsewhere) == 1 and nothing_stood and _is_quote(clause.runs):
        return replace(clause, marks=(elsewhere[0],)), "verified"
    quote = given[clause.marks[0]]
    name = quote.turn.speaker.name if quote.turn.speaker else None
    check, _ = check_quote(
        _trimmed(missing[0]),
        name,
        quote.episode,
        first=quote.first,
        last=quote.last,
        others=[q.episode for q in given.values()],
    )
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


# What is supported


def _orders(clause: Clause, cited: Cited, support: Support) -> str:
    """What is wrong where a clause does as a sentence spoken to a machine says: such a one is only ever quoted."""
    for sentence in cited.sentences:
        there = words_of(sentence)
        if _ORDER.search(sentence) and any(
            is_supported_word(word, there - cited.name_parts) for word in support.content
        ):
            return "it is made from words that give an order"
    return ""


def _names(clause: Clause, cited: Cited, support: Support) -> str:
    """What is wrong with the names outside quote marks: each stands in the words cited, or just before them."""
    known = cited.words | cited.name_parts | support.framed
    # A name from just before is allowed where the quote has none of its own that it could have been put for.
    if not (names_in(cited.text) - words_of(clause.text)):
        known |= cited.around
    for token in WORD.finditer(clause.plain):
        word = bare(token[0])
        is_host = re.search(r"[^\W\d_]\.[^\W\d_]{2,}", token[0])
        if not is_host and not any(letter.isupper() for letter in token[0]):
            continue
        before = clause.plain[: token.start()].rstrip()
        opens = not WORD.search(before) or before.endswith(":")
        # What opens a sentence has a capital whatever it is: whether it is supported is asked of it as of any word.
        if not is_host and (opens or word in known | TITLES):
            continue
        if (all(part in known for part in re.split(r"[-.]", word)) and not is_host) or word in cited.words:
            continue
        return f"the name {token[0]} does not stand in the words cited"
    return ""


def _numbers(clause: Clause, cited: Cited, support: Support) -> str:
    """What is wrong with the numbers outside quote marks: each stands in the words cited, with the thing it counts."""
    there = numbers(cited.text)
    values = {value for value, _ in there} | {float(year) for year in re.findall(r"\b\d{4}\b", cited.dates)}
    if not there:
        values |= {value for value, _ in numbers(cited.answered)}
    values |= {value for name in cited.speakers if name for value, _ in numbers(name)}  # "Audience Member 4"
    if re.search(r"\b(?:an?|single|once|one)\b", cited.text, re.IGNORECASE):
        values.add(1.0)
    for value, unit in numbers(clause.plain, ones=False):
        if value not in values:
            return f"the number {value:g} does not stand in the words cited"
        counted = {other for other, thing in there if thing == unit}
        if unit and counted and value not in counted:
            return f"there are not {value:g} of these in the words cited"
    for word in QUANTITIES & words_of(clause.plain):
        if stems([word])[0] not in cited.stems:
            return f"“{word}” does not stand in the words cited"
    return ""


def _negations(clause: Clause, cited: Cited, support: Support) -> str:
    """What is wrong with "not" and its kin: none is added, none is dropped, none is cut off a quote."""
    ours, theirs = Polarity(clause.text), Polarity(cited.text)
    subject = set(stems(SPEECH_FORMS | cited.name_parts))
    if ours.found and not theirs.found:
        return "a negation that the words cited don't have"
    for stem in sorted(ours.plain - ours.negated - subject):
        if meant(stem) & (theirs.negated - theirs.plain) and not meant(stem) & theirs.plain:
            return f"the negation of “{stem}” is dropped"
    for stem in sorted(ours.negated - ours.plain - subject):
        if meant(stem) & (theirs.plain - theirs.negated) and not meant(stem) & theirs.negated:
            return f"“{stem}” is negated, and is not in the words cited"
    if problem := tilted(clause.text, cited.text):
        return problem
    only = [(bool(ONLY.search(text)), bool(NOT_ONLY.search(text))) for text in (clause.text, cited.text)]
    if all(said for said, _ in only) and only[0][1] != only[1][1]:
        return "“not only” and “only” are put for one another"
    if only[1][1] and not only[0][0] and "but" in words_of(clause.plain):
        return "“not only” is dropped"
    if ours.bare and not theirs.bare:
        return "a “no” that the words cited don't have"
    if theirs.bare and not ours.found and not (ours.plain - subject) & theirs.plain:
        return "the words cited say no"
    for sentence in cited.sentences:
        said = Polarity(sentence)
        # "I thought about letting her go, and I couldn't": all of it is reported, but for its "no".
        if (
            said.bare
            and not ours.found
            and said.plain
            and said.plain <= {stem for own in ours.plain for stem in meant(own)}
        ):
            return "the words cited say no"
    return ""


def _small_words(clause: Clause, cited: Cited, support: Support) -> str:
    """What is wrong where "more" became "less", or "some" became "all"."""
    return turned(words_of(clause.plain), cited.words | cited.around)


def _marks(clause: Clause, cited: Cited, support: Support) -> str:
    """What is wrong where there is nothing that a mark could support, or one of several supports nothing."""
    if not support.content and not _is_quote(clause.runs) and not _is_sentence(clause.runs, cited):
        return "nothing in it can be checked"
    for quote in cited.quotes:
        supports = any(is_supported_word(word, words_of(quote.text)) for word in support.content)
        if not supports and not any(_stands(run, quote) for run in clause.runs):
            return "a mark that carries nothing of it"
    return ""


def _is_sentence(runs: Sequence[str], cited: Cited) -> bool:
    """True where something that is quoted is a whole sentence of the words cited, however short: “Lark Penhallow.”"""
    whole = {normalise(_trimmed(sentence)) for sentence in cited.sentences}
    return any(normalise(_trimmed(run)) in whole for run in runs if WORD.search(run))


def _unsupported(clause: Clause, support: Support) -> str:
    """What is wrong where words of the clause are the writer's own."""
    if support.missing:
        return f"“{support.missing[0]}” does not stand in the words cited"
    if not _is_quote(clause.runs) and support.share < LEAST_CITED:
        return "too little of it stands in the words cited"
    return ""


def _own_words(clause: Clause, cited: Cited, support: Support) -> Clause | None:
    """The clause as its speaker's own words: those that it quotes, or the sentence that it was made from. None: neither."""
    speaker = next(iter(cited.speakers))
    named = any(bare(token).lower() in support.missing and token[0].isupper() for token in WORD.findall(clause.plain))
    if len(cited.speakers) > 1 or speaker is None or named:  # "Zelda bakes …": said of somebody else
        return None
    runs = [
        (len(WORD.findall(run)), _trimmed(run), mark)
        for run in clause.runs
        for mark in clause.marks
        if _stands(run, cited.by_mark(clause, mark))
    ]
    count, words, mark = max(runs, default=(0, "", 0))
    if count < LEAST_QUOTE_WORDS:
        candidates = []
        for mark in clause.marks:
            spoken = [sentence.text for sentence in cited.by_mark(clause, mark).sentences if sentence.speech]
            for first, size in product(range(len(spoken)), (1, 2)):
                text = " ".join(spoken[first : first + size])
                there = words_of(text)
                candidates.append(
                    (sum(is_supported_word(word, there) for word in support.content), -size, -first, text, mark)
                )
        count, _, _, words, mark = max(candidates)
        if count < min(2, len(support.content) - 1) or count < LEAST_OWN_WORDS * len(support.content):
            return None
    joined = re.match(r"[\s;,]*(?:(?:and|while|but|whereas)\s+)?", clause.text)
    text = f"{joined[0] if joined else ''}{speaker} says: “{words}”"
    return Clause(text, text.split("“")[0], (words,), (mark,))
