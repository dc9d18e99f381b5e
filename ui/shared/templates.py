"""Jinja2 templates → finished HTML: one environment, in which every value is escaped, also against Gradio's template literals.

A template is a file of macros beside the screen that it belongs to. What it is given is hostile text until it went through
`escaped`; only what a macro returned (`Markup`) is taken as it is. A line break in a template is nothing before an element, a
tag of Jinja or the end, and a space before anything else. Knows nothing of Gradio.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from index.plain import plain

# gr.HTML hands its template to Handlebars and then to a JavaScript template literal. A finished `value` passes through
# neither, but these three start code in both: as entities they stay letters wherever the string ends up.
TEMPLATE_CHARACTERS = str.maketrans({"$": "&#36;", "{": "&#123;", "}": "&#125;", "`": "&#96;"})
TAG = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.DOTALL)
BREAK = re.compile(r"\s*\n\s*")


def escaped(text: object) -> str:
    """`text` as letters and nothing else: safe inside an element and inside a double-quoted attribute.

    Control characters, and those that turn the reading direction of what follows, are left out.
    """
    return html.escape(plain(str(text)), quote=True).translate(TEMPLATE_CHARACTERS)


def macros(template: str, **names: Any) -> Any:
    """The macros of a template, by its address in `ui/`, compiled once. `names`: the functions that they call.

    Each macro returns Markup. jinja2.UndefinedError, when it is called: a value was not given.
    """
    return ENVIRONMENT.get_template(template, globals=names).module


def _finished(value: object) -> Markup:
    return value if isinstance(value, Markup) else Markup(escaped(value))


class _JoinedMarkup(Extension):
    """Takes the line breaks out of a template's text; inside a comment they still count its lines, for tracebacks."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        pieces = TAG.split(source)  # text, tag, text, tag, …, text
        return "".join(piece if at % 2 else self._joined(piece) for at, piece in enumerate(pieces))

    @staticmethod
    def _joined(text: str) -> str:
        def without(found: re.Match[str]) -> str:
            tight = found.end() == len(text) or text[found.end()] == "<"
            lines = "\n" * found[0].count("\n")
            return f"{'' if tight else ' '}{{#{lines}#}}"

        return BREAK.sub(without, text)


ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent.parent),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_finished,
    extensions=[_JoinedMarkup],
)
