"""Speed and memory, measured: `python -m eval speed` (make bench). Prints one JSON object; comparisons are ratios.

- question → passages, warm, over a library of N passages (default 100,000): p50 and p95 in milliseconds, wall and of the
  processor, memory in MiB; and the same under filters that leave one episode, 1 %, 10 % and half of them.
  The passages' words are drawn from a fixed vocabulary by Zipf's law, their vectors are random unit vectors of the
  default model's size: what costs time is their number, not their meaning. The question is embedded by the real model.
- `verbatim ask` cold on the sample library, against importing sentence-transformers alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from eval.run.runner import commit
from index.episode import Episode, Person, Sentence, Show, Turn
from index.library import Library
from index.search.encoder import load_encoder
from index.search.onnx_export import EMBEDDED_MODEL
from rag.evidence.retrieve import Retriever
from rag.question.question import read_question
from rag.question.scope import Filters, Scope

VOCABULARY = 30_000
TURNS_AN_EPISODE = 50
PASSAGES_AN_EPISODE = 45  # what these turns are cut into
SENTENCE_WORDS = 15
SENTENCES_A_TURN = 9
FILTERS = {"1 episode": 0.0, "1 %": 0.01, "10 %": 0.1, "half": 0.5}  # the share of the episodes that each leaves


class RandomVectors:
    """Passages get random unit vectors, questions real ones: an encoder that makes a big library quickly."""

    def __init__(self) -> None:
        self.real = load_encoder(EMBEDDED_MODEL)
        self.fingerprint = self.real.fingerprint
        self.random = np.random.default_rng(0)

    def encode(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        """Questions by the real model; passages as random vectors of unit length, float32 of shape (len(texts), dim)."""
        if query:
            return self.real.encode(texts, query=True)
        vectors = self.random.standard_normal((len(texts), self.fingerprint.dimensions), dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def knows(self, word: str) -> bool:
        """True where the real model has the word whole."""
        return self.real.knows(word)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print seconds and memory of finding and answering as JSON. Exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m eval speed", description=__doc__.split("\n")[0])
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--filtered-questions", type=int, default=30, help="for each of the filters")
    parser.add_argument("--ask-runs", type=int, default=7, help="0 leaves them out")
    options = parser.parse_args(arguments)
    measured = {
        "commit": commit(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "retrieve": retrieve_speed(options.passages, options.questions, options.filtered_questions),
    }
    if options.ask_runs:
        measured["ask_cold"] = ask_cold(options.ask_runs)
    print(json.dumps(measured, indent=1))
    return 0


def retrieve_speed(passages: int, questions: int, filtered: int) -> dict[str, Any]:
    """Milliseconds from question to passages, warm, and the process's memory before and with the library open.

    `filtered`: the questions that are asked under each of FILTERS.
    """
    with tempfile.TemporaryDirectory() as folder:
        encoder = RandomVectors()
        before = _resident()
        _synthetic_library(Path(folder), encoder, passages)
        library = Library.open(folder, encoder)
        episodes = len(library.summaries())
        return {
            "passages": library.passage_count(),
            "questions": questions,
            **_asked(library, questions, Filters()),
            "filters": {
                name: {"episodes": (left := max(1, round(share * episodes)))}
                | _asked(library, filtered, Filters(until=_day(left - 1)))
                for name, share in FILTERS.items()
            },
            "resident_mib_before": before,
            "resident_mib": _resident(),
            "folder_mib": round(sum(f.stat().st_size for f in Path(folder).iterdir()) / 2**20),
        }


def _asked(library: Library, questions: int, filters: Filters) -> dict[str, float]:
    """p50 and p95 of so many questions under these filters: milliseconds by the clock, and of this thread's processor."""
    retriever = Retriever(library)
    random = np.random.default_rng(1)
    words = _vocabulary()
    took, worked = [], []
    for number in range(questions + 5):
        # Three to seven words, drawn from the rarer nine tenths as content words are, with a common one among them.
        drawn = [words[int(i)] for i in random.integers(VOCABULARY // 1000, VOCABULARY // 2, random.integers(2, 7))]
        text = f"What did they say about {' '.join(drawn)} {words[int(random.integers(5, 40))]}?"
        began, own = time.perf_counter(), time.thread_time()
        scope = Scope.of(library, filters)
        question = read_question(text, episodes=scope.episodes)
        found = retriever.retrieve(question, scope, k=8)
        if number >= 5:
            took.append(1000 * (time.perf_counter() - began))
            worked.append(1000 * (time.thread_time() - own))
        if not found:
            raise RuntimeError(f"nothing found for {text!r}: the measurement is void")
    return {
        f"p{p}_{unit}": round(float(np.percentile(times, p)), 1)
        for unit, times in (("ms", took), ("processor_ms", worked))
        for p in (50, 95)
    }


def ask_cold(runs: int) -> dict[str, float]:
    """Median seconds of `verbatim ask` in a new process, and of importing sentence-transformers; taken in turns."""
    samples = Path(__file__).parents[3] / "samples" / "transcripts"
    with tempfile.TemporaryDirectory() as folder:
        Library.create(folder).add([samples])
        ask = [
            sys.executable,
            "-m",
            "ui.terminal.cli",
            "ask",
            "What did Tobin say about barley bread?",
            "--library",
            folder,
        ]
        importing = [sys.executable, "-c", "import sentence_transformers"]
        asked, imported = [], []
        for _ in range(runs):
            asked.append(_seconds(ask))
            imported.append(_seconds(importing))
    return {
        "runs": runs,
        "ask_s": round(float(np.median(asked)), 2),
        "import_sentence_transformers_s": round(float(np.median(imported)), 2),
        "ratio": round(float(np.median(asked) / np.median(imported)), 3),
    }


def _synthetic_library(folder: Path, encoder: RandomVectors, passages: int) -> None:
    words = np.array(_vocabulary())
    random = np.random.default_rng(2)
    ranks = np.arange(1, VOCABULARY + 1)
    shares = (1 / ranks) / (1 / ranks).sum()
    library = Library.create(folder, encoder)
    host, guest = Person("Host One", "host"), Person("Guest Two", "guest")
    a_sentence = SENTENCE_WORDS * SENTENCES_A_TURN
    with library.writing_many() as add:
        for number in range(-(-passages // PASSAGES_AN_EPISODE)):
            drawn = random.choice(words, (TURNS_AN_EPISODE * SENTENCES_A_TURN, SENTENCE_WORDS), p=shares)
            sentences = [
                Sentence(n, " ".join(row).capitalize() + ".", 5.0 * n, 5.0 * n + 5, "transcript", 0.0)
                for n, row in enumerate(drawn)
            ]
            turns = tuple(
                Turn(host if n % 2 else guest, tuple(sentences[start : start + SENTENCES_A_TURN]), "labelled")
                for n, start in enumerate(range(0, len(sentences), SENTENCES_A_TURN))
            )
            add(
                Episode(
                    f"e{number}",
                    Show("Synthetic"),
                    f"Episode {number}",
                    turns,
                    (host, guest),
                    date=_day(number),
                    duration=a_sentence * 20.0,
                )
            )


def _day(number: int) -> str:
    """The date of that episode: a day each, so that a filter by dates leaves as many as are wanted."""
    return (date(2000, 1, 1) + timedelta(days=number)).isoformat()


def _vocabulary() -> list[str]:
    """Made-up words that the stemmer leaves apart."""
    consonants, vowels = "bdfgklmnprtv", "aou"
    syllables = [c + v for c in consonants for v in vowels]
    return [syllables[n % 36] + syllables[n // 36 % 36] + syllables[n // 1296 % 36] + "k" for n in range(VOCABULARY)]


def _resident() -> int:
    """MiB of memory this process has used at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
