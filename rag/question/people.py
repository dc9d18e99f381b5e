"""The people that a question names: first names, surnames and typos allowed; and whom its grammar makes the speaker.

Knows nothing of what else a question asks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.library import EpisodeSummary
from index.search.lexical import STOP_WORDS, content_words
from index.speakers.labels import is_anonymous
from rag.english import NAMES_THAT_ARE_WORDS, NOT_NAMES, SPEECH_VERBS

Mention = tuple[str, int, int]
"""Somebody whom a text names, and where: name, start, end."""

LIKE_ENOUGH = 84  # rapidfuzz ratio: one letter wrong in six

_NAME = r"(?P<name>(?:the |an? )?[\w.'’-]+(?: [\w.'’-]+){0,3}?)"
_SLOTS = [
    re.compile(pattern, re.I)
    for pattern in (
        rf"\b(?:did|does|do|has|have|had|would|is|was|can|could|will)\s+{_NAME}\s+"
        r"(?:(?:ever|also|really|actually|just|even|once|always|still|originally|first|then|not|exactly|personally)\s+)*"
        rf"(?:{SPEECH_VERBS})\b",
        rf"\baccording to\s+{_NAME}"
        r"(?=[,.?!]|$| (?:what|how|why|when|who|which|where|is|are|was|were|did|does|do|the)\b)",
        rf"\b{_NAME}['’]s? (?:view|views|opinion|opinions|take|thoughts?|position|stance|advice|answer|argument|reason|reasons"
        r"|feelings?|attitude|reaction|recommendations?|concerns?|worry|worries|suggestions?|ideas?|complaints?|comments?|remarks?"
        r"|response|experience|presentation|introduction|proposals?|plans?)\b",
        r"\b(?:view|views|opinion|opinions|take|thoughts|position|stance|advice|words|presentation|suggestions?|comments?)"
        r" (?:of|by)\s+"
        rf"{_NAME}(?= (?:on|about|regarding)\b|[,.?!]|$)",
        rf"\b(?:what|where|when|why|how|which \w+|that|if|whether)\s+{_NAME}\s+(?:{SPEECH_VERBS})\b",
        rf"^{_NAME}\s+(?:{SPEECH_VERBS})\b",
    )
]


def nearest_names(name: str, episodes: Sequence[EpisodeSummary], *, limit: int = 3) -> list[str]:
    """The people of these episodes whose names look most like it, most alike first."""
    from rapidfuzz import fuzz, process

    names = names_of(episodes)
    return [match for match, *_ in process.extract(name, names, scorer=fuzz.WRatio, limit=limit, score_cutoff=70)]


def find_person(name: str, episodes: Sequence[EpisodeSummary]) -> list[str]:
    """The people that a filter's name means (full name, part of it, or a typo), best first; empty when nobody."""
    from rapidfuzz import fuzz, process

    names = names_of(episodes)
    folded = fold(name)
    exact = [known for known in names if fold(known) == folded]
    partly = [known for known in names if folded and set(folded.split()) <= set(fold(known).split())]
    alike = [
        match for match, *_ in process.extract(name, names, scorer=fuzz.ratio, processor=fold, score_cutoff=LIKE_ENOUGH)
    ]
    return exact or partly or alike


def names_of(episodes: Sequence[EpisodeSummary]) -> list[str]:
    """Everybody who is named in these episodes, each once; labels that name nobody left out."""
    every = dict.fromkeys(person.name for episode in episodes for person in episode.people)
    return [name for name in every if not is_anonymous(name)]


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """A name or question as it is compared: case folded, words joined by single blanks, no punctuation."""
    return " ".join(re.findall(r"\w+", text.casefold()))


@dataclass(frozen=True, slots=True)
class _Directory:
    """Names by what a question may say of them: two words of it or more that follow one another, folded, and each part."""

    whole: dict[str, list[str]]
    part: dict[str, list[str]]
    words: frozenset[int]
    """How many words the names here have."""


@lru_cache(maxsize=8)
def _directory(names: tuple[str, ...]) -> _Directory:
    whole: dict[str, list[str]] = {}
    part: dict[str, list[str]] = {}
    for name in names:
        words = fold(name.partition(" (")[0] or name).split()  # an office in brackets is no name
        # "Kirsty Hallam" means "Kirsty Hallam AM": titles and offices are left out in speech.
        runs = {" ".join(words[at : at + n]) for n in range(2, len(words)) for at in range(len(words) - n + 1)}
        for run in {*runs, " ".join(words)}:
            whole.setdefault(run, []).append(name)
        for word in dict.fromkeys(words):
            part.setdefault(word, []).append(name)
    return _Directory(whole, part, frozenset(len(run.split()) for run in whole))


def find_people(text: str, names: Sequence[str]) -> list[tuple[str, int, int]]:
    """(name, start, end) of each person that the text names; several for one place where a first name is shared."""
    directory = _directory(tuple(names))
    tokens = [(match[0], match.start(), match.end()) for match in re.finditer(r"\w+", text)]
    folded = [fold(token) for token, *_ in tokens]
    slots = speaker_slots(text)
    found = _whole_names(tokens, folded, directory)
    taken = [(start, end) for _, start, end in found]
    for place, (token, start, end) in enumerate(tokens):
        if any(first <= start < last for first, last in taken):
            continue
        word = folded[place]
        in_slot = any(first <= start < last for first, last in slots)
        capital = token[:1].isupper() and place > 0
        if word in NOT_NAMES and not (capital and word in NAMES_THAT_ARE_WORDS):
            continue
        if _part_of_other_name(place, tokens, text):
            continue
        named = directory.part.get(word, []) if len(word) > 1 or in_slot else []
        if named and (word not in NAMES_THAT_ARE_WORDS or capital or in_slot or (place == 0 and token[:1].isupper())):
            found += [(name, start, end) for name in named]
        elif not named and len(word) >= 4 and (capital or in_slot):
            found += [(name, start, end) for name in _alike(word, directory)]
    return sorted(found, key=lambda mention: mention[1])


def _whole_names(
    tokens: Sequence[tuple[str, int, int]], folded: Sequence[str], directory: _Directory
) -> list[tuple[str, int, int]]:
    """Names that stand in the text in full; those of several words with a letter or two wrong as well."""
    from rapidfuzz import fuzz, process

    found: list[tuple[str, int, int]] = []
    for n in sorted(directory.words, reverse=True):
        taken = [(start, end) for _, start, end in found]
        for at in range(len(tokens) - n + 1):
            if any(start < tokens[at + n - 1][2] and tokens[at][1] < end for start, end in taken):
                continue  # a part of a longer name that stands here
            window = folded[at : at + n]
            joined = " ".join(window)
            names = directory.whole.get(joined, [])
            if not names and n > 1 and all(len(word) > 2 and word not in NOT_NAMES for word in window):
                alike = process.extract(joined, directory.whole.keys(), scorer=fuzz.ratio, score_cutoff=88, limit=5)
                names = [name for match, *_ in alike if len(match.split()) == n for name in directory.whole[match]]
            found += [(name, tokens[at][1], tokens[at + n - 1][2]) for name in names]
    return found


def _alike(word: str, directory: _Directory) -> list[str]:
    """The people with a part of their name that the word misspells, most alike first."""
    from rapidfuzz import fuzz, process

    matches = process.extract(word, directory.part.keys(), scorer=fuzz.ratio, score_cutoff=LIKE_ENOUGH, limit=5)
    close = [match for match, *_ in matches if len(match) >= 4 and abs(len(match) - len(word)) <= 2]
    return list(dict.fromkeys(name for match in close for name in directory.part[match]))


def _part_of_other_name(place: int, tokens: Sequence[tuple[str, int, int]], text: str) -> bool:
    """True for the "Mark" of "Mark Twain": beside it stands another capitalised word, and together they name nobody here.

    (Full names of people here were found before this is asked.)
    """
    if not tokens[place][0][:1].isupper():
        return False
    for beside in (place - 1, place + 1):
        if 0 <= beside < len(tokens):
            word, start, end = tokens[beside]
            between = text[end : tokens[place][1]] if beside < place else text[tokens[place][2] : start]
            if between == " " and word[:1].isupper() and word != "I" and not (beside == 0 and fold(word) in NOT_NAMES):
                return True
    return False


def speaker_slots(text: str) -> list[tuple[int, int]]:
    """Where the grammar of the question puts somebody who speaks ("did … say", "according to …", "…'s view")."""
    return list(dict.fromkeys(match.span("name") for slot in _SLOTS for match in slot.finditer(text)))


def without_names(text: str, mentions: Sequence[tuple[str, int, int]]) -> str:
    """The text without the names, or as it is where hardly a word would be left."""
    rest = text
    for start, end in sorted({(start, end) for _, start, end in mentions}, reverse=True):
        rest = rest[:start] + " " + re.sub(r"^['’]s?(?!\w)", "", rest[end:])
    rest = " ".join(rest.split())
    return rest if len(re.findall(r"\w+", rest)) >= 3 else text


def search_words(text: str, mentions: Sequence[tuple[str, int, int]], *, always: bool = True) -> list[str]:
    """The words to search for: those of the subject; where it has none, all words (`always`) or none."""
    rest = text
    for _, start, end in mentions:
        rest = rest[:start] + " " * (end - start) + rest[end:]
    rest = re.sub(r"(?<= )['’]s\b", "  ", rest)
    words = [word for word in content_words(rest) if word not in STOP_WORDS and (word.isalnum() or len(word) > 2)]
    return words or (content_words(rest) or content_words(text) if always else [])
