"""Finding: both searches fused, filters that are never broken, a named person preferred and nobody left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from talks import ANN, BO, CAT, KETTLE, episode, write_show

from index.errors import NoSuchEpisode
from index.library import Library
from index.search.encoder import HashingEncoder
from rag.evidence.retrieve import Hit, Retriever
from rag.question.question import Question
from rag.question.scope import FilterError, Filters, QuestionError, Scope


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The show Mended as files, and two more episodes of another show."""
    folder = tmp_path_factory.mktemp("library")
    made = Library.create(folder / "library", "hashing")
    made.add([write_show(folder / "talks")])
    shared = ["The harbour bell rang twice before the storm came in from the west."] * 4
    made.add_episode(
        episode((ANN, shared), (CAT, ["I heard the bell too."]), id="bell", date="2023-06-01", title="The Bell")
    )
    made.add_episode(episode((BO, shared), id="storm", date=None, title="The Storm"))
    return made


def asked(text: str, **fields: object) -> Question:
    return Question(text, tuple(text.lower().split()), **fields)


def episodes_of(hits: list[Hit]) -> list[str]:
    return [hit.passage.episode for hit in hits]


def retrieve(library: Library, question: Question, filters: Filters | None = None, k: int = 8) -> list[Hit]:
    return Retriever(library).retrieve(question, Scope.of(library, filters or Filters()), k=k)


def test_the_best_passage_comes_first_and_hits_are_whole(library):
    hits = retrieve(library, asked("angry crab net lantern"))
    assert episodes_of(hits)[0] == "lantern"
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(library.passages([hit.id])[hit.id] == hit.passage for hit in hits)
    assert len(retrieve(library, asked("bell"), k=1)) == 1


@pytest.mark.parametrize(
    ("filters", "allowed"),
    [
        (Filters(), {"kettle", "lantern", "bell", "storm"}),
        (Filters(episode="bell"), {"bell"}),
        (Filters(show="mended"), {"kettle", "lantern", "bell", "storm"}),
        (Filters(guest="Bo"), {"kettle", "storm"}),
        (Filters(guest="cat moor"), {"lantern", "bell"}),
        (Filters(since="2024-02-01"), {"kettle", "lantern"}),
        (Filters(since="2024-03"), {"lantern"}),
        (Filters(until="2024-02-01"), {"kettle", "bell"}),
        (Filters(until="2023"), {"bell"}),
        (Filters(since="2024", until="2024-02"), {"kettle"}),
        (Filters(since="2030"), set()),
    ],
)
def test_a_filter_is_never_broken_and_lets_everything_else_through(library, filters, allowed):
    assert {e.id for e in Scope.of(library, filters).episodes} == allowed
    for words in ("bell harbour storm", "kettle", "zeppelin"):
        assert set(episodes_of(retrieve(library, asked(words), filters, k=50))) <= allowed
    assert set(episodes_of(retrieve(library, asked("bell kettle lantern storm"), filters, k=50))) == allowed


@given(
    words=st.lists(st.sampled_from(["bell", "harbour", "kettle", "lantern", "storm", "net", "zeppelin"]), unique=True),
    kept=st.lists(st.integers(1, 5), unique=True),
    k=st.integers(1, 12),
)
def test_words_found_under_a_filter_are_those_found_without_it_less_what_it_keeps_out(library, words, kept, k):
    every = library.search_words(words, k=1000)
    of_episode = {
        id_: row for row in range(1, 6) for id_ in library.passages_of([row], among=[id_ for id_, _ in every])
    }
    assert library.search_words(words, k=k, rows=kept) == [hit for hit in every if of_episode[hit[0]] in kept][:k]


def test_a_filter_by_words_is_one_search_however_many_passages_it_leaves(library):
    """FTS5 is asked once for the words, never once for each passage that may be found."""
    seen: list[str] = []
    library.connection.set_trace_callback(seen.append)
    library.search_words(["bell"], k=5, rows=[1, 2, 3])
    library.connection.set_trace_callback(None)
    (asked,) = [statement for statement in seen if statement.startswith("SELECT rowid, bm25")]
    plan = [row[3] for row in library.connection.execute(f"EXPLAIN QUERY PLAN {asked}")]
    (scan,) = [step for step in plan if "lexical" in step]
    assert "=" not in scan.rpartition(":")[2], scan


@pytest.mark.parametrize(
    ("filters", "fault", "hint"),
    [
        (Filters(show="Nowhere"), QuestionError, "There are: Mended"),
        (Filters(episode="ketle"), NoSuchEpisode, "Nearest: kettle"),
        (Filters(guest="Bo Lundt Xavier"), QuestionError, "Nearest: Bo Lund"),
        (Filters(guest="Cat", episode="kettle"), QuestionError, "Nobody called 'Cat'"),
    ],
)
def test_a_filter_that_names_nothing_here_is_refused(library, filters, fault, hint):
    with pytest.raises(fault, match=hint):
        Scope.of(library, filters)


def test_a_named_person_is_preferred_and_the_others_are_still_found(library):
    text = "harbour bell storm"
    for name, own in ((ANN.name, "bell"), (BO.name, "storm")):
        found = episodes_of(retrieve(library, asked(text, people=(name,), said=True)))
        assert found[0] == own and {"bell", "storm"} <= set(found)


def test_a_named_episode_narrows_the_search_as_hard_as_a_filter(library):
    assert {e.id for e in Scope.of(library, Filters(), named_episodes=["bell"]).episodes} == {"bell"}
    assert Scope.of(library, Filters(guest="Bo"), named_episodes=["bell"]).episodes == ()
    assert len(Scope.of(library, Filters(guest="Bo"), named_episodes=None).episodes) == 2


class Backwards:
    """A reranker whose work can be seen."""

    def rerank(self, question: str, hits: list[Hit]) -> list[Hit]:
        return hits[::-1]


def test_a_reranker_sees_more_than_is_asked_for_and_has_the_last_word(library):
    scope = Scope.of(library, Filters())
    every = retrieve(library, asked("bell"), k=30)
    (last,) = Retriever(library, reranker=Backwards()).retrieve(asked("bell"), scope, k=1)
    assert last.id == every[-1].id


def test_an_empty_library_finds_nothing(tmp_path):
    empty = Library.create(tmp_path, HashingEncoder())
    assert retrieve(empty, asked("kettle")) == []


def test_a_passage_removed_meanwhile_is_left_out(tmp_path: Path):
    library = Library.create(tmp_path / "library", "hashing")
    library.add([write_show(tmp_path / "talks")])
    scope = Scope.of(library, Filters())
    other = Library.open(tmp_path / "library")
    other.remove("kettle")
    assert episodes_of(Retriever(library).retrieve(asked("kettle copper"), scope)) == ["lantern"]
    gone = library.cosines(library.encoder.encode([KETTLE[0][1]])[0], [1, 2])
    assert set(gone) == {2}


@pytest.mark.parametrize(("lexical_weight", "first"), [(1.0, "lantern"), (0.0, None)])
def test_a_plain_sum_can_be_asked_for_to_measure_against(library, lexical_weight, first):
    question, scope = asked("angry crab"), Scope.of(library, Filters())
    hits = Retriever(library, lexical_weight=lexical_weight).retrieve(question, scope, k=1)
    nearest = max(Retriever(library).candidates(question, scope).cosines.items(), key=lambda item: item[1])[0]
    assert (hits[0].passage.episode == first) if first else (hits[0].id == nearest)


def test_what_is_said_around_a_passage_speaks_for_it(tmp_path):
    """Of two passages alike, the one in the middle of the talk about the well is found before the one among strangers."""
    alike = "So that is how we went about it that year. " * 14
    well = "The well was dug by hand, and the well water came up brown for a week after the well was lined. " * 7
    else_ = "The choir sang in the chapel, and the organ was out of tune for most of the evening service. " * 7
    library = Library.create(tmp_path / "library", "hashing")
    for name, text in (("chapel", else_), ("well", well)):
        library.add_episode(episode((ANN, [text]), (BO, [alike]), (ANN, [text]), id=name))
    hits = retrieve(library, asked("well water"), k=6)
    middles = [hit.passage.episode for hit in hits if hit.passage.text.startswith("So that")]
    assert middles == ["well", "chapel"]


def test_coverage_counts_the_words_that_stand_in_the_passage_itself_in_any_form(library):
    (kettle,) = library.holding("kettles")
    assert library.passages([kettle])[kettle].episode == "kettle"
    assert library.holding("zeppelin") == set() == library.holding('"')


def test_a_langchain_chain_gets_the_same_passages_with_where_they_stand(library):
    from rag.assistant import Assistant
    from rag.langchain import HybridRetriever

    assistant = Assistant(library)
    filters = Filters(episode="bell")
    documents = HybridRetriever(assistant=assistant, filters=filters, k=3).invoke("When did the harbour bell ring?")
    question, scope = assistant.understand("When did the harbour bell ring?", (), filters)
    hits = assistant.retriever.retrieve(question, scope, k=3)
    assert [document.metadata["passage"] for document in documents] == [hit.id for hit in hits] != []
    for document, hit in zip(documents, hits, strict=True):
        assert (document.page_content, document.metadata["episode"]) == (hit.passage.text, "bell")
        assert document.metadata["score"] == hit.score


# ---- filters as people give them


def test_filters_are_read_as_they_are_meant():
    assert Filters.parse("", None, "  ", "", "", None) == Filters()
    assert Filters.parse(" Mended ", "bell", "Cat", "guest", "2023", "2024-02") == Filters(
        "Mended", "bell", "Cat", "guest", "2023", "2024-02"
    )
    assert Filters.parse(None, None, None, None, "2024-02-10", "2024-02").until == "2024-02"


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        *[(field, value, "date") for field in ("since", "until") for value in (
            "soon", "2024-13", "2024-02-30", "20240201", "2024-W05", "24", "2024-2-1", "2024-02-01T10", "0000", "-2024",
            "٢٠٢٤", "2024-02-01\n2024", "02/01/2024",
        )],
        ("role", "audience", "role"), ("role", "Guest", "role"), ("role", ["guest"], "text"),
        ("show", "x" * 301, "text"), ("episode", 7, "text"), ("guest", b"Bo", "text"), ("since", "2" * 301, "text"),
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_meant_is_refused_by_its_name(field, value, fault):
    given = dict.fromkeys(("show", "episode", "guest", "role", "since", "until"), "") | {field: value}
    with pytest.raises(FilterError, match=f"^{field} is ") as refused:
        Filters.parse(**given)
    assert (refused.value.field, refused.value.fault) == (field, fault) and len(str(refused.value)) < 160


@pytest.mark.parametrize("value", ["2024", "2024-02"])
def test_where_only_whole_days_are_given_a_month_is_refused(value):
    with pytest.raises(FilterError, match="a day, as 2024-02-01"):
        Filters.parse("", "", "", "", value, "", whole_days=True)
    assert Filters.parse("", "", "", "", "2024-02-29", "", whole_days=True).since == "2024-02-29"


@pytest.mark.parametrize(
    ("since", "until", "crossed"),
    [
        ("2024-02-02", "2024-02-01", True), ("2024-03", "2024-02", True), ("2024", "2023-12-31", True),
        ("2024-02", "2024", False), ("2024", "2024-02", False), ("2024-02-28", "2024-02", False), ("2024-02-01",) * 2 + (False,),
    ],
)  # fmt: skip
def test_days_that_leave_no_time_between_them_are_refused(since, until, crossed):
    if crossed:
        with pytest.raises(FilterError, match=f"^since is '{since}'.*{until}"):
            Filters.parse("", "", "", "", since, until)
    else:
        assert Filters.parse("", "", "", "", since, until) == Filters(since=since, until=until)
