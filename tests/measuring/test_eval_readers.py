"""Question sets: each format read as it is published, its gold resolving in a library, and bad input named by place."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.run.metrics import gold_spans
from eval.sets.questions import Gold, GoldEvidence, QuestionSet, SetQuestion
from eval.sets.readers import read_set, source
from eval.sets.readers.documents import named_in
from index.errors import VerbatimError
from index.library import Library

ROOT = Path(__file__).resolve().parents[2]
QUESTION = {
    "id": "q1",
    "question": "Who mended the clock?",
    "verdict": "answered",
    "gold": [{"episode": "clock-tower", "start": 3, "end": 8.5}],
}
MEETING = {
    "topic_list": [{"topic": "The shape of the kettle", "relevant_text_span": [["0", "1"], ["4", "4"]]}],
    "general_query_list": [{"query": "Summarize the whole meeting.", "answer": "A kettle was drawn."}],
    "specific_query_list": [
        {"query": "What did Ada Quill think of the spout?", "answer": "Too long.", "relevant_text_span": [["1", "2"]]},
        {"query": "What did Bram Oake and Ada Quill agree on?", "answer": "Red.", "relevant_text_span": [["3", 4]]},
        {"query": "Why red?", "answer": "It is seen.", "relevant_text_span": [["90", "91"]]},
    ],
    "meeting_transcripts": [
        {"speaker": "Bram Oake", "content": "Good morning . The kettle has a spout of nine inches ."},
        {
            "speaker": "Ms. Ada Quill MP (Minister of Kettles)",
            "content": "{vocalsound} That spout is far too long . Cut it in half .",
        },
        {"speaker": "Bram Oake", "content": "{disfmarker}"},
        {"speaker": "Bram Oake", "content": "And the colour ? I would have it red ."},
        {"speaker": "Ms. Ada Quill MP", "content": "Red , so that nobody sits on it ."},
    ],
}
SAMPLE = {
    "sample_id": "talk 7",
    "conversation": {
        "speaker_a": "Ida",
        "speaker_b": "Olm",
        "session_1_date_time": "1:56 pm on 8 May, 2023",
        "session_1": [
            {"speaker": "Ida", "dia_id": "D1:1", "text": "I bought a goat on Tuesday! Her name is Parsnip."},
            {"speaker": "Olm", "dia_id": "D1:2", "text": "A goat. Where will she sleep?"},
            {"speaker": "Ida", "dia_id": "D1:3", "text": "In the boat shed.", "blip_caption": "a photo of a goat"},
            {"speaker": "Ida", "dia_id": "D1:4", "text": "", "blip_caption": "a photo of a boat shed"},
        ],
        "session_2_date_time": "some time in spring",
        "session_2": [{"speaker": "Olm", "dia_id": "D2:1", "text": "I have learnt to play the saw."}],
        "session_3_date_time": "9:10 am on 2 June, 2023",
    },
    "qa": [
        {"question": "What did Ida buy?", "answer": "a goat", "evidence": ["D1:1"], "category": 4},
        {"question": "When did Ida buy it?", "answer": 2023, "evidence": "['D1:1; D1:3']", "category": "2"},
        {
            "question": "What is new?",
            "answer": "a goat and a saw",
            "evidence": ["D1:01", "D2:1", "D9:9"],
            "category": 1,
        },
        {"question": "Is Ida happy?", "answer": "likely", "evidence": [], "category": 3},
        {"question": "Which goat did Olm buy?", "adversarial_answer": "Parsnip", "evidence": ["D1:1"], "category": 5},
        {"question": "What does the picture show?", "answer": "a shed", "evidence": ["D1:4"], "category": 4},
    ],
}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return path


def write_rows(path: Path, *rows: dict[str, Any]) -> Path:
    return write(path, "".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    """Four documents, one of them without words; three judged queries, one of them of nothing that is there."""
    folder = tmp_path / "harbour"
    write_rows(
        folder / "corpus.jsonl",
        {"_id": "a/1", "title": "Nets", "text": "A net is mended with a wooden needle. It takes an evening."},
        {"_id": "a 1", "title": "Buoys", "text": "A buoy is painted red or green."},
        {"_id": "t", "title": "Only a title about herring", "text": ""},
        {"_id": "e", "title": "", "text": " "},
    )
    write_rows(
        folder / "queries.jsonl",
        {"_id": 1, "text": "How is a net mended?"},
        {"_id": "2", "text": "What colour is a buoy?"},
        {"_id": "3", "text": "Who tars the rope?"},
        {"_id": "4", "text": "Is herring on anything?"},
    )
    header = "query-id\tcorpus-id\tscore\n"
    write(folder / "qrels" / "train.tsv", header + "3\tt\t1\n")
    judged = "1\ta/1\t2\n1\tt\t1\n1\ta 1\t0\n2\ta 1\t1\n2\tgone\t1\n3\ta/1\t0\n4\tt\t1\n8\tt\t1\n"
    write(folder / "qrels" / "test.tsv", header + judged)
    return folder


def resolved(found: QuestionSet, folder: Path) -> dict[str, list[str]]:
    """The set's documents as a library; of each question, the words of the sentences that its gold and evidence mean."""
    library = Library.create(folder, "hashing")
    assert found.episodes is not None
    with library.writing_many() as add:
        assert [add(episode) for episode in found.episodes] == [episode.id for episode in found.episodes]
    words = {}
    for asked in found.questions:
        places = [*asked.gold, *asked.evidence]
        held = {place.episode: library.episode(place.episode) for place in places}
        words[asked.id] = [
            " ".join(held[span.episode].sentences[n].text for n in range(span.first, span.last + 1))
            for span in gold_spans(asked.gold or asked.evidence, held)
        ]
    return words


def by_id(found: QuestionSet) -> dict[str, SetQuestion]:
    return {asked.id: asked for asked in found.questions}


def test_a_beir_set_becomes_a_library_in_which_its_gold_is_the_relevant_documents(beir, tmp_path):
    found = read_set(beir)
    assert found.name == "harbour-test"
    assert resolved(found, tmp_path / "library") == {
        "1": ["A net is mended with a wooden needle. It takes an evening.", "Only a title about herring"],
        "2": ["A buoy is painted red or green."],
        "4": ["Only a title about herring"],
    }


def test_beir_documents_have_unique_safe_ids_and_nothing_invented(beir):
    found = read_set(beir)
    assert [episode.id for episode in found.episodes] == ["a-1", "a-1-2", "t"]
    assert [episode.title for episode in found.episodes] == ["Nets", "Buoys", "Only a title about herring"]
    for episode in found.episodes:
        assert episode.people == ()
        assert all(turn.speaker is None and turn.speaker_source == "unknown" for turn in episode.turns)
        assert all(sentence.start is None and sentence.end is None for sentence in episode.sentences)


def test_beir_names_what_is_left_out(beir):
    assert read_set(beir).skipped == (
        "document e has no words",
        "query 2: not in the corpus: gone",
        "query 3: no document is relevant to it",
        "query 8 is judged and is not in queries.jsonl",
    )


def test_a_path_may_name_the_split_of_a_beir_set(beir):
    found = read_set(beir / "qrels" / "train.tsv")
    assert found.name == "harbour-train"
    assert [asked.question for asked in found.questions] == ["Who tars the rope?"]


def test_a_beir_set_without_a_known_split_is_taken_when_there_is_only_one(beir):
    (beir / "qrels" / "test.tsv").unlink()
    (beir / "qrels" / "train.tsv").rename(beir / "qrels" / "winter.tsv")
    assert read_set(beir).name == "harbour-winter"
    write(beir / "qrels" / "summer.tsv", "3\tt\t1\n")
    with pytest.raises(
        VerbatimError, match=r"qrels: expected test\.tsv, dev\.tsv or train\.tsv; there is summer, winter"
    ):
        read_set(beir)


def test_a_qmsum_meeting_becomes_a_library_in_which_its_gold_is_the_turns(tmp_path):
    found = read_set(write(tmp_path / "kettle.json", json.dumps(MEETING, indent=1)))
    quill = "That spout is far too long . Cut it in half ."
    assert resolved(found, tmp_path / "library") == {
        "kettle-topic-1": [
            f"Good morning . The kettle has a spout of nine inches . {quill}",
            "Red , so that nobody sits on it .",
        ],
        "kettle-general-1": [],
        "kettle-specific-1": [quill],
        "kettle-specific-2": ["And the colour ? I would have it red . Red , so that nobody sits on it ."],
    }
    assert found.skipped == (
        "kettle-specific-3: no words at turns 90 to 91 of 5",
        "kettle-specific-3: none of its turns can be found",
    )


def test_qmsum_questions_are_asked_of_their_meeting_and_know_the_one_person_they_name(tmp_path):
    found = read_set(write(tmp_path / "kettle.json", json.dumps(MEETING)))
    assert [asked.kind for asked in found.questions] == ["topic", "general", "specific", "specific"]
    assert {asked.filters["episode"] for asked in found.questions} == {"kettle"}
    assert [asked.speaker for asked in found.questions] == [None, None, "Ms. Ada Quill MP", None]
    assert by_id(found)["kettle-specific-1"].answer == "Too long."
    (meeting,) = found.episodes
    assert {(person.name, person.role) for person in meeting.people} == {
        ("Bram Oake", "unknown"),
        ("Ms. Ada Quill MP", "unknown"),
    }


def test_qmsum_is_read_from_lines_and_from_a_folder_too(tmp_path):
    lines = read_set(write_rows(tmp_path / "all.jsonl", MEETING, MEETING))
    assert [episode.id for episode in lines.episodes] == ["all-1", "all-2"]
    write_rows(tmp_path / "meetings" / "one.json", MEETING)
    write_rows(tmp_path / "meetings" / "two.json", MEETING)
    folder = read_set(tmp_path / "meetings")
    assert [(episode.id, episode.show.name) for episode in folder.episodes] == [
        ("one", "meetings"),
        ("two", "meetings"),
    ]
    assert folder.name == "meetings"


def test_a_locomo_sample_becomes_a_library_in_which_its_gold_is_the_evidence(tmp_path):
    found = read_set(write(tmp_path / "locomo.json", json.dumps([SAMPLE], indent=1)))
    goat = "I bought a goat on Tuesday! Her name is Parsnip."
    assert resolved(found, tmp_path / "library") == {
        "talk-7-1": [goat],
        "talk-7-2": [goat, "In the boat shed."],
        "talk-7-3": [goat, "I have learnt to play the saw."],
        "talk-7-5": [goat],
    }
    assert found.skipped == (
        "talk-7-3: its evidence 'D9:9' is no turn with words",
        "talk-7-4: there is no evidence to judge an answer by",
        "talk-7-6: its evidence 'D1:4' is no turn with words",
        "talk-7-6: there is no evidence to judge an answer by",
    )


def test_locomo_sessions_are_dated_episodes_without_the_captions_of_pictures(tmp_path):
    found = read_set(write(tmp_path / "locomo.json", json.dumps([SAMPLE])))
    assert [(episode.id, episode.show.name, episode.date) for episode in found.episodes] == [
        ("talk-7-session-1", "talk-7", "2023-05-08"),
        ("talk-7-session-2", "talk-7", None),
    ]
    assert "photo" not in " ".join(sentence.text for episode in found.episodes for sentence in episode.sentences)


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("(9:10 am on 12 Dec, 2023)", "2023-12-12"),
        ("2024-02-29 09:00:00", "2024-02-29"),
        ("1 may 2023", "2023-05-01"),
        ("7:00 pm on 31 June, 2023", None),
        ("2023-13-01", None),
        ("8 Brumaire, 1799", None),
    ],
)
def test_dates_of_sessions_are_read_or_left_open(written, date, tmp_path):
    dated = {**SAMPLE["conversation"], "session_1_date_time": written}
    found = read_set(write_rows(tmp_path / "locomo.json", {**SAMPLE, "conversation": dated}))
    assert found.episodes[0].date == date


def test_locomo_categories_are_kinds_and_what_was_twisted_was_not_said(tmp_path):
    asked = by_id(read_set(write(tmp_path / "locomo.json", json.dumps([SAMPLE]))))
    assert {id_: (one.kind, one.verdict, one.answer, one.speaker) for id_, one in asked.items()} == {
        "talk-7-1": ("single_hop", "answered", "a goat", "Ida"),
        "talk-7-2": ("temporal", "answered", "2023", "Ida"),
        "talk-7-3": ("multi_hop", "answered", "a goat and a saw", None),
        "talk-7-5": ("adversarial", "not_said", None, None),
    }
    assert asked["talk-7-5"].gold == ()
    assert [place.speaker for place in asked["talk-7-5"].evidence] == ["Ida"]
    assert all(one.filters == {"show": "talk-7"} and one.half is None for one in asked.values())


def test_a_turn_that_stands_twice_and_a_sample_that_does_are_named(tmp_path):
    conversation = SAMPLE["conversation"]
    twice = {**conversation, "session_2": [{"speaker": "Olm", "dia_id": "D1:1", "text": "I never said goat."}]}
    found = read_set(write_rows(tmp_path / "locomo.json", {**SAMPLE, "conversation": twice}))
    assert found.skipped[0] == "talk-7: the turn D1:1 stands twice, the first one counts"
    with pytest.raises(VerbatimError, match="number 2: the sample talk-7 stands earlier"):
        read_set(write(tmp_path / "two.json", json.dumps([SAMPLE, SAMPLE])))


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("What did Ann Orr say?", ["Ann Orr"]),
        ("What did ann and Joann Orr say?", ["Joann Orr", "Ann"]),
        ("Did Annie speak?", []),
        ("Was it Dr. B. or Ann?", ["Dr. B.", "Ann"]),
    ],
)
def test_a_question_names_whole_names_only(question, named):
    assert named_in(question, ["Ann", "Ann Orr", "Joann Orr", "Dr. B."]) == named


PLACES = st.one_of(
    st.tuples(st.integers(0, 10**6), st.integers(1, 10**6)).map(lambda t: {"start": float(t[0]), "end": float(sum(t))}),
    st.text(min_size=1).filter(str.strip).map(lambda text: {"text": text}),
    st.tuples(st.integers(0, 999), st.integers(1, 999)).map(
        lambda t: {"offsets": (t[0], t[0] + t[1]), "sha256": "0123456789abcdef"}
    ),
)
WORDS = st.text(min_size=1).filter(str.strip)
MAYBE = st.none() | st.text()
ASKED = st.builds(
    SetQuestion,
    id=WORDS,
    question=WORDS,
    kind=WORDS,
    verdict=st.sampled_from(["answered", "said_by_other"]),
    gold=st.lists(st.builds(lambda e, p: Gold(e, **p), WORDS, PLACES), min_size=1, max_size=3).map(tuple),
    speaker=MAYBE,
    history=st.lists(
        st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": WORDS}), max_size=2
    ).map(tuple),
    filters=st.dictionaries(st.sampled_from(["show", "episode", "guest", "role", "since", "until"]), WORDS, max_size=3),
    answer=MAYBE,
    half=st.sampled_from([None, "dev", "test"]),
    evidence=st.lists(st.builds(lambda e, p, s: GoldEvidence(e, **p, speaker=s), WORDS, PLACES, MAYBE), max_size=2).map(
        tuple
    ),
)


@given(questions=st.lists(ASKED, min_size=1, max_size=4, unique_by=lambda asked: asked.id), escaped=st.booleans())
def test_our_own_format_written_and_read_is_the_same(questions, escaped, tmp_path_factory):
    file = tmp_path_factory.mktemp("sets") / "own.jsonl"
    write(file, "".join(json.dumps(asdict(asked), ensure_ascii=escaped) + "\n" for asked in questions))
    found = read_set(file)
    assert found.questions == tuple(questions)
    assert found.episodes is None
    assert found.episodes_needed == {place.episode for asked in questions for place in asked.gold}


def test_a_question_may_leave_out_all_but_its_id_words_and_gold(tmp_path):
    row = {key: QUESTION[key] for key in ("id", "question", "gold")}
    (asked,) = read_set(write_rows(tmp_path / "short.jsonl", row)).questions
    gold = (Gold("clock-tower", 3.0, 8.5),)
    assert asked == SetQuestion("q1", "Who mended the clock?", "question", "answered", gold)


def test_evidence_lies_in_the_filtered_episode_or_the_golds_where_it_names_none(tmp_path):
    place = {"start": 1, "end": 2, "speaker": "Ada"}
    rows = [
        QUESTION | {"evidence": [place]},
        QUESTION | {"id": "q2", "filters": {"episode": "other"}, "evidence": [place, place | {"episode": "third"}]},
    ]
    found = read_set(write_rows(tmp_path / "own.jsonl", *rows))
    assert [[(p.episode, p.speaker) for p in asked.evidence] for asked in found.questions] == [
        [("clock-tower", "Ada")],
        [("other", "Ada"), ("third", "Ada")],
    ]


@pytest.mark.parametrize("name", ["samples", "episode_page"])
def test_our_own_sets_are_read(name):
    found = read_set(ROOT / "eval" / "data" / f"{name}.jsonl")
    assert found.name == name
    assert len(found.questions) > 30
    assert found.episodes is None
    expected = {path.stem for path in (ROOT / "samples" / "truth").glob("*.json")}
    assert found.episodes_needed == (expected if name == "samples" else {"000_4b79bb69f4c63e26"})


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + json.dumps(QUESTION),
        json.dumps(QUESTION) + "\r\n\r\n" + json.dumps(QUESTION | {"id": 2}) + "\r\n",
        json.dumps([QUESTION], indent=2),
        json.dumps(QUESTION, indent=2).replace("\n", "\r\n"),
        json.dumps(QUESTION | {"question": "One\u2028two\x85three?"}, ensure_ascii=False),
    ],
    ids=["BOM", "CRLF", "a list", "one over many lines", "line separators inside"],
)
def test_files_may_be_written_in_many_ways(text, tmp_path):
    assert read_set(write(tmp_path / "own.json", text)).questions[0].gold == (Gold("clock-tower", 3.0, 8.5),)


def question(**changed: Any) -> str:
    return json.dumps({**QUESTION, **changed})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", r"own\.jsonl: no question set .* begins with nothing\. Expected: .*BEIR.*LoCoMo.*QMSum.*JSON lines"),
        (" \n\n", "begins with nothing"),
        ("Who mended the clock?", r"own\.jsonl:1: not JSON"),
        (question() + "\n{" + "\n", r"own\.jsonl:2: not JSON"),
        ("[" * 100_000, r"own\.jsonl:1: not JSON"),
        ('{"colour": "red"}', "begins with colour. Expected: "),
        (question() + "\n[1, 2]", r"own\.jsonl:2: a JSON object was expected, not \[1, 2\]"),
        (question() + "\n" + question(), r"own\.jsonl:2: the id q1 is used by an earlier question"),
        (question(id=None), r"own\.jsonl:1: `id` is missing"),
        (question(id=True), "`id` must be text, not true"),
        (question(id=""), "`id` is empty"),
        (question(question=None), "`question` is missing"),
        (question(question=["Who?"]), "`question` must be text, not "),
        (question(verdict="maybe"), "`verdict` is 'maybe', none of answered, said_by_other, asked_not_answered"),
        (question(half="both"), "`half` is 'both', none of dev, test"),
        (question(gold=[]), "a question with the verdict answered needs `gold`"),
        (question(gold="00:03"), '`gold` must be a list of objects, not "00:03"'),
        (question(gold=[{"start": 1, "end": 2}]), "`episode` is missing"),
        (question(gold=[{"episode": "e", "start": 5, "end": 5}]), "a gold place needs `start` before `end`"),
        (question(gold=[{"episode": "e", "start": "5", "end": 6}]), "`start` must be seconds, not 5"),
        (question(gold=[{"episode": "e", "start": float("nan"), "end": 6}]), "`start` must be seconds, not nan"),
        (question(gold=[{"episode": "e", "start": 1, "end": 10**400}]), "`end` must be seconds, not 1000"),
        (question(gold=[{"episode": "e", "text": " "}]), "a gold place's `text` is empty"),
        (
            question(gold=[{"episode": "e", "offsets": [4, 2], "sha256": "ab"}]),
            "`offsets` must be two character numbers",
        ),
        (question(gold=[{"episode": "e", "offsets": [2, 4]}]), "`offsets` must be .* with `sha256`"),
        (question(evidence=[{"start": 1, "end": 2, "speaker": 3}]), "`speaker` must be text, not 3"),
        (question(filters={"hat": "red"}), "`filters` must be an object with some of .*: hat"),
        (question(filters=["show"]), "`filters` must be an object"),
        (question(filters={"show": 3}), "`show` must be text, not 3"),
        (question(history=[{"role": "system", "content": "x"}]), "`role` is 'system', none of user, assistant"),
        (question(history=[{"content": "x"}]), "`role` of the history is missing"),
        (question(answer="\ud800"), r"own\.jsonl:1: it holds half a character"),
    ],
)
def test_a_bad_set_of_our_own_is_refused_by_line(text, fault, tmp_path):
    with pytest.raises(VerbatimError, match=fault):
        read_set(write(tmp_path / "own.jsonl", text))


def test_bytes_that_are_no_text_and_files_that_are_not_there_are_refused(tmp_path):
    (tmp_path / "own.jsonl").write_bytes(b'{"question": "\xff"}')
    with pytest.raises(VerbatimError, match=r"own\.jsonl: not UTF-8"):
        read_set(tmp_path / "own.jsonl")
    with pytest.raises(VerbatimError, match=r"gone\.jsonl: there is no such file or folder"):
        read_set(tmp_path / "gone.jsonl")
    (tmp_path / "empty").mkdir()
    with pytest.raises(VerbatimError, match="empty: no question set that can be read"):
        read_set(tmp_path / "empty")


def test_a_folder_of_our_own_sets_is_no_set(tmp_path):
    write(tmp_path / "sets" / "own.jsonl", question())
    with pytest.raises(VerbatimError, match="sets: no question set that can be read"):
        read_set(tmp_path / "sets")


def test_a_huge_line_is_refused_before_it_is_read(tmp_path):
    file = write(tmp_path / "own.jsonl", question() + "\n" + "x" * (source.LONGEST_LINE + 1))
    with pytest.raises(VerbatimError, match=r"own\.jsonl:2: the line is longer than 20,000,000 characters"):
        read_set(file)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    file = tmp_path / "own.jsonl"
    with file.open("wb") as hole:
        hole.truncate(source.LARGEST_FILE + 1)  # sparse: it takes no room on the disk
    with pytest.raises(VerbatimError, match=r"own\.jsonl: the file has 500 MB; a question set's file has at most 500"):
        read_set(file)


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("corpus.jsonl", '{"_id": "a"}', r"corpus\.jsonl:1: `text` is missing"),
        ("corpus.jsonl", '{"text": "x"}', r"corpus\.jsonl:1: `_id` is missing"),
        (
            "corpus.jsonl",
            '{"_id": "a", "text": "x"}\n{"_id": "a", "text": "y"}',
            r"corpus\.jsonl:2: the document a stands",
        ),
        ("queries.jsonl", '{"_id": "1", "text": 4}', r"queries\.jsonl:1: `text` must be text, not 4"),
        ("queries.jsonl", '{"_id": 1, "text": "x"}\n{"_id": "1", "text": "y"}', r"queries\.jsonl:2: the id 1 is used"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\n1 t 1\n", r"test\.tsv:2: expected three columns"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\n1\tt\tyes\n", r"test\.tsv:2: the score 'yes' is no number"),
        ("qrels/test.tsv", "", r"harbour: there are no questions in it\. Left out: document e has no words"),
    ],
)
def test_a_bad_beir_set_is_refused_by_file_and_line(name, text, fault, beir):
    write(beir / name, text)
    with pytest.raises(VerbatimError, match=fault):
        read_set(beir)


def test_judgements_without_their_corpus_are_refused_by_what_is_missing(tmp_path):
    with pytest.raises(VerbatimError, match=r"corpus\.jsonl: can't be read \(No such file"):
        read_set(write(tmp_path / "qrels" / "test.tsv", "1\ta\t1\n"))


SPECIFIC = {"query": "Why red?", "answer": "It is seen."}


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"meeting_transcripts": []}, r"kettle\.json:1: `meeting_transcripts` holds no words"),
        ({"meeting_transcripts": "x"}, "`meeting_transcripts` must be a list of objects"),
        ({"meeting_transcripts": [{"speaker": 3, "content": "x"}]}, "`speaker` must be text, not 3"),
        ({"specific_query_list": [{"relevant_text_span": []}]}, "`query` is missing"),
        ({"specific_query_list": [SPECIFIC]}, "kettle-specific-1: `relevant_text_span` must be a list of pairs"),
        ({"specific_query_list": [SPECIFIC | {"relevant_text_span": [["0", "-1"]]}]}, "no pair of turns"),
        ({"specific_query_list": [SPECIFIC | {"relevant_text_span": ["0", "1"]}]}, "0 is no pair of turns"),
        ({"topic_list": [], "general_query_list": [], "specific_query_list": []}, "there are no questions in it"),
    ],
)
def test_a_bad_meeting_is_refused(changed, fault, tmp_path):
    with pytest.raises(VerbatimError, match=fault):
        read_set(write(tmp_path / "kettle.json", json.dumps(MEETING | changed)))


GOAT = {"question": "What did Ida buy?", "answer": "a goat", "evidence": ["D1:1"], "category": 4}


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"conversation": []}, r"number 1: `conversation` must be an object with session_1"),
        ({"conversation": {"speaker_a": "Ida"}}, "`conversation` holds no session with words"),
        (
            {"conversation": {"session_1": [{"speaker": "Ida", "text": "Hm."}]}},
            "session_1, turn 1: `dia_id` is missing",
        ),
        ({"conversation": {"session_1": ["Hm."]}}, "`session_1` must be a list of objects"),
        ({"qa": [GOAT, {"category": 4}]}, "locomo.json, number 1, question 2: `question` is missing"),
        ({"qa": [GOAT | {"category": 9}]}, "question 1: `category` must be a number from 1 to 5, not 9"),
        ({"qa": [GOAT | {"category": []}]}, "`category` must be a number from 1 to 5"),
        ({"qa": [GOAT | {"evidence": 3}]}, "`evidence` must be a list of turns' ids"),
        (
            {"qa": [GOAT | {"evidence": ["D8:1"]}]},
            "no questions in it. Left out: talk-7-1: its evidence 'D8:1' is no turn",
        ),
    ],
)
def test_a_bad_sample_is_refused(changed, fault, tmp_path):
    with pytest.raises(VerbatimError, match=fault):
        read_set(write(tmp_path / "locomo.json", json.dumps([SAMPLE | changed])))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


def places_in(value: Any, path: tuple = ()) -> list[tuple]:
    """The way to everything inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in inside for place in [(*path, key), *places_in(item, (*path, key))]]


@pytest.mark.parametrize("row", [QUESTION, MEETING, SAMPLE], ids=["ours", "qmsum", "locomo"])
@settings(max_examples=300)
@given(data=st.data())
def test_a_set_with_anything_anywhere_is_read_or_refused(row, data, tmp_path_factory):
    changed = json.loads(json.dumps(row))
    *way, last = data.draw(st.sampled_from(places_in(changed)))
    around = changed
    for key in way:
        around = around[key]
    around[last] = data.draw(ANYTHING)
    file = write_rows(tmp_path_factory.mktemp("sets") / "set.json", changed)
    try:
        found = read_set(file)
    except VerbatimError as refused:
        assert str(file) in str(refused)
    else:
        assert len({asked.id for asked in found.questions}) == len(found.questions) > 0
        for asked in found.questions if found.episodes is not None else ():
            assert gold_spans([*asked.gold, *asked.evidence], {episode.id: episode for episode in found.episodes}) or (
                asked.kind in ("general", "adversarial")
            )
