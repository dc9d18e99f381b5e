"""Whether each word of a clause stands where its speaker put it. Supported words may still be in another's place.

"The kite weighs two kilos" has only words of “it weighs one kilo, and the kite flew two miles”. So a clause is laid beside
the one or two sentences of the quote that it was made from: its words must stand there, and a word that takes the place of
another must mean the same. In doubt the speaker's own words are shown instead, so a false alarm costs little.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

from index.search.lexical import STOP_WORDS
from rag.english import FIRST_PERSON, FUNCTION_WORDS, NARRATION_WORDS, REPORTING_WORDS
from rag.gate.clauses import WORD, Cited, Clause, bare, names_in
from rag.gate.negation import NEGATOR
from rag.gate.numbers import numbers
from rag.gate.synonyms import families, family, meant
from rag.gate.words import Support

NEIGHBOURS = 2  # sentences in a row that a clause is made from, at most
MOST_PUT = 3  # content words that one place may have on either side; more of them are another way to say it
# Words of grammar that say something in the place of another, and verbs so general that a synonym of theirs may mean anything.
_SMALL = {word for word in FUNCTION_WORDS - STOP_WORDS if "'" not in word and not NEGATOR.fullmatch(word)} | {"used"}
_GENERAL = families("go come move take get make give turn run put set keep hold leave look face".split())


def misplaced(clause: Clause, cited: Cited, support: Support) -> str:
    """What is wrong where a word of the clause stands elsewhere in the quotes than the words around it; "" where none does."""
    if not support.content:
        return ""
    spoken = [[sentence.text for sentence in quote.sentences if sentence.speech] for quote in cited.quotes]
    near = families(word for sentences in spoken for word in _nearest(sentences, support, most=NEIGHBOURS))
    for word in support.content:
        if meant(word) & families(cited.words - FUNCTION_WORDS) and not meant(word) & near:
            return f"“{word}” stands elsewhere in the words cited"
    for most in range(1, NEIGHBOURS + 1):
        nearest = [_nearest(sentences, support, most=most) for sentences in spoken]
        passage = max(nearest, key=lambda words: _supported_words(words, support))
        if problem := _put_for_another(_tokens(clause.text), passage, cited, support):
            return problem
    return ""


def _nearest(sentences: Sequence[str], support: Support, *, most: int) -> list[str]:
    """The words of the sentences in a row, `most` at most, that support the most of the clause, in order."""
    places = product(range(len(sentences)), range(1, most + 1))
    runs = [_tokens(" ".join(sentences[first : first + size])) for first, size in places]
    return max(runs, key=lambda words: (_supported_words(words, support), -len(words)), default=[])


def _supported_words(words: Sequence[str], support: Support) -> int:
    there = families(words)
    return sum(bool(meant(word) & there) for word in support.content)


def _put_for_another(ours: Sequence[str], theirs: Sequence[str], cited: Cited, support: Support) -> str:
    """What is wrong where a word, a name or a number takes the place of another that the clause leaves out."""
    apart = FUNCTION_WORDS - _SMALL | REPORTING_WORDS | NARRATION_WORDS | FIRST_PERSON
    named = names_in(cited.text)
    for here, there in _places(ours, theirs):
        negated = [any(NEGATOR.fullmatch(word) for word in words) for words in (here, there)]
        if negated[0] != negated[1] and max(len(here), len(there)) <= MOST_PUT:
            return "a “not” is put in" if negated[0] else "a “not” of the words cited is left out"
        values = [{value for value, _ in numbers(" ".join(words), ones=False)} for words in (here, there)]
        if all(values) and not values[0] <= values[1]:
            return f"“{' '.join(here)}”, where the words cited have “{' '.join(there)}”"
        dropped = [word for word in there if word not in apart and not _is_kept(word, ours, theirs)]
        attributes = "that" in here or cited.name_parts & set(
            here
        )  # "Nell recalls that …", which takes no word's place
        weighed = {*support.content, *_SMALL} | (set() if attributes else REPORTING_WORDS)
        put = [word for word in here if word in weighed and not _stands_for(word, there)]
        if dropped and put and max(len(dropped), len(put)) <= MOST_PUT:
            return f"“{put[0]}” stands where the words cited have “{dropped[0]}”"
        names = [word for word in here if word in cited.name_parts]
        lost = [word for word in dropped if word in named]
        if names and lost and not FIRST_PERSON & set(there):
            return f"“{names[0]}” stands where the words cited have “{lost[0]}”"
    return ""


def _places(ours: Sequence[str], theirs: Sequence[str]) -> list[tuple[list[str], list[str]]]:
    """What stands between the same words in the same order on either side, where something does."""
    best = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    alike = [[_likeness(one, other) for other in theirs] for one in ours]
    for at in range(len(ours) - 1, -1, -1):
        for other in range(len(theirs) - 1, -1, -1):
            both = best[at + 1][other + 1] + alike[at][other] if alike[at][other] else 0
            best[at][other] = max(best[at + 1][other], best[at][other + 1], both)
    places: list[tuple[list[str], list[str]]] = [([], [])]
    at = other = 0
    while at < len(ours) and other < len(theirs):
        if alike[at][other] and best[at][other] == best[at + 1][other + 1] + alike[at][other]:
            places.append(([], []))
            at, other = at + 1, other + 1
        elif best[at][other] == best[at + 1][other]:
            places[-1][0].append(ours[at])
            at += 1
        else:
            places[-1][1].append(theirs[other])
            other += 1
    places[-1][0].extend(ours[at:])
    places[-1][1].extend(theirs[other:])
    return [(here, there) for here, there in places if here or there]


def _likeness(one: str, other: str) -> int:
    """How surely two words are the same one: words of grammar stand everywhere, and locate little."""
    if one == other:
        return 1 if one in STOP_WORDS else 4
    return 0 if one in STOP_WORDS else 3 if family(one) & family(other) else 0


def _is_kept(word: str, ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """True where ours have the word as often as theirs, or its number."""
    if values := {value for value, _ in numbers(word)}:
        return values <= {value for value, _ in numbers(" ".join(ours))} or bool(numbers(" ".join(ours), ones=False))
    kept = sum(_stands_for(other, (word,)) for other in ours)
    return kept > 0 and kept >= sum(bool(family(other) & family(word)) for other in theirs)


def _stands_for(word: str, there: Sequence[str]) -> bool:
    """True where the word is one of these in another form, or means the same beyond doubt."""
    if family(word) & families(there):
        return True
    return not family(word) & _GENERAL and any(
        meant(word) & family(other) and not family(other) & _GENERAL for other in there
    )


def _tokens(text: str) -> list[str]:
    """The words of a text in order, lower case."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    return [bare(part) for match in WORD.finditer(text) for part in re.split(r"-|\.(?!\d)", match[0]) if part]
