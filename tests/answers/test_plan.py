"""Questions of more than one look: which are, how they are looked for, and what the answer holds, with and without a model."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from endpoint import Endpoint
from talks import write_talk

from index.library import Library
from rag.answer import Answer, Done, Wrote
from rag.assistant import Assistant
from rag.evidence.check import check_quote
from rag.question.plan import MOST_PASSES, Plan, plan
from rag.question.scope import Filters
from rag.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
EARLY = (
    ("Ann Hale", "Bo, would you ever use glue on a wooden chair?"),
    ("Bo Lund", "I will never use glue on a wooden chair, because glue is a lie."),
    ("Ann Hale", "And what is on your bench today?"),
    ("Bo Lund", "A copper kettle with a hole in the bottom, and a sandwich."),
    ("Bo Lund", "I'd say use a soft hammer, whatever you repair."),
)
LATE = (
    ("Ann Hale", "Two years ago you were against glue on chairs."),
    ("Bo Lund", "I use glue on every wooden chair now, because the new glue is better than any nail."),
    ("Ann Hale", "What changed?"),
    ("Bo Lund", "A chair of mine fell apart under the mayor."),
    ("Bo Lund", "You should try a heat gun before you take a kettle apart."),
)
OTHER = (
    ("Ann Hale", "Cat, do you use glue on a wooden chair?"),
    ("Cat Moor", "Glue on a wooden chair keeps for thirty years, and I would use nothing else."),
    ("Ann Hale", "I once sat on a chair that sang."),
    ("Cat Moor", "A copper kettle should be hung up, never put down."),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("chairs")
    ann = {"name": "Ann Hale", "role": "host"}
    for name, lines, date, guest in (
        ("early", EARLY, "2021-05-01", "Bo Lund"), ("late", LATE, "2023-06-01", "Bo Lund"),
        ("other", OTHER, "2022-01-01", "Cat Moor"),
    ):  # fmt: skip
        people = [ann, {"name": guest, "role": "guest"}]
        write_talk(
            made / "talks", name, lines, title=f"The {name} chair", show="Mended", date=date, people=people, duration=60
        )
    Library.create(made / "library", "hashing").add([made / "talks"])
    return made / "library"


@pytest.fixture(scope="module")
def assistant(folder: Path) -> Assistant:
    return Assistant.open(folder, Settings())


def planned(assistant: Assistant, question: str, **filters: str) -> Plan | None:
    asked, scope = assistant.understand(question, (), Filters(**filters))
    return plan(asked, scope, assistant.library.rows)


def ask(assistant: Assistant, question: str) -> tuple[list[str], Answer]:
    events = list(assistant.ask(question))
    answer = next(event.answer for event in events if isinstance(event, Done))
    for citation in answer.citations:
        episode = assistant.library.episode(citation.episode)
        assert check_quote(citation.quote, citation.speaker, episode)[0] == "verified"
    marks = [int(mark) for mark in re.findall(r"\[(\d+)\]", answer.answer)]
    assert sorted(set(marks)) == [citation.n for citation in answer.citations]
    return [event.text for event in events if isinstance(event, Wrote)], answer


KINDS = {
    "Compare what Bo and Cat said about glue.": "compare",
    "What did Bo Lund and Cat Moor say about a copper kettle?": "compare",
    "How do Bo and Cat differ on glue?": "compare",
    "Do Bo Lund and Cat Moor agree about chairs?": "compare",
    "How did Bo's view of glue change?": "change",
    "How has Bo Lund's opinion of glue changed over time?": "change",
    "Did Bo come round to glue in the end?": "change",
    "Does Bo still say that glue is a lie?": "change",
    "How did Bo's view of glue differ between May 2021 and June 2023?": "change",
    "Which episodes mention a kettle?": "episodes",
    "In which episodes do they talk about glue?": "episodes",
    "List the episodes about kettles": "episodes",
    "Which guests talk about glue?": "people",
    "What do the guests think about glue?": "people",
    "Who else besides Bo has talked about glue?": "people",
    "List everything that Bo recommended": "list",
    "List all the tools that Bo recommended": "list",
    "Everything Bo says about chairs, please.": "list",
    "Find all the places where a kettle comes up": "list",
    "Every time a kettle is mentioned": "list",
}
ORDINARY = (
    "What did Bo Lund say about glue?", "Why does Cat hang up a copper kettle?", "Who is against glue?", "What changed?",
    "What is this episode about?", "Which episodes do you have?", "How long is the latest episode?", "Who are the guests?",
    "Which guest recommends a heat gun?", "Is everything about chairs true?", "What did Bo say about Cat?",
    "What did the guest say about the mayor and the chair?", "Compare the prices of glue.", "Tell me about every chair.",
    "How did the chair change hands?", "What did Zelda Quint and Bo say?", "Why do both ends of the chair break?",
    "List", "Why do people mend chairs?",
    "Why did Bo Lund stick to what people know about glue?", "How does a chair evolve?", "What did Bo think first?",
)  # fmt: skip


@pytest.mark.parametrize("question", KINDS)
def test_a_question_of_more_than_one_look_is_planned(assistant: Assistant, question: str) -> None:
    made = planned(assistant, question)
    assert made is not None and made.kind == KINDS[question]
    assert 1 <= len(made.passes) <= MOST_PASSES
    assert made.question.words and not {"compare", "list", "everything", "episodes", "change"} & set(
        made.question.words
    )


@pytest.mark.parametrize("question", ORDINARY)
def test_an_ordinary_question_is_not(assistant: Assistant, question: str) -> None:
    assert planned(assistant, question) is None


@pytest.fixture(scope="module")
def samples(samples_without_model: Path) -> Assistant:
    return Assistant(Library.open(samples_without_model), Settings())


def test_of_the_sample_questions_only_those_of_several_places_people_and_times_are(samples: Assistant) -> None:
    rows = [json.loads(line) for line in (ROOT / "eval/data/samples.jsonl").read_text(encoding="utf-8").splitlines()]
    kinds = {}
    for row in rows:
        asked, scope = samples.understand(row["question"], row["history"], Filters(**row["filters"]))
        made = plan(asked, scope, samples.library.rows)
        if made:
            kinds.setdefault(row["kind"], []).append(made.kind)
    assert set(kinds) - {"never_said"} == {"several_places", "across_episodes", "changed_opinion"}
    assert len(kinds["across_episodes"]) >= 8 and set(kinds["across_episodes"]) == {"people"}
    assert set(kinds["several_places"]) == {"list"} and set(kinds["changed_opinion"]) == {"change"}
    assert len(kinds.get("never_said", [])) <= 1  # "What do the guests think about …?"


# What the answers hold


def test_a_comparison_has_a_section_for_each_person_with_only_their_words(assistant: Assistant) -> None:
    texts, answer = ask(assistant, "Compare what Bo and Cat said about glue on a wooden chair.")
    assert answer.verdict == "answered"
    bo, cat = texts.index("Bo Lund:"), texts.index("Cat Moor:")
    assert bo < cat
    for at, name in ((bo, "Bo Lund"), (cat, "Cat Moor")):
        assert texts[at + 1].startswith(f"{name} (guest, ")
    assert {citation.speaker for citation in answer.citations} == {"Bo Lund", "Cat Moor"}
    assert "nothing else" in texts[cat + 1]


def test_a_comparison_says_of_whom_nothing_was_found(assistant: Assistant) -> None:
    texts, answer = ask(assistant, "Compare what Bo and Cat said about the mayor falling.")
    assert {citation.speaker for citation in answer.citations} <= {"Bo Lund", "Cat Moor"}
    if answer.verdict == "answered" and "Cat Moor:" not in texts:
        assert texts[-1] == "I found no words of Cat Moor about this."


def test_a_change_is_told_by_date_in_order(assistant: Assistant) -> None:
    texts, answer = ask(assistant, "How did Bo's view of glue on a wooden chair change?")
    assert texts.index("2021-05-01, The early chair:") < texts.index("2023-06-01, The late chair:")
    assert [citation.date for citation in answer.citations] == sorted(citation.date for citation in answer.citations)
    assert {citation.speaker for citation in answer.citations} == {"Bo Lund"}
    assert "glue is a lie" in answer.answer and "better than any nail" in answer.answer


def test_episodes_are_listed_by_date_each_with_a_quote_and_how_complete_that_is(assistant: Assistant) -> None:
    texts, answer = ask(assistant, "Which episodes mention a copper kettle?")
    titles = [text for text in texts if re.match(r"\d{4}-\d\d-\d\d, ", text)]
    assert titles == sorted(titles) and len(titles) == len(answer.citations) >= 2
    assert all("kettle" in citation.quote for citation in answer.citations)
    assert texts[-1].startswith(
        f"These are {len(answer.citations)} quotes from {len(titles)} of the 3 episodes searched."
    )
    assert "all of which I read" in texts[-1] and "may be missing" in texts[-1]


def test_people_are_listed_without_the_host_where_guests_are_asked_about(assistant: Assistant) -> None:
    texts, answer = ask(assistant, "Which guests talk about glue on a wooden chair?")
    assert {citation.speaker for citation in answer.citations} == {"Bo Lund", "Cat Moor"}
    assert {"Bo Lund:", "Cat Moor:"} <= set(texts)


def test_somebody_who_is_not_wanted_is_left_out(assistant: Assistant) -> None:
    _, answer = ask(assistant, "Who else besides Bo has talked about glue on a wooden chair?")
    speakers = {citation.speaker for citation in answer.citations}
    assert "Cat Moor" in speakers and "Bo Lund" not in speakers


def test_recommendations_are_told_by_how_they_are_put(assistant: Assistant) -> None:
    _, answer = ask(assistant, "List everything that Bo recommended")
    assert answer.verdict == "answered"
    assert {citation.speaker for citation in answer.citations} == {"Bo Lund"}
    quoted = " ".join(citation.quote for citation in answer.citations)
    assert "soft hammer" in quoted and "heat gun" in quoted and "glue is a lie" not in quoted


def test_what_nobody_said_stays_refused_however_it_is_asked(assistant: Assistant) -> None:
    for question in (
        "Which episodes mention quantum chromodynamics?",
        "Compare what Bo and Cat said about cryptocurrency.",
    ):
        texts, answer = ask(assistant, question)
        assert answer.verdict == "not_said" and not answer.citations and len(texts) == 1


def test_a_title_and_a_name_that_look_like_marks_are_none(tmp_path: Path) -> None:
    lines = (("Bo [7] Lund", "A copper kettle is lent and never given."), ("Ann Hale", "A copper kettle sings."))
    write_talk(
        tmp_path / "talks", "k", lines, title="Kettles [9]\n[8] ~~~", show="Mended", date="2024-01-01", duration=20
    )
    Library.create(tmp_path / "library", "hashing").add([tmp_path / "talks"])
    for question in ("Which episodes mention a copper kettle?", "What is said about a copper kettle?"):
        texts, answer = ask(Assistant.open(tmp_path / "library", Settings()), question)  # the marks are compared there
        assert answer.citations and "[9]" not in " ".join(texts)


# With a model


def test_a_model_writes_the_sections_and_what_it_leaves_out_is_quoted(endpoint: Endpoint, folder: Path) -> None:
    def only_bo(asked: str) -> str:
        number = next(
            match[1] for match in re.finditer(r"^\[(\d+)\] (.+)\n~+\n(.+)$", asked, re.M) if "lie" in match[3]
        )
        return f"Bo Lund says that “glue is a lie” [{number}]."

    endpoint.replies = only_bo
    texts, answer = ask(
        Assistant.open(folder, endpoint.settings(reader="embedded")),
        "Compare what Bo and Cat said about glue on a wooden chair.",
    )
    assert texts[:2] == ["Bo Lund:", "Bo Lund says that “glue is a lie” [1]."]
    assert texts[2] == "Cat Moor:" and "I would use nothing else" in texts[3]
    assert answer.writer == "llm" and len(endpoint.asked) == 1


def test_a_model_may_tell_the_kind_where_rules_see_none(endpoint: Endpoint, folder: Path) -> None:
    endpoint.replies = lambda asked: (
        "episodes" if asked.startswith("The question:") else "None of the quotes answers this."
    )
    question = "Where is a copper kettle talked about, one after the other?"
    texts, answer = ask(Assistant.open(folder, endpoint.settings(planner="model", reader="embedded")), question)
    assert texts[-1].startswith("These are ") and answer.writer == "extractive"
    assert len(endpoint.asked) == 1  # a list is quotes: nobody is asked to write it
    endpoint.asked.clear()
    texts, _ = ask(Assistant.open(folder, endpoint.settings(reader="embedded")), question)
    assert not texts[-1].startswith("These are ") and len(endpoint.asked) == 1  # the writer, and no planner


@pytest.mark.parametrize(
    "reply", ["one", "", "compare", "compare. Ignore the above.", "a list of episodes", "LIST\n\nlist"]
)
def test_a_models_opinion_that_fits_nothing_leaves_one_look(endpoint: Endpoint, folder: Path, reply: str) -> None:
    endpoint.replies = lambda asked: reply if asked.startswith("The question:") else "Bo Lund."
    texts, answer = ask(Assistant.open(folder, endpoint.settings(planner="model")), "What did Bo Lund say about glue?")
    assert answer.verdict == "answered" and not texts[-1].startswith("These are ")
