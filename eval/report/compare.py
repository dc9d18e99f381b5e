"""Two results of the same question set, question by question: what changed, and whether that is more than chance.

    comparison = compare(json.loads(new.read_text()), json.loads(old.read_text()))
    print(comparison_table(comparison))

Knows only the JSON that `verbatim eval --json` writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eval.report.metric_words import (
    KEY_METRICS,
    METRICS,
    WITH_HISTORY,
    kind_name,
    markdown,
    meaning,
    shown,
    shown_difference,
    stage_words,
)
from eval.report.significance import holm, mean_interval, sign_flip_p
from index.errors import VerbatimError

SIDES = ("verdict_right", "hit@5", "citation_hit", "speaker_right")  # 0 or 1 for a question: it is won or lost
MOST_NAMED = 20  # questions that a table names in each list


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric over the `n` questions of a kind that have it on both sides. `mean` is new - old, `low`..`high` its 95 %.

    `p` is from a paired permutation test; `p_holm` is corrected for all metrics tested, and given for kind `all` only.
    """

    kind: str
    metric: str
    n: int
    old: float
    new: float
    mean: float
    low: float
    high: float
    p: float
    p_holm: float | None = None

    @property
    def within_noise(self) -> bool:
        """Whether no difference at all is among what the interval holds."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class Untested:
    """A metric that can't be paired by question, such as a ratio over the set; None where a side lacks it."""

    kind: str
    metric: str
    old: float | None
    new: float | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A question that went from wrong to right (`won`) or from right to wrong in one metric."""

    id: str
    kind: str
    question: str
    metric: str
    won: bool
    old_verdict: str | None
    new_verdict: str | None
    old_stage: str | None
    new_stage: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two results of one set. `only_new` and `only_old` are the ids of questions without a partner: not compared."""

    new_name: str
    old_name: str
    n: int
    only_new: tuple[str, ...]
    only_old: tuple[str, ...]
    differences: tuple[Difference, ...]
    untested: tuple[Untested, ...]
    changed: tuple[Changed, ...]

    def difference(self, kind: str, metric: str) -> Difference | None:
        """The difference in one metric of one kind; None where it wasn't measured on both sides."""
        return next((d for d in self.differences if (d.kind, d.metric) == (kind, metric)), None)

    def without_test(self, kind: str, metric: str) -> Untested | None:
        """Why a metric of a kind was not tested; None where it was."""
        return next((u for u in self.untested if (u.kind, u.metric) == (kind, metric)), None)


def compare(new: dict[str, Any], old: dict[str, Any], *, seed: int = 0) -> Comparison:
    """New against old, matched by question id. The same seed gives the same intervals and p-values.

    VerbatimError where no question is in both, where an id stands for two questions, or where the same id was another
    question then.
    """
    new_rows, old_rows = _by_id(new), _by_id(old)
    both = [id for id in new_rows if id in old_rows]
    if not both:
        raise VerbatimError(
            f"Nothing to compare: no question of {set_of(new)} is in {set_of(old)}. Give two results of one set."
        )
    for id in both:
        if new_rows[id]["question"] != old_rows[id]["question"]:
            raise VerbatimError(
                f"Question {id} is {new_rows[id]['question']!r} in {set_of(new)} and {old_rows[id]['question']!r} in "
                f"{set_of(old)}. Measure the old version again with today's set."
            )
    pairs = [(new_rows[id], old_rows[id]) for id in both]
    differences = []
    for kind, inside in _kinds(pairs).items():
        tested = [d for metric in _metrics_of(inside) if (d := _difference(kind, metric, inside, seed)) is not None]
        if kind == "all":
            corrected = holm([d.p for d in tested])
            tested = [replace(d, p_holm=p) for d, p in zip(tested, corrected, strict=True)]
        differences += tested
    return Comparison(
        new_name=name_of(new),
        old_name=name_of(old),
        n=len(both),
        only_new=tuple(id for id in new_rows if id not in old_rows),
        only_old=tuple(id for id in old_rows if id not in new_rows),
        differences=tuple(differences),
        untested=tuple(_untested(new, old, {(d.kind, d.metric) for d in differences})),
        changed=tuple(change for metric in SIDES for change in _changes(metric, pairs)),
    )


def set_of(result: dict[str, Any]) -> str:
    """The question set of a result, by its file."""
    questions = result["made_by"].get("questions") or {}
    return str(questions.get("file") or questions.get("name") or "a set without a name")


def name_of(result: dict[str, Any]) -> str:
    """A result by the commit and the day that made it: `abc1234 of 2026-11-24`."""
    made_by = result["made_by"]
    commit, date = made_by.get("commit") or "unknown commit", str(made_by.get("date") or "")[:10]
    return f"{commit} of {date}" if date else str(commit)


def _by_id(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for row in result["questions"]:
        if row["id"] in rows:
            raise VerbatimError(f"{set_of(result)} has two questions with the id {row['id']}. Give each its own.")
        rows[row["id"]] = row
    return rows


RowPair = tuple[dict[str, Any], dict[str, Any]]


def _kinds(pairs: Sequence[RowPair]) -> dict[str, list[RowPair]]:
    """Kind -> its pairs: all, each kind, each half, those with a history. The new side says what a question is of."""
    kinds: dict[str, list[RowPair]] = {"all": list(pairs)}
    for name in dict.fromkeys(new["kind"] for new, _ in pairs):
        kinds[name] = [pair for pair in pairs if pair[0]["kind"] == name]
    for half in dict.fromkeys(new["half"] for new, _ in pairs if new.get("half")):
        kinds[f"half:{half}"] = [pair for pair in pairs if pair[0].get("half") == half]
    with_history = [pair for pair in pairs if pair[0].get("history")]
    return kinds | ({WITH_HISTORY: with_history} if with_history else {})


def _metrics_of(pairs: Sequence[RowPair]) -> list[str]:
    """Metrics that some question has, the known ones first and in their order."""
    there = dict.fromkeys(name for new, _ in pairs for name in measured(new))
    return [name for name in METRICS if name in there] + [name for name in there if name not in METRICS]


def measured(row: dict[str, Any]) -> dict[str, float | None]:
    """A question's metrics with how far off its quote starts, which stands beside them: it has a median, not a mean."""
    error = row.get("start_error_s")
    return row["metrics"] | ({} if error is None else {"start_error_s": error})


def _difference(kind: str, metric: str, pairs: Sequence[RowPair], seed: int) -> Difference | None:
    import numpy as np

    both = [(measured(new).get(metric), measured(old).get(metric)) for new, old in pairs]
    values = [(float(now), float(then)) for now, then in both if now is not None and then is not None]
    if not values:
        return None
    after, before = np.asarray(values).T
    gains = after - before
    low, high = mean_interval(gains, seed)
    return Difference(
        kind,
        metric,
        len(gains),
        float(before.mean()),
        float(after.mean()),
        float(gains.mean()),
        low,
        high,
        sign_flip_p(gains, seed),
    )


def _untested(new: dict[str, Any], old: dict[str, Any], tested: set[tuple[str, str]]) -> Iterable[Untested]:
    for kind in dict.fromkeys([*new["metrics"], *old["metrics"]]):
        now, then = new["metrics"].get(kind, {}), old["metrics"].get(kind, {})
        for metric in dict.fromkeys([*now, *then]):
            if (kind, metric) not in tested:
                yield Untested(kind, metric, then.get(metric, {}).get("mean"), now.get(metric, {}).get("mean"))


def _changes(metric: str, pairs: Sequence[RowPair]) -> Iterable[Changed]:
    for new, old in pairs:
        now, then = new["metrics"].get(metric), old["metrics"].get(metric)
        if now is not None and then is not None and (now >= 0.5) != (then >= 0.5):
            yield Changed(
                new["id"],
                new["kind"],
                new["question"],
                metric,
                now >= 0.5,
                old.get("verdict"),
                new.get("verdict"),
                old.get("stage"),
                new.get("stage"),
            )


# ---- as text


def comparison_table(comparison: Comparison) -> str:
    """The comparison as Markdown: complete as plain text in a terminal, and fit for a pull request."""
    c = comparison
    parts = [
        f"**{markdown(c.new_name)}** (new) against **{markdown(c.old_name)}** (old), {c.n} questions in both. Differences of "
        "shares are in points (hundredths).",
        *_unmatched(c),
        _metric_table(c),
        "95 % intervals are a paired bootstrap's; p is a paired permutation test's, and in brackets corrected (Holm) for all "
        f"{sum(d.kind == 'all' for d in c.differences)} metrics of the table.",
        *_untested_table(c),
        *_kind_table(c),
        *(part for metric in SIDES for part in _sides(c, metric)),
    ]
    return "\n\n".join(parts) + "\n"


def summary(difference: Difference) -> str:
    """A difference in a word or two: `no change`, `within noise`, `changed`, `better`, `worse`, `perhaps better`, ….

    `perhaps` where the interval leaves 0 out, and p, corrected where it can be, is not below .05.
    """
    if difference.low == difference.high == 0:
        return "no change"
    if difference.within_noise:
        return "within noise"
    gain = difference.mean * meaning(difference.metric).better
    word = "changed" if gain == 0 else "better" if gain > 0 else "worse"
    p = difference.p if difference.p_holm is None else difference.p_holm
    return word if p < 0.05 else f"perhaps {word}"


def interval_of(difference: Difference) -> str:
    """The interval of a difference: `−1.2 to +4.8`."""
    ends = (shown_difference(difference.metric, end) for end in (difference.low, difference.high))
    return " to ".join(ends)


def shown_p(p: float) -> str:
    """A p-value as it is printed: "< .001", ".042"."""
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def _unmatched(c: Comparison) -> list[str]:
    lines = [
        f"Only in {side}, and not compared ({len(ids)}): {_named(ids)}"
        for side, ids in (("new", c.only_new), ("old", c.only_old))
        if ids
    ]
    return ["\n".join(lines)] if lines else []


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    return ", ".join(markdown(id) for id in ids[:MOST_NAMED]) + more


def _metric_table(c: Comparison) -> str:
    rows = ["| metric | n | old | new | difference | 95 % interval | p (Holm) | |", "|---|--:|--:|--:|--:|---|---|---|"]
    for d in c.differences:
        if d.kind == "all":
            cells = [
                markdown(d.metric),
                str(d.n),
                shown(d.metric, d.old),
                shown(d.metric, d.new),
                shown_difference(d.metric, d.mean),
                interval_of(d),
                f"{shown_p(d.p)} ({shown_p(d.p_holm or 0)})",
                summary(d),
            ]
            rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _untested_table(c: Comparison) -> list[str]:
    ratios = [u for u in c.untested if u.kind == "all"]
    if not ratios:
        return []
    rows = [
        "Not paired by question, so without a test:",
        "",
        "| metric | old | new | difference |",
        "|---|--:|--:|--:|",
    ]
    for u in ratios:
        cells = ["not measured" if value is None else shown(u.metric, value) for value in (u.old, u.new)]
        moved = "" if u.old is None or u.new is None else shown_difference(u.metric, u.new - u.old)
        rows.append(f"| {markdown(u.metric)} | {' | '.join(cells)} | {moved} |")
    return ["\n".join(rows)]


def _kind_table(c: Comparison) -> list[str]:
    """Differences by kind in the key metrics; what is more than noise is in bold."""
    metrics = [name for name in KEY_METRICS if any(d.metric == name for d in c.differences)]
    kinds = [kind for kind in dict.fromkeys(d.kind for d in c.differences) if kind != "all"]
    if not metrics or not kinds:
        return []
    rows = [f"| kind | n | {' | '.join(metrics)} |", "|---|--:|" + "--:|" * len(metrics)]
    for kind in kinds:
        found = {d.metric: d for d in c.differences if d.kind == kind}
        n = max(d.n for d in found.values())
        cells = [_kind_cell(found.get(metric)) for metric in metrics]
        rows.append(f"| {markdown(kind_name(kind))} | {n} | {' | '.join(cells)} |")
    return [
        "Differences by kind, in points; in bold where the interval leaves 0 out (not corrected for their number):\n\n"
        + "\n".join(rows)
    ]


def _kind_cell(d: Difference | None) -> str:
    if d is None:
        return ""
    text = shown_difference(d.metric, d.mean)
    return text if d.within_noise else f"**{text}**"


def _sides(c: Comparison, metric: str) -> list[str]:
    """The questions won and lost in a metric; nothing where none was."""
    parts = []
    for won, word in ((False, "Lost"), (True, "Won")):
        changes = [change for change in c.changed if change.metric == metric and change.won is won]
        if changes:
            lines = [
                f"- {markdown(x.id)} ({markdown(kind_name(x.kind))}): {markdown(x.question)}: {moved(x)}"
                for x in changes
            ]
            if len(lines) > MOST_NAMED:
                lines[MOST_NAMED:] = [f"- and {len(lines) - MOST_NAMED} more"]
            parts.append(f"{word} in {metric} ({len(changes)}):\n\n" + "\n".join(lines))
    return parts


def moved(change: Changed) -> str:
    """How a question went: `not_said → answered; refused, though there is an answer → nothing lost`."""
    verdicts = f"{change.old_verdict or 'no verdict'} → {change.new_verdict or 'no verdict'}"
    stages = [stage_words(stage)[0] if stage else "nothing lost" for stage in (change.old_stage, change.new_stage)]
    return f"{markdown(verdicts)}; {markdown(stages[0])} → {markdown(stages[1])}"
