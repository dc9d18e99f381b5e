"""Metrics by hand, against trec_eval, and where they must count a miss."""

from __future__ import annotations

import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from eval.run.metrics import (
    Attempt,
    EpisodeSpan,
    citing,
    finding,
    mean_with_interval,
    ratio_with_interval,
    risk_coverage,
    start_error,
    token_f1,
)

RUNS = st.tuples(
    st.lists(st.booleans(), min_size=1, max_size=10),  # what was found, best first: relevant or not
    st.integers(0, 8),  # relevant passages that were not found
).filter(lambda run: any(run[0]) or run[1])
THEIRS = {
    "hit@1": "success_1",
    "hit@5": "success_5",
    "hit@10": "success_10",
    "recall@10": "recall_10",
    "mrr@10": "recip_rank",
    "ndcg@10": "ndcg_cut_10",
}


@given(RUNS)
def test_finding_agrees_with_trec_eval(run):
    found, missed = run
    qrels = {f"p{rank}": int(hit) for rank, hit in enumerate(found)} | {f"missed{n}": 1 for n in range(missed)}
    scores = {f"p{rank}": float(len(found) - rank) for rank in range(len(found))}
    asked = {"success.1,5,10", "recall.10", "recip_rank", "ndcg_cut.10"}
    theirs = pytrec_eval.RelevanceEvaluator({"q": qrels}, asked).evaluate({"q": scores})["q"]
    ours = finding(found, sum(found) + missed)
    assert ours == pytest.approx({name: theirs[their_name] for name, their_name in THEIRS.items()})


def test_a_question_without_results_counts_0_where_trec_eval_leaves_it_out():
    qrels = {"q1": {"a": 1}, "q2": {"b": 1}}
    theirs = pytrec_eval.RelevanceEvaluator(qrels, {"success.1"}).evaluate({"q1": {"a": 1.0}})
    assert "q2" not in theirs, "this is why the means are ours"
    ours = [finding([True], 1)["hit@1"], finding([], 1)["hit@1"]]
    assert mean_with_interval(ours)["mean"] == 0.5 and mean_with_interval(ours)["n"] == 2


def test_an_answer_spread_over_many_passages_is_not_recalled_by_one_of_them():
    assert finding([True, False, False], 4)["recall@10"] == 0.25
    assert finding([True, False, False], 4)["ndcg@10"] < 0.5


def span(episode: str, start: float, end: float) -> EpisodeSpan:
    return EpisodeSpan(episode, start, end, 0, 0)


def test_citing_counts_what_lies_in_gold_and_what_of_gold_is_cited():
    gold = [span("a", 10, 20), span("a", 50, 60), span("b", 0, 5)]
    cited = [span("a", 15, 16), span("a", 20, 30), span("b", 4, 9), span("c", 10, 20)]
    assert citing(cited, gold) == {"citation_hit": 1.0, "citation_precision": 0.5, "citation_recall": 2 / 3}
    assert citing([], gold) == {"citation_hit": 0.0, "citation_precision": 0.0, "citation_recall": 0.0}


def test_the_start_error_is_that_of_the_first_citation_that_hits():
    gold = [span("a", 10, 20)]
    assert start_error([span("b", 10, 20), span("a", 13.5, 14), span("a", 10, 11)], gold) == 3.5
    assert start_error([span("a", 30, 31)], gold) is None
    assert start_error([EpisodeSpan("a", None, None, 3, 4)], [EpisodeSpan("a", None, None, 3, 3)]) is None


@pytest.mark.parametrize(
    ("answer", "reference", "f1"),
    [
        ("The old boat.", "an old boat", 1.0),
        ("old", "an old boat", 2 / 3),
        ("a boat boat", "boat", 2 / 3),
        ("nothing alike", "an old boat", 0.0),
        ("", "an old boat", 0.0),
    ],
)
def test_token_f1_is_that_of_squad(answer, reference, f1):
    assert token_f1(answer, reference) == pytest.approx(f1)


def test_risk_rises_with_coverage_where_confidence_tells_right_from_wrong():
    curve = risk_coverage([Attempt(0.9, True), Attempt(0.8, True), Attempt(0.3, False), Attempt(0.1, False)])
    assert [(p["coverage"], p["risk"]) for p in curve["points"]] == [(0.25, 0), (0.5, 0), (0.75, 0.3333), (1, 0.5)]
    assert curve["area"] == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4, abs=1e-4)


@given(st.lists(st.builds(Attempt, st.sampled_from([0.0, 0.2, 0.5, 1.0]), st.booleans()), min_size=1, max_size=30))
def test_the_whole_set_has_the_risk_of_the_whole_set_whatever_the_order(attempts):
    curve = risk_coverage(attempts)
    assert curve == risk_coverage(list(reversed(attempts))), "equal confidences are answered together"
    last = curve["points"][-1]
    assert last["coverage"] == 1 and last["risk"] == pytest.approx(
        sum(not a.right for a in attempts) / len(attempts), abs=1e-4
    )
    assert 0 <= curve["area"] <= 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_an_interval_holds_its_mean_and_is_the_same_each_time(values):
    made = mean_with_interval(values)
    assert made["low"] - 1e-4 <= made["mean"] <= made["high"] + 1e-4 and made["n"] == len(values)
    assert made == mean_with_interval(values)


def test_precision_and_recall_of_a_verdict_have_their_own_denominators():
    expected = [True, True, False, False]
    got = [True, False, True, False]
    assert ratio_with_interval(expected, got)["mean"] == 0.5 and ratio_with_interval(expected, got)["n"] == 2
    assert ratio_with_interval(got, [False] * 4) is None
