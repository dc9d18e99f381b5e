"""The language model as a writer: it says in its own words what the quotes say, and the gate shows what they support.

    the quotes, numbered and fenced → the model → whole sentences → judged one by one → shown, or withheld and counted

Nothing is shown that is taken back later. Where the model fails, the extractive writer takes over or finishes, after one
line that says why. Knows nothing of endpoints (`rag/model/endpoint.py`) and of what makes a sentence true (`rag/gate/gate.py`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice

from prompts import fence_around, flat, one_line
from rag.answer import Wrote
from rag.draft import Draft
from rag.evidence.quote import Quote
from rag.gate.gate import Gate
from rag.gate.second_look import second_look
from rag.model.endpoint import Allowance, ask_model
from rag.model.faults import ModelFault
from rag.question.question import Question
from rag.settings import Settings
from rag.writing.extractive import Writer, extractive_writer
from rag.writing.sentences import sentences

MOST_SENTENCES = 12  # five are asked for; a model that runs on says nothing new
NOTHING_RIGHT = "What the language model wrote did not hold up against the transcripts"


def llm_writer(settings: Settings) -> Writer:
    """A writer that asks the model that the settings name. It never raises for what the model does or doesn't do."""

    def write(question: Question, quotes: Sequence[Quote], draft: Draft) -> Iterator[Wrote]:
        draft.writer, draft.model = "llm", settings.model
        look = second_look(settings, draft)
        gate = Gate(question, quotes, draft, look)
        if not gate.given:
            return
        before = len(draft.citations)
        fault = ""
        try:
            yield from _judged(settings, question, gate, draft)
        except ModelFault as exc:
            fault = str(exc)
            if exc.kind == "too_long" and gate.read == 0 and len(gate.given) > 1:
                # The best half stands first; a model whose context can't hold even that is not asked a third time.
                gate = Gate(question, list(gate.given.values())[: len(gate.given) // 2], draft, look)
                try:
                    fault = ""
                    yield from _judged(settings, question, gate, draft)
                except ModelFault as again:
                    fault = str(again)
        shown = draft.citations[before:]
        if shown and not fault:
            return
        cited = {(citation.episode, citation.first) for citation in shown}
        rest = [quote for quote in quotes if (quote.episode.id, quote.first) not in cited]
        if not shown:
            draft.writer = "extractive"
            reason = fault or (NOTHING_RIGHT if gate.read else str(ModelFault("empty")))
            line = f"{reason}, so these are the speakers' own words, chosen without it."
        else:
            line = f"{fault}, so the rest is in the speakers' own words."
        for n, wrote in enumerate(extractive_writer(question, rest, draft)):
            if n == 0:
                yield Wrote(line)
            yield wrote

    return write


def _judged(settings: Settings, question: Question, gate: Gate, draft: Draft) -> Iterator[Wrote]:
    """The sentences of one reply that may be shown. ModelFault: it failed; what was yielded stands."""
    values = {"question": one_line(question.asked), "quotes": quotes_block(gate.given)}
    seconds = settings.timeout - (time.monotonic() - draft.began)
    allowance = Allowance.left(settings, seconds=seconds, taken=draft.taken)
    with closing(ask_model(settings, values, prompt="answer", allowance=allowance, spent=draft.spent)) as pieces:
        for sentence in islice(sentences(pieces), MOST_SENTENCES):
            wrote = gate.judged(sentence)
            if wrote is not None:
                yield wrote


def quotes_block(given: Mapping[int, Quote]) -> str:
    """The quotes as the prompt shows them: number, speaker, role, episode, date; then the exact words, fenced.

    The words stand on one line, so that they can't close the fence.
    """
    fence = fence_around(*(quote.text for quote in given.values()))
    blocks = []
    for number, quote in given.items():
        speaker = quote.turn.speaker
        facts = [
            flat(speaker.name) if speaker else "speaker not known",
            speaker.role if speaker and speaker.role != "unknown" else "",
            f"episode: {flat(quote.episode.title)}",
            flat(quote.episode.date or ""),
        ]
        blocks.append(
            f"[{number}] {' · '.join(fact for fact in facts if fact)}\n{fence}\n{one_line(quote.text)}\n{fence}"
        )
    return "\n\n".join(blocks)
