"""Two results of one set compared: matched by question, tested in pairs, told in plain words."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from results import Result, a_result, a_row, of_rows, with_metric

from eval.report.compare import Comparison, compare, comparison_table, summary
from eval.report.significance import holm, mean_interval, sign_flip_p
from index.errors import VerbatimError

METRIC = "token_f1"  # any number from 0 to 1


def a_set(values: list[float], metric: str = METRIC) -> Result:
    """A result with one question of the kind `fact` for each value, and that metric only."""
    rows = [a_row(7 * number, "fact", random.Random(number), 0.75) for number in range(len(values))]
    return of_rows([{**row, "metrics": {metric: value}} for row, value in zip(rows, values, strict=True)])


def numbers(comparison: Comparison) -> dict[tuple[str, str], tuple[float, ...]]:
    return {(d.kind, d.metric): (d.mean, d.low, d.high, d.p) for d in comparison.differences}


# ---- by hand


def test_four_questions_worked_out_by_hand():
    comparison = compare(a_set([1, 1, 1, 0]), a_set([0, 0, 1, 1]))
    d = comparison.difference("all", METRIC)
    assert d is not None
    assert (d.n, d.old, d.new, d.mean) == (4, 0.5, 0.75, 0.25)
    # Three questions moved: of the eight ways to sign them, all but the two times three that sum to ±1 sum to ±3.
    assert d.p == 1.0
    assert d.low == -0.5 and d.high == 1.0
    assert summary(d) == "within noise"


def test_five_gains_and_no_loss_have_the_exact_p_of_two_in_thirty_two():
    assert sign_flip_p(np.array([1.0, 0, 1, 1, 0, 1, 1]), 0) == 2 / 32


def test_holm_multiplies_the_smallest_by_how_many_there_are_and_never_falls():
    assert holm([0.01, 0.04, 0.03]) == [0.03, 0.06, 0.06]
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_correction_is_stated_for_all_questions_and_only_there():
    comparison = compare(a_result(skill=0.9), a_result(skill=0.5))
    assert all((d.p_holm is None) == (d.kind != "all") for d in comparison.differences)
    assert all(d.p_holm >= d.p for d in comparison.differences if d.p_holm is not None)
    assert {d.kind for d in comparison.differences} >= {"all", "fact", "never_said", "half:dev", "half:test"}


def test_questions_of_one_side_only_are_listed_and_left_out():
    both = a_result(21)
    new, old = of_rows(both["questions"][:14]), of_rows(both["questions"][7:])
    comparison = compare(new, old)
    assert comparison.n == 7
    assert comparison.only_new == tuple(row["id"] for row in both["questions"][:7])
    assert comparison.only_old == tuple(row["id"] for row in both["questions"][14:])
    assert "Only in old, and not compared (7)" in comparison_table(comparison)


def test_two_sets_that_share_no_question_are_refused_by_name():
    new, old = a_result(7, name="mended"), a_result(7, name="other")
    for row in old["questions"]:
        row["id"] += "-x"
    with pytest.raises(VerbatimError, match=r"sets/mended\.jsonl.*sets/other\.jsonl"):
        compare(new, old)


def test_a_question_that_was_another_then_is_refused_with_both_sets():
    new, old = a_result(7, name="mended"), a_result(7, name="older")
    old["questions"][3]["question"] = "What was it again?"
    with pytest.raises(VerbatimError, match=r"number-03 is .*sets/mended\.jsonl.*What was it again.*sets/older\.jsonl"):
        compare(new, old)


def test_an_id_that_stands_for_two_questions_is_refused():
    new = a_result(7)
    new["questions"][1]["id"] = new["questions"][0]["id"]
    with pytest.raises(VerbatimError, match="two questions with the id fact-00"):
        compare(new, a_result(7))


def test_a_metric_is_compared_over_the_questions_that_have_it_on_both_sides():
    new, old = a_set([0.2, 0.4, 0.6]), a_set([0.1, 0.1, 0.1])
    del old["questions"][2]["metrics"][METRIC]
    new["questions"][0]["metrics"][METRIC] = None
    d = compare(new, old).difference("all", METRIC)
    assert d is not None and d.n == 1 and d.mean == pytest.approx(0.3)


def test_a_metric_of_one_side_only_is_told_and_not_tested():
    new = a_set([1.0, 0.0])
    old = of_rows([{**row, "metrics": {"hit@5": 1.0}} for row in new["questions"]])
    comparison = compare(new, old)
    assert comparison.differences == ()
    gone, come = comparison.without_test("all", "hit@5"), comparison.without_test("all", METRIC)
    assert gone is not None and (gone.old, gone.new) == (1.0, None)
    assert come is not None and (come.old, come.new) == (None, 0.5)
    assert "| hit@5 | 100.0 % | not measured |  |" in comparison_table(comparison)


def test_ratios_over_the_set_are_shown_without_a_test():
    comparison = compare(a_result(skill=0.9), a_result(skill=0.5))
    assert comparison.difference("all", "not_said_recall") is None
    assert comparison.without_test("all", "not_said_recall") is not None
    assert "Not paired by question, so without a test" in comparison_table(comparison)


def test_questions_that_changed_sides_are_told_with_verdicts_and_stages():
    new, old = a_set([1.0, 0.0, 1.0], "verdict_right"), a_set([0.0, 1.0, 1.0], "verdict_right")
    then = (("not_said", "wrongly_refused"), ("answered", None), ("answered", None))
    now = (("answered", None), ("not_said", "not_found"), ("answered", None))
    for result, went in ((old, then), (new, now)):
        for row, (verdict, stage) in zip(result["questions"], went, strict=True):
            row["verdict"], row["stage"] = verdict, stage
    comparison = compare(new, old)
    assert [(c.id, c.metric, c.won) for c in comparison.changed] == [
        ("fact-00", "verdict_right", True),
        ("fact-07", "verdict_right", False),
    ]
    text = comparison_table(comparison)
    assert "Lost in verdict_right (1):" in text and "Won in verdict_right (1):" in text
    assert "answered → not_said; nothing lost → not found" in text
    assert "not_said → answered; refused, though there is an answer → nothing lost" in text


def test_less_of_what_is_bad_is_better():
    rows = a_set([1.0] * 12, "wrong_speaker")
    comparison = compare(with_metric(rows, "wrong_speaker", [0.0] * 12), rows)
    d = comparison.difference("all", "wrong_speaker")
    assert d is not None and d.mean == -1 and summary(d) == "better"


def test_a_gain_of_three_questions_is_no_more_than_perhaps():
    d = compare(a_set([1.0] * 3), a_set([0.0] * 3)).difference("all", METRIC)
    assert d is not None and d.p == 0.25 and summary(d) == "perhaps better"


def test_the_same_seed_gives_the_same_numbers_and_the_inputs_are_left_alone():
    new, old = a_result(skill=0.9), a_result(skill=0.5)
    before = repr(new), repr(old)
    assert compare(new, old, seed=3) == compare(new, old, seed=3)
    assert (repr(new), repr(old)) == before


def test_the_table_is_whole_and_hostile_words_are_only_words_in_it():
    new, old = a_result(skill=0.9), a_result(skill=0.5)
    for result in (new, old):
        for row in result["questions"]:
            row["question"] = (
                "a | b\n# <script>alert(1)</script> [x](javascript:alert(1)) ![y](http://198.51.100.7) \x1b[31m\u202e"
            )
    text = comparison_table(compare(new, old))
    assert "<script" not in text and not re.search(r"(?<!\\)\]\(", text) and "\x1b" not in text and "\u202e" not in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    widths = {line.count("|") - line.count("\\|") for line in tables}
    assert len(tables) > 20 and widths <= {5, 9, 12}
    assert all(word in text for word in ("95 % intervals", "Holm", "Differences by kind", "never said"))


# ---- properties

values = st.lists(st.floats(0, 1).map(lambda x: round(x, 3)), min_size=1, max_size=20)


@settings(max_examples=25)
@given(values)
def test_a_result_against_itself_has_no_difference_and_p_one(found):
    result = a_set(found)
    comparison = compare(result, result)
    assert numbers(comparison) and set(numbers(comparison).values()) == {(0.0, 0.0, 0.0, 1.0)}
    assert comparison.changed == comparison.only_new == comparison.only_old == ()
    assert {summary(d) for d in comparison.differences} == {"no change"}


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from((0.0, 0.25, 0.5, 1.0)), st.sampled_from((0.0, 0.25, 0.5, 1.0))),
        min_size=1,
        max_size=20,
    )
)
def test_exchanging_the_sides_turns_every_sign(pairs):
    new, old = a_set([n for n, _ in pairs]), a_set([o for _, o in pairs])
    there, back = numbers(compare(new, old)), numbers(compare(old, new))
    for key, (mean, low, high, p) in there.items():
        assert back[key] == pytest.approx((-mean, -high, -low, p), abs=1e-12)


@settings(max_examples=25)
@given(st.floats(0.01, 0.5), st.integers(12, 30), st.integers(0, 99))
def test_a_gain_of_the_same_size_everywhere_is_found(gain, n, seed):
    rng = random.Random(seed)
    old = [rng.uniform(0, 0.5) for _ in range(n)]
    d = compare(a_set([value + gain for value in old]), a_set(old), seed=seed).difference("all", METRIC)
    assert d is not None
    assert d.mean == pytest.approx(gain) and d.low > 0 and d.p < 0.001 and summary(d) == "better"


@given(st.lists(st.sampled_from((-1.0, 0.0, 1.0)), min_size=1, max_size=40), st.integers(0, 9))
def test_the_interval_holds_the_mean_and_p_is_a_probability(gains, seed):
    array = np.array(gains)
    low, high = mean_interval(array, seed)
    assert low <= array.mean() + 1e-12 and array.mean() - 1e-12 <= high
    assert 0 < sign_flip_p(array, seed) <= 1


def test_of_pairs_without_a_difference_about_one_in_twenty_is_called_one():
    rng = np.random.default_rng(5)
    ps = [sign_flip_p(rng.choice((-1.0, 0.0, 1.0), 40), 0) for _ in range(200)]
    assert sum(p < 0.05 for p in ps) <= 20
