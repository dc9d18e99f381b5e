"""A result as what its page shows: numbers turned into words, times into clock times, questions that went wrong by stage.

Everything here is plain text; the template escapes it. Knows nothing of HTML.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from eval.report.compare import Comparison, interval_of, shown_p, summary
from eval.report.limits import LimitResult
from eval.report.metric_words import (
    GROUPS,
    KEY_METRICS,
    METRICS,
    SECONDS,
    STAGES,
    VERDICTS,
    is_kind,
    kind_name,
    meaning,
    shown,
    shown_difference,
    shown_interval,
    stage_words,
)
from eval.report.plots import kinds_plot, latency_plot, risk_coverage_plot, seconds_of, short_seconds, time_error_plot
from eval.run.metrics import mean_with_interval
from rag.answer import clock
from rag.settings import SECRETS

PLOTTED = ("hit@5", "citation_hit", "speaker_right", "verdict_right")
BIGGEST = 3  # losses named in the headline
WEB = re.compile(r"https?://[^\s<>\"'\\]+", re.IGNORECASE)

View = dict[str, Any]


def view_of(result: dict[str, Any], comparison: Comparison | None, checked: Sequence[LimitResult]) -> View:
    """What the template asks for, by the names it uses."""
    return {
        "headline": headline(result),
        "keys": [_cell(metric, result["metrics"]["all"][metric]) | {"name": metric} for metric in key_metrics(result)],
        "groups": [group for name in GROUPS if (group := _group(name, result["metrics"])) is not None],
        "cost": _cost(result),
        "plots": _plots(result),
        "verdicts": _verdicts(result["verdicts"]),
        "lost": _lost(result["questions"]),
        "kinds": [
            (kind, kind_name(kind)) for kind in dict.fromkeys(r["kind"] for r in result["questions"] if r["stage"])
        ],
        "comparison": _comparison(comparison) if comparison else None,
        "gates": [
            _limit(limit)
            for limit in sorted(checked, key=lambda limit: ("failed", "passed", "skipped").index(limit.status))
        ],
        "gates_failed": sum(limit.status == "failed" for limit in checked),
        "made_by": list(_flat(result["made_by"])),
        "commit": result["made_by"].get("commit") or "unknown",
    }


def headline(result: dict[str, Any]) -> View:
    """What was measured, the share that went right from end to end, and the biggest losses, largest first."""
    made_by, rows = result["made_by"], result["questions"]
    finding_only = bool(made_by.get("finding_only"))
    counted = [row for row in rows if row["metrics"]] if finding_only else rows
    right = sum(row["stage"] is None for row in counted)
    share = mean_with_interval([float(row["stage"] is None) for row in counted]) if counted else None
    lost = Counter(row["stage"] for row in counted if row["stage"])
    library = made_by.get("library") or {}
    questions = made_by.get("questions") or {}
    settings = made_by.get("settings")
    return {
        "set": questions.get("name") or questions.get("file") or "a question set",
        "n": len(counted),
        "unasked": len(rows) - len(counted),
        "skipped": questions.get("skipped") or 0,
        "library": settings.get("library") if isinstance(settings, dict) else None,
        "episodes": library.get("episodes"),
        "passages": library.get("passages"),
        "date": str(made_by.get("date") or "")[:10],
        "finding_only": finding_only,
        "right": right,
        "percent": f"{100 * share['mean']:.0f}\u00a0%" if share else None,
        "interval": f"{100 * share['low']:.0f}–{100 * share['high']:.0f}\u00a0%" if share else None,
        "losses": [{"n": n, "stage": stage, "words": stage_words(stage)} for stage, n in lost.most_common(BIGGEST)],
        "other_losses": sum(lost.values()) - sum(n for _, n in lost.most_common(BIGGEST)),
    }


def key_metrics(result: dict[str, Any]) -> list[str]:
    """The metrics that a page shows first, those of them that the result has, in the order of importance."""
    return [metric for metric in KEY_METRICS if metric in result["metrics"].get("all", {})]


def web_address(url: object) -> str | None:
    """The address where it is one of the web, else None: no other scheme is ever linked to."""
    return url if isinstance(url, str) and WEB.fullmatch(url) else None


def span(start: float | None, end: float | None, error: float | None = None) -> str:
    """`1:03–1:16`, `≈ 1:03–1:16`; "" where there is no time."""
    ends = [clock(seconds, error) for seconds in (start, end) if seconds is not None]
    return "–".join(dict.fromkeys([*ends[:1], *(text.removeprefix("≈ ") for text in ends[1:])]))


def _cell(metric: str, value: dict[str, float]) -> View:
    what = meaning(metric)
    return {
        "label": what.label,
        "what": what.what,
        "better": {1: "higher is better", -1: "lower is better", 0: ""}[what.better],
        "mean": shown(metric, value["mean"]),
        "interval": shown_interval(metric, value["low"], value["high"]),
        "n": value["n"],
    }


def _group(name: str, metrics: dict[str, dict[str, Any]]) -> View | None:
    """One table of the summary: a column for each metric of the group, a row for each kind; None where it is empty."""
    there = dict.fromkeys(metric for values in metrics.values() for metric in values if meaning(metric).group == name)
    columns = [metric for metric in METRICS if metric in there] + [metric for metric in there if metric not in METRICS]
    rows = []
    for kind in sorted(metrics, key=lambda kind: (kind != "all", not is_kind(kind))):
        cells = [_cell(column, metrics[kind][column]) if column in metrics[kind] else None for column in columns]
        if any(cells):
            rows.append({"kind": kind_name(kind), "all": kind == "all", "cells": cells})
    if not rows:
        return None
    heads = [_cell(column, {"mean": 0, "low": 0, "high": 0, "n": 0}) | {"name": column} for column in columns]
    return {"name": name, "asks": GROUPS[name], "columns": heads, "rows": rows}


def _cost(result: dict[str, Any]) -> View:
    """Seconds by stage, and tokens and money where a model was asked."""
    rows, quantiles = result["questions"], result["quantiles"].get("all", {})
    stages = [
        {
            "name": SECONDS[name],
            "p50": short_seconds(q["p50"]),
            "p95": short_seconds(q["p95"]) if "p95" in q else "",
            "n": q["n"],
        }
        for name in SECONDS
        if (q := quantiles.get(name)) and seconds_of(rows, name)
    ]
    tokens = [row["tokens"] for row in rows if row.get("tokens")]
    costs = [row["cost"] for row in rows if row.get("cost") is not None]
    facts = []
    if tokens:
        facts = [
            (
                f"{way.capitalize()} tokens a question",
                f"{sum(t.get(way) or 0 for t in tokens) / len(tokens):,.0f}",
                len(tokens),
            )
            for way in ("input", "output")
        ]
    if costs:
        facts.append(("Cost in all", f"{sum(costs):.4f}", len(costs)))
    return {"stages": stages, "facts": facts}


def _plots(result: dict[str, Any]) -> View:
    rows = result["questions"]
    return {
        "kinds": [
            {"name": metric, "label": meaning(metric).label, "what": meaning(metric).what, "svg": svg}
            for metric in PLOTTED
            if (svg := kinds_plot(result["metrics"], metric))
        ],
        "risk": risk_coverage_plot(result.get("risk_coverage")),
        "area": f"{result['risk_coverage']['area']:.3f}" if (result.get("risk_coverage") or {}).get("points") else None,
        "latency": latency_plot(rows, result["quantiles"].get("all", {})),
        "time": time_error_plot(rows),
        "time_quantiles": _time_quantiles(result["quantiles"].get("all", {}).get("start_error_s")),
    }


def _time_quantiles(quantiles: dict[str, float] | None) -> str:
    if not quantiles:
        return ""
    shares = {"p50": "half", "p90": "nine in ten", "p95": "nineteen in twenty"}
    return ", ".join(f"{words} within {quantiles[p]:.1f} s" for p, words in shares.items() if p in quantiles)


def _verdicts(counts: dict[str, dict[str, int]]) -> View | None:
    """Expected by row, got by column; None where nothing was answered."""
    got = dict.fromkeys(verdict for row in counts.values() for verdict in row)
    columns = [verdict for verdict in VERDICTS if verdict in got or verdict in counts]
    columns += [verdict for verdict in got if verdict not in VERDICTS]
    if not got:
        return None
    rows = []
    for expected in [*(v for v in VERDICTS if v in counts), *(v for v in counts if v not in VERDICTS)]:
        total = sum(counts[expected].values())
        cells = [
            {"n": n, "share": f"{100 * n / total:.0f} %" if n else "", "right": verdict == expected}
            for verdict in columns
            for n in [counts[expected].get(verdict, 0)]
        ]
        rows.append({"name": VERDICTS.get(expected, expected), "n": total, "cells": cells})
    return {"columns": [VERDICTS.get(verdict, verdict) for verdict in columns], "rows": rows}


def _lost(rows: Sequence[dict[str, Any]]) -> list[View]:
    """The questions that went wrong by the stage that lost them, in the order of the stages."""
    by_stage: dict[str, list[View]] = defaultdict(list)
    for row in rows:
        if row["stage"]:
            by_stage[row["stage"]].append(_question(row))
    known = [stage for stage in STAGES if stage in by_stage]
    stages = sorted(
        [*known, *(stage for stage in by_stage if stage not in STAGES)], key=lambda stage: -len(by_stage[stage])
    )
    return [{"stage": stage, "words": stage_words(stage), "questions": by_stage[stage]} for stage in stages]


def _question(row: dict[str, Any]) -> View:
    places = [*(row.get("found") or ()), *(row.get("citations") or ())]
    titles = {place["episode"]: place.get("title") for place in places}
    return {
        "id": row["id"],
        "kind": row["kind"],
        "kind_name": kind_name(row["kind"]),
        "half": row.get("half"),
        "question": row["question"],
        "asked": row.get("asked") if row.get("asked") != row["question"] else None,
        "history": row.get("history") or [],
        "filters": [(name, value) for name, value in (row.get("filters") or {}).items() if value is not None],
        "expected": VERDICTS.get(row.get("expected") or "", row.get("expected")),
        "verdict": VERDICTS.get(row.get("verdict") or "", row.get("verdict")),
        "speaker": row.get("speaker"),
        "confidence": None if row.get("confidence") is None else f"{row['confidence']:.2f}",
        "gold": [
            {
                "episode": titles.get(place["episode"]) or place["episode"],
                "time": span(place.get("start"), place.get("end")),
                "text": place.get("text"),
            }
            for place in row.get("gold") or ()
        ],
        "reference": row.get("reference"),
        "answer": row.get("answer"),
        "citations": [_citation(citation) for citation in row.get("citations") or ()],
        "found": [_passage(place) for place in row.get("found") or ()],
        "any_relevant": any(place.get("relevant") for place in row.get("found") or ()),
        "error": row.get("error"),
    }


def _citation(citation: dict[str, Any]) -> View:
    return {
        "n": citation.get("n"),
        "quote": citation["quote"],
        "speaker": citation.get("speaker"),
        "role": citation.get("role") if citation.get("role") != "unknown" else None,
        "title": citation.get("title") or citation["episode"],
        "time": span(citation.get("start"), citation.get("end"), citation.get("time_error")),
        "url": web_address(citation.get("url")),
        "right": bool(citation.get("right")),
        "check": citation.get("check"),
    }


def _passage(place: dict[str, Any]) -> View:
    return {
        "title": place.get("title") or place["episode"],
        "time": span(place.get("start"), place.get("end")),
        "score": None if place.get("score") is None else f"{place['score']:.2f}",
        "words": place.get("words"),
        "right": bool(place.get("relevant")),
    }


def _comparison(comparison: Comparison) -> View:
    metrics = [m for m in KEY_METRICS if any(d.metric == m for d in comparison.differences)]
    kinds = [kind for kind in dict.fromkeys(d.kind for d in comparison.differences) if kind != "all"]
    return {
        "new": comparison.new_name,
        "old": comparison.old_name,
        "n": comparison.n,
        "only": [(side, ids) for side, ids in (("new", comparison.only_new), ("old", comparison.only_old)) if ids],
        "rows": [_difference(d) for d in comparison.differences if d.kind == "all"],
        "untested": [
            {
                "label": meaning(u.metric).label,
                "old": "not measured" if u.old is None else shown(u.metric, u.old),
                "new": "not measured" if u.new is None else shown(u.metric, u.new),
                "mean": "" if u.old is None or u.new is None else shown_difference(u.metric, u.new - u.old),
            }
            for u in comparison.untested
            if u.kind == "all"
        ],
        "metrics": [meaning(metric).label for metric in metrics],
        "kinds": [
            {
                "name": kind_name(kind),
                "cells": [_difference(d) if (d := comparison.difference(kind, metric)) else None for metric in metrics],
            }
            for kind in kinds
        ],
        "changed": list(_changes(comparison)),
    }


def _difference(d: Any) -> View:
    return {
        "label": meaning(d.metric).label,
        "n": d.n,
        "old": shown(d.metric, d.old),
        "new": shown(d.metric, d.new),
        "mean": shown_difference(d.metric, d.mean),
        "interval": interval_of(d),
        "p": shown_p(d.p),
        "p_holm": None if d.p_holm is None else shown_p(d.p_holm),
        "told": summary(d),
    }


def _changes(comparison: Comparison) -> Iterable[View]:
    """Won and lost questions by metric, the lost first."""
    for metric in dict.fromkeys(change.metric for change in comparison.changed):
        for won in (False, True):
            changes = [c for c in comparison.changed if c.metric == metric and c.won is won]
            if changes:
                rows = [
                    {
                        "id": c.id,
                        "kind": kind_name(c.kind),
                        "question": c.question,
                        "verdicts": [VERDICTS.get(v or "", v or "no verdict") for v in (c.old_verdict, c.new_verdict)],
                        "stages": [stage_words(s)[0] if s else "nothing lost" for s in (c.old_stage, c.new_stage)],
                    }
                    for c in changes
                ]
                yield {"won": won, "label": meaning(metric).label, "rows": rows}


def _limit(result: LimitResult) -> View:
    limit = result.limit
    name = f"{meaning(limit.metric).label}, {kind_name(limit.kind)}"
    return {"status": result.status, "name": name, "asked": limit.bounds, "words": result.words, "why": limit.why}


def _flat(value: dict[str, Any], above: str = "") -> Iterable[tuple[str, str]]:
    """Every fact of what made a result, with its path: `settings, library`. A secret's value is never shown: a result that an
    older version wrote may hold one."""
    for key, inner in value.items():
        path = f"{above}, {key}" if above else str(key)
        if isinstance(inner, dict):
            yield from _flat(inner, path)
        elif inner is None:
            yield path.replace("_", " "), "not set"
        else:
            yield path.replace("_", " "), "set" if key in SECRETS else str(inner)
