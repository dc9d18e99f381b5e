"""The HTML of a conversation: questions, answers with numbered sources beside them, refusals, and what can be done next.

Each function returns a finished string for `gr.HTML(value=…)`; strangers' words go through `escaped` of `ui/shared/html.py`.
Knows nothing of Gradio.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlencode

from rag.answer import Answer, Searched
from ui.listeners.suggest import Suggestion
from ui.shared.html import card, counted, duration, escaped, listed, voices
from ui.shared.moments import Moment
from ui.words.listeners import said

MARK = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
LABELLED = ("said_by_other", "not_said", "unknown_person")
REFUSALS = ("not_said", "unknown_person")
FEEDBACK = ("right", "wrong_speaker", "wrong_time", "wrong_quote", "missed")
LONGEST_NOTE = 1000  # characters


def welcome(people: Sequence[str], *, audible: bool) -> str:
    """What an empty conversation shows: what the page does, and whom it can be asked about."""
    if not people:
        how = escaped(said("empty_library"))
    else:
        how = escaped(said("welcome_how_audible" if audible else "welcome_how"))
        how += f" {escaped(said('welcome_people', people=listed(people, limit=6)))}"
    return f'<section class="welcome"><h2>{escaped(said("welcome"))}</h2><p>{how}</p></section>'


def examples(questions: Sequence[str]) -> str:
    """Questions to begin with."""
    return f'<div class="asks">{"".join(asking(Suggestion(question), "example") for question in questions)}</div>'


def to_be_asked(question: str, choice: Sequence[str]) -> str:
    """What a link asks under these filters: `ui/listeners/talk.js` asks it as soon as the page is ready."""
    narrowed = escaped(json.dumps(list(choice), ensure_ascii=False))
    return f'<span id="to-be-asked" data-ask="{escaped(question)}" data-choice="{narrowed}" hidden></span>'


def asking(suggestion: Suggestion, kind: str) -> str:
    """A button that asks a question. `kind` is its class."""
    everywhere = " data-everywhere" if suggestion.everywhere else ""
    return (
        f'<button type="button" class="{kind}" data-ask="{escaped(suggestion.question)}"{everywhere}>'
        f"{escaped(suggestion.label or suggestion.question)}</button>"
    )


def suggested(suggestions: Sequence[Suggestion], *, refused: bool) -> str:
    """Questions that can be asked next, under the last answer; "" where there are none."""
    if not suggestions:
        return ""
    heading = said("try" if refused else "next")
    buttons = "".join(asking(suggestion, "example") for suggestion in suggestions)
    return f'<section class="suggested"><h3>{escaped(heading)}</h3><div class="asks">{buttons}</div></section>'


def conversation(rounds: Iterable[str], *, live: bool = True) -> str:
    """Rounds, each a finished string from `round_`, oldest first. What is `live` is read out as it changes."""
    log = f' role="log" aria-live="polite" aria-label="{escaped(said("answer_region"))}"' if live else ""
    return f'<div class="talk"{log}>{"".join(rounds)}</div>'


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
) -> str:
    """One question and what came back: the answer on the left, its sources beside it.

    While `status` is not empty the round is working and `text` holds the sentences checked so far; a finished `answer`
    or a `problem` takes their place. The class `working` is what the page's buttons go by. `asked` is off where
    `question` is but a title; `link` is the address that asks it.
    """
    shown = answer.answer if answer else text
    marks = {moment.citation.n for moment in moments}
    body = [f'<h2 class="question">{escaped(question)}</h2>']
    if scope:
        body.append(f'<p class="scope">{escaped(scope)}</p>')
    if answer and answer.asked.strip() and answer.asked.strip() != question.strip():
        body.append(f'<p class="scope whole">{escaped(said("understood", question=answer.asked))}</p>')
    if answer and answer.verdict in LABELLED:
        body.append(f'<p class="verdict">{escaped(said(answer.verdict))}</p>')
    if shown:
        body.append(f'<div class="answer">{paragraphs(shown, lambda n: mark(number, n) if n in marks else "")}</div>')
    if status:
        body.append(f'<p class="status" role="status">{escaped(status)}</p>')
    if problem:
        body.append(f'<p class="problem" role="alert">{escaped(problem)}</p>')
    if answer:
        body += [footnote(answer), held_back(answer), feedback(number, link)]
    given = voices([moment.citation.speaker for moment in (*moments, *nearest) if moment.citation.speaker])
    sources = "".join(card(number, moment, voice=given.get(moment.citation.speaker or "")) for moment in moments)
    if nearest:
        cards = (card(number, m, nearest=True, voice=given.get(m.citation.speaker or "")) for m in nearest)
        sources += f'<h3 class="nearest">{escaped(said("nearest"))}</h3>{"".join(cards)}'
    state = " working" if status else " refused" if answer and answer.verdict in REFUSALS else ""
    state += "" if asked else " linked"
    aside = f'<aside class="sources" aria-label="{escaped(said("sources"))}: {escaped(question)}">{sources}</aside>'
    return (
        f'<article class="round{state}" id="r{number}"><div class="said">{"".join(body)}</div>'
        f"{aside if sources else ''}</article>"
    )


def paragraphs(text: str, mark_html: Callable[[int], str]) -> str:
    """`text` as paragraphs; each `[1]` or `[1, 2]` becomes what `mark_html` makes of its numbers."""

    def marked(line: str) -> str:
        pieces = MARK.split(line)  # text, numbers, text, numbers, …, text
        return "".join(
            "".join(mark_html(int(n)) for n in piece.split(",")) if at % 2 else escaped(piece)
            for at, piece in enumerate(pieces)
        )

    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    # Not splitlines(): what else a transcript holds of line ends is a letter like any other.
    lines = ("<br>".join(marked(line) for line in block.split("\n")) for block in blocks)
    return "".join(f"<p>{block}</p>" for block in lines)


def mark(round_number: int, n: int) -> str:
    """The small number in an answer that leads to its source."""
    return (
        f'<button type="button" class="mark" data-card="r{round_number}c{n}" '
        f'aria-label="{escaped(said("mark", n=n))}">{n}</button>'
    )


def footnote(answer: Answer) -> str:
    """Under an answer: what was searched, unless the answer itself says it, what was withheld, and who wrote it."""
    told = answer.kind != "speech" or counted(answer.searched.episodes, "episode") in answer.answer
    notes = [] if told else [searched(answer.searched)]
    if answer.withheld:
        notes.append(said("withheld", sentences=counted(answer.withheld, "sentence")))
    if answer.model:
        notes.append(said("written_by", model=answer.model))
    return f'<p class="footnote">{" · ".join(escaped(note) for note in notes)}</p>' if notes else ""


def held_back(answer: Answer) -> str:
    """The sentences of a language model that were not shown as it wrote them, closed, each with the reason."""
    if not answer.held_back:
        return ""
    instead = f" {escaped(said('held_back_instead'))}"
    items = (
        f"<li><q>{escaped(one.sentence)}</q> ({escaped(one.why)}){instead if one.instead else ''}</li>"
        for one in answer.held_back
    )
    summary = said("held_back", sentences=counted(len(answer.held_back), "sentence"))
    return f'<details class="held-back"><summary>{escaped(summary)}</summary><ul>{"".join(items)}</ul></details>'


def searched(facts: Searched) -> str:
    """`Searched 7 episodes, 64 minutes; Ann Lee speaks for 12 of them`, as plain text."""
    episodes, time = counted(facts.episodes, "episode"), duration(facts.seconds)
    text = said("searched_for", episodes=episodes, time=time) if time else said("searched", episodes=episodes)
    if facts.speaker and facts.speaker_seconds:
        text += f"; {said('speaks_for', person=facts.speaker, time=duration(facts.speaker_seconds))}"
    return text


def feedback(round_number: int, link: str) -> str:
    """Under an answer: what a listener can say about it, and its link to pass on."""
    buttons = "".join(
        f'<button type="button" class="quiet" data-feedback="{kind}" aria-pressed="false">{escaped(said(kind))}</button>'
        for kind in FEEDBACK
    )
    field = f"r{round_number}note"
    return (
        f'<div class="feedback" role="group" aria-label="{escaped(said("feedback"))}" data-round="{round_number}">'
        f'<span aria-hidden="true">{escaped(said("feedback"))}</span>{buttons}'
        f'<details class="note"><summary>{escaped(said("note"))}</summary>'
        f'<label for="{field}">{escaped(said("note_label"))}</label>'
        f'<textarea id="{field}" maxlength="{LONGEST_NOTE}" rows="3"></textarea>'
        f'<button type="button" class="send-note" data-feedback="note">{escaped(said("send_note"))}</button></details>'
        f'<button type="button" class="quiet" data-link="{escaped(link)}">{escaped(said("copy_link"))}</button>'
        '<output class="thanks" aria-live="off"></output></div>'
    )


def remaining(used: int, text: str, *, problem: bool = False) -> str:
    """The button that opens the filters, and beside it what they leave. `used`: how many of them are set."""
    label = said("filters_set", number=used) if used else said("filters")
    clear = (
        f'<button type="button" class="quiet" data-do="clear-filters">{escaped(said("clear_filters"))}</button>'
        if used
        else ""
    )
    return (
        f'<button type="button" class="filters-button" data-do="filters" aria-controls="filters">{escaped(label)}'
        f'</button><span class="remaining{" problem" if problem else ""}" role="status">{escaped(text)}</span>{clear}'
    )


def editing() -> str:
    """The line over the box while the last question is being edited, with the way back."""
    return (
        f'<p class="editing"><span role="status">{escaped(said("editing"))}</span>'
        f'<button type="button" class="quiet" data-do="cancel-edit">{escaped(said("cancel_edit"))}</button></p>'
    )


def told(text: str, number: int, *, kept: bool) -> str:
    """What a listener is told about the feedback that they sent as `number`; `ui/listeners/talk.js` shows it where they gave it."""
    return f'<p role="status" data-id="{number}"{" data-kept" if kept else ""}>{escaped(text)}</p>'


def address(**fields: str) -> str:
    """The page's own address from its `?` on, with these fields."""
    return "?" + urlencode(fields)
