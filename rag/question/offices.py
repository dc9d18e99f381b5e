"""The people whom a question means by what they do or are called for short: "the baker", "the bell woman", "the presenter", "Toby".

What somebody does is read from what the library says of their episodes (title and description), never from outside. Where more than
one person may be meant, nobody is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from index.library import EpisodeSummary
from index.search.lexical import STOP_WORDS, stems
from rag.question.people import fold, names_of

_HEADS = r"man|woman|lady|girl|guy|bloke|fellow|chap|person|lad"
_WORKER = (
    r"\w{2,}(?:er|or|ist|ian|smith|lot|man|woman|keeper|maker|builder|wright)|captain|skipper|doctor|cook|guide"
    r"|nurse|chef|vet|priest|vicar"
)
_OFFICE = re.compile(r"\b(?:the|that|our|your) (?=(?P<what>[\w-]+(?: [\w-]+){0,2}))", re.I)
_NAMES_WORK = re.compile(rf"(?:{_HEADS}|{_WORKER})$", re.I)
_SHORT = re.compile(r"\b(?P<stem>[a-z]{3,})(?:y|ie|ey)\b", re.I)
_FEMALE, _MALE = re.compile(r"\b(?:she|her|hers)\b", re.I), re.compile(r"\b(?:he|him|his)\b", re.I)
_AGENT = re.compile(r"(?:er|or|ist|ian)s?$")


def by_office(text: str, episodes: Sequence[EpisodeSummary]) -> list[tuple[str, int, int]]:
    """(name, start, end) of each person whom the text means by their work or a short form of their name, each beyond doubt."""
    found = []
    for match in _OFFICE.finditer(text):
        words = match["what"].split(" ")
        for many in range(len(words), 0, -1):
            what = " ".join(words[:many])
            if (
                many == len(words) or words[many].lower() not in STOP_WORDS
            ):  # "the bakers health", but not "the ringers"
                follows = text[match.start("what") + len(" ".join(words[:many])) :]
                if re.match(r" [\w’']+", follows):
                    words[many - 1] = re.sub(r"(?<=[a-z]{3}(?:er|or|st|an))s$", "", words[many - 1])
            if not _NAMES_WORK.fullmatch(words[many - 1]) or any(word.lower() in STOP_WORDS for word in words[:many]):
                continue
            names = _those_who(what.lower(), tuple(episodes)) or _those_who(words[many - 1].lower(), tuple(episodes))
            if len(names) == 1:
                found.append(
                    (names[0], match.start(), match.start("what") + len(" ".join(match["what"].split(" ")[:many])))
                )
                break
    for match in _SHORT.finditer(text):
        short = [
            name
            for name in _first_names(tuple(names_of(episodes))).get(match["stem"].lower()[:3], ())
            if _short_of(match, name)
        ]
        if len(short) == 1 and (match[0][:1].isupper() or _asked_of(text, match)):
            found.append((short[0], *match.span()))
    return found


def pronoun_in(name: str, episodes: Sequence[EpisodeSummary]) -> str | None:
    """ "she" or "he", as the descriptions of a person's episodes call them; None where they don't or it can't be told."""
    first = re.compile(rf"\b{re.escape(name.split()[0])}\b") if name.split() else None
    for episode in episodes:
        people = [person.name for person in episode.people if person.role != "host"]
        if first is None or people != [name] or not first.search(episode.description):
            continue
        she, he = _FEMALE.search(episode.description), _MALE.search(episode.description)
        if bool(she) != bool(he):
            return "she" if she else "he"
    return None


@lru_cache(maxsize=256)
def _those_who(what: str, episodes: tuple[EpisodeSummary, ...]) -> tuple[str, ...]:
    """The guests whose episodes say that they do this."""
    words = what.split()
    bare = [word for word in words if not re.fullmatch(_HEADS, word) and word not in STOP_WORDS]
    if not bare:
        return ()
    by_work = not re.fullmatch(_HEADS, words[-1])
    found: dict[str, None] = {}
    for episode in episodes:
        guests = [person.name for person in episode.people if person.role == "guest"][:1]
        if guests and all(_does(word, episode, guests[0], work=by_work and word == bare[-1]) for word in bare):
            found[guests[0]] = None
    return tuple(found)


def _does(word: str, episode: EpisodeSummary, name: str, *, work: bool) -> bool:
    """Whether an episode's title or description says this of its guest: the word itself beside the name, or the verb of the
    work."""
    told = f"{episode.title} {episode.description}"
    if work:
        # What is told of the guest, and not what a baker may be told of elsewhere.
        told = " ".join(
            one.partition(name.split()[0])[2]
            for one in re.split(r"(?<=[.?!]) ", episode.description)
            if name.split()[0] in one
        )
    said = re.findall(r"\w+", told.lower())
    if not work:
        return stems([word])[0] in stems(said)
    if re.search(
        rf"\b{re.escape(word)},? {re.escape(name.split()[0])}\b|\b{re.escape(name)},? (?:an? |the )?(?:\w+ )?{re.escape(word)}\b",
        episode.description,
        re.I,
    ):
        return True
    if word.endswith(("man", "woman")):
        return stems([re.sub(r"(?:wo)?man$", "", word)])[0] in stems(said)
    root = stems([_AGENT.sub("", word)])[0]
    inside = re.match(r"(\w{3,}?)(builder|maker|keeper|founder|writer|baker)$", word)
    if inside:  # "boatbuilder": builds boats
        return all(stems([part])[0] in stems(said) for part in (inside[1], re.sub(r"er$", "", inside[2])))
    return len(root) > 2 and any(
        one != word and one.endswith(("s", "ed", "ing")) and stems([one])[0].rstrip("e") == root.rstrip("e")
        for one in said
    )


@lru_cache(maxsize=8)
def _first_names(names: tuple[str, ...]) -> dict[str, list[str]]:
    by_start: dict[str, list[str]] = {}
    for name in names:
        if words := fold(name).split():
            by_start.setdefault(words[0][:3], []).append(name)
    return by_start


def _short_of(match: re.Match[str], name: str) -> bool:
    first = fold(name).split()[0]
    return first.startswith(match["stem"].lower()) and first != match[0].lower() and match[0].lower() not in STOP_WORDS


def _asked_of(text: str, match: re.Match[str]) -> bool:
    """Whether somebody stands there: "toby's gran", "did toby", "what does toby askerley"."""
    return bool(
        re.match(r"['’]s\b", text[match.end() :])
        or re.search(r"\b(?:did|does|do|has|is|was|about|with|for|and|would)\s+$", text[: match.start()], re.I)
    )
