"""Whom a clause attributes words to, and whether that is who speaks in the quotes cited.
Knows nothing of what else a clause says."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.search.lexical import STOP_WORDS, stems
from rag.english import OPENERS, SPEECH_FORMS, TITLES
from rag.evidence.check import normalise
from rag.gate.clauses import WORD, Cited, Clause, bare, called, words_of

_SPEAKS = rf"(?:{'|'.join(sorted(SPEECH_FORMS, key=len, reverse=True))})"
_SPEAKS_NEXT = re.compile(
    rf"['’]?s?(?:,[^,]*,)?\s*(?::|(?:\w+ly\s+|also\s+|has\s+|had\s+|would\s+|did\s+|does\s+|never\s+|not\s+|always\s+){{0,3}}{_SPEAKS}\b"
    r"|['’]s\s+(?:view|opinion|words|advice|answer|take|position)\b)",
    re.IGNORECASE,
)
_SPOKE_BEFORE = re.compile(
    r"\b(?:according to|says|said|asks|asked|adds|added|explains|explained|words of)\s*(?:[\w.]+\s+)?$",
    re.IGNORECASE,
)
_ONLY_JOINED = re.compile(r"^(?:['’]s)?(?:\s|,|and|or|&|with|like|plus|as well as|both|[A-Z][\w'’.-]*)*$")
_FIRST_PERSON = re.compile(r"\b(?:I|I['’]\w+|[Mm]y|[Mm]e|mine|myself|[Ww]e|[Ww]e['’]\w+|[Oo]ur|ours|us)\b")
_CLOSES = re.compile(rf",\s+(?:according to\s+[\w .'’-]+|[A-Z][\w .'’-]*\s+(?:{_SPEAKS}))\W*$")
_WORD_NEXT = re.compile(r"\s+(\w+)")
_PRONOUN = re.compile(r"\b(?:he|she|they|his|her|their|him|them|hers|theirs)\b", re.IGNORECASE)
_ROLE_WORDS = {
    "guest": re.compile(r"\b(?:guest|interviewee)s?\b", re.IGNORECASE),
    "host": re.compile(r"\b(?:host|interviewer|presenter)s?\b", re.IGNORECASE),
}


def attribute(clause: Clause, cited: Cited, people: Sequence[str], *, opens: bool) -> tuple[set[str], str]:
    """The speakers that a clause attributes its words to, and what is wrong with that; "" where nothing is.

    `people`: everybody known by name. `opens`: the clause begins the sentence, so that a capital says nothing.
    """
    parts = {part for name in people for part in words_of(called(name)) if len(part) > 2}
    own = cited.name_parts
    # One person is written in several manners: "Lynne Orchard" is "Lynne Orchard AM", and no other.
    selves = {tuple(called(name).split()[:2]) for name in cited.speakers if name}
    others = (
        words_of(" ".join(called(name) for name in people if tuple(called(name).split()[:2]) not in selves)) - TITLES
    )
    shared = True
    text = clause.plain
    named: set[str] = set()
    set_off = False  # "According to Maud, …": the comma ends her name, and lists nobody beside her
    closing = _CLOSES.search(text)
    closes = closing is not None and bool(words_of(closing[0]) & own)  # "…, Nell says": all before are her words
    speaker_ends: int | None = None  # where a speaker of the quotes cited is first named
    reports = False  # "Maud says …": whoever speaks after that, speaks in her words
    for role, pattern in _ROLE_WORDS.items():
        for match in pattern.finditer(text):
            if role in cited.roles and len(cited.roles) == 1:
                named |= {name for name in cited.speakers if name}
                reports = reports or _speaks(text, match)
                speaker_ends = match.end() if speaker_ends is None else min(speaker_ends, match.end())
                continue
            before = words_of(text[: match.start()])
            reported = bare(match[0]) in cited.words and (before & own or not _FIRST_PERSON.search(cited.text))
            if not reported or _speaks(text, match):
                return set(), f"credits the {role}, who does not speak there"
    if _FIRST_PERSON.search(text):
        return set(), "speaks as “I” or “we” outside quote marks"
    for token in WORD.finditer(text):
        word = bare(token[0])
        capital = token[0][0].isupper()
        first = opens and not WORD.search(text[: token.start()])
        if word in own and (capital or word in parts):
            shared = shared and word in others
            named |= {name for name in cited.speakers if name and word in words_of(name)}
            reports = reports or _speaks(text, token)
            speaker_ends = token.end() if speaker_ends is None else speaker_ends
            set_off |= bool(
                re.search(r"\baccording to [^,]*$", text[: token.end()], re.I) and text[token.end() :].startswith(",")
            )
            continue
        is_person = word in parts and (capital or word not in STOP_WORDS)
        speaks = capital and not (first and word in STOP_WORDS | OPENERS | SPEECH_FORMS) and _speaks(text, token)
        if not is_person and not speaks:
            continue
        led = speaker_ends is not None and (set_off or not _ONLY_JOINED.match(text[speaker_ends : token.start()]))
        led |= closes
        reported = (led and (reports or not speaks)) or (not speaks and not _FIRST_PERSON.search(cited.text))
        # "…, and Lark said, let's try it": reported by the speaker in these very words.
        verb = _WORD_NEXT.match(text[token.end() :])
        reported |= led and verb is not None and normalise(f"{token[0]} {verb[1]}") in normalise(cited.text)
        if word in cited.words and reported:
            continue
        return set(), f"names {token[0]}, who does not speak there"
    whole = any(name and called(name) in text for name in cited.speakers)
    if shared and not whole and own & others & words_of(text):
        return set(), "names the speaker by a name that another has too"
    return named, ""


def _speaks(text: str, match: re.Match[str]) -> bool:
    """True where the grammar makes the one named there a speaker: "X said", "according to X", "X:"."""
    return bool(_SPEAKS_NEXT.match(text[match.end() :]) or _SPOKE_BEFORE.search(text[: match.start()]))


def pronoun(text: str) -> bool:
    """True where somebody is only called "she" or "they"."""
    return bool(_PRONOUN.search(text))


# Whose words the speaker reports

_OFTEN = r"(?:once|always|also|often|then|never|famously)"
_SOURCE = (
    r"(?P<source>(?!(?:I|We|You|And|But|So)\b)[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)*|(?:my|his|her|their|our|My|His|Her|Their|Our)\s+"
    rf"(?:\w+\s+)?(?!{_OFTEN}\b)\w+"
    r"|(?:some|any|every)(?:body|one)|people|he|she|they)"
)
_SAID = r"(?:used to (?:say|tell|call)|said|says|told|tells|wrote|writes|(?:put|puts|has put) it)"
_BEFORE = re.compile(rf"\b{_SOURCE}\s+(?:{_OFTEN}\s+){{0,2}}{_SAID}\b(?:\s+(?:me|us|him|her|them)\b)?(?:,|:)?")
_AFTER = re.compile(rf",\s+(?:(?:as|like)\s+)?{_SOURCE}\s+(?:{_OFTEN}\s+){{0,2}}{_SAID}\b(?:\s+\w+){{0,3}}[.!]?$")
_OWN = re.compile(r"(?:my|his|her|their|our)\b", re.IGNORECASE)
_REPORTING = re.compile(r"\b(?:told|tells|quot\w+|heard|hearing|reports?|reported|was told|were told)\b", re.IGNORECASE)


def attributes_to_reporter(clause: Clause, cited: Cited) -> str:
    """What is wrong where words that the speaker only reports ("as Ezekiel used to say") are attributed to the speaker; else ""."""
    for quote in cited.quotes:
        for sentence in quote.sentences:
            for source, reported, rest in _reports(sentence.text):
                if not _is_of(clause, reported, rest, cited) or _names_source(clause, source):
                    continue
                return f"told there as the words of {source}"
    return ""


def _reports(sentence: str) -> list[tuple[str, str, str]]:
    """(whose words, the words, what else the sentence says) of each report in a sentence."""
    if after := _AFTER.search(sentence):
        return [(after["source"], sentence[: after.start()], "")]
    return [(m["source"], sentence[m.end() :], sentence[: m.start()]) for m in _BEFORE.finditer(sentence)][:1]


def _is_of(clause: Clause, reported: str, rest: str, cited: Cited) -> bool:
    """True where the clause is made of the words reported, and not of what the speaker says for himself."""
    if clause.runs:
        return any(
            normalise(run).strip(" .,;\"'") in normalise(reported) for run in clause.runs if len(run.split()) > 2
        )
    ours = set(stems(words_of(clause.plain) - STOP_WORDS - SPEECH_FORMS - cited.name_parts))
    in_reported = ours & set(stems(words_of(reported)))
    elsewhere = (ours & cited.stems) - in_reported
    return len(in_reported) > 2 * len(elsewhere)


def _names_source(clause: Clause, source: str) -> bool:
    """True where the clause says whose words they are, or at least that the speaker only reports them."""
    # Of "my old teacher", the teacher; a name counts in each of its parts.
    who = words_of(source if source[0].isupper() and not _OWN.match(source) else source.split()[-1]) - STOP_WORDS
    if who & words_of(clause.plain):
        return True
    if not who and words_of(source) & words_of(clause.plain) and words_of(clause.plain) & SPEECH_FORMS:
        return True
    verbs = [word for word in WORD.findall(clause.plain.lower()) if word in SPEECH_FORMS]
    return not who and (len(verbs) > 1 or bool(_REPORTING.search(clause.plain)))
