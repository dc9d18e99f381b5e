"""What the reader learns from: labels, parts, order; and that its training stops, goes on and is written out whole."""

from __future__ import annotations

import json
import lzma
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from eval.fit.reader.changed import detail_changed, turned_round
from eval.fit.reader.data import ExampleMaker, ReaderExample
from eval.fit.reader.export import export
from eval.fit.reader.measure import measure, measured_examples
from eval.fit.reader.mine import mine
from eval.fit.reader.network import BatchReader, Network, loss_of, through
from eval.fit.reader.sets import Corpus, Item, add_rows, add_sets, part_of, text_of
from eval.fit.reader.talks import about, add_meetings, add_talk
from eval.fit.reader.train import Training, TrainingPlan, load_weights
from eval.fit.reader.written import add_run, add_written, mark_of
from index.search.onnx_export import torch_model, wheel_folder
from rag.reader.tokens import ReaderTokenizer

BARGES = (
    "The Wren carries forty tons of gravel from Ostley to the mill. She was built in 1911 by two brothers. "
    "Her engine came out of a dairy van. The skipper, Ida Marsh, paints her every third spring. "
)
CHEESE = (
    "A wheel of Dunnock cheese rests for ninety days in a salt cave. The rind is washed with cider each Monday. "
    "Only nine farms make it. Bram Tolley wrote down the recipe after the flood. "
)
TALK = (
    "Nora Finch: We open the hives in April, never before.\n"
    "Cal Reed: I would rather wait. My bees sleep until May, and I never wake them early.\n"
    "Nora Finch: Mine are restless by then.\n"
    "Cal Reed: I feed them heather honey in a tin lid."
)
INTERVIEW = (
    ("Pia Holm", "Welcome back, Gus. What made you carve puppets out of driftwood instead of limewood?"),
    (
        "Gus Lander",
        "The sea had done half of it already. "
        "I pick up a branch and there is a chin in it, and so I only help it along, no more than that.",
    ),
    ("Pia Holm", "Lovely. How do you keep the strings from rotting in the harbour theatre?"),
    (
        "Gus Lander",
        "I wax them with candle ends from the chapel. "
        "They last for two winters, and then I braid new ones out of old sail thread.",
    ),
)


def docs(part: str) -> list[str]:
    """Names of articles of that part."""
    return [f"made:{n}" for n in range(200) if part_of(f"made:{n}") == part]


def row(question: str, context: str, answer: str | None, doc: str, **more: object) -> dict:
    answers = [{"text": answer, "start": context.index(answer)}] if answer else []
    return {
        "id": question,
        "question": question,
        "context": context,
        "answers": answers,
        "answerable": bool(answer),
        "doc": doc,
        **more,
    }


def rows(part: str) -> list[dict]:
    barges, cheese, talk = docs(part)[:3]
    return [
        row("How much gravel does the Wren carry?", BARGES, "forty tons", barges),
        row("Who paints the barge?", BARGES, "Ida Marsh", barges),
        row("Where was the Wren built?", BARGES, None, barges),
        row("How long does the cheese rest?", CHEESE, "ninety days", cheese),
        row("What is the rind washed with?", CHEESE, "cider", cheese),
        row("When does Cal wake his bees?", TALK, "My bees sleep until May", talk),
        row("What does Cal feed his bees?", TALK, "heather honey", talk),
        row("When does Nora open the hives?", TALK, "in April", talk),
    ]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    made = Corpus()
    add_rows(made, "squad_dev", iter([r for r in rows("train") if r["context"] is not TALK]))
    add_rows(made, "friendsqa", iter([r for r in rows("train") if r["context"] is TALK]))
    add_rows(made, "squad_dev", iter([r for r in rows("dev") if r["context"] is not TALK]))
    add_rows(made, "meetingqa", iter([row("When?", TALK, "in April", "meetingqa:a", in_qmsum_train=False)]))
    for number in range(4):
        add_talk(made, "changelog", f"changelog:{docs('train')[3 + number]}", INTERVIEW, set(), random.Random(number))
    mine(made)
    return made


@pytest.fixture(scope="module")
def examples(corpus: Corpus) -> list[ReaderExample]:
    blocks = ExampleMaker(corpus, "train").blocks(0, size=64)
    return [example for _ in range(8) for example in next(blocks)]


def test_every_sentence_of_an_example_is_a_sentence_of_its_source(
    corpus: Corpus, examples: list[ReaderExample]
) -> None:
    known = {text.text[a:b] for text in corpus.texts for a, b, _, _ in text.sentences}
    assert {example.kind for example in examples} >= {"answer", "elsewhere", "changed", "swapped", "not answered"}
    for example in examples:
        assert all(example.passage[a:b] in known for a, b, _ in example.sentences)


def test_words_called_the_answer_are_the_answer_and_lie_in_a_sentence_called_right(
    corpus: Corpus, examples: list[ReaderExample]
) -> None:
    answers = {corpus.texts[item.text].text[a:b] for item in corpus.items for a, b in item.spans}
    right = [example for example in examples if example.spans]
    assert right
    for example in right:
        for a, b in example.spans:
            assert example.passage[a:b] in answers
            assert any(gold and x <= a and b <= y for x, y, gold in example.sentences)


def test_wrong_ones_hold_no_sentence_called_right_and_none_of_the_answers_words(examples: list[ReaderExample]) -> None:
    for example in examples:
        if example.kind in ("elsewhere", "not answered"):
            assert not example.answered and not example.by_anyone and example.spans == ()
            assert all(gold is False for _, _, gold in example.sentences)
            assert example.question != "What is the rind washed with?" or "cider" not in example.passage


def test_right_words_of_another_person_than_the_one_asked_about_answer_by_anyone_alone(
    examples: list[ReaderExample],
) -> None:
    swapped = [example for example in examples if example.kind == "swapped" and example.set == "friendsqa"]
    assert swapped
    for example in swapped:
        assert example.by_anyone and not example.answered
        assert any(gold for _, _, gold in example.sentences)
        named = [name for name in ("Nora", "Cal") if name in example.question]
        if not named:  # typed in haste
            continue
        [asked] = named
        for a, _, gold in example.sentences:
            if gold:
                assert not example.passage[:a].rpartition("\n")[2].startswith(asked)


def test_a_host_s_question_is_answered_by_the_turn_after_it_and_by_no_other(
    corpus: Corpus, examples: list[ReaderExample]
) -> None:
    asked = [item for item in corpus.items if item.set == "changelog"]
    assert len(asked) == 8
    for item in asked:
        assert {corpus.texts[item.text].sentences[n][3] for n in item.gold} == {"Gus Lander"}
    right = [e for e in examples if e.set == "changelog" and e.by_anyone and "driftwood" in e.question]
    assert right and all(e.passage[a:b] in INTERVIEW[1][1] for e in right for a, b, gold in e.sentences if gold)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            "Who built the boat of Ida Marsh in 1911?",
            {
                "Who built the boat of Ida Marsh in 1934?",
                "Who built the boat of Bram Marsh in 1911?",
                "Who built the boat of Ida Bram in 1911?",
            },
        ),
        ("Who built it?", {None}),
    ],
)
def test_a_detail_is_exchanged_for_another_one_of_the_text(asked: str, told: set[str | None]) -> None:
    text = text_of("squad_dev", "made:1", "In 1911 a boat was built for Ida Marsh, and in 1934 one for old Bram.")
    item = Item("squad_dev", asked, 0, True)
    assert {detail_changed(item, text, random.Random(seed)) for seed in range(40)} == told


def test_a_question_is_turned_round_by_one_word_or_not_at_all() -> None:
    def turned(asked: str) -> str | None:
        return turned_round(Item("squad_dev", asked, 0, True), random.Random(0))

    assert turned("Who is against the barrier?") == "Who is for the barrier?"
    assert turned("Who was it built for?") is None
    assert turned("Why does she love fog?") == "Why does she hate fog?"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("What do you burn?", "What does Ann burn?"),
        ("Why did you leave, and where do you live now?", "Why did Ann leave, and where do they live now?"),
        ("What's in your oven?", "What's in Ann's oven?"),
        ("Are you against it because you've seen it?", "Is Ann against it because they've seen it?"),
        ("You’re a baker?", "Ann is a baker?"),
        ("Who rings the bell?", "Who rings the bell?"),
        ("Is the young baker in yours?", "Is the young baker in yours?"),
    ],
)
def test_a_question_put_to_somebody_becomes_one_about_them(asked: str, told: str) -> None:
    assert about(asked, "Ann") == told


def test_an_article_is_in_one_part_whatever_its_set_calls_it() -> None:
    assert part_of("squad:Steam_engine") == part_of("spoken_squad:Steam_engine") == part_of("nq:steam engine")
    assert part_of("friendsqa:s01_e02_c03") == part_of("friendsqa:s01_e02_c11")
    assert part_of("covid_qa:7:0") == part_of("covid_qa:7:4")


def test_nothing_of_another_part_is_shown(corpus: Corpus) -> None:
    train, dev = (ExampleMaker(corpus, part) for part in ("train", "dev"))
    shown = {t for item in train.items["squad_dev"] for t in (item.text, *item.wrong)} | {
        t for ts in train.beside.values() for t in ts
    }
    assert dev.items["squad_dev"] and not shown & {item.text for item in dev.items["squad_dev"]}
    assert "meetingqa" not in {example.set for _ in range(3) for example in next(train.blocks(1))}


def test_a_saved_corpus_is_the_same_one(corpus: Corpus, tmp_path: Path) -> None:
    corpus.save(tmp_path / "corpus.jsonl")
    assert Corpus.load(tmp_path / "corpus.jsonl") == corpus


def test_sets_are_read_from_their_folders_and_half_made_ones_left(tmp_path: Path) -> None:
    (tmp_path / "squad_dev").mkdir()
    with lzma.open(tmp_path / "squad_dev" / "train.jsonl.xz", "wt") as out:
        out.writelines(json.dumps(one) + "\n" for one in rows("train"))
    made = Corpus()
    add_sets(made, tmp_path, limit=5)
    assert [item.question for item in made.items] == [one["question"] for one in rows("train")[:5]]
    assert len(made.texts) == 2


def test_a_meeting_of_the_test_half_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "transcripts").mkdir()
    segments = [
        {"speaker": "Clerk", "startTime": 0.0, "endTime": 4.0, "body": "Shall we take the budget first ?"},
        {
            "speaker": "Treasurer",
            "startTime": 4.0,
            "endTime": 9.0,
            "body": "The roof costs more than we have , I am afraid .",
        },
    ]
    asked = []
    for episode in ("a", "b"):
        (tmp_path / "transcripts" / f"{episode}.json").write_text(json.dumps({"segments": segments}))
        place = {"start": 4.0, "end": 9.0, "speaker": "Treasurer"}
        asked.append(
            {
                "question": "What did Treasurer say about the roof?",
                "filters": {"episode": episode},
                "speaker": "Treasurer",
                "gold": [{"episode": episode, "start": 0.0, "end": 9.0}],
                "evidence": [place],
            }
        )
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, asked)))
    made = Corpus()
    add_meetings(made, tmp_path)
    assert [text.doc for text in made.texts] == ["qmsum:a"]
    [item] = made.items
    assert made.texts[0].text.split("\n")[1] == "The roof costs more than we have, I am afraid."
    assert (item.gold, item.near, item.person) == ((1,), (0, 1), "Treasurer")


def test_every_row_is_met_once_before_one_is_met_again() -> None:
    made = Corpus()
    doc = docs("train")[0]
    add_rows(
        made, "squad_dev", iter([row(f"What is word {n}?", f"Word {n} is here. ", f"Word {n}", doc) for n in range(24)])
    )
    maker = ExampleMaker(made, "train")
    seen: list[str] = []
    made_of = maker.example
    maker.example = lambda item, rng: (seen.append(item.question), made_of(item, rng))[1]  # type: ignore[func-returns-value,method-assign]
    blocks = maker.blocks(3, size=8)
    for _ in range(3):
        next(blocks)
    assert len(set(seen)) == len(seen) == 24


def test_blocks_are_the_same_wherever_one_begins(corpus: Corpus) -> None:
    maker = ExampleMaker(corpus, "train")
    blocks = maker.blocks(5, size=32)
    first = [next(blocks) for _ in range(3)]
    assert next(maker.blocks(5, 2, size=32)) == first[2]
    assert first[0] != first[1]


def test_tokens_belong_to_the_sentence_that_they_spell(examples: list[ReaderExample]) -> None:
    tokens = ReaderTokenizer(96)
    for example in examples[:64]:
        read = tokens.passage(example.passage, [(a, b) for a, b, _ in example.sentences])
        assert len(read.ids) <= 96
        for (a, b, _), inside in zip(example.sentences, read.sentences, strict=True):
            spelt = "".join(tokens.tokenizer.decode([read.ids[n] for n in inside]).lower().split())
            assert "".join(example.passage[a:b].lower().split()).startswith(spelt)


def test_the_layers_give_what_the_library_s_own_give() -> None:
    model = torch_model(wheel_folder())
    ids = torch.tensor([[101, 2054, 2515, 2016, 6402, 102], [101, 2054, 102, 0, 0, 0]])
    mask = (ids > 0).long()
    with torch.no_grad():
        states = model.embeddings(input_ids=ids)
        for layer in model.encoder.layer:
            states = through(layer, states, (1.0 - mask[:, None, None]) * -1e4, torch.float32)
        wanted = model(input_ids=ids, attention_mask=mask).last_hidden_state
    assert torch.allclose(states[mask == 1], wanted[mask == 1], atol=1e-5)


def odds_of(examples: list[ReaderExample], right: float, wrong: float) -> tuple[torch.Tensor, list[list[list[int]]]]:
    """Log-odds that are `right` for every sentence that is, and `wrong` for all others; every sentence has a token."""
    rights = [r is True for e in examples for _, _, r in e.sentences]
    of = [n for n, e in enumerate(examples) for _ in e.sentences]
    odds = [
        [right if r and of[k] == n and e.answered else wrong for k, r in enumerate(rights)]
        for n, e in enumerate(examples)
    ]
    return torch.tensor(odds), [[[1]] * len(e.sentences) for e in examples]


def test_the_loss_is_small_for_what_is_right_and_does_not_see_what_is_not_known(examples: list[ReaderExample]) -> None:
    some = [e for e in examples if e.answered and any(r for _, _, r in e.sentences)][:4]
    some += [e for e in examples if not e.answered][:4]
    assert sum(loss_of(*reversed_(odds_of(some, 20.0, -20.0), some)).values()) < 0.01
    parts = loss_of(*reversed_(odds_of(some, -20.0, 20.0), some))
    assert parts["choice"] > 10 and parts["each"] > 10
    unknown = [replace(e, sentences=tuple((a, b, None) for a, b, _ in e.sentences)) for e in some]
    parts = loss_of(*reversed_(odds_of(some, -20.0, 20.0), unknown))
    assert parts["choice"] == parts["each"] == 0


def reversed_(
    odds: tuple[torch.Tensor, list[list[list[int]]]], examples: list[ReaderExample]
) -> tuple[torch.Tensor, list[ReaderExample], list[list[list[int]]]]:
    return odds[0], examples, odds[1]


def test_a_sentence_s_score_does_not_depend_on_what_else_is_in_the_batch(examples: list[ReaderExample]) -> None:
    reader, network = BatchReader(96, torch.device("cpu")), Network().eval()
    with torch.no_grad():
        alone, _ = reader.odds(network, examples[:1], half=False)
        among, _ = reader.odds(network, examples[:5], half=False)
    assert torch.allclose(alone[0], among[0, : alone.shape[1]], atol=1e-3)


@pytest.mark.slow
def test_training_that_was_stopped_comes_to_the_same_weights(corpus: Corpus, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    plan = TrainingPlan(examples=64, tokens=64, learning=1)
    device = torch.device("cpu")
    whole, stopped, resumed = (tmp_path / name for name in ("whole", "stopped", "stopped"))
    whole.mkdir()
    stopped.mkdir()
    Training(corpus, plan, whole, device).run()
    Training(corpus, plan, stopped, device).run(until=32)
    again = Training(corpus, plan, resumed, device)
    assert 32 <= again.seen < 64
    again.run()
    one, other = (Network(1) for _ in range(2))
    load_weights(one, whole / "state.safetensors")
    load_weights(other, resumed / "state.safetensors")
    fresh = Network(1).state_dict()
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name
        assert torch.equal(value, fresh[name]) == name.startswith(
            ("embeddings.", *(f"layers.{n}." for n in range(5)))
        ), name


@pytest.mark.slow
def test_the_exported_file_gives_what_torch_gives(tmp_path: Path) -> None:
    said = export(Network(), tmp_path / "reader.onnx")
    assert said["megabytes"] <= 25
    assert said["mean_cosine"] > 0.97 and said["least_cosine"] > 0.9
    assert [file.name for file in tmp_path.iterdir()] == ["reader.onnx"]


def test_a_point_of_the_curve_tells_of_each_set_how_often_the_best_sentence_is_right(corpus: Corpus) -> None:
    held = [e for e in measured_examples(corpus, 96) if e.set == "squad_dev"]
    figures = measure(Network(), BatchReader(96, torch.device("cpu")), held)
    assert figures["squad_dev"] == figures["all"] and figures["all"]["n"] == len(held)
    assert all(0 <= figures["all"][name] <= 1 for name in ("answered", "sentence"))


def test_a_time_in_a_text_is_no_speaker() -> None:
    assert {s[3] for s in text_of("squad_dev", "made:1", "At noon: the bell. It rang twice.").sentences} == {None}
    assert {s[3] for s in text_of("friendsqa", "made:1", TALK).sentences} == {"Nora Finch", "Cal Reed"}


def test_written_questions_are_put_to_their_own_sentences_and_a_wrong_person_s_to_the_right_one_too() -> None:
    made = Corpus()
    add_talk(made, "changelog", f"changelog:{docs('train')[3]}", INTERVIEW, set(), random.Random(0))
    talk, before = made.texts[0], len(made.items)
    last = len(talk.sentences) - 1
    add_run(
        made,
        0,
        {
            "doc": talk.doc,
            "first": 0,
            "last": last,
            "questions": [
                {"q": "What does Gus say the sea did?", "a": [3], "k": "plain"},
                {"q": "Which paint does Gus use?", "a": [], "k": "near_miss"},
                {
                    "q": "How does Pia keep the strings from rotting?",
                    "a": [],
                    "k": "other",
                    "who": "Pia Holm",
                    "said": [7],
                },
            ],
        },
    )
    answered, missed, wrong, right = made.items[before:]
    assert talk.text[slice(*talk.sentences[answered.gold[0]][:2])] == "The sea had done half of it already."
    assert answered.answered and answered.person == "Gus"
    assert not missed.answered and not missed.gold and made.texts[missed.text].text == talk.text
    assert not wrong.answered and talk.text[slice(*talk.sentences[wrong.gold[0]][:2])].startswith("I wax them")
    assert (
        right.answered and right.question == "How does Gus keep the strings from rotting?" and right.gold == wrong.gold
    )


def test_a_talk_that_is_cut_otherwise_than_when_its_questions_were_written_is_noticed() -> None:
    made = Corpus()
    add_talk(made, "changelog", f"changelog:{docs('train')[3]}", INTERVIEW, set(), random.Random(0))
    talk = made.texts[0]
    mark = mark_of(talk, 0, 2)
    moved = replace(talk, sentences=talk.sentences[1:])
    assert mark == mark_of(talk, 0, 2) != mark_of(moved, 0, 2)
    assert mark_of(talk, 0, len(talk.sentences)) == ""


def test_made_up_talks_are_whole_and_their_questions_fit() -> None:
    made = Corpus()
    add_written(made)
    assert len({text.doc for text in made.texts}) == len(made.texts) > 300
    for item in made.items:
        text = made.texts[item.text]
        assert all(0 <= n < len(text.sentences) for n in (*item.gold, *item.near))
        assert item.text not in item.wrong and not set(item.gold) & set(item.near)
