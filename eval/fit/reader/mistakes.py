"""The retriever's own mistakes, to learn from: `python -m eval reader-mistakes OUT QUESTIONS=LIBRARY …`.

Each development question is searched as a listener's would be. The passages found that lie in the gold are right, with the
sentences that do; the others are what the reader must learn to pass over; and all of a never-said question's are wrong. OUT
is a corpus that `python -m eval fit-reader --more OUT` adds to its own; its texts stay out of the repository.

`--ask CORPUS TALKS FOLDER` makes a set of our own field first: questions of Changelog's interviews that are trained on, as
FOLDER/questions.jsonl, and their transcripts in FOLDER/transcripts to make a library of.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from eval.fit.reader.sets import Corpus, Item, Text
from eval.fit.reader.study import span_of
from eval.run.metrics import gold_spans, in_gold
from eval.sets.questions import SetQuestion, development
from eval.sets.readers import read_set
from index.library import Library
from rag.assistant import Assistant
from rag.question.scope import Filters
from rag.reader.reading import READ
from rag.reader.view import view
from rag.settings import Settings

ASKED_EPISODES = 120
WRONG, NEVER_SAID = 8, 3
"""Best wrong passages of a question that are learnt from, of one with an answer and of one without."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the corpus OUT: for each development question, passages that the retriever finds early and that do not answer.
    Exit code 0."""
    parser = argparse.ArgumentParser(
        prog="python -m eval reader-mistakes", description="Mine the retriever's mistakes."
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("sets", nargs="*", metavar="QUESTIONS=LIBRARY")
    parser.add_argument("--ask", nargs=3, type=Path, metavar=("CORPUS", "TALKS", "FOLDER"))
    options = parser.parse_args(arguments)
    if options.ask:
        ask(Corpus.load(options.ask[0]), *options.ask[1:])
    mined = Corpus()
    for pair in options.sets:
        file, _, library = pair.partition("=")
        assistant = Assistant(Library.open(library), Settings(reader="none"))
        before = len(mined.items)
        for asked in development(read_set(file).questions):
            add_question(mined, assistant, asked, Path(file).stem)
        print(f"{Path(file).name}: {len(mined.items) - before} questions with passages", file=sys.stderr)
    mined.save(options.out)
    return 0


def add_question(mined: Corpus, assistant: Assistant, asked: SetQuestion, of_set: str) -> None:
    """Add what the retriever finds for a question; nothing where it is not known who is asked about, or the gold isn't found."""
    if asked.verdict not in ("answered", "said_by_other", "not_said") or (
        asked.verdict != "not_said" and not asked.gold
    ):
        return
    question, scope = assistant.understand(asked.question, asked.history, Filters(**asked.filters))
    gold = gold_spans(asked.gold, {place.episode: assistant.library.episode(place.episode) for place in asked.gold})
    right: list[tuple[int, tuple[int, ...]]] = []
    wrong: list[int] = []
    for number, hit in enumerate(assistant.retriever.retrieve(question, scope, k=READ)):
        episode = assistant.library.episode(hit.passage.episode)
        seen = view(episode, hit.passage)
        inside = tuple(n for n, place in enumerate(seen.places) if in_gold(span_of(episode.id, place.sentence), gold))
        if not inside and len(wrong) == WRONG:
            continue
        turns = list(dict.fromkeys(id(place.turn) for place in seen.places))
        sentences = tuple(
            (p.start, p.end, turns.index(id(p.turn)), p.turn.speaker.name if p.turn.speaker else None)
            for p in seen.places
        )
        # A document of its own: what stands beside it in the episode may well answer.
        mined.texts.append(Text("mined", f"mined:{of_set}:{asked.id}:{number}", "train", seen.text, sentences))
        if inside:
            right.append((len(mined.texts) - 1, inside))
        else:
            wrong.append(len(mined.texts) - 1)
    if asked.verdict == "not_said":
        mined.items += [Item("mined", question.asked, place, False) for place in wrong[:NEVER_SAID]]
        return
    person = question.people[0] if asked.verdict == "answered" and len(question.people) == 1 and question.said else None
    person = person if person and person in question.asked else None
    mined.items += [
        Item("mined", question.asked, place, asked.verdict == "answered", inside, person=person, wrong=tuple(wrong))
        for place, inside in right
    ]


def ask(corpus: Corpus, talks: Path, folder: Path) -> None:
    """Write questions of interviews that are trained on, and copy their transcripts."""
    (folder / "transcripts").mkdir(parents=True, exist_ok=True)
    docs = sorted({text.doc for text in corpus.texts if text.set == "changelog" and text.part == "train"})
    docs = docs[:: max(1, len(docs) // ASKED_EPISODES)][:ASKED_EPISODES]
    episodes = {doc: doc.partition(":")[2].replace("/", "-") for doc in docs}
    for doc, episode in episodes.items():
        shutil.copyfile(talks / f"{doc.partition(':')[2]}.md", folder / "transcripts" / f"{episode}.md")
    with (folder / "questions.jsonl").open("w", encoding="utf-8") as out:
        for number, item in enumerate(corpus.items):
            text = corpus.texts[item.text]
            if item.set == "changelog" and text.doc in episodes:
                said = [text.text[a:b] for a, b, _, _ in (text.sentences[n] for n in item.gold)]
                gold = [{"episode": episodes[text.doc], "text": one} for one in said]
                row = {
                    "id": f"q{number}",
                    "question": item.question,
                    "kind": "host",
                    "half": "dev",
                    "verdict": "answered",
                    "gold": gold,
                }
                out.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
