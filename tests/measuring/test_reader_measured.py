"""What a trained reader is measured by, and how the retriever's mistakes become something to learn from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from eval.fit.reader import mistakes as reader_mistakes
from eval.fit.reader.data import ExampleMaker
from eval.fit.reader.export import export
from eval.fit.reader.network import Network
from eval.fit.reader.sets import Corpus
from eval.fit.reader.study import ReadPassages, figures, main
from eval.sets.questions import Gold, SetQuestion
from index.library import Library
from rag.assistant import Assistant
from rag.reader.view import view

KILN = """**Host:** Why did you brick up the old kiln?

**Vera Moss:** It cracked in the frost of that winter. I could not bear to light it again. So I planted a fig in front of it.

**Host:** And what do you fire now?

**Vera Moss:** Only tiles for the harbour baths, two hundred a week. They are blue, with a heron on every ninth one.
"""
BELLS = """**Host:** Who rings at the ferry?

**Otto Quay:** My aunt rings the bell at six and at nine. She learnt it from the lock keeper. Fog makes no difference to her.

**Host:** Would you ever take over?

**Otto Quay:** No. I am deaf in one ear, and she would never hand me the rope.
"""


@pytest.fixture
def assistant(tmp_path: Path) -> Assistant:
    (tmp_path / "kiln.md").write_text(KILN)
    (tmp_path / "bells.md").write_text(BELLS)
    library = Library.create(tmp_path / "library", "hashing")
    library.add([tmp_path / "kiln.md", tmp_path / "bells.md"])
    return Assistant(library)


def row(id_: str, question: str, said: str | None, *, verdict: str = "answered", episode: str = "kiln") -> dict:
    gold = [{"episode": episode, "text": said}] if said else []
    return {"id": id_, "question": question, "kind": "fact", "half": "dev", "verdict": verdict, "gold": gold}


ROWS = [
    row("fig", "What stands in front of the old kiln?", "So I planted a fig in front of it."),
    row(
        "tiles",
        "What did Vera Moss say about the tiles for the baths?",
        "Only tiles for the harbour baths, two hundred a week.",
    ),
    row("aunt", "What did Vera Moss say about who rings at six?", "My aunt rings the bell at six and at nine.")
    | {
        "verdict": "said_by_other",
        "gold": [{"episode": "bells", "text": "My aunt rings the bell at six and at nine."}],
    },
    row("moon", "Who painted the kiln's chimney green?", None, verdict="not_said"),
]


def test_a_passage_is_read_with_labels_and_the_question_before_it_and_every_sentence_where_it_stands(
    assistant: Assistant,
) -> None:
    library = assistant.library
    for id_ in ("kiln", "bells"):
        episode = assistant.library.episode(id_)
        for passage in library.passages_in(id_):
            seen = view(episode, passage)
            assert all(seen.text[p.start : p.end] == p.sentence.text for p in seen.places)
            inside = {s.position for s in episode.sentences if s.speech and passage.first <= s.position <= passage.last}
            assert inside <= {p.sentence.position for p in seen.places}
            assert seen.text.count("\n") + 1 == len({id(p.turn) for p in seen.places})
            if inside and any(p.turn.speaker.name == "Vera Moss" for p in seen.places if p.turn.speaker):
                assert "Vera Moss: " in seen.text
                assert seen.places[0].sentence.text.endswith("?")


def test_what_is_found_outside_the_gold_is_wrong_and_what_is_inside_is_right_in_its_sentence(
    assistant: Assistant, tmp_path: Path
) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(map(json.dumps, ROWS)))
    out = tmp_path / "mined.jsonl"
    assert reader_mistakes.main([str(out), f"{file}={tmp_path / 'library'}"]) == 0
    mined = Corpus.load(out)
    by_question: dict[str, list] = {}
    for item in mined.items:
        by_question.setdefault(item.question, []).append(item)
    for asked in ROWS[:3]:
        [item] = by_question[asked["question"]]
        text = mined.texts[item.text]
        assert [text.text[text.sentences[n][0] : text.sentences[n][1]] for n in item.gold] == [asked["gold"][0]["text"]]
        assert item.answered == (asked["verdict"] == "answered")
        assert item.wrong and all(asked["gold"][0]["text"] not in mined.texts[n].text for n in item.wrong)
    assert {(item.answered, item.gold) for item in by_question[ROWS[3]["question"]]} == {(False, ())}
    assert by_question[ROWS[1]["question"]][0].person == "Vera Moss"
    made = [e for number in range(4) for e in next(ExampleMaker(mined, "train").blocks(number, size=32))]
    said = [e for e in made if e.question == ROWS[2]["question"] and any(gold for _, _, gold in e.sentences)]
    assert said and all(e.by_anyone and not e.answered for e in said)
    more = Corpus()
    more.add(mined)
    more.add(mined)
    assert more.texts[more.items[-1].text] == mined.texts[mined.items[-1].text]
    assert len(more.items) == 2 * len(mined.items)


def test_questions_of_interviews_become_a_set_that_can_be_asked(tmp_path: Path) -> None:
    from eval.fit.reader.talks import add_interviews

    for number in range(30):
        (tmp_path / "talks" / f"show{number}").mkdir(parents=True)
        told = KILN.replace(
            "two hundred a week", "two hundred a week, and a few broken ones that go under the path to the boat house"
        )
        (tmp_path / "talks" / f"show{number}" / f"one{number}.md").write_text(told if number < 3 else BELLS)
    corpus = Corpus()
    add_interviews(corpus, tmp_path / "talks")
    reader_mistakes.ask(corpus, tmp_path / "talks", tmp_path / "set")
    rows = [json.loads(line) for line in (tmp_path / "set" / "questions.jsonl").read_text().splitlines()]
    assert rows
    for one in rows:
        episode = (tmp_path / "set" / "transcripts" / f"{one['gold'][0]['episode']}.md").read_text()
        assert all(place["text"] in episode for place in one["gold"])


def read(verdict: str, best: list[float], right: list[bool]) -> ReadPassages:
    asked = SetQuestion("q", "?", "fact", verdict, (Gold("a", 0.0, 1.0),) if verdict != "not_said" else ())
    return ReadPassages(asked, np.array(best), np.array(right), np.array(right))


def test_figures_by_hand() -> None:
    told = figures(
        [
            read("answered", [0.2, 0.6, 0.5], [True, False, False]),
            read("answered", [0.3, 0.7, 0.5], [False, True, False]),
            read("not_said", [0.5, 0.1, 0.1], [False] * 3),
        ]
    )
    assert told["questions"] == 3 and told["found"] == 1.0
    assert told["hit@1 retriever"] == told["hit@1 reader"] == told["sentence"] == 0.5
    assert told["hit@5 reader"] == 1.0
    assert told["area not_said"] == 1.0


@pytest.mark.slow
def test_the_command_reads_with_an_exported_network(
    assistant: Assistant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(Network(), tmp_path / "reader.onnx")
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(map(json.dumps, ROWS)))
    assert main([str(tmp_path / "reader.onnx"), f"{file}={tmp_path / 'library'}"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (told["set"], told["half"], told["questions"], told["found"]) == ("questions.jsonl", "dev", 4, 1.0)
    assert 0 <= told["area not_said"] <= 1


def test_a_question_about_one_persons_words_is_put_to_them_and_to_somebody_else_with_the_same_gold(
    tmp_path: Path,
) -> None:
    from eval.fit.reader.sets import Item, Text, part_of
    from eval.fit.reader.swapped import write_set
    from eval.fit.reader.talks import join_turns

    docs = {
        part: next(f"friendsqa:{n}" for n in range(99) if part_of(f"friendsqa:{n}") == part)
        for part in ("train", "dev", "test")
    }
    said = "I keep the spare oars under the bench."
    talk = [
        ("Ivo Brand", "Where is everything?"),
        ("Lena Sool", f"{said} Mind *the* nails [rusty]."),
        ("Pat Orr", "Thanks."),
    ]
    texts: list[Text] = [join_turns("friendsqa", doc, part, talk) for part, doc in docs.items()]
    asked_for = ("What does Lena say is under the bench?", "Where is Lena?")  # the second one asks for nobody's words
    items = [Item("friendsqa", question, n, True, (1,), person="Lena") for n in range(3) for question in asked_for]
    rows = write_set(Corpus(texts, items), tmp_path)
    assert sorted((row["half"], row["verdict"]) for row in rows) == [
        (half, verdict) for half in ("dev", "test") for verdict in ("answered", "said_by_other")
    ]
    for asked, swapped in zip(rows[::2], rows[1::2], strict=True):
        assert asked["gold"] == swapped["gold"] == [{"episode": asked["filters"]["episode"], "text": said}]
        assert asked["question"] == asked_for[0]
        assert swapped["question"] in ("What does Ivo say is under the bench?", "What does Pat say is under the bench?")
    assert sorted(file.stem for file in (tmp_path / "transcripts").iterdir()) == sorted(
        {row["filters"]["episode"] for row in rows}
    )
