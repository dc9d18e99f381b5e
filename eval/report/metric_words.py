"""What each metric, stage and verdict means, in the words that reports use. Knows nothing of how they are measured."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from index.plain import plain

Unit = Literal["share", "score", "seconds", "words"]

GROUPS = {
    "finding": "Is the place where the answer stands among the passages that were found?",
    "citing": "Does the answer quote that place, word for word, and credit it to the right person?",
    "abstaining": "Does it say that nobody said it when nobody did, and only then?",
    "answering": "Is the answer as a whole the right one?",
    "other": "Measured by this run, and not described here.",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """A metric for people. `better` is 1 where higher is better, -1 where lower is, 0 where neither is."""

    group: str
    label: str
    what: str
    better: int = 1
    unit: Unit = "share"


METRICS = {
    "scope_right": Meaning(
        "answering",
        "Understood",
        "Of a conversation's turns, those taken to be about the people and the episode that are meant.",
    ),
    "glued": Meaning(
        "answering", "Complete, yet changed", "A complete question was changed after the ones before it.", -1
    ),
    "corrupted": Meaning(
        "answering", "Words from nowhere", "The question made whole holds words that nobody said.", -1
    ),
    "in_scope": Meaning(
        "answering", "Inside the limits", "Only episodes to which the question limits itself are quoted."
    ),
    "misplaced": Meaning(
        "answering",
        "Out of place",
        "“Nobody said it”, or a wrong quote, where nothing was asked that could be said.",
        -1,
    ),
    "hit@1": Meaning("finding", "First is right", "The first passage found is where the answer stands."),
    "hit@5": Meaning("finding", "In the first 5", "One of the first five passages found is where the answer stands."),
    "hit@10": Meaning("finding", "In the first 10", "One of the first ten passages found is where the answer stands."),
    "recall@10": Meaning("finding", "Places found", "Of all the places with the answer, the share in the first ten."),
    "mrr@10": Meaning("finding", "Rank (MRR)", "1 if the first passage is right, 1/2 if the second is, …", 1, "score"),
    "ndcg@10": Meaning("finding", "Order (nDCG)", "How near the top the right passages stand; 1 is best.", 1, "score"),
    "passage_words": Meaning(
        "finding", "Passage length", "Words in a passage found. Long ones hit by luck more often.", 0, "words"
    ),
    "citation_hit": Meaning("citing", "Quotes the place", "At least one quote is from where the answer stands."),
    "citation_precision": Meaning(
        "citing", "Quotes that belong", "Of the quotes given, the share from the right place."
    ),
    "citation_recall": Meaning(
        "citing", "Places quoted", "Of all the places with the answer, the share that is quoted."
    ),
    "quotes_exact": Meaning("citing", "Quotes exact", "Of the quotes given, the share that stands word for word."),
    "speakers_exact": Meaning(
        "citing", "Credits exact", "Of the quotes given, the share by the person credited with them."
    ),
    "evidence_precision": Meaning(
        "citing", "Quotes that matter", "Of the quotes given, the share that is evidence by the set."
    ),
    "by_speaker": Meaning(
        "citing", "By that person", "Of the quotes given, the share by the person who should be credited."
    ),
    "speaker_right": Meaning("citing", "Speaker right", "The quote is credited to the person who should be."),
    "role_right": Meaning("citing", "Role right", "The person credited has the right role: host or guest."),
    "wrong_speaker": Meaning(
        "citing", "Wrong speaker", "Words are credited to somebody who did not say them. The worst fault there is.", -1
    ),
    "start_error_s": Meaning(
        "citing", "Start off by", "Seconds between where the quote starts and where the answer does.", -1, "seconds"
    ),
    "refused": Meaning("abstaining", "Refused", "No answer is given, rightly or wrongly.", 0),
    "wrongly_refused": Meaning("abstaining", "Wrongly refused", "There is an answer, and none was given.", -1),
    "wrongly_answered": Meaning("abstaining", "Wrongly answered", "Nobody said it, and an answer was given.", -1),
    "not_said_precision": Meaning(
        "abstaining", "“Not said”: right", "When it says that nobody said it, how often that is so."
    ),
    "not_said_recall": Meaning("abstaining", "“Not said”: seen", "When nobody said it, how often it says so."),
    "said_by_other_precision": Meaning(
        "abstaining", "“Somebody else”: right", "When it says that somebody else said it, how often that is so."
    ),
    "said_by_other_recall": Meaning(
        "abstaining", "“Somebody else”: seen", "When somebody else said it, how often it says so."
    ),
    "asked_not_answered_precision": Meaning(
        "abstaining",
        "“Asked, not answered”: right",
        "When it says that a question got no answer, how often that is so.",
    ),
    "asked_not_answered_recall": Meaning(
        "abstaining", "“Asked, not answered”: seen", "When a question got no answer, how often it says so."
    ),
    "unknown_person_precision": Meaning(
        "abstaining", "“Unknown person”: right", "When it says that the person never speaks here, how often that is so."
    ),
    "unknown_person_recall": Meaning(
        "abstaining", "“Unknown person”: seen", "When the person never speaks here, how often it says so."
    ),
    "verdict_right": Meaning(
        "answering",
        "Verdict right",
        "It answers, or says why it can't, as it should: the kind of answer is the right one.",
    ),
    "token_f1": Meaning("answering", "Words shared", "Words shared with the reference answer (F1).", 1, "score"),
    "similarity": Meaning(
        "answering", "Like the reference", "Nearness in meaning to the reference answer (cosine).", 1, "score"
    ),
    "judge_right": Meaning("answering", "Judged right", "A language model holds the answer against the reference."),
    "stable": Meaning("answering", "Same when reworded", "The same question in other words gets the same verdict."),
}

WITH_HISTORY = "with history"  # the group of follow-up questions, of whatever kind
FINDING = frozenset(name for name, meaning in METRICS.items() if meaning.group == "finding")
KEY_METRICS = (
    "hit@1",
    "hit@5",
    "citation_hit",
    "quotes_exact",
    "speaker_right",
    "wrong_speaker",
    "verdict_right",
    "wrongly_refused",
    "wrongly_answered",
)

# Stage -> what happened, in a few words; in a sentence; and where to look.
STAGES = {
    "not_found": (
        "not found",
        "None of the passages that were found is where the answer stands.",
        "Look at how passages are cut and found.",
    ),
    "found_not_cited": (
        "found, but not quoted",
        "The right passage was found, and the answer quotes something else.",
        "Look at how quotes are chosen from passages.",
    ),
    "wrong_speaker": (
        "credited to the wrong person",
        "The words are credited to somebody other than the person who should be.",
        "Look at who the question names, and at who is held to speak there.",
    ),
    "wrongly_refused": (
        "refused, though there is an answer",
        "There is an answer in the library, and none was given.",
        "Look at how sure it must be before it answers.",
    ),
    "wrongly_answered": (
        "answered, though nobody said it",
        "Nobody said it, and something was quoted as if it were the answer.",
        "Look at how sure it must be before it answers.",
    ),
    "wrong_verdict": (
        "the wrong kind of answer",
        "It quotes the right thing, or rightly nothing, but says the wrong thing about it.",
        "Look at how somebody else's words and unknown names are told.",
    ),
    "failed": ("failed", "It broke off with an error.", "Look at the error."),
}

VERDICTS = {
    "answered": "answered",
    "said_by_other": "said by somebody else",
    "asked_not_answered": "asked, not answered",
    "not_said": "not said",
    "unknown_person": "unknown person",
}

SECONDS = {
    "seconds_question": "understanding the question",
    "seconds_retrieve": "finding",
    "seconds_write": "writing",
    "seconds_check": "checking",
    "seconds_total": "in all",
}


def meaning(metric: str) -> Meaning:
    """What a metric means; one that isn't known here is shown under its name, as a number, neither good nor bad."""
    return METRICS.get(metric) or Meaning("other", metric, "", 0, "score")


def shown(metric: str, value: float) -> str:
    """A value as people read it: `88.2 %`, `3.1 s`, `118 words`, `0.745`."""
    unit = meaning(metric).unit
    if unit == "share":
        return f"{100 * value:.1f} %"
    return {"seconds": f"{value:.1f} s", "words": f"{value:.0f} words"}.get(unit, f"{value:.3f}")


def shown_interval(metric: str, low: float, high: float) -> str:
    """An interval in the metric's unit, which is left out: `83–92`."""
    unit = meaning(metric).unit
    if unit == "share":
        return f"{100 * low:.0f}–{100 * high:.0f}"
    digits = {"seconds": 1, "words": 0}.get(unit, 2)
    return f"{low:.{digits}f}–{high:.{digits}f}"


def shown_difference(metric: str, value: float) -> str:
    """A difference with its sign, in points (hundredths) for shares: `+3.2`, `−0.4 s`, `0.0`."""
    unit = meaning(metric).unit
    number, digits = (100 * value, 1) if unit == "share" else (value, {"seconds": 1, "words": 0}.get(unit, 3))
    rounded = round(number, digits) or 0.0  # -0.0 is 0.0
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return f"{sign}{abs(rounded):.{digits}f}" + {"seconds": " s", "words": " words"}.get(unit, "")


def is_kind(group: str) -> bool:
    """Whether a group of questions is a kind, and not one that lies across kinds: a half, or those with a history."""
    return not group.startswith("half:") and group != WITH_HISTORY


def kind_name(kind: str) -> str:
    """A kind as people read it: `never said`, `all questions`, `test half`."""
    if kind == "all":
        return "all questions"
    return f"{kind.removeprefix('half:')} half" if kind.startswith("half:") else kind.replace("_", " ")


def stage_words(stage: str) -> tuple[str, str, str]:
    """What happened in a few words, in a sentence, and where to look; a stage not known here is shown as it is."""
    return STAGES.get(stage) or (stage.replace("_", " "), "", "")


def one_line(text: object, most: int = 200) -> str:
    """Anything as one line of visible text, without control characters and without marks that turn text around."""
    line = " ".join(plain(str(text)).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def markdown(text: object, most: int = 200) -> str:
    """One line that is safe in a cell of a Markdown table: no markup, link, mention or HTML of its own."""
    line = re.sub(r"([\\`*\[\]#|~$]|(?<!\w)_|_(?!\w))", r"\\\1", one_line(text, most))
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # Addresses and names would be made links even without any markup; words like hit@5 are not.
    line = line.replace("://", ":&#47;/").replace("www.", "www&#46;")
    return re.sub(r"(?<!\w)@", "&#64;", line)
