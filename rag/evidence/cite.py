"""A quote -> a citation, checked against the transcript that it says it comes from. The only maker of citations."""

from __future__ import annotations

from index.episode import Episode
from prompts import flat
from rag.answer import MINUTE, Citation, clock
from rag.evidence.check import check_quote
from rag.evidence.quotes import Quote


def cite(quote: Quote, n: int) -> Citation:
    """The quote as a citation, checked against the transcript that it says it comes from."""
    episode, sentences = quote.episode, quote.sentences
    speaker = quote.turn.speaker
    start, end = sentences[0].start, sentences[-1].end
    check, _ = check_quote(quote.text, speaker.name if speaker else None, episode, first=quote.first, last=quote.last)
    return Citation(
        n=n,
        episode=episode.id,
        title=episode.title,
        show=episode.show.name,
        date=episode.date,
        speaker=speaker.name if speaker else None,
        role=speaker.role if speaker else "unknown",
        speaker_source=quote.turn.speaker_source,
        start=start,
        end=end,
        time_source=sentences[0].time_source,
        time_error=sentences[0].time_error,
        quote=quote.text,
        check=check,
        url=link(episode, start, sentences[0].time_error),
        first=quote.first,
        last=quote.last,
        passage=quote.passage,
        score=round(quote.score, 4),
        way=way_to(episode, quote.first),
    )


def way_to(episode: Episode, position: int) -> float:
    """The share of the talk's words that are said before a sentence."""
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


def place(quote: Quote) -> str:
    """Where a quote stands, as it is said: its episode's title and its time. Nothing in a title can look like a mark."""
    first = quote.sentences[0]
    at = clock(first.start, first.time_error, way_to(quote.episode, quote.first))
    return f"{flat(quote.episode.title)}{f', {at}' if at else ''}"
