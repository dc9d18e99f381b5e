"""The episodes that a question limits itself to, by title, guest, date or order: "in the episode with Joss", "in March 2023",
"in the last three episodes". Such a limit is hard: nothing outside it answers.

Knows nothing of passages. A date that is the subject ("the storm in 1987") limits nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from index.library import EpisodeSummary
from rag.english import SPEECH_VERBS
from rag.prose import counted
from rag.question.dates import FIRST, LAST, Stretch, stretches_in
from rag.question.people import Mention, fold

LIKE_TITLE = 80  # rapidfuzz ratio from which words are a misspelt title
LONG_TITLE = 4  # words, from which a title needs no "in" before it


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Where a question is to be answered. `rest` is it without the words that say so, `label` how that is said to the reader.

    `episodes`: ids, none where nothing is in question; `perhaps`: those without a date, which may be meant as well.
    `people`: those who were named only to point at an episode.
    """

    episodes: tuple[str, ...]
    label: str
    rest: str
    perhaps: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


_SAID = re.compile(
    rf"\b(?:{SPEECH_VERBS}|discuss|cover|heard|hear|anything|anybody|anyone|somebody|views?|opinions?|episodes?"
    r"|interviews?|shows?|podcasts?|conversations?"
    r"|happens?|guests?|hosts?|topics?|list)\b",
    re.I,
)
_NUMBERS = {word: n for n, word in enumerate("one two three four five six seven eight nine ten".split(), start=1)}
_NTH = {word: n for n, word in enumerate("first second third fourth fifth sixth seventh eighth ninth tenth".split())}
_KIND = r"(?:episodes?|interviews?|conversations?|talks?|shows?|podcasts?|programmes?|instal?lments?)"
_WHICH_ORDER = (
    r"latest|last|newest|most recent|final|first|oldest|earliest|longest|shortest|penultimate"
    rf"|second[- ](?:to[- ])?last|last but one|{'|'.join(_NTH)}"
)
_ORDER = re.compile(
    rf"(?P<in>\b(?:in|from|on|of|during|for) )?\b(?P<the>the |your |their |our |its |this show's )?(?:very )?"
    rf"(?:(?P<some>{'|'.join(_NUMBERS)}|\d{{1,2}}) )?(?P<which>{_WHICH_ORDER})(?: (?P<many>{'|'.join(_NUMBERS)}|\d{{1,2}}))? "
    rf"(?P<kind>{_KIND}|ones?)\b(?P<owns>['’]s)?",
    re.I,
)
_OF_GUEST = (
    rf"(?P<in>\b(?:in|from|on|of|during) )?(?:\b(?:the|both|all|all the|each|every|that|his|her) )?(?:{_KIND}"
    r"|ones?) (?:with|featuring|where \w+ \w+ to) QP\b",
    rf"(?P<in>\b(?:in|from|on|of|during) )?(?:\bthe )?QP(?:['’]?s?)? (?:own )?(?:{_KIND})\b",
    r"(?P<in>\b(?:in|from|on|of|during) )(?:the )?QP one\b",
)
_ORDERED_GUEST = re.compile(
    rf"(?P<order>(?:\b(?:in|from|on) )?(?:the )?(?:{_WHICH_ORDER})(?: \w+)? {_KIND}) (?:with|featuring) QP\b"
    rf"|(?:\b(?:in|from|on) )?QP['’]?s? (?P<own>(?:{_WHICH_ORDER})(?: \w+)? {_KIND})\b",
    re.I,
)
_BEFORE_TITLE = re.compile(
    r"(?:\b(?:in|from|episode|called|titled|named|summari[sz]e|outline|recap|describe|overview of|summary of"
    r"|sum up|episode on|watch|hear|heard)|[“\"'‘*_(])\s*[“\"'‘*_(]*$",
    re.I,
)
_AFTER_TITLE = re.compile(r"^\s*(?:about\W*$|[”\"'’*_]|episode\b|interview\b|[-–—:,;] )", re.I)
_OUTLINE = re.compile(
    r"^\W*(?:(?:please|can you|could you|quick|quickly|briefly|then|so|and|now|just)\b[, ]*)*(?:(?:summari[sz]e"
    r"|sum up|outline|recap|describe)\b.*|(?:give|show|write)(?: me| us)? .*\b(?:summary|overview|outline"
    r"|recap)\b.*"
    r"|.*\b(?:summary|overview|outline|recap|gist|run-?down|tl;?dr|main points|key points|highlights)\W*(?:of"
    r"|from|for|please)?\W*|what(?:['’]?s| is| was| are| were| did| do| does| happens?| happened| all)?(?: it|"
    r" they| he| she| there| you| we| people)?"
    r"(?: all| mainly| mostly)?(?: said| talk(?:ed)?| say| discuss(?:ed)?| cover(?:ed)?| about| go on| going on"
    r"| happen)*(?: all)?(?: about)?)\W*$",
    re.I,
)


def narrowed(
    text: str, mentions: Sequence[Mention], episodes: Sequence[EpisodeSummary], today: date
) -> Narrowed | None:
    """The limit that a question sets itself; None where it sets none. `mentions`: the people that it names, with their places."""
    found = _by_title(text, episodes)
    if found is not None:
        return found
    inside: Sequence[EpisodeSummary] = episodes
    perhaps: Sequence[EpisodeSummary] = ()
    people: tuple[str, ...] = ()
    labels: list[str] = []
    rest = text
    if guest := _by_guest(text, mentions, episodes):
        inside, rest, people = guest
        labels.append(f"with {' and '.join(people)}")
    if stretch := _stretch(rest, inside, today):
        rest = _cut(rest, stretch.start, stretch.end, owned=True)
        # Days are compared as text: an episode may be dated by its month or its year alone.
        inside = [one for one in inside if one.date and _falls(one.date, stretch)]
        words = stretch.words[:1].lower() + stretch.words[1:]
        limits = re.match(r"(?:before|after|since|until|till|up to|between|prior|on|from \S+ to)\b", words)
        labels.append(words if limits else f"of {re.sub(r'^(?:in|from|during|of|for|back in) ', '', words)}")
    if (order := _ORDER.search(rest)) and (picked := _by_order(order, inside)):
        inside, perhaps = picked
        rest = _cut(rest, *order.span(), owned=False)
        labels.insert(0, re.sub(r"^(?:in|from|on|of|during|for) ", "", order[0].strip(), flags=re.I))
    if not labels:
        return None
    ids = tuple(one.id for one in inside)
    rest = re.sub(
        rf"\b(?:in|from|of|on) (?:the|that|this|an?|those|these) {_KIND}(?!\w| (?:of|that|who|which))",
        " ",
        rest,
        flags=re.I,
    )
    return Narrowed(ids, _said(inside, labels, perhaps), _tidied(rest), tuple(one.id for one in perhaps), people)


def wants_outline(rest: str) -> bool:
    """Whether what is left of a question, without the words that name its episode, asks for no more than what is in it."""
    return not re.search(r"\w", rest) or bool(_OUTLINE.match(rest))


def _by_title(text: str, episodes: Sequence[EpisodeSummary]) -> Narrowed | None:
    """The episode whose title stands in the text; with a letter or two wrong, where the text says that one is meant."""
    from rapidfuzz import fuzz

    tokens = [(fold(match[0]), match.start(), match.end()) for match in re.finditer(r"[\w’']+", text)]
    best: tuple[float, int, EpisodeSummary, int, int] | None = None
    for episode in episodes:
        words = fold(episode.title).split()
        for at in range(len(tokens) - len(words) + 1) if words else ():
            start, end = tokens[at][1], tokens[at + len(words) - 1][2]
            said = " ".join(token for token, *_ in tokens[at : at + len(words)])
            like = 100.0 if said == " ".join(words) else 0.0
            if not like and len(words) > 1 and tokens[at][0][:1] == words[0][:1]:
                like = fuzz.ratio(said, " ".join(words), score_cutoff=LIKE_TITLE)
            if (
                like
                and _is_meant(text, start, end, episode.title, len(words), like)
                and (best is None or (like, len(words)) > best[:2])
            ):
                best = (like, len(words), episode, start, end)
    if best is None:
        return None
    _, _, episode, start, end = best
    before = re.search(
        r"(?:\b(?:in|from|on|of)(?: the episode)?(?: called| titled| named)?\s*)?[“\"'‘*_(]*$", text[:start], re.I
    )
    begin = before.start() if before else start
    rest = _cut(text, begin, end, owned=False)
    return Narrowed((episode.id,), titled(episode), _tidied(rest))


def _is_meant(text: str, start: int, end: int, title: str, words: int, like: float) -> bool:
    if _BEFORE_TITLE.search(text[:start]):
        return (
            words > 1
            or bool(re.search(r"\b(?:episode|called|titled|named|summari[sz]e)\W*$", text[:start], re.I))
            or text[start - 1 : start] in "“\"'‘*"
        )
    whole = start == 0 and not re.search(r"\w", text[end:])
    if title.rstrip().endswith("?") and whole:
        return False  # a title that is a question is asked
    if title.rstrip().endswith("?"):
        return False
    if words > 1 and text[start:end] == title[: end - start] and sum(word[:1].isupper() for word in title.split()) > 1:
        return True  # in capitals, as a title is written
    after = bool(_AFTER_TITLE.match(text[end:]))
    return like == 100 and (words >= LONG_TITLE or (words > 1 and (whole or (after and start == 0))))


def _by_guest(
    text: str, mentions: Sequence[Mention], episodes: Sequence[EpisodeSummary]
) -> tuple[list[EpisodeSummary], str, tuple[str, ...]] | None:
    """The episodes of somebody who is named to point at them, the text without that, and who it is."""
    for name, start, end in mentions:
        marked = f"{text[:start]}QP{text[end:]}"
        if ordered := _ORDERED_GUEST.search(marked):
            # "the latest episode with Joss", "Joss's latest episode": the order is read after this.
            kept = ordered["order"] or f"the {ordered['own']}"
            marked = f"{marked[: ordered.start()]}QP {kept}{marked[ordered.end() :]}"
        patterns = (r"QP(?= )",) if ordered else _OF_GUEST
        for pattern in patterns:
            match = re.search(pattern, marked, re.I)
            if match:
                theirs = [one for one in episodes if any(p.name == name and p.role != "host" for p in one.people)]
                names = tuple(dict.fromkeys(other for other, first, last in mentions if (first, last) == (start, end)))
                if theirs:
                    return theirs, _cut(marked, *match.span(), owned=True), names[:1]
    return None


def _stretch(text: str, episodes: Sequence[EpisodeSummary], today: date) -> Stretch | None:
    """The days to which the text limits itself. A year before there were episodes, or one of a deed and not of talk, is a
    subject."""
    dates = sorted(one.date for one in episodes if one.date)
    for one in stretches_in(text, today):
        if not dates or str(one.last) < dates[0][:4]:
            continue
        leads = not re.search(r"\w", re.sub(r"^\W*(?:and|but|so|ok)\b", "", text[: one.start], flags=re.I))
        asks_of_talk = leads or bool(_SAID.search(text[: one.start] + text[one.end :]))
        open_ended = FIRST in (one.first, one.last) or one.last == LAST
        if asks_of_talk or open_ended:
            return one
    return None


def _falls(day: str, stretch: Stretch) -> bool:
    first, last = str(stretch.first), str(stretch.last)
    return first[: len(day)] <= day <= last[: len(day)]


def _by_order(
    order: re.Match[str], episodes: Sequence[EpisodeSummary]
) -> tuple[list[EpisodeSummary], list[EpisodeSummary]] | None:
    """The episodes that an order picks, and those that may come before or after them, since they have no date."""
    which = order["which"].lower()
    if order["kind"].lower().startswith("one") and not order["in"]:
        return None  # "the first one" may be anything
    number = (order["many"] or order["some"] or "1").lower()
    many = int(_NUMBERS.get(number, number))
    if which in ("longest", "shortest"):
        timed = sorted(
            (one for one in episodes if one.duration), key=lambda one: one.duration or 0.0, reverse=which == "longest"
        )
        return timed[:many], []
    if (
        order["kind"].lower() in ("shows", "podcasts", "show", "podcast")
        and not order["many"]
        and which in ("last", "first")
        and not order["in"]
    ):
        return None
    dated = sorted((one for one in episodes if one.date), key=lambda one: (one.date or "", one.id))
    undated = [one for one in episodes if not one.date]
    if which.startswith(("penultimate", "second-", "second to", "second last", "last but")):
        return dated[-2:-1], undated
    if which in ("latest", "last", "newest", "most recent", "final"):
        return list(reversed(dated[-many:])), undated
    if which in ("oldest", "earliest", "first"):
        return dated[:many], undated
    return dated[_NTH[which] : _NTH[which] + 1], undated


def _said(episodes: Sequence[EpisodeSummary], labels: Sequence[str], perhaps: Sequence[EpisodeSummary]) -> str:
    """The limit as it is said to the reader, without the "in" before it."""
    undated = (
        f"; {counted(len(perhaps), 'episode')} here {'has' if len(perhaps) == 1 else 'have'} no date:"
        f" {_and([f'“{one.title}”' for one in perhaps[:3]])}"
        if perhaps
        else ""
    )
    if len(episodes) == 1:
        return f"{titled(episodes[0])}{undated}"
    if labels[0].lower().startswith("the "):
        return f"{' '.join(labels)}{undated}"
    return f"{counted(len(episodes), 'episode')} {' '.join(labels)}{undated}"


def titled(episode: EpisodeSummary) -> str:
    """An episode as it is named to the reader: its title and its day."""
    return f"“{episode.title}”{f' ({day_of(episode.date)})' if episode.date else ''}"


def day_of(day: str) -> str:
    """`2024-02-01` as `1 February 2024`, `2024-02` as `February 2024`; anything else as it stands."""
    try:
        read = date.fromisoformat(day if len(day) > 7 else f"{day}-01")
    except ValueError:
        return day
    return f"{read.day} {read:%B %Y}" if len(day) > 7 else f"{read:%B %Y}"


def _cut(text: str, start: int, end: int, *, owned: bool) -> str:
    after = re.sub(rf"^['’]s (?:{_KIND})?", " ", text[end:]) if owned else re.sub(r"^[”\"'’*_)]+", " ", text[end:])
    return f"{text[:start]} {after}"


def _tidied(text: str) -> str:
    return re.sub(r"^[\s,:;–—-]+", "", re.sub(r"\s+([?.!,;:])", r"\1", " ".join(text.split())))


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
