"""A stranger's file is read in a process of its own: the same episode, or one sentence that says why not."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from index.errors import TranscriptError
from index.library import find_transcripts
from index.reading import apart
from index.reading.apart import Allowed, read_apart
from index.reading.read import read_episode

pytest.importorskip("resource")

SAMPLES = Path(__file__).parents[2] / "samples" / "transcripts"
TALK = "Ida Holm: The lamp turns.\n\nBo Dahl: And by day?\n"


@pytest.mark.parametrize("file", find_transcripts([SAMPLES])[0], ids=lambda file: file.name)
def test_the_same_episode_comes_back(file):
    assert read_apart(file) == read_episode(file)


def test_a_refusal_comes_back_as_it_was(tmp_path):
    file = tmp_path / "broken.json"
    file.write_text('{"segments": [\n{"a" 1}]}')
    with pytest.raises(TranscriptError) as here:
        read_episode(file)
    with pytest.raises(TranscriptError) as there:
        read_apart(file)
    assert str(there.value) == str(here.value) and there.value.line == here.value.line == 2


# What a reader may do to the machine, put in the place of ours: the limits hold whatever goes on inside.
HARM = {
    "while True: pass": Allowed(seconds=1),
    "import time; time.sleep(600)": Allowed(wall=1),
    "held = [bytes(1 << 20) for _ in range(1 << 20)]": Allowed(mebibytes=512),
    "import os; os.abort()": Allowed(),
    "import ctypes; ctypes.string_at(0)": Allowed(),
    "import sys\nwhile True: sys.stdout.write('x' * 1_000_000)": Allowed(seconds=5),
    "import sys; sys.stdout.write('[]')": Allowed(),
}


def harmed(code: str) -> str:
    """What starts the child, with this code for a reader."""
    first = f"import index.reading.apart as apart\ndef harm(path):\n {code}\napart.read_episode = harm\n"
    return apart._START.replace("from index.reading.apart import", f"exec({first!r}); from index.reading.apart import")


@pytest.mark.parametrize("code", HARM)
def test_a_file_that_takes_too_much_ends_its_own_process_and_says_so(code, tmp_path, monkeypatch):
    (tmp_path / "talk.txt").write_text(TALK)
    monkeypatch.setattr(apart, "_START", harmed(f"exec({code!r})\n raise SystemExit"))
    with pytest.raises(
        TranscriptError, match=r"talk\.txt: this file needed more than \d+ s of the processor or [\d,]+ MiB"
    ):
        read_apart(tmp_path / "talk.txt", allowed=HARM[code])


def test_a_fault_of_ours_is_told_as_one_and_logged(tmp_path, monkeypatch, caplog):
    (tmp_path / "talk.txt").write_text(TALK)
    monkeypatch.setattr(apart, "_START", harmed("raise KeyError('mast')"))
    with caplog.at_level(logging.ERROR), pytest.raises(TranscriptError, match="a fault of Verbatim's"):
        read_apart(tmp_path / "talk.txt")
    assert "KeyError: 'mast'" in caplog.text
