"""The words said to a language model, each prompt one .md file beside this one. A leaf: imports nothing of ours.

A file is read in parts: a line `# system` or `# human` opens a message. `{name}` is a variable; a brace that is meant
as one is doubled. What is put in for a variable is never read as a template.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_core.prompts import ChatPromptTemplate

LONGEST_FACT = 200  # characters of a title or name in a prompt

_NO_MARKS = str.maketrans("~[]", "-()")
_MESSAGE = re.compile(r"^# (system|human)$", re.MULTILINE)


def load(name: str) -> ChatPromptTemplate:
    """The prompt of that name, to be filled with its `input_variables`. FileNotFoundError: there is none."""
    # Imported here: the import costs 0.7 s, which an answer without a language model must not pay.
    from langchain_core.prompts import ChatPromptTemplate

    _, *parts = _MESSAGE.split(files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8"))
    return ChatPromptTemplate.from_messages(
        [(role, words.strip()) for role, words in zip(parts[::2], parts[1::2], strict=True)]
    )


def fence_around(*texts: str) -> str:
    """A line of tildes longer than any run of them in the texts: what stands between two of these can't end it."""
    return "~" * (max((len(run) for text in texts for run in re.findall("~+", text)), default=2) + 1)


def flat(text: str) -> str:
    """A fact on one line, short, without fences and marks: a title is whatever a stranger's file says it is."""
    return unmarked(text)[:LONGEST_FACT]


def unmarked(text: str) -> str:
    """The text on one line, with no tildes and square brackets: nothing in it is a fence or a mark of ours."""
    return one_line(text).translate(_NO_MARKS)


def one_line(text: str) -> str:
    """The text with each run of white space as one blank: it can open no line of its own in a prompt."""
    return " ".join(text.split())
