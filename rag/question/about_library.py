"""Small talk and questions about the library itself ("who are the guests?", "how long is it?") -> an answer from its own lists.

Only a question that is such a one from its first word to its last is taken: "who are the guests of the hotel that he mentions?"
asks what was said, and is searched. Knows nothing of passages or models.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from index.library import EpisodeSummary
from rag.answer import clock
from rag.question.conversation import Exchange
from rag.question.people import LIKE_ENOUGH, find_people, fold, names_of
from rag.question.small_talk import LONGEST_ASKED, PRIVATE, small_talk

MOST_LISTED = 20
ReplyKind = Literal["library", "small_talk", "language", "filters"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer for which no transcript was searched. `found` is False where an episode was named that isn't here."""

    kind: ReplyKind
    text: str
    found: bool = True


_HERE = (
    r"(?: (?:here|there|available|in total|altogether|do you have|you have|have you got|do you know|are there|are here|are in here"
    r"|(?:in|on|of|from) (?:this|the|your) (?:library|show|podcast|collection|series)))*"
)
_EPISODES = r"(?:episodes?|interviews?|talks|conversations|podcasts|recordings)"
_THIS = r"(?:(?:this|the|that) (?:episode|podcast|interview|conversation))"
_ONE = (
    rf"(?:{_THIS}|(?:(?:this|the|that) )?(?:(?:episode|interview|talk|conversation|one) (?:with |called |titled )?)?"
    r"(?:qperson|qtitle)(?:'s)?(?: (?:episode|interview|talk))?|it|this|that)"
)
Ask = Literal["from", "guests", "hosts", "people", "shows", "count", "list", "with", "when", "about", "long", "who_in"]
_PEOPLE_HERE = r"(?:here|in (?:the|this|your) library|on (?:the|this) (?:show|podcast)|do you have|are there|are here)"
_SAID_IT = r"(?:did|does) (?:he|she|they|qperson) (?:say|tell|mention) (?:that|this|it|so)"
_ASK_PATTERNS: tuple[tuple[Ask, str], ...] = (
    ("from", r"(?:in |from )?(?:which|what) (?:episode|interview|one)(?: (?:is|was) (?:that|this|it))?(?: (?:from|in|said in))?"),
    ("from", rf"(?:in |from )?(?:which|what) (?:episode|interview) {_SAID_IT}(?: in)?|when {_SAID_IT}"),
    ("from", r"where (?:is|was) (?:that|this|it) (?:from|said)|when was (?:that|this|it) said"),
    ("guests", rf"(?:who|which people) (?:are|were) (?:all )?(?:the|your) (?:guests|interviewees){_HERE}"),
    ("guests", rf"(?:which|what|how many) guests{_HERE}|(?:list|name|show)(?: me)?(?: all)?(?: the| your)? guests{_HERE}"),
    ("guests", rf"who (?:was|were|has been|have been) interviewed{_HERE}"),
    ("guests", rf"who(?:'s| is| was) the guest(?: (?:of|in|on) {_THIS})?{_HERE}"),
    ("hosts", rf"who(?:'s| is| are| was) the (?:hosts?|presenters?|interviewers?)(?: (?:of|in|on) {_ONE})?{_HERE}"),
    ("hosts", r"who (?:hosts|presents) (?:this|the|it)(?: (?:show|podcast|episode|series))?"),
    ("people", rf"(?:who|which people|which speakers) (?:are|were) (?:all )?(?:the|your) (?:speakers|people|voices){_HERE}"),
    ("people", rf"(?:list|name|which|how many)(?: all)?(?: the)? (?:speakers|people|voices) {_PEOPLE_HERE}"),
    ("people", r"who (?:speaks|talks|is|are) (?:here|in (?:the|this|your) library|on (?:the|this) (?:show|podcast))"),
    ("shows", rf"(?:which|what|how many) (?:shows|series){_HERE}|(?:which|what) (?:show|podcast|series) is this"),
    ("count", rf"how many {_EPISODES}{_HERE}"),
    ("count", r"how (?:many hours|many minutes|much)(?: of)?(?: (?:audio|speech|talk|material))?"
              r" (?:do you have|are there|is there|is here)"),
    ("list", rf"(?:which|what) (?:(?:are|were) (?:all )?(?:the|your) )?{_EPISODES}{_HERE}"),
    ("list", rf"(?:list|show|name)(?: me)?(?: all)?(?: the| your)? {_EPISODES}{_HERE}"),
    ("list", r"what(?:'s| is) in (?:here|(?:the|this|your) (?:library|collection))"),
    ("with", rf"(?:(?:which|what|how many|list|all|any|are there|is there|do you have|the) )+{_EPISODES}"
             r"(?: (?:are there|do you have|are|is))? (?:with|has|have|feature|features) qperson"),
    ("with", rf"(?:which|what|how many) {_EPISODES} (?:is|was|does|did) qperson (?:in|on|appear in|speak in)"),
    ("with", r"how (?:often|many times) (?:is|was|has|did|does) qperson (?:been |appear |come )?(?:a guest|interviewed)?"
             r" ?(?:(?:on |in )(?:the|this) (?:show|podcast|library))?"),
    ("when", r"when (?:is|was|were|did) qperson (?:a guest|interviewed|on|appear)"
             r"(?: (?:on |in )?(?:the|this) (?:show|podcast|programme))?"),
    ("when", rf"when (?:is|was|did) {_ONE} (?:published|released|recorded|broadcast|aired|made|out|come out|from)"),
    ("when", r"when (?:is|was) (?:the )?(?:qperson(?:'s)? (?:episode|interview|talk)"
             r"|(?:episode|interview|talk|one) with qperson)"),
    ("when", rf"what(?:'s| is| was) the date of {_ONE}"),
    ("about", rf"what(?:'s| is| was| are| were) {_ONE} (?:all )?about|what(?:'s| is) in {_THIS}|describe {_THIS}"),
    ("about", rf"what does {_THIS} (?:cover|discuss)"),
    ("long", rf"how long (?:is|was|does) {_ONE}(?: (?:last|take|run))?"),
    ("long", rf"what(?:'s| is) the (?:length|duration|running time) of {_ONE}"),
    ("who_in", rf"who(?:'s| is| was| are| speaks| talks| appears)? (?:speaking |talking )?(?:in|on) {_ONE}"),
    ("who_in", rf"who (?:are|were|is) (?:the )?(?:guests?|speakers?|people) (?:of|in|on) {_ONE}"),
)  # fmt: skip
_ASKS = tuple((ask, re.compile(pattern)) for ask, pattern in _ASK_PATTERNS)
_POLITE = re.compile(
    r"^(?:(?:and|so|well|ok|okay|hi|hello|hey|please|can you|could you|tell me|say)[, ]+)+|[,]? please$"
)
_NAMED = re.compile(
    r"\b(?:episode|interview|podcast|show|talk) (?:called |titled |named )[“\"'‘]?(?P<title>[^”\"?]+?)[”\"'’]?(?:[?.,]|$)"
    r"|\bepisode (?:called |titled |named )?[“\"‘](?P<quoted>[^”\"’?]+)[”\"’]|\b(?P<number>episode (?:number |no\.? ?|#)?\d+)\b",
    re.I,
)


def reply_to(
    question: str, *, episodes: Sequence[EpisodeSummary], conversation: Sequence[Exchange] = ()
) -> Reply | None:
    """The answer to small talk or to a question about these episodes; None where what was said must be searched.

    `conversation`: what was asked before, so that "it" is the episode that was spoken of.
    """
    if answer := _small_talk(question, names_of(episodes)):
        return Reply("small_talk", answer, found=answer != PRIVATE)
    if missing := _missing(question, episodes):
        return missing
    found = _asked(question, episodes)
    if found is None or not episodes:
        return None
    ask, named, points = found
    if ask == "from":
        quoted = _quoted_from(conversation, episodes)
        return Reply("library", f"That is from {_and([_dated(one) for one in quoted[:3]])}.") if quoted else None
    if ask in ("about", "long", "when", "who_in") and not named:
        named = list(episodes) if len(episodes) == 1 else _spoken_of(conversation, episodes)
        if not named and not points:
            return None  # "How long is it?" of a crossing, not of an episode
        if not named:
            return Reply("library", f"Which episode do you mean? There are {len(episodes):,}:{list_of(episodes)}")
    return Reply("library", _answer(ask, named, episodes, _people_named(question, episodes)))


def is_small_talk(question: str, names: Sequence[str] = ()) -> bool:
    """Whether nothing is asked that somebody may have said: a greeting, thanks, what this is."""
    return _small_talk(question, names) is not None


def _small_talk(question: str, names: Sequence[str]) -> str | None:
    if not re.search(r"[^\W_]", question):
        return None
    text = question
    for start, end in sorted({(start, end) for _, start, end in find_people(question, names)}, reverse=True):
        text = f"{text[:start]}qperson{text[end:]}"
    return small_talk(_bare(question), _plain(question)) or small_talk(_bare(text), _plain(text))


def _plain(question: str) -> str:
    """The question in lower case without marks, doubled spaces and polite words around it."""
    text = _bare(question)
    return _POLITE.sub("", text) or text


def _bare(question: str) -> str:
    return re.sub(r"[^\w'&+*/×÷^%.-]+|\.(?!\d)", " ", question.lower().replace("’", "'")[: LONGEST_ASKED + 1]).strip()


def _asked(question: str, episodes: Sequence[EpisodeSummary]) -> tuple[Ask, list[EpisodeSummary], bool] | None:
    """What is asked of the library, the episodes that it names by title or guest, and whether it says "episode"; or None."""
    if len(question) > LONGEST_ASKED:
        return None
    titled = _titles_in(question, episodes)
    text = question
    for episode in titled:
        text = re.sub(
            r"\W+".join(re.escape(word) for word in re.findall(r"\w+", episode.title)), "qtitle", text, flags=re.I
        )
    people = find_people(text, names_of(episodes))
    for start, end in sorted({(start, end) for _, start, end in people}, reverse=True):
        text = f"{text[:start]}qperson{text[end:]}"
    said = _plain(text)
    for ask, pattern in _ASKS:
        if pattern.fullmatch(said):
            names = {name for name, *_ in people}
            of_people = [episode for episode in episodes if names & {person.name for person in episode.people}]
            return ask, titled or of_people, bool(re.search(r"\b(?:episode|podcast|interview)\b", said))
    return None


def _titles_in(question: str, episodes: Sequence[EpisodeSummary]) -> list[EpisodeSummary]:
    folded = f" {fold(question)} "
    titled = [episode for episode in episodes if (title := fold(episode.title)) and f" {title} " in folded]
    return sorted(titled, key=lambda episode: -len(episode.title))[:1]


def _people_named(question: str, episodes: Sequence[EpisodeSummary]) -> list[str]:
    return list(dict.fromkeys(name for name, *_ in find_people(question, names_of(episodes))))


def _spoken_of(conversation: Sequence[Exchange], episodes: Sequence[EpisodeSummary]) -> list[EpisodeSummary]:
    """The episodes of the last question, where that asked about the library too: "it" and "this" are one of them."""
    if not conversation:
        return []
    last = conversation[-1]
    found = _asked(last.asked, episodes)
    if found is None:
        return []
    return found[1] or _quoted_from(conversation, episodes)


def _quoted_from(conversation: Sequence[Exchange], episodes: Sequence[EpisodeSummary]) -> list[EpisodeSummary]:
    """The episodes that were quoted last, the first source first."""
    quoted = next((one.sources for one in reversed(conversation) if one.sources), ())
    by_id = {episode.id: episode for episode in episodes}
    return [by_id[id_] for id_ in dict.fromkeys(source.episode for source in quoted) if id_ in by_id]


def _missing(question: str, episodes: Sequence[EpisodeSummary]) -> Reply | None:
    """That an episode or show is asked of that isn't here, with those whose titles look most like it; None where it is."""
    from rapidfuzz import fuzz, process

    match = _NAMED.search(question)
    if match is None or not episodes:
        return None
    wanted = (match["title"] or match["quoted"] or match["number"]).strip()
    known = list(dict.fromkeys([*(e.title for e in episodes), *(e.show for e in episodes), *(e.id for e in episodes)]))
    folded = fold(wanted)
    if any(fold(name) and (fold(name) in folded or folded in fold(name)) for name in known):
        return None
    nearest = process.extract(wanted, [e.title for e in episodes], scorer=fuzz.ratio, processor=fold, limit=3)
    if nearest and nearest[0][1] >= LIKE_ENOUGH:
        return None
    titles = _either([f"“{title}”" for title in dict.fromkeys(title for title, *_ in nearest)])
    return Reply("library", f"No episode here is called “{wanted}”. Did you mean {titles}?", found=False)


# ---- the answers


def _answer(
    ask: Ask, named: Sequence[EpisodeSummary], episodes: Sequence[EpisodeSummary], people: Sequence[str]
) -> str:
    """What is asked, in plain sentences. `named`: the episodes that it is asked of, `episodes`: all that are searched."""
    if ask in ("guests", "hosts", "people"):
        return _of_people(ask, named or episodes)
    if ask == "who_in":
        return " ".join(f"In {_titled(e)}: {_and(_spoken_by(e)) or 'nobody is named'}." for e in named)
    if ask == "shows":
        shows = dict.fromkeys(episode.show for episode in episodes)
        return f"{_count(len(shows), 'show')}: {_and(list(shows)[:MOST_LISTED])}."
    if ask == "count":
        return f"There {'is' if len(episodes) == 1 else 'are'} {_count(len(episodes), 'episode')}{_hours(episodes)}."
    if ask == "list":
        return f"{_count(len(episodes), 'episode')}{_hours(episodes)}:{list_of(episodes)}"
    if ask == "with":
        return f"{_and(people)} {'speaks' if len(people) == 1 else 'speak'} in {_count(len(named), 'episode')}:{list_of(named)}"
    return " ".join({"when": _when, "about": _about, "long": _long}[ask](episode) for episode in named[:MOST_LISTED])


def _of_people(ask: Ask, episodes: Sequence[EpisodeSummary]) -> str:
    role = {"guests": "guest", "hosts": "host"}.get(ask)
    titles: dict[str, list[str]] = {}
    for episode in episodes:
        for person in episode.people:
            if person.name in names_of([episode]) and role in (None, person.role):
                titles.setdefault(person.name, []).append(episode.title)
    if not titles:
        return f"No {role or 'speaker'} is named in these episodes."
    noun = role or "speaker"
    if ask == "hosts" and len(titles) == 1:
        return f"The host is {next(iter(titles))}."
    lines = [
        f"\n- {name}: {_and(titles[name][:5])}{_more(len(titles[name]) - 5)}" for name in list(titles)[:MOST_LISTED]
    ]
    return f"{_count(len(titles), noun)}:{''.join(lines)}{_more(len(titles) - MOST_LISTED)}"


def _when(episode: EpisodeSummary) -> str:
    return f"{_titled(episode)} is dated {episode.date}." if episode.date else f"{_titled(episode)} has no date here."


def _about(episode: EpisodeSummary) -> str:
    description = " ".join(episode.description.split())[:600] or "The library has no description of it."
    return f"{_titled(episode)}{f', with {_and(people)}' if (people := _spoken_by(episode)) else ''}. {description}"


def _long(episode: EpisodeSummary) -> str:
    if not episode.duration:
        return f"How long {_titled(episode)} is, is not known."
    return f"{_titled(episode)} is {clock(episode.duration)} long."


def list_of(episodes: Sequence[EpisodeSummary]) -> str:
    """Episodes a line each: title, show, date, length, who speaks."""
    lines = []
    for episode in episodes[:MOST_LISTED]:
        facts = [episode.show, episode.date, clock(episode.duration), _and(_spoken_by(episode))]
        lines.append(f"\n- {episode.title} ({', '.join(fact for fact in facts if fact)})")
    return "".join(lines) + _more(len(episodes) - MOST_LISTED)


def _dated(episode: EpisodeSummary) -> str:
    return f"{_titled(episode)} ({episode.date or 'no date'})"


def _titled(episode: EpisodeSummary) -> str:
    return f"“{episode.title}”"


def _spoken_by(episode: EpisodeSummary) -> list[str]:
    """Who speaks in an episode, host first, with their roles where they are known."""
    people = sorted((p for p in episode.people if p.name in names_of([episode])), key=lambda p: p.role != "host")
    return [f"{p.name} ({p.role})" if p.role != "unknown" else p.name for p in people[:6]]


def _hours(episodes: Sequence[EpisodeSummary]) -> str:
    seconds = sum(episode.duration or 0.0 for episode in episodes)
    return f", {clock(seconds)} together" if seconds else ""


def _more(n: int) -> str:
    return f" and {n:,} more" if n > 0 else ""


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _either(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
