"""The language model as the reader: it gets the best passages, decides whether they answer, and marks what it rests on.

    passages, numbered and fenced → one call, streamed → a word of opinion, then sentences → quotes → the gate → shown, or withheld

What is decided without a model is the second witness: where both disagree, the answer says so; and where the model fails, it
answers. Knows nothing of endpoints (`rag/model/endpoint.py`), of who may speak (`rag/writing/reply.py`), of what a number
stands for (`rag/writing/marked.py`), and of what makes a sentence true (`rag/gate/`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice

from prompts import flat, one_line
from rag.answer import Verdict, Wrote
from rag.draft import Draft
from rag.evidence.quote import Quote
from rag.evidence.quotes import Evidence
from rag.evidence.retrieve import Hit
from rag.evidence.verdict import worth_showing
from rag.gate.second_look import second_look
from rag.model.endpoint import Allowance, ask_model
from rag.model.faults import ModelFault
from rag.settings import Settings
from rag.writing.extractive import extractive_writer
from rag.writing.lines import MAY_ANSWER
from rag.writing.numbered import MOST_CHARACTERS, number
from rag.writing.read_plan import headed, missing
from rag.writing.reply import Read, Reply
from rag.writing.sentences import sentences
from rag.writing.with_model import NOTHING_RIGHT

MOST_PASSAGES = 16  # the answer to 36 questions about a real page stood in the first 16 for .97, in the first 8 for .91
LEAST_REPLY = 400  # tokens that passages leave to the reply, where money is short
PROMPT = 3_000  # characters of the prompt beside passages and question: a little more than it has


class Reading:
    """One reading of passages by the model. `verdict` and `fault` are known at the end of `words`.

    `verdict`: None where the model failed, or nothing that it wrote was right; then `fault` says why, as a clause, and
    nothing of it was shown.
    """

    def __init__(self, settings: Settings, read: Read, draft: Draft) -> None:
        self.settings, self.read, self.draft = settings, read, draft
        self.verdict: Verdict | None = None
        self.fault = ""
        self._reply: Reply | None = None
        self._before = len(draft.citations)

    def words(self) -> Iterator[Wrote]:
        """What the model finds, checked, as it streams in. It never raises for what the model does or doesn't do."""
        self.draft.writer, self.draft.model = "llm", self.settings.model
        plan = self.read.plan
        yield from headed(plan, self._found(), self.draft) if plan else self._found()
        if plan and self._reply and self.verdict == "answered" and not self.fault:
            yield from missing(plan, self.draft.citations, self._reply.numbered.passages, self.read.library)
        if self.verdict is None:
            self.draft.writer = "extractive"

    def instead(self, words: Iterable[Wrote]) -> Iterator[Wrote]:
        """The words of an answer that was made without the model, after the line that says why; nothing where there are none."""
        for n, wrote in enumerate(words):
            if n == 0:
                yield Wrote(f"{self.fault}, so these are the speakers' own words, chosen without it.")
            yield wrote

    def refused(self, line: str) -> str:
        """The line of a refusal, with who decided it where that is in doubt."""
        if self.verdict is None:
            return f"{self.fault}, so this was decided without it. {line}"
        in_doubt = self.verdict == "not_said" and self.read.witness.verdict == "answered"
        return f"{line} {MAY_ANSWER}" if in_doubt else line

    def nearest(self, quotes: Sequence[Quote]) -> tuple[Quote, ...]:
        """What stands nearest where nothing answers: what the model named, before the `quotes` found without it."""
        named = list(self._reply.named.values()) if self._reply else []
        return (*named, *(quote for quote in quotes if not any(_overlap(quote, other) for other in named)))

    def understood(self, evidence: Evidence) -> Evidence:
        """The evidence for the question as the model understood it: with the name of somebody who speaks nowhere here."""
        nobody = self._reply.nobody if self._reply else None
        return replace(evidence, question=replace(evidence.question, unknown=nobody)) if nobody else evidence

    def _found(self) -> Iterator[Wrote]:
        """The answer as far as the model makes it."""
        hits = list(self.read.hits)
        try:
            try:
                yield from self._asked(hits)
            except ModelFault as fault:
                if fault.kind != "too_long" or (self._reply and self._reply.heard) or len(hits) < 2:
                    raise
                # The best half stands first; a model whose context can't hold even that is not asked a third time.
                yield from self._asked(hits[: len(hits) // 2])
        except ModelFault as fault:
            self.fault = str(fault)
        reply = self._reply
        self.verdict = reply.verdict if reply else "not_said"
        if self.fault and self.verdict:
            yield from self._rest()
        elif not self.fault and not self.verdict:
            self.fault = NOTHING_RIGHT if reply and reply.heard else str(ModelFault("empty"))
            if reply and reply.named and self.read.witness.verdict == "answered":
                self.verdict, self.draft.writer = "answered", "extractive"
                yield Wrote(f"{self.fault}, so these are the speakers' own words, those on which it rests.")
                best = list(reply.named.values())[: self.settings.quotes]
                yield from extractive_writer(self.read.asked, best, self.draft)

    def _asked(self, hits: Sequence[Hit]) -> Iterator[Wrote]:
        """One call, and what of its reply may be shown. Nothing where no passage can be read. ModelFault: it failed."""
        settings, read, draft = self.settings, self.read, self.draft
        seconds = settings.timeout - (time.monotonic() - draft.began)
        allowance = Allowance.left(settings, seconds=seconds, taken=draft.taken)
        room = allowance.characters(settings, reply=min(LEAST_REPLY, settings.max_tokens))
        most = MOST_CHARACTERS if room is None else min(MOST_CHARACTERS, room - PROMPT - len(read.asked.asked))
        numbered = number(hits, read.episodes, characters=most)
        if not numbered.lines:
            return
        self._reply = Reply(read, numbered, draft, second_look(settings, draft))
        values = {"question": one_line(read.asked.asked), "passages": numbered.text, "whose": flat(read.whose)}
        with closing(ask_model(settings, values, prompt="read", allowance=allowance, spent=draft.spent)) as pieces:
            yield from self._reply.shown(islice(sentences(pieces), read.most + 1))

    def _rest(self) -> Iterator[Wrote]:
        """The end of an answer that the model broke off: quotes chosen without it, where they are another part of the same."""
        witness, shown = self.read.witness, self.draft.citations[self._before :]
        rest = [
            quote
            for quote in (worth_showing(witness.quotes) if witness.verdict == self.verdict else [])
            if not any(c.episode == quote.episode.id and c.first <= quote.last and quote.first <= c.last for c in shown)
        ]
        end = "the rest is in the speakers' own words" if rest else "this may not be all of it"
        yield Wrote(f"{self.fault}, so {end}.")
        yield from extractive_writer(self.read.asked, rest, self.draft)


def _overlap(one: Quote, other: Quote) -> bool:
    return one.episode.id == other.episode.id and one.first <= other.last and other.first <= one.last
