"""`python -m eval` lists the studies, `python -m eval NAME …` runs one. (`verbatim eval` measures a question set.)"""

from __future__ import annotations

import ast
import runpy
import sys
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

STUDIES = {
    "adversary": "eval.studies.gate.adversary",
    "honest-model": "eval.studies.gate.honest_model",
    "perfect-model": "eval.studies.gate.perfect_model",
    "small-model": "eval.studies.gate.small_model",
    "speed": "eval.studies.speed.search",
    "page-speed": "eval.studies.speed.page",
    "first-sentence": "eval.studies.speed.first_sentence",
    "load": "eval.studies.speed.load",
    "people": "eval.studies.people",
    "voices": "eval.studies.voices",
    "times": "eval.studies.times",
    "sessions": "eval.studies.speed.sessions",
    "parsing": "eval.studies.files.parsing",
    "fuzz": "eval.studies.files.fuzz",
    "scaling": "eval.studies.files.scaling",
    "expressions": "eval.studies.files.expressions",
    "kill": "eval.studies.kill",
    "packages": "eval.studies.packages",
    "follow-ups": "eval.studies.follow_ups",
    "reader": "eval.fit.reader.study",
    "swapped": "eval.fit.reader.swapped",
    "fit-reader": "eval.fit.reader.train",
    "reader-mistakes": "eval.fit.reader.mistakes",
    "fit-quotes": "eval.fit.quotes",
    "fit-ranking": "eval.fit.ranking",
    "fit-voices": "eval.fit.voices",
    "voices-data": "eval.fit.voices_data",
    "fit-synonyms": "eval.fit.synonyms",
}


def purpose(module: str) -> str:
    """The first line of a module's docstring, read without importing it."""
    spec = find_spec(module)
    assert spec and spec.origin
    words = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    return words.splitlines()[0]


def main(arguments: list[str]) -> int:
    """Exit code 0 for the list, the study's own for a study, 2 for a name that is none."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print("usage: python -m eval NAME [options]; each has its own --help\n")
        for name, module in STUDIES.items():
            print(f"  {name:<15} {purpose(module)}")
        return 0
    name, *rest = arguments
    if name not in STUDIES:
        near = get_close_matches(name, STUDIES, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        print(f"No study is called {name!r}.{hint} List them with: python -m eval", file=sys.stderr)
        return 2
    sys.argv = [f"python -m eval {name}", *rest]
    runpy.run_module(STUDIES[name], run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
