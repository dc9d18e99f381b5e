"""The review of who speaks, and the list of corrections, as text for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from index.corrections.kinds import KeptCorrection
from index.interviews.doubts import Doubt
from rag.review import Review, given_text, one_line

SHOWN_AROUND = 3  # sentences of speech on each side of one that is asked about, in the terminal


def corrections_text(given: Sequence[KeptCorrection]) -> str:
    """What was put right, a line each, oldest first, with who did and when, and whether it counts."""
    lines = [
        f"{kept.number}. {given_text(kept.correction)} ({kept.at}{f', by {one_line(kept.by)}' if kept.by else ''})"
        f"{'' if kept.state == 'active' else f' [{kept.state}]'}"
        for kept in given
    ]
    return "\n".join(lines) or "Nothing was put right here."


def review_text(review: Review) -> str:
    """The review for a terminal: who is credited with how much, then each doubt with the words around it."""
    people = ", ".join(
        f"{one_line(p.name)} ({p.role})" if p.role != "unknown" else one_line(p.name) for p in review.episode.people
    )
    lines = [f"{one_line(review.episode.id)}: {one_line(review.episode.title)}", people or "nobody named"]
    if review.recovery is None:
        return "\n".join([*lines, "The transcript says who speaks: there is nothing to ask."])
    lines += _state(review)
    for number, doubt in enumerate(review.doubts, 1):
        lines += ["", f"{number}. Who says sentence {doubt.ask}? {_worth(doubt)}", *_lines_of(review, doubt)]
    if not review.doubts:
        return "\n".join([*lines, "Nothing is left in doubt."])
    command, ask = f"  verbatim speakers {one_line(review.episode.id)}", review.doubts[0].ask
    lines += ["", "Answer with the sentence where a voice begins, or with one that it says (or several: 12-15):"]
    lines += [f"{command} --host-from {ask}", f"{command} --guest {ask}"]
    return "\n".join(lines)


def _state(review: Review) -> list[str]:
    words = review.words
    lines = [
        f"{words['host']:,} words are told as the host's, {words['guest']:,} as the guest's, {words['unknown']:,} as nobody's."
    ]
    roles = [person.role for person in review.episode.people]
    if 1 not in (roles.count("host"), roles.count("guest")):
        lines.append("No one host or guest is named, so nobody is credited: name them in the episode's .meta.json.")
    if review.recovery and review.recovery.panel:
        lines.append(
            "More than two people seem to speak, so nobody is told from anybody; an answer says that there are two."
        )
    states = Counter(kept.state for kept in review.given)
    if states["active"]:
        last = next(kept for kept in reversed(review.given) if kept.state == "active")
        by = f", by {one_line(last.by)}" if last.by else ""
        lines.append(
            f"Answers that count: {states['active']}. The last: {given_text(last.correction)} ({last.at}{by})."
        )
    if states["unplaced"]:
        lines.append(
            f"Answers about words that the transcript no longer has: {states['unplaced']}; kept, and not counted."
        )
    return lines


def _worth(doubt: Doubt) -> str:
    return f"Likely the {doubt.likely} ({doubt.sure:.0%}); an answer is worth about {max(1, round(doubt.wrong_words))} words."


def _lines_of(review: Review, doubt: Doubt) -> list[str]:
    shown = review.heard_in(doubt.first, doubt.last)
    at = next(number for number, (one, _) in enumerate(shown) if one.position == doubt.ask)
    return [
        f"{'>' if one.position == doubt.ask else ' '}{one.position:>5}  {one.likely:<5} "
        f"{'  said' if one.fixed else f'{one.sure:>6.0%}'}  {one_line(text)}"
        for one, text in shown[max(0, at - SHOWN_AROUND) : at + SHOWN_AROUND + 1]
    ]
