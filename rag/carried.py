"""Is every word of a clause carried by the words cited? By the same word in any form, a synonym, or a number's value.

Words outside quote marks are told from four kinds: grammar and words about speaking carry nothing of their own; a word of
the quote cited, or one that means the same, is carried; a word that only stands just before the quote tells what "it" is,
and is carried too, as long as most of the clause stands in the quote; any other word is the writer's own invention.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.lexical import STOP_WORDS
from rag.clauses import WORD, Cited, Clause, bare, words_of
from rag.credit import OPENERS
from rag.numbers import QUANTITIES, numbers
from rag.polarity import Polarity
from rag.question import Question
from rag.synonyms import synonyms

# Words that the search takes for grammar, and that say something when somebody is told to have said them.
_SAYS_SOMETHING = frozenset(
    """recommend recommended suggest suggests suggested suggestion propose proposed conclude conclusion decide decided decision
    episode episodes podcast show""".split()
)
GRAMMAR = (STOP_WORDS - _SAYS_SOMETHING) | frozenset(
    """much many lot lots too yet although though since whether rather even quite bit every each either another may might
    must shall upon among within without cannot don't doesn't didn't isn't aren't wasn't weren't won't wouldn't can't couldn't
    shouldn't haven't hasn't hadn't i'm it's that's there's they're he's she's he'd she'd they'd he'll she'll they'll let one
    ones something nothing everything anything instead gets getting goes going gone went come comes came way make makes made
    take takes took put puts become became remain remains it'll that'll who's what's we've they've""".split()
)
# How it is said, and not what: "In the words of …", "Asked about it, … answers".
REPORTING = frozenset(
    """according add adds added admit admits admitted answer answers answered answering argue argues argued argument asked claim
    claims claimed comment comments conversation explain explains explained explanation insist insists insisted interview
    listeners maintain maintains mention mentioned mentions note notes noted opinion own point points pointed position put
    puts question quote quotes quoted quoting recall recalls recalled reckon reckons reckoned remark remarks remarked remember
    remembers remembered reply replies replied report reports reported respond responds say says said saying speak speaks
    spoke speaking state states stated stress stresses stressed emphasise emphasises emphasize emphasizes talk talks talked tell
    tells telling told think thinks thought believe believes believed feel feels felt view views word words wonder wonders
    describe describes described describing calls called calling joke jokes confirm confirms observes acknowledge acknowledges
    way like this reflect reflects discusses discussing mentioning explaining noting adding recalling host guest talking""".split()
)
_FRAME = re.compile(
    r"^\W*(?:asked|when asked|questioned|on|about|regarding|as for|speaking of|in)\b[^,…]{0,80},", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Load:
    """What a clause has to say outside quote marks, and what of it nothing carries; lower case, each word once.

    `share`: of the words, how many the quotes themselves carry; 1 where there is none. `skipped`: words that need no
    carrying. `framed`: the words of the question and of titles that are told as such.
    """

    telling: tuple[str, ...]
    missing: tuple[str, ...]
    share: float
    skipped: frozenset[str]
    framed: frozenset[str]


def weigh(clause: Clause, cited: Cited, question: Question) -> Load:
    """What of a clause is carried by the quotes that it rests on."""
    skipped = cited.name_parts | GRAMMAR | REPORTING | OPENERS | QUANTITIES
    # "Asked about bread, …", "In the first episode, …": words of the question and of titles, told as such.
    frame = _FRAME.match(clause.plain)
    framed = words_of(question.asked) | cited.about | {"episode"} if frame else set()
    telling: dict[str, None] = {}
    for match in WORD.finditer(clause.plain):
        inside = frame and match.end() <= frame.end()
        for part in re.split(r"[-.]", match[0]):
            word = bare(part)
            if word and word not in skipped and not (inside and word in framed):
                telling[word] = None
    listed = synonyms()
    in_quote, around = listed.families(cited.words), listed.families(cited.words_around)
    values = {value for value, _ in numbers(cited.text)}
    denied = Polarity(cited.text).negated
    missing, held = [], 0
    for word in telling:
        meant = listed.meant(word)
        opposite = {other for stem in listed.family(word) for other in listed.opposite.get(stem, ())}
        if meant & in_quote or opposite & denied or any(value in values for value, _ in numbers(word)):
            held += 1
        elif not meant & around:
            missing.append(word)
    share = held / len(telling) if telling else 1.0
    return Load(tuple(telling), tuple(missing), share, frozenset(skipped), frozenset(framed))


def is_carried_word(word: str, words: set[str]) -> bool:
    """True where one of the words is this one in another form, or means the same."""
    return bool(synonyms().meant(word) & synonyms().families(words))
