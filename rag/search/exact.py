"""All places of exact words, in every episode that the filters leave: complete and counted, not ranked.

The words are compared as the check of quotes does: case, spaces, quote marks and dashes made alike, and nothing else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from index.episode import Episode, Turn
from index.errors import VerbatimError
from index.library import Library
from index.plain import plain
from rag.answer import Citation
from rag.evidence.check import Place, locate, normalise
from rag.evidence.cite import cite
from rag.question.scope import Filters, Scope

LONGEST_PHRASE = 300  # characters
# Letters that one letter of a transcript may be folded to ("ß" is "ss"): the lexical index files such a word elsewhere.
_FOLDED = re.compile(r"ss|st|f[fil]")


@dataclass(frozen=True, slots=True)
class Places:
    """Where the words stand. `count`: how often; there are fewer citations where they stand twice in the same sentences.

    `citations`: the whole sentences around the words, in the order of date and place, each checked by having been found.
    `searched`: how many episodes were gone through.
    """

    citations: tuple[Citation, ...]
    count: int
    searched: int


def find_phrase(library: Library, phrase: str, filters: Filters | None = None) -> Places:
    """Every place where these words were said, word for word. VerbatimError: they are too many or none.

    Words that run from one speaker into the next stay unattributed; a person or role in the filters leaves them out.
    """
    phrase = plain(phrase)
    if not re.search(r"\w", phrase) or len(phrase) > LONGEST_PHRASE:
        raise VerbatimError(f"Exact words are 1 to {LONGEST_PHRASE} characters with a letter or a number among them.")
    with library.snapshot() as library:
        return _find_phrase(library, phrase, filters or Filters())


def _find_phrase(library: Library, phrase: str, filters: Filters) -> Places:
    scope = Scope.of(library, filters)
    searched = [summary.id for summary in scope.episodes]
    holding = _may_hold(library, phrase)
    found: list[Citation] = []
    count = 0
    for episode in library.episodes(id_ for id_ in searched if holding is None or id_ in holding):
        places = Counter(place for place in locate(phrase, episode) if _wanted(place, episode, scope.person, filters))
        count += places.total()
        found += [_cited(place, episode) for place in places]
    found.sort(key=lambda c: (c.date or "9999", c.show, c.episode, c.first))
    return Places(tuple(c.numbered(n) for n, c in enumerate(found, start=1)), count, len(searched))


def _may_hold(library: Library, phrase: str) -> set[str] | None:
    """The episodes that have each of the words somewhere, by the lexical index; None where it can't say."""
    words = {word.strip("\"'.,;:!?()-") for word in normalise(phrase).split()}
    sure = [word for word in words if re.fullmatch(r"[a-z0-9]+", word) and not _FOLDED.search(word)]
    held: set[str] | None = None
    for word in sorted(sure, key=library.passages_with):
        passages = library.passages(sorted(library.holding(word)))
        episodes = {passage.episode for passage in passages.values()}
        held = episodes if held is None else held & episodes
        if len(held) <= 20:
            break  # reading these is quicker than narrowing them further
    return held


def _turns(place: Place, episode: Episode) -> Iterator[Turn]:
    for turn in episode.turns:
        if turn.sentences[0].position <= place.last and place.first <= turn.sentences[-1].position:
            yield turn


def _wanted(place: Place, episode: Episode, person: str | None, filters: Filters) -> bool:
    if person and place.speakers != (person,):
        return False
    return filters.role is None or all(
        turn.speaker is not None and turn.speaker.role == filters.role for turn in _turns(place, episode)
    )


def _cited(place: Place, episode: Episode) -> Citation:
    turn = episode.turn_at(place.first)
    if len(place.speakers) > 1:
        turn = Turn(None, turn.sentences)
    text = " ".join(sentence.text for sentence in episode.spoken(place.first, place.last))
    return cite(episode, turn, place.first, place.last, text, n=0, check="verified")


def in_quotes(text: str) -> str | None:
    """The words inside quote marks where the whole text stands in them, else None."""
    found = re.fullmatch(r"\s*[\"“”„«](.+)[\"“”»]\s*", text, re.DOTALL)
    return found[1].strip() if found and found[1].strip() else None


def spans_of(phrase: str, text: str) -> list[tuple[int, int]]:
    """Where the words of the phrase stand in a text, to be marked there; whatever stands between them."""
    words = r"\W+".join(re.escape(word) for word in re.findall(r"\w+", phrase))
    return [found.span() for found in re.finditer(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE)] if words else []
