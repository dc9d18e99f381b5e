"""Whether the words cited support every word of a clause.
They do by the same word in any form, a synonym, or a number's value.

Words outside quote marks are told from four kinds: grammar and words about speaking carry nothing of their own; a word of
the quote cited, or one that means the same, is carried; a word of what is answered there is carried too, and so is one that
tells what the quote's "it" is, as long as most of the clause stands in the quote; any other is the writer's own invention.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.search.lexical import STOP_WORDS
from rag.evidence.check import locate
from rag.gate.attribution import OPENERS
from rag.gate.clauses import WORD, Cited, Clause, bare, words_of
from rag.gate.negation import Polarity
from rag.gate.numbers import QUANTITIES, numbers
from rag.gate.synonyms import families, family, meant, opposite
from rag.question.question import Question

# Words that the search takes for grammar, and that say something when somebody is told to have said them.
_SAYS_SOMETHING = frozenset(
    """recommend recommended suggest suggests suggested suggestion propose proposed conclude conclusion decide decided decision
    episode episodes podcast show say says said tell told talk talked talks talking speak spoke mention mentioned mentions
    discuss discussed describe described explain explained think thinks thought believe believed opinion view views state
    states stated comment comments""".split()
)
GRAMMAR = (STOP_WORDS - _SAYS_SOMETHING) | frozenset(
    """much many lot lots too yet although though since whether rather even quite bit every each either another may
    might shall upon among within without cannot don't doesn't didn't isn't aren't wasn't weren't won't wouldn't
    can't couldn't shouldn't haven't hasn't hadn't i'm it's that's there's they're he's she's he'd she'd they'd
    he'll she'll they'll let one instead around roughly approximately way remain remains it'll that'll who's
    what's we've they've""".split()
)
# How it is said, and not what: "In the words of …", "… answers". Only beside who says it: "the bell remembers" says something.
SAYING = frozenset(
    """say says said saying add adds added explain explains explained tell tells told telling ask asks asked answer answers
    answered mention mentions mentioned note notes noted reply replies replied""".split()
)
REPORTING = SAYING | frozenset(
    """according adding admit admits admitted argue argues argued argument claim claims claimed comment comments
    conversation explaining explanation insist insists insisted interview listeners maintain maintains
    mentioning noting opinion point points pointed position put puts question quote quotes quoted quoting recall
    recalls recalled recalling reckon reckons reckoned remark remarks remarked remember remembers remembered
    report reports reported respond responds speak speaks spoke speaking state states stated stress stresses
    stressed emphasise emphasises emphasize emphasizes talk talks talked talking think thinks thought believe
    believes believed feel feels felt view views word words wonder wonders describe describes described
    describing calls called calling joke jokes confirm confirms acknowledge acknowledges reflect reflects
    discuss discusses discussing""".split()
)
_STANDS_FOR = frozenset("it its it's she her she's he him his he's they them their they're those that's".split())
MOST_MEANT = 2  # words that a quote's "it" or "she" may be told as
NEAR = 4  # words between who says it and how it is said, at most
_PRONOUNS = frozenset("he she they".split())
_ROLES = frozenset("host guest interviewer interviewee presenter".split())
_FRAME = re.compile(
    r"^\W*(?:(?:and|while|whereas|but) )?"
    r"(?:asked|when asked|questioned|on|about|regarding|as for|speaking of|in)\b[^,…]{0,80},",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Load:
    """What a clause has to say outside quote marks, and what of it nothing carries; lower case, each word once.

    `share`: of the words, how many the quotes themselves carry; 1 where there is none. `framed`: the
    words of the question and of titles that are told as such.
    """

    telling: tuple[str, ...]
    missing: tuple[str, ...]
    share: float
    framed: frozenset[str]


def weigh(clause: Clause, cited: Cited, question: Question) -> Load:
    """What of a clause is carried by the quotes that it rests on."""
    # "Asked about bread, …", "In the first episode, …": words of the question and of titles, told as such.
    frame = _FRAME.match(clause.plain)
    framed = words_of(question.asked) | cited.about | {"episode"} if frame else set()
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", clause.plain)
    tokens = [(bare(part), match.end()) for match in WORD.finditer(plain) for part in re.split(r"[-.]", match[0]) if part]
    words = [word for word, _ in tokens]
    skipped = cited.name_parts | GRAMMAR | QUANTITIES
    telling: dict[str, None] = {}
    for place, (word, end) in enumerate(tokens):
        in_frame = frame is not None and end <= frame.end() and word in framed | REPORTING
        if word in skipped or numbers(word) or in_frame or (place == 0 and word in OPENERS):
            continue
        if not (word in REPORTING and _is_report(words, place, cited)) and words[place : place + 2] != ["used", "to"]:
            telling[word] = None
    # Words of grammar carry none: "live" is not "be", nor is "used" "us".
    there = families(cited.words - GRAMMAR)
    answered = families(words_of(cited.answered) - GRAMMAR)
    before = families((cited.before | _asked_and_said(question, cited)) - GRAMMAR)
    dropped = _STANDS_FOR & (cited.words - set(words))
    denied = Polarity(cited.text).negated
    missing, held, meant_by_it = [], 0, 0
    for word in telling:
        if meant(word) & there or opposite(word) & denied or (word in SAYING and cited.words & SAYING):
            held += 1
        elif family(word) & before and dropped and meant_by_it < MOST_MEANT:
            meant_by_it += 1  # "the oven", where the quote has "her"
        elif not meant(word) & answered:
            missing.append(word)
    share = held / len(telling) if telling else 1.0
    return Load(tuple(telling), tuple(missing), share, frozenset(framed))


def _asked_and_said(question: Question, cited: Cited) -> set[str]:
    """The words of a question that its answer's episode has too: a question may be anything that a stranger typed."""
    episodes = [quote.episode for quote in cited.quotes]
    return {word for word in words_of(question.asked) if any(locate(word, episode) for episode in episodes)}


def _is_report(words: Sequence[str], place: int, cited: Cited) -> bool:
    """True where a word about speaking stands beside who speaks."""
    near = set(words[max(0, place - NEAR) : place + NEAR + 1])
    beside = set(words[max(0, place - 1) : place + 2])
    opens = place < NEAR and bool(set(words[:place]) & _PRONOUNS)
    return bool(near & (cited.name_parts | _ROLES)) or opens or (words[place] in SAYING and bool(beside & _PRONOUNS))


def is_carried_word(word: str, words: set[str]) -> bool:
    """True where one of the words is this one in another form, or means the same."""
    return bool(meant(word) & families(words))
