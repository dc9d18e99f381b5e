"""Gates: one metric of one kind each; what isn't measured does not pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from results import Result, a_result, of_rows, with_metric

from eval.report.compare import compare
from eval.report.limits import Limit, LimitResult, check_limits, limits_table, load_limits
from eval.report.metric_words import METRICS
from index.errors import VerbatimError

FILE = Path(__file__).parents[2] / "eval" / "gates.toml"


def a_gate(metric: str = "hit@5", **fields: Any) -> Limit:
    return Limit(**{"set": "*", "kind": "all", "metric": metric, "why": "Because.", **fields})


def one(result: Result, limit: Limit, old: Result | None = None) -> LimitResult:
    (checked,) = check_limits(result, [limit], compare(result, old) if old else None)
    return checked


def measured(value: float, metric: str = "hit@5", n: int = 20) -> Result:
    """A result with one question of the kind `fact` a row; `value` of them have 1, the others 0."""
    rows = a_result(7 * n)["questions"][::7]
    return of_rows([{**row, "metrics": {metric: float(number < round(value * n))}} for number, row in enumerate(rows)])


# ---- what passes


@pytest.mark.parametrize(
    ("value", "bounds", "status"),
    [
        (0.85, {"min": 0.85}, "passed"),
        (0.80, {"min": 0.85}, "failed"),
        (0.20, {"max": 0.20}, "passed"),
        (0.25, {"max": 0.20}, "failed"),
        (0.50, {"min": 0.4, "max": 0.6}, "passed"),
        (0.70, {"min": 0.4, "max": 0.6}, "failed"),
    ],
)
def test_a_value_is_held_against_its_limits(value, bounds, status):
    assert one(measured(value), a_gate(**bounds)).status == status


def test_a_gate_looks_at_its_own_kind_not_at_the_mean_of_all():
    result = a_result(70)
    result["metrics"]["all"]["wrongly_answered"] = {"mean": 0.0, "low": 0, "high": 0, "n": 10}
    result["metrics"]["never_said"]["wrongly_answered"] = {"mean": 0.9, "low": 0.8, "high": 1, "n": 10}
    assert one(result, a_gate("wrongly_answered", kind="never_said", max=0.6)).status == "failed"
    assert one(result, a_gate("wrongly_answered", max=0.6)).status == "passed"


@pytest.mark.parametrize("limit", [a_gate("judge_right", min=0.0), a_gate("hit@5", kind="riddle", min=0.0)])
def test_what_is_not_measured_does_not_pass(limit):
    checked = one(a_result(), limit)
    assert (checked.status, checked.value, checked.words) == ("failed", None, "not measured")


@pytest.mark.parametrize("bounds", [{"min": 0.0}, {"max": 1.0}])
def test_a_mean_that_is_no_number_does_not_pass(bounds):
    result = measured(0.5)
    result["metrics"]["all"]["hit@5"]["mean"] = float("nan")
    assert one(result, a_gate(**bounds)).status == "failed"


def test_gates_of_another_set_are_left_out_and_say_so():
    checked = one(a_result(name="mended"), a_gate("judge_right", set="samples", min=1.0))
    assert checked.status == "skipped" and "samples" in checked.words and "mended" in checked.words


def test_a_run_that_only_finds_skips_the_gates_of_answers_and_keeps_those_of_finding():
    result = measured(0.1)
    result["made_by"]["finding_only"] = True
    answers, finds = check_limits(result, [a_gate("verdict_right", min=0.5), a_gate("hit@5", min=0.5)])
    assert (answers.status, finds.status) == ("skipped", "failed")
    assert "only finds" in answers.words


# ---- falls


@pytest.mark.parametrize(
    ("now", "then", "status", "words"),
    [
        (0.9, 0.9, "passed", "(0.0 against"),
        (1.0, 0.5, "passed", "(+50.0 against"),
        (0.2, 0.9, "failed", "too much worse"),
        (0.85, 0.9, "passed", "within noise"),
    ],
)
def test_a_fall_is_held_against_the_older_result(now, then, status, words):
    checked = one(measured(now), a_gate(fall=0.02), measured(then))
    assert checked.status == status and words in checked.words


def test_what_is_better_when_lower_falls_by_rising():
    limit = a_gate("wrong_speaker", fall=0.02)
    assert one(measured(0.9, "wrong_speaker"), limit, measured(0.1, "wrong_speaker")).status == "failed"
    assert one(measured(0.1, "wrong_speaker"), limit, measured(0.9, "wrong_speaker")).status == "passed"
    assert "rises by no more than 2.0 points" in limit.bounds


def test_a_fall_without_an_older_result_is_skipped_but_its_limit_still_holds():
    assert one(measured(0.5), a_gate(fall=0.02)).status == "skipped"
    assert one(measured(0.5), a_gate(fall=0.02, min=0.6)).status == "failed"
    assert one(measured(0.5), a_gate(fall=0.02, min=0.4)).status == "passed"


def test_a_metric_that_is_no_longer_measured_has_fallen():
    old = measured(0.5)
    new = of_rows([{**row, "metrics": {"hit@1": 1.0}} for row in old["questions"]])
    assert one(new, a_gate(fall=0.02), old).status == "failed"
    assert one(old, a_gate(fall=0.02), new).status == "failed"  # nothing to hold it against
    assert one(new, a_gate("judge_right", fall=0.02), old).words == "measured neither now nor then"


def test_a_ratio_that_falls_too_far_fails_without_a_test():
    new, old = a_result(), a_result()
    new["metrics"]["all"]["not_said_recall"]["mean"] = 0.3
    old["metrics"]["all"]["not_said_recall"]["mean"] = 0.9
    assert one(new, a_gate("not_said_recall", fall=0.02), old).status == "failed"
    assert one(old, a_gate("not_said_recall", fall=0.02), new).status == "passed"


# ---- the file


def test_the_gates_that_are_shipped_are_read_and_ask_for_known_metrics():
    gates = load_limits(FILE)
    assert {limit.set for limit in gates} == {"*", "samples"}
    assert {limit.metric for limit in gates} <= set(METRICS)
    assert all(limit.why.endswith(".") for limit in gates)
    falls = {limit.metric for limit in gates if limit.set == "*" and limit.fall is not None}
    assert falls == {"hit@1", "hit@5", "citation_hit", "verdict_right", "speaker_right"}


def sound() -> Result:
    """A result of the sample set that every shipped gate lets through: nearly all right."""
    return a_result(140, skill=1.0, name="samples")


def with_all(result: Result, **values: float) -> Result:
    for metric, value in values.items():
        result = with_metric(result, metric, [value] * sum(metric in row["metrics"] for row in result["questions"]))
    return result


def test_a_sound_result_passes_the_shipped_gates():
    result = with_all(sound(), citation_hit=1.0, speaker_right=1.0)
    assert [r for r in check_limits(result, load_limits(FILE), compare(result, result)) if r.status != "passed"] == []


@pytest.mark.parametrize(
    ("broken", "values"),
    [
        ("the search", {"hit@1": 0.0, "hit@5": 0.0, "citation_hit": 0.0}),
        ("the speaker", {"wrong_speaker": 1.0, "speaker_right": 0.0}),
        ("the quotes", {"quotes_exact": 0.99}),
        ("it always refuses", {"wrongly_refused": 1.0, "wrongly_answered": 0.0, "refused": 1.0}),
        ("it always answers", {"wrongly_refused": 0.0, "wrongly_answered": 1.0, "refused": 0.0}),
    ],
)
def test_what_is_broken_fails_the_shipped_gates(broken, values):
    result = with_all(sound(), citation_hit=1.0, speaker_right=1.0)
    worse = with_all(result, **values)
    failed = {r.limit.metric for r in check_limits(worse, load_limits(FILE)) if r.status == "failed"}
    assert failed & set(values), broken


def test_the_table_names_each_gate_the_failed_ones_first():
    results = check_limits(a_result(name="samples", skill=0.2), load_limits(FILE))
    text = limits_table(results)
    statuses = [
        line.split(" | ")[0].strip("| ") for line in text.splitlines() if line.startswith(("| f", "| p", "| s"))
    ]
    assert statuses == sorted(statuses, key=("failed", "passed", "skipped").index) and len(statuses) == len(results)
    assert text.startswith(f"Gates: {statuses.count('failed')} failed, ")
    assert all(r.limit.why.split("'")[0] in text for r in results)


GATE = '[[gate]]\nset = "*"\nkind = "all"\nmetric = "hit@5"\nwhy = "Because."\n'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "expected nothing but"),
        ("gate = 3", "expected nothing but"),
        ("gate = [3]", "expected nothing but"),
        (GATE + "min = 1\n[other]\n", "expected nothing but"),
        ("[[gate]\n", "can't be read as gates"),
        (GATE + "min = 1\nmaximum = 2\n", "gate 1: unknown key 'maximum'"),
        (GATE.replace('kind = "all"\n', "") + "min = 1", "gate 1: 'kind' is missing"),
        (GATE.replace('"Because."', '" "') + "min = 1", "gate 1: 'why' is missing"),
        (GATE.replace('"hit@5"', "5") + "min = 1", "gate 1: 'metric' is missing"),
        (GATE, "hit@5 of all.*asks for nothing"),
        (GATE + 'min = "high"', r"hit@5 of all.*min = 'high' is not a number"),
        (GATE + "min = true", "min = True is not a number"),
        (GATE + "max = nan", "max = nan is not a number"),
        (GATE + "max = inf", "max = inf is not a number"),
        (GATE + "min = 0.9\nmax = 0.1", "nothing could pass"),
        (GATE + "fall = -0.1", "below 0"),
        (GATE + "min = 1\n" + GATE + "fall = 0.1", "gate 2 .*is there already, as gate 1"),
    ],
)
def test_a_gate_that_can_not_be_meant_is_refused_with_its_file_and_number(text, fault, tmp_path):
    file = tmp_path / "gates.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(VerbatimError, match=fault) as refused:
        load_limits(file)
    assert str(file) in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(VerbatimError, match=r"none\.toml can't be read"):
        load_limits(tmp_path / "none.toml")
