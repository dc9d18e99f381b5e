"""A model that reads perfectly, on loopback: it finds the gold among the passages it gets, quotes it, and marks the very sentences.

    python -m eval perfect-model --library library --half dev

It knows what is right for each question, and nothing but the prompt: what it can't find there, retrieval lost. So what is still
wrong with it as the reader was lost by retrieval, by the gate, or by the rules of who may speak. `--own-words` has it say
the reference answers instead of exact words: what the gate then withholds are honest paraphrases.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from eval.run.measure import Options, measure, same_person
from eval.run.metrics import EpisodeSpan, gold_spans, in_gold
from eval.run.runner import summary
from eval.sets.questions import SetQuestion
from eval.sets.readers import read_set
from eval.studies.gate.honest_model import scripted_model
from index.episode import Episode
from index.errors import VerbatimError
from index.library import Library
from prompts import flat, unmarked
from rag.answer import Answer, Done, Event
from rag.assistant import Assistant
from rag.evidence.quotes import LONGEST_QUOTE_WORDS, asks
from rag.settings import Settings
from rag.writing.lines import UNSURE

SHOWN = ("verdict_right", "citation_hit", "citation_precision", "wrong_speaker", "wrongly_refused", "quotes_exact")
LostBy = Literal["retrieval", "gate", "rules"]

_PASSAGE = re.compile(r"^(~+)\nEpisode: (?P<head>.*)\n(?P<lines>(?:.*\n)*?)\1$", re.MULTILINE)
_NAME = re.compile(r"\b[A-Z]\w+(?: [A-Z]\w+)*")
_QUOTE_MARK = re.compile(r"[\"“”„«»\[\]]")
_LINE = re.compile(r"^\[(\d+)\] (.*)$", re.MULTILINE)


@dataclass
class PerfectModel:
    """Its replies: `reply` is what a scripted endpoint asks it for. `asked`: the question that is asked now.

    `found`: whether its passages held anything of the gold, for each question that it was asked.
    """

    library: Library
    own_words: bool = False
    asked: SetQuestion | None = None
    found: dict[str, bool] = field(default_factory=dict)

    def reply(self, prompt: str) -> str:
        """The opinion and the sentences; to prompts of other kinds, nothing."""
        asked = self.asked
        if asked is None or "\nEpisode: " not in prompt:
            return ""
        if asked.verdict == "unknown_person" and (name := _NAME.search(asked.question[1:])):
            return f"NOBODY {name[0]}"
        said = list(self._gold_lines(prompt, asked)) if asked.gold else []
        self.found[asked.id] = bool(said)
        if not said:
            return "NONE"
        word = {"said_by_other": "OTHER", "asked_not_answered": "ASKED"}.get(asked.verdict, "ANSWERED")
        return "\n".join([word, *self._sentences(asked, said)])

    def _gold_lines(self, prompt: str, asked: SetQuestion) -> Iterator[tuple[int, str, str, int, int]]:
        """(mark, words, speaker, which place of the gold, position) of each sentence of the gold that the prompt has."""
        episodes = {place.episode: self.library.episode(place.episode) for place in asked.gold}
        spans = gold_spans(asked.gold, episodes)
        for passage in _PASSAGE.finditer(prompt):
            for episode in episodes.values():
                if not passage["head"].startswith(flat(episode.title)):
                    continue
                lines = {text: int(mark) for mark, text in _LINE.findall(passage["lines"])}
                for who, position, text, start, end in _spoken(episode):
                    if unmarked(text) not in lines or (asks(text) and asked.verdict != "asked_not_answered"):
                        continue
                    if asked.speaker and who and not same_person(who, asked.speaker):
                        continue
                    at = EpisodeSpan(episode.id, start, end, position, position)
                    for place in (n for n, span in enumerate(spans) if in_gold(at, [span])):
                        yield lines[unmarked(text)], text, who, place, position

    def _sentences(self, asked: SetQuestion, said: Sequence[tuple[int, str, str, int, int]]) -> Iterator[str]:
        """A sentence for each place of the gold and person: its exact words, or the reference answer."""
        if self.own_words and asked.answer:
            marks = "".join(f"[{mark}]" for mark in dict.fromkeys(mark for mark, *_ in said))
            who = next((who for _, _, who, _, _ in said if who), "")
            yield f"{f'{who}: ' if who else ''}{asked.answer.rstrip('.')} {marks}."
            return
        groups: dict[tuple[int, str], list[tuple[int, int, str]]] = {}
        for mark, text, who, place, position in said:
            groups.setdefault((place, who), []).append((position, mark, text))
        for (_, who), lines in groups.items():
            words, marks, last = "", "", None
            for position, mark, text in sorted(lines):
                if last is not None and (position != last + 1 or len(f"{words} {text}".split()) > LONGEST_QUOTE_WORDS):
                    break
                # Quote marks inside quote marks can't be told apart: the longest piece without any stands for all of it.
                if _QUOTE_MARK.search(text):
                    words, marks = (
                        (words, marks) if words else (max(_QUOTE_MARK.split(text), key=len).strip(), f"[{mark}]")
                    )
                    break
                words, marks, last = f"{words} {text}".strip(), f"{marks}[{mark}]", position
            if words:
                yield f"{who} says: “{words}” {marks}" if who else f"“{words}” {marks}"


def _spoken(episode: Episode) -> Iterator[tuple[str, int, str, float | None, float | None]]:
    """Who, position, words, start and end of each sentence of speech."""
    for turn in episode.turns:
        for sentence in turn.spoken():
            yield (
                turn.speaker.name if turn.speaker else "",
                sentence.position,
                sentence.text,
                sentence.start,
                sentence.end,
            )


def ask_all(library: str, questions: Sequence[SetQuestion], *, own_words: bool = False) -> list[dict[str, Any]]:
    """The rows of the questions, with the perfect model as the reader; `lost_by` is who lost a wrong one, else None."""
    assistant = Assistant.open(library, Settings(library=library))
    model = PerfectModel(assistant.library, own_words)
    rows = []
    with scripted_model(model.reply) as endpoint:
        settings = Settings(library=library, model="openai:perfect", base_url=endpoint.address, reader="model")
        heard = _Heard.open(library, settings)
        assert isinstance(heard, _Heard)
        for asked in questions:
            model.asked, heard.answer = asked, None
            row = measure(heard, asked, Options())
            row["withheld"] = heard.answer.withheld if heard.answer else 0
            row["held_back"] = [asdict(held) for held in heard.answer.held_back] if heard.answer else []
            row["unsure"] = bool(heard.answer and UNSURE in heard.answer.answer)
            rows.append(row | {"lost_by": _lost_by(row, found=model.found.get(asked.id))})
    return rows


class _Heard(Assistant):
    """One that remembers its last answer."""

    answer: Answer | None = None

    def ask(self, *question: Any, **more: Any) -> Generator[Event, None, None]:
        for event in super().ask(*question, **more):
            self.answer = event.answer if isinstance(event, Done) else self.answer
            yield event


def _lost_by(row: dict[str, Any], *, found: bool | None) -> LostBy | None:
    """Who lost a question: retrieval where the model got nothing of the gold, the gate where words of its were withheld."""
    if row["metrics"]["verdict_right"] and row["metrics"].get("citation_hit", 1.0):
        return None
    if row["gold"] and found is False:
        return "retrieval"
    return "gate" if row["withheld"] else "rules"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures of a half and who lost what. Exit code 1 where the set or the library can't be read."""
    parser = argparse.ArgumentParser(prog="python -m eval perfect-model", description=__doc__.split("\n")[0])
    parser.add_argument("--library", default="library", help="the library's folder")
    parser.add_argument("--questions", type=Path, default=Path("eval/data/samples.jsonl"))
    parser.add_argument("--half", choices=["dev", "test"], default="test")
    parser.add_argument("--own-words", action="store_true", help="it says the reference answers, and no exact words")
    parser.add_argument("--show", action="store_true", help="print each question that was lost (dev only)")
    parser.add_argument("--json", type=Path, help="write the rows here (dev only)")
    options = parser.parse_args(arguments)
    if options.half == "test" and (options.show or options.json):
        parser.error("failures of the test half are for nobody's eyes: add --half dev")
    try:
        asked = [one for one in read_set(options.questions).questions if one.half == options.half]
        rows = ask_all(options.library, asked, own_words=options.own_words)
    except VerbatimError as exc:
        print(exc, file=sys.stderr)
        return 1
    figures = summary(rows)["metrics"]
    for kind in ("all", *sorted({row["kind"] for row in rows})):
        values = [f"{name} {figures[kind][name]['mean']:.3f}" for name in SHOWN if name in figures[kind]]
        print(f"{kind}: {', '.join(values)}")
    lost = Counter(row["lost_by"] for row in rows if row["lost_by"])
    print(f"lost: {', '.join(f'{n} by {by}' for by, n in lost.most_common()) or 'nothing'}; of {len(rows)}")
    withheld = sum(row["withheld"] for row in rows)
    print(f"sentences withheld: {withheld}, {sum(row['unsure'] for row in rows)} answers say that they are unsure")
    for row in rows if options.show else ():
        if row["lost_by"]:
            print(
                f"\n{row['id']} ({row['lost_by']}): {row['question']}\n  {row['expected']} → {row['verdict']}: {row['answer']}"
            )
            print("\n".join(f"  withheld, {held['why']}: {held['sentence']}" for held in row["held_back"]))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
