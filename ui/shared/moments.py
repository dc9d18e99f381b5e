"""A citation with all that is shown beside it: the words around the quote, the host's question, and what to play.

Knows nothing of HTML or Gradio.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from index.episode import EXACT_SECONDS, Episode, Sentence, Turn
from rag.answer import Citation

AROUND_WORDS = 30  # before and after a quote: about ten seconds of speech, three lines of a card
QUESTION_WORDS = 40
SMALL_TALK_WORDS = 4  # "Right." and "Oh, no way." between question and answer are not the question
MOST_LEAD_SECONDS = 20.0  # with an estimated time, playing starts its error early, but never earlier than this


class Span(NamedTuple):
    """Words in a row; `speech` is False for what nobody said (music, laughter)."""

    text: str
    speech: bool = True


@dataclass(frozen=True, slots=True)
class Moment:
    """A quote in its surroundings. `quote` is the transcript's own wording of `citation.quote`.

    `question` is what the host asked before it and `asker` who that was; empty where there is none. `audio` is what the
    browser loads, None where the episode has no audio; it plays from `start` to `end`, in seconds.
    """

    citation: Citation
    quote: str
    before: tuple[Span, ...] = ()
    after: tuple[Span, ...] = ()
    question: tuple[Span, ...] = ()
    asker: str | None = None
    audio: str | None = None
    start: float | None = None
    end: float | None = None


def moment_of(citation: Citation, episode: Episode, audio: str | None) -> Moment:
    """The citation as a card shows it. A citation without a place in the episode stands alone, with its own words."""
    start, end = span_to_play(citation)
    alone = Moment(citation, citation.quote, audio=audio, start=start, end=end)
    at = turn_with(episode.turns, citation.first)
    if at is None:
        return alone
    turn = episode.turns[at]
    before = [sentence for sentence in turn.sentences if sentence.position < citation.first]
    # Laughter inside a quote isn't part of its words, so it isn't part of what they are looked for in.
    inside = (sentence for sentence in turn.sentences if citation.first <= sentence.position <= citation.last)
    quoted = [sentence for sentence in inside if sentence.speech]
    after = [sentence for sentence in turn.sentences if sentence.position > citation.last]
    text = " ".join(sentence.text for sentence in quoted)
    found = find_quote(citation.quote, text)
    if found is None:
        return alone
    start_at, end_at = found
    asked = question_before(episode.turns, at)
    return Moment(
        citation,
        text[start_at:end_at],
        before=(*last_words(before, AROUND_WORDS), *span_of(text[:start_at])),
        after=(*span_of(text[end_at:]), *first_words(after, AROUND_WORDS)),
        question=last_words(asked.sentences, QUESTION_WORDS) if asked else (),
        asker=asked.speaker.name if asked and asked.speaker else None,
        audio=audio,
        start=start,
        end=end,
    )


def span_to_play(citation: Citation) -> tuple[float | None, float | None]:
    """From the quote's first word to its last; wider by the time's error where the time is only estimated."""
    if citation.start is None or citation.end is None:
        return None, None
    error = citation.time_error or 0.0
    lead = min(error, MOST_LEAD_SECONDS) if error > EXACT_SECONDS else 0.0
    return max(0.0, citation.start - lead), max(citation.end, citation.start) + lead


def turn_with(turns: Sequence[Turn], position: int) -> int | None:
    """Which turn holds the sentence at `position`; None if none does."""
    for at, turn in enumerate(turns):
        if turn.sentences and turn.sentences[0].position <= position <= turn.sentences[-1].position:
            return at
    return None


def find_quote(quote: str, text: str) -> tuple[int, int] | None:
    """Where `quote` stands in `text`, forgiving case, spaces, quote marks and dashes as the check of quotes does."""
    pattern = r"\s+".join(re.escape(word) for word in quote.split())
    pattern = re.sub(r"['\u2018\u2019\u201b]", "['\u2018\u2019\u201b]", pattern)
    pattern = re.sub(r'["\u201c\u201d]', '["\u201c\u201d]', pattern)
    pattern = re.sub(r"(?:\\-|[\u2010-\u2015])", "[-\u2010-\u2015]", pattern)
    found = re.search(pattern, text, re.IGNORECASE)
    return found.span() if found and quote.strip() else None


def question_before(turns: Sequence[Turn], at: int) -> Turn | None:
    """The host's turn that the turn `at` answers: the nearest one that is more than a nod, None if it isn't a host's.

    Where speakers are unlabelled, a turn that ends in a question mark counts as one.
    """
    speaker = turns[at].speaker
    if speaker and speaker.role == "host":
        return None
    for turn in reversed(turns[:at]):
        if turn.words < SMALL_TALK_WORDS or (speaker and turn.speaker and turn.speaker.name == speaker.name):
            continue
        asks = turn.speaker.role == "host" if turn.speaker else turn.text.rstrip().endswith("?")
        return turn if asks else None
    return None


def last_words(sentences: Sequence[Sentence], limit: int) -> tuple[Span, ...]:
    """The end of `sentences`: whole ones while they fit, else the last one's last words; `…` stands for the rest."""
    kept: list[Span] = []
    words = 0
    for sentence in reversed(sentences):
        size = len(sentence.text.split())
        if words + size > limit:
            if not kept:
                kept.append(Span("… " + " ".join(sentence.text.split()[-limit:]), sentence.speech))
            else:
                kept.append(Span("…"))
            break
        kept.append(Span(sentence.text, sentence.speech))
        words += size
    return tuple(reversed(kept))


def first_words(sentences: Sequence[Sentence], limit: int) -> tuple[Span, ...]:
    """The start of `sentences`, as `last_words` cuts their end."""
    kept: list[Span] = []
    words = 0
    for sentence in sentences:
        size = len(sentence.text.split())
        if words + size > limit:
            if not kept:
                kept.append(Span(" ".join(sentence.text.split()[:limit]) + " …", sentence.speech))
            else:
                kept.append(Span("…"))
            break
        kept.append(Span(sentence.text, sentence.speech))
        words += size
    return tuple(kept)


def span_of(text: str) -> tuple[Span, ...]:
    """The text as one span without marks; none for an empty one."""
    return (Span(text.strip()),) if text.strip() else ()
