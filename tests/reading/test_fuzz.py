"""Spoiled transcripts: none of them is met by more than a refusal; and the fuzzer notices what it is there for."""

from __future__ import annotations

from random import Random

import pytest

pytest.importorskip("resource")

from eval.studies.files import fuzz
from eval.studies.files.mutations import MOST_RARELY, mutated
from eval.studies.files.seeds import SAMPLES, seeds
from index.formats import parse


def test_no_spoiled_transcript_meets_a_fault_of_ours():
    faults, counts = fuzz.run(20, 0, 300)
    assert not faults, "\n".join(
        f"{fault} again: python -m eval fuzz --seed 20 --only {fault.cases[0]}" for fault in faults
    )
    assert counts["read"] + counts["refused"] == 300 and min(counts["read"], counts["refused"]) > 60


def test_each_seed_is_read_as_it_stands_and_all_formats_are_among_them():
    formats = {parse(seed.data, seed.name).format for seed in seeds()}
    assert formats >= {
        "srt", "vtt", "podcast-json", "whisper-json", "json", "podcast-html", "docx", "timed-text", "labelled-text", "page",
    }  # fmt: skip
    assert len(list(SAMPLES.glob("*.meta.json"))) > 3, "the samples are among them"
    assert any(seed.chapters for seed in seeds()) and any(seed.sidecar for seed in seeds())


def test_a_seed_gives_the_same_cases_each_time_and_another_gives_others():
    those = seeds()
    cases = [fuzz.case_of(3, case, those) for case in range(80)]
    assert cases == [fuzz.case_of(3, case, seeds()) for case in range(80)]
    assert cases != [fuzz.case_of(4, case, those) for case in range(80)]
    spoiled = sum(case[0] not in those for case in cases)
    assert spoiled > 75


def test_no_case_is_larger_than_it_may_be():
    those = seeds()
    largest = max(len(mutated(those[case % len(those)], those, Random(case)).data) for case in range(400))
    assert 100_000 < largest < 5 * MOST_RARELY


# One of six cases each: what may happen in a reader, put in the place of ours.
HARMED = """
import os, sys, eval.studies.files.fuzz as fuzz, signal
read, seen = fuzz.read_episode, -len(fuzz.seeds())
first = int(sys.argv[sys.argv.index("--worker") + 1])
def harm(path):
    global seen
    case, seen = first + seen, seen + 1
    if seen <= 0: return read(path)
    if case % 6 == 1: raise KeyError("a mast")
    if case % 6 == 2:
        while True: pass
    if case % 6 == 3: return [bytes(1 << 20) for _ in range(4096)]
    if case % 6 == 4: os.abort()
    raise fuzz.TranscriptError(path, "no words.")
fuzz.read_episode = harm
sys.exit(fuzz.main())
"""


def test_what_a_reader_should_not_do_is_told_with_the_cases_that_repeat_it(monkeypatch):
    monkeypatch.setattr(fuzz, "WORKER", ("-c", HARMED))
    faults, counts = fuzz.run(1, 0, 12)
    found = {(fault.kind, fault.what.split(":")[0]): fault.cases for fault in faults}
    assert found == {
        ("uncaught", "KeyError"): [1, 7],
        ("slow", "5 s of the processor"): [2, 8],
        ("fat", "500 MiB"): [3, 9],
        ("uncaught", "the process died of signal 6"): [4, 10],
    }
    assert counts["refused"] == 4


def test_the_command_says_how_to_repeat_a_fault_and_ends_with_1(monkeypatch, capsys):
    monkeypatch.setattr(fuzz, "WORKER", ("-c", HARMED))
    assert fuzz.main(["--seed", "5", "--cases", "2"]) == 1
    out = capsys.readouterr().out
    assert "uncaught: KeyError" in out and "again: --seed 5 --only 1" in out and "1 refused, 1 faults" in out
    assert fuzz.main(["--seed", "5", "--cases", "1"]) == 0
