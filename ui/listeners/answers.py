"""The HTML of a conversation: questions, answers with numbered sources beside them, refusals, and what can be done next.

Each function returns finished HTML for `gr.HTML(value=…)`; the markup is in `answers.html.j2`, which escapes every value
(`ui/shared/templates.py`). Knows nothing of Gradio.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from urllib.parse import urlencode

from markupsafe import Markup

from rag.answer import Answer, Searched
from ui.listeners.suggest import Suggestion
from ui.shared.html import card, counted, duration, listed, voices
from ui.shared.moments import Moment
from ui.shared.templates import macros
from ui.words.listeners import said

MARK = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
LABELLED = ("said_by_other", "asked_not_answered", "not_said", "unknown_person")
REFUSALS = ("asked_not_answered", "not_said", "unknown_person")
FEEDBACK = ("right", "wrong_speaker", "wrong_time", "wrong_quote", "missed")
LONGEST_NOTE = 1000  # characters

HTML = macros("listeners/answers.html.j2", said=said)


def welcome(people: Sequence[str], *, audible: bool) -> Markup:
    """What an empty conversation shows: what the page does, and whom it can be asked about."""
    if not people:
        return HTML.welcome(said("empty_library"), "")
    how = said("welcome_how_audible" if audible else "welcome_how")
    return HTML.welcome(how, said("welcome_people", people=listed(people, limit=6)))


def examples(questions: Sequence[str]) -> Markup:
    """Questions to begin with."""
    return HTML.examples([Suggestion(question) for question in questions])


def to_be_asked(question: str, choice: Sequence[str]) -> Markup:
    """What a link asks under these filters: `ui/listeners/talk.js` asks it as soon as the page is ready."""
    return HTML.to_be_asked(question, json.dumps(list(choice), ensure_ascii=False))


def suggested(suggestions: Sequence[Suggestion], *, refused: bool) -> Markup:
    """Questions that can be asked next, under the last answer; "" where there are none."""
    return HTML.suggested(suggestions, refused) if suggestions else Markup()


def conversation(rounds: Sequence[Markup], *, live: bool = True) -> Markup:
    """Rounds, each from `round_`, oldest first. What is `live` is read out as it changes."""
    return HTML.conversation(rounds, live)


def round_(
    number: int,
    question: str,
    *,
    asked: bool = True,
    link: str = "",
    scope: str = "",
    status: str = "",
    text: str = "",
    answer: Answer | None = None,
    problem: str = "",
    moments: Sequence[Moment] = (),
    nearest: Sequence[Moment] = (),
    latest: bool = False,
) -> Markup:
    """One question and what came back: the answer on the left, its sources beside it.

    While `status` is not empty the round is working and `text` holds the sentences checked so far; a finished `answer`
    or a `problem` takes their place. The class `working` is what the page's buttons go by. `asked` is off where
    `question` is but a title; `link` is the address that asks it. What the last question (`latest`) carries on can be taken away.
    """
    shown = answer.answer if answer else text
    given = voices([moment.citation.speaker for moment in (*moments, *nearest) if moment.citation.speaker])

    def cards(of: Sequence[Moment], *, near: bool) -> list[Markup]:
        return [card(number, one, nearest=near, voice=given.get(one.citation.speaker or "")) for one in of]

    state = " working" if status else " refused" if answer and answer.verdict in REFUSALS else ""
    return HTML.round_(
        number,
        question,
        state=state + ("" if asked else " linked"),
        scope=scope,
        carried=answer.carried if answer else (),
        latest=latest,
        verdict=answer.verdict if answer and answer.kind == "speech" and answer.verdict in LABELLED else "",
        paragraphs=paragraphs(shown) if shown else None,
        marks={moment.citation.n for moment in moments},
        status=status,
        problem=problem,
        below=[footnote(answer), held_back(answer), feedback(number, link)] if answer else [],
        cards=cards(moments, near=False),
        nearest=cards(nearest, near=True),
    )


def paragraphs(text: str) -> list[list[list[tuple[str, tuple[int, ...]]]]]:
    """The paragraphs of `text`, of lines, of pieces: some text and the numbers of the `[1]` or `[1, 2]` that follows it."""

    def marked(line: str) -> list[tuple[str, tuple[int, ...]]]:
        texts, marks = MARK.split(line)[::2], MARK.split(line)[1::2]
        numbers = [tuple(int(n) for n in mark.split(",")) for mark in marks]
        return list(zip(texts, [*numbers, ()], strict=True))

    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    # Not splitlines(): what else a transcript holds of line ends is a letter like any other.
    return [[marked(line) for line in block.split("\n")] for block in blocks]


def mark(round_number: int, n: int) -> Markup:
    """The small number in an answer that leads to its source."""
    return HTML.mark(round_number, n)


def footnote(answer: Answer) -> Markup:
    """Under an answer: what was searched, unless the answer itself says it, what was withheld, and who wrote it."""
    told = answer.kind != "speech" or counted(answer.searched.episodes, "episode") in answer.answer
    notes = [] if told else [searched(answer.searched)]
    if answer.withheld:
        notes.append(said("withheld", sentences=counted(answer.withheld, "sentence")))
    if answer.model:
        notes.append(said("written_by", model=answer.model))
    return HTML.footnote(notes) if notes else Markup()


def held_back(answer: Answer) -> Markup:
    """The sentences of a language model that were not shown as it wrote them, closed, each with the reason."""
    if not answer.held_back:
        return Markup()
    return HTML.held_back(answer.held_back, counted(len(answer.held_back), "sentence"))


def searched(facts: Searched) -> str:
    """`Searched 7 episodes, 64 minutes; Ann Lee speaks for 12 of them`, as plain text."""
    episodes, time = counted(facts.episodes, "episode"), duration(facts.seconds)
    text = said("searched_for", episodes=episodes, time=time) if time else said("searched", episodes=episodes)
    if facts.speaker and facts.speaker_seconds:
        text += f"; {said('speaks_for', person=facts.speaker, time=duration(facts.speaker_seconds))}"
    return text


def feedback(round_number: int, link: str) -> Markup:
    """Under an answer: what a listener can say about it, and its link to pass on."""
    return HTML.feedback(round_number, FEEDBACK, LONGEST_NOTE, link)


def remaining(used: int, text: str, *, problem: bool = False) -> Markup:
    """The button that opens the filters, and beside it what they leave. `used`: how many of them are set."""
    return HTML.remaining(used, text, problem)


def editing() -> Markup:
    """The line over the box while the last question is being edited, with the way back."""
    return HTML.editing()


def told(text: str, number: int, *, kept: bool) -> Markup:
    """What a listener is told about the feedback that they sent as `number`; `ui/listeners/talk.js` shows it where they gave it."""
    return HTML.told(text, number, kept)


def address(**fields: str) -> str:
    """The page's own address from its `?` on, with these fields."""
    return "?" + urlencode(fields)
