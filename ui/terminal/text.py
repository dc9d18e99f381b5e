"""Answers, passages, episodes and transcripts as text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from index.episode import Episode
from index.library import EpisodeSummary
from index.library.feedback import Feedback
from rag.answer import Answer, Citation, clock
from rag.review import one_line
from rag.search.export import source_line


def answer_text(answer: Answer) -> str:
    """The answer with its sources under it."""
    parts = [answer.answer]
    if answer.citations:
        # A model's answer may paraphrase: then the words themselves stand with their source.
        quotes = ["" if c.quote in answer.answer else f"\n    “{c.quote}”" for c in answer.citations]
        parts.append("\n".join(f"[{c.n}] {source_line(c)}{q}" for c, q in zip(answer.citations, quotes, strict=True)))
    elif answer.nearest:
        parts.append(
            "Nearest, but no answer:\n" + "\n".join(f"  “{c.quote}”\n    {source_line(c)}" for c in answer.nearest)
        )
    return "\n\n".join(parts)


def passages_text(citations: Sequence[Citation]) -> str:
    """Passages, numbered, each under its source."""
    return "\n".join(f"{c.n}. {source_line(c)}\n   {c.quote}\n" for c in citations) or "nothing found\n"


def feedback_text(given: Sequence[Feedback]) -> str:
    """A line each: when, what, about which question, and the note."""
    lines = (
        f"{one.at[:16].replace('T', ' ')}  {one.kind.replace('_', ' '):<13}  {one_line(one.question)}"
        + (f"  — {one_line(one.note)}" if one.note else "")
        for one in given
    )
    return "\n".join(lines) or "no feedback yet"


def episodes_text(summaries: Sequence[EpisodeSummary]) -> str:
    """Four lines an episode: id, title, facts, people."""
    lines = []
    for e in summaries:
        people = ", ".join(f"{p.name} ({p.role})" if p.role != "unknown" else p.name for p in e.people)
        facts = [e.show, e.date or "no date", clock(e.duration) or "length not known", f"{e.passages} passages"]
        lines.append(f"{e.id}\n  {e.title}\n  {' · '.join(facts)}\n  {people or 'nobody named'}")
    return "\n".join(lines) or "no episodes yet; add some with: verbatim add TRANSCRIPTS"


def episode_text(episode: Episode) -> str:
    """The transcript, a paragraph a turn, under its speaker and time."""
    lines = [f"{episode.show.name}: {episode.title}", ""]
    for turn in episode.turns:
        at = clock(turn.start, turn.sentences[0].time_error)
        who = turn.speaker.name if turn.speaker else "(speaker not known)"
        who += f" ({turn.speaker_source})" if turn.speaker_source in ("recovered", "corrected") else ""
        # Where who speaks can be answered in review, the sentence to name there.
        number = f"  sentence {turn.sentences[0].position}" if episode.unlabelled else ""
        lines += [f"{who}{f'  {at}' if at else ''}{number}", f"  {turn.text}", ""]
    return "\n".join(lines).rstrip()
