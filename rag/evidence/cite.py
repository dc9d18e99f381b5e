"""A place in a transcript -> a citation, checked against the words that stand there. The only maker of citations."""

from __future__ import annotations

from index.episode import Episode, Turn
from prompts import flat
from rag.answer import MINUTE, Check, Citation, clock
from rag.evidence.check import check_quote


def cite(
    episode: Episode,
    turn: Turn,
    first: int,
    last: int,
    text: str,
    *,
    n: int,
    score: float = 0.0,
    passage: int = -1,
    check: Check | None = None,
) -> Citation:
    """`text` as the citation `n`: what sentences `first`..`last` say by the turn's speaker, checked against the transcript.

    `score`: how well it fits, rounded to four places; `passage`: its row in the library, -1 for none. `check`: what is
    known of it already, where the words were found by looking for them.
    """
    spoken, speaker = episode.spoken(first, last), turn.speaker
    if check is None:
        check, _ = check_quote(text, speaker.name if speaker else None, episode, first=first, last=last)
    return Citation(
        n=n,
        episode=episode.id,
        title=episode.title,
        show=episode.show.name,
        date=episode.date,
        speaker=speaker.name if speaker else None,
        role=speaker.role if speaker else "unknown",
        speaker_source=turn.speaker_source,
        start=spoken[0].start,
        end=spoken[-1].end,
        time_source=spoken[0].time_source,
        time_error=spoken[0].time_error,
        quote=text,
        check=check,
        url=link(episode, spoken[0].start, spoken[0].time_error),
        first=first,
        last=last,
        passage=passage,
        score=round(score, 4),
        way=way_to(episode, first),
    )


def way_to(episode: Episode, position: int) -> float:
    """The share of the episode's words, 0 to 1, that are said before a sentence."""
    before = total = 0
    for sentence in episode.sentences:
        words = len(sentence.text.split()) if sentence.speech else 0
        total += words
        before += words if sentence.position < position else 0
    return before / max(1, total)


def link(episode: Episode, start: float | None, time_error: float | None = None) -> str | None:
    """The episode's page (or its audio on the web) at that second, or as a whole where not even the minute is known."""
    address = episode.url or (episode.audio if episode.audio and episode.audio.startswith("http") else None)
    if address is None or start is None or (time_error or 0.0) > MINUTE:
        return address
    return f"{address.split('#')[0]}#t={start:.1f}"


def place(episode: Episode, first: int, last: int) -> str:
    """Where words stand, as it is said: the episode's title and the time. Nothing in a title can look like a mark."""
    sentence = episode.spoken(first, last)[0]
    at = clock(sentence.start, sentence.time_error, way_to(episode, first))
    return f"{flat(episode.title)}{f', {at}' if at else ''}"
