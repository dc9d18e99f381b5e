"""Limits that a version must hold before it may leave, each about one metric of one kind, never an average of several.

    results = check_limits(result, load_limits(Path("eval/gates.toml")), comparison)
    print(limits_table(results))
    passed = not any(one.status == "failed" for one in results)

A metric that wasn't measured does not pass. Users know them as gates: `--gates`, `gates.toml`. (`rag/gate/` is something
else: it judges a model's sentences.)
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from eval.report.compare import Comparison
from eval.report.metric_words import FINDING, kind_name, markdown, meaning, shown, shown_difference
from index.errors import VerbatimError

WORDS = ("set", "kind", "metric", "why")
NUMBERS = ("min", "max", "fall")
ROUNDING = 1e-9  # a mean of .85 made of sums may be .8499999999999999


@dataclass(frozen=True, slots=True)
class Limit:
    """`set` is a question set's name or `*`. `fall` is the most that the metric may get worse against an older result."""

    set: str
    kind: str
    metric: str
    why: str
    min: float | None = None
    max: float | None = None
    fall: float | None = None

    def __str__(self) -> str:
        return f"{self.metric} of {kind_name(self.kind)}"

    @property
    def bounds(self) -> str:
        """What is asked for: `at least 85.0 %, falls by no more than 2.0`."""
        parts = []
        if self.min is not None:
            parts.append(f"at least {shown(self.metric, self.min)}")
        if self.max is not None:
            parts.append(f"at most {shown(self.metric, self.max)}")
        if self.fall is not None:
            word = "rises" if meaning(self.metric).better < 0 else "falls"
            points = " points" if meaning(self.metric).unit == "share" else ""
            parts.append(f"{word} by no more than {shown_difference(self.metric, self.fall).removeprefix('+')}{points}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class LimitResult:
    """`value` is what was measured, None where nothing was; `words` say why it passed, failed or was left out."""

    limit: Limit
    status: Literal["passed", "failed", "skipped"]
    value: float | None
    words: str


def load_limits(path: Path) -> list[Limit]:
    """The limits of a file, in order. VerbatimError names the file, the limit by its number from 1, and the fault."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise VerbatimError(f"{path} can't be read as gates: {exc}") from exc
    listed = tables.get("gate")
    if set(tables) != {"gate"} or not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise VerbatimError(f"{path}: expected nothing but [[gate]] tables.")
    limits: list[Limit] = []
    for number, fields in enumerate(listed, start=1):
        limit = _limit(fields, f"{path}: gate {number}")
        twin = next(
            (n for n, g in enumerate(limits, 1) if (g.set, g.kind, g.metric) == (limit.set, limit.kind, limit.metric)),
            0,
        )
        if twin:
            raise VerbatimError(f"{path}: gate {number} ({limit}) is there already, as gate {twin}. Make them one.")
        limits.append(limit)
    return limits


def check_limits(
    result: dict[str, Any], limits: Sequence[Limit], comparison: Comparison | None = None
) -> list[LimitResult]:
    """One result for each limit, in order. Limits of another set, of answers in a run that only finds, and of falls
    without an older result are skipped, and say so."""
    made_by = result["made_by"]
    name = (made_by.get("questions") or {}).get("name")
    return [_check(limit, name, bool(made_by.get("finding_only")), result["metrics"], comparison) for limit in limits]


def limits_table(results: Sequence[LimitResult]) -> str:
    """The limits as Markdown, failed ones first, and how many there are of each."""
    counts = {status: sum(r.status == status for r in results) for status in ("failed", "passed", "skipped")}
    rows = [
        f"Gates: {', '.join(f'{count} {status}' for status, count in counts.items())}.",
        "",
        "| | gate | asked | measured | why it is there |",
        "|---|---|---|---|---|",
    ]
    for status in counts:
        for r in results:
            if r.status == status:
                asked = markdown(r.limit.bounds)
                rows.append(
                    f"| {status} | {markdown(r.limit)} | {asked} | {markdown(r.words)} | {markdown(r.limit.why)} |"
                )
    return "\n".join(rows) + "\n"


def _limit(fields: dict[str, Any], where: str) -> Limit:
    unknown = sorted(set(fields) - {*WORDS, *NUMBERS})
    if unknown:
        raise VerbatimError(f"{where}: unknown key {unknown[0]!r}. A gate has {', '.join((*WORDS, *NUMBERS))}.")
    for word in WORDS:
        if not isinstance(fields.get(word), str) or not fields[word].strip():
            raise VerbatimError(f"{where}: {word!r} is missing. Give it as words in quotes.")
    name = f"{where} ({fields['metric']} of {fields['kind']})"
    limits: dict[str, Any] = {}
    for word in NUMBERS:
        value = fields.get(word)
        if word not in fields:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise VerbatimError(f"{name}: {word} = {value!r} is not a number.")
        limits[word] = float(value)
    if not limits:
        raise VerbatimError(f"{name}: asks for nothing. Give it min, max or fall.")
    if limits.get("min", -math.inf) > limits.get("max", math.inf):
        raise VerbatimError(f"{name}: min {limits['min']} is above max {limits['max']}; nothing could pass.")
    if limits.get("fall", 0) < 0:
        raise VerbatimError(f"{name}: fall = {limits['fall']} is below 0. Give how much worse it may get.")
    words: dict[str, Any] = {word: fields[word] for word in WORDS}
    return Limit(**words, **limits)


def _check(
    limit: Limit, name: str | None, finding_only: bool, metrics: dict[str, Any], comparison: Comparison | None
) -> LimitResult:
    if limit.set not in ("*", name):
        return LimitResult(limit, "skipped", None, f"for the set {limit.set}; this is {name or 'one without a name'}")
    if finding_only and limit.metric not in FINDING:
        return LimitResult(limit, "skipped", None, "this run only finds, and does not answer")
    value = metrics.get(limit.kind, {}).get(limit.metric, {}).get("mean")
    only_fall = limit.min is None and limit.max is None
    if only_fall and comparison is None:
        return LimitResult(limit, "skipped", value, "no older result to compare with")
    if value is None:
        if only_fall and not _measured_before(limit, comparison):
            return LimitResult(limit, "skipped", None, "measured neither now nor then")
        return LimitResult(limit, "failed", None, "not measured")
    # Written so that a value that is not a number fails.
    if limit.min is not None and not value >= limit.min - ROUNDING:
        return LimitResult(limit, "failed", value, f"{shown(limit.metric, value)}: too low")
    if limit.max is not None and not value <= limit.max + ROUNDING:
        return LimitResult(limit, "failed", value, f"{shown(limit.metric, value)}: too high")
    if limit.fall is None or comparison is None:
        return LimitResult(limit, "passed", value, shown(limit.metric, value))
    return _check_fall(limit, value, comparison)


def _measured_before(limit: Limit, comparison: Comparison | None) -> bool:
    untested = comparison.without_test(limit.kind, limit.metric) if comparison else None
    return untested is not None and untested.old is not None


def _check_fall(limit: Limit, value: float, comparison: Comparison) -> LimitResult:
    """Against the older result: too far fails; too far within noise passes, and says so."""
    assert limit.fall is not None
    up = -1 if meaning(limit.metric).better < 0 else 1
    difference = comparison.difference(limit.kind, limit.metric)
    if difference is None:
        untested = comparison.without_test(limit.kind, limit.metric)
        if untested is None or untested.old is None:
            return LimitResult(
                limit, "failed", value, f"{shown(limit.metric, value)}: not measured in the older result"
            )
        gain, noise = value - untested.old, False
    else:
        gain, noise = difference.mean, difference.within_noise
    words = f"{shown(limit.metric, value)} ({shown_difference(limit.metric, gain)} against the older result)"
    if up * gain >= -limit.fall - ROUNDING:
        return LimitResult(limit, "passed", value, words)
    if noise:
        return LimitResult(limit, "passed", value, f"{words}: more than it may, but within noise")
    return LimitResult(limit, "failed", value, f"{words}: too much worse")
