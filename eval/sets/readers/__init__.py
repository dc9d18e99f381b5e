"""Question sets -> questions and documents. A kind of set is one module here and one line in the table below.

A reader's module has EXPECTED (what it reads, in words), `matches(source) -> bool` and `read(source) -> QuestionSet`;
the first that matches reads the set. They judge by content: a suffix is only a name that somebody gave.
"""

from __future__ import annotations

from pathlib import Path

from eval.sets.questions import QuestionSet
from eval.sets.readers import beir, jsonl, locomo, qmsum
from eval.sets.readers.source import SetSource, refuse

READERS = (beir, locomo, qmsum, jsonl)


def read_set(path: str | Path) -> QuestionSet:
    """The question set in a file or folder. VerbatimError names the place, what was expected there and the fault."""
    source = SetSource(Path(path))
    for reader in READERS:
        if reader.matches(source):
            found = reader.read(source)
            break
    else:
        keys = ", ".join(list(source.first)[:8]) or "nothing"
        expected = "; ".join(reader.EXPECTED for reader in READERS)
        raise refuse(source.path, f"no question set that can be read: it begins with {keys}. Expected: {expected}.")
    if not found.questions:
        left_out = f" Left out: {'; '.join(found.skipped[:3])}." if found.skipped else ""
        raise refuse(source.path, f"there are no questions in it.{left_out}")
    return found
