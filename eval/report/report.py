"""A result as a page for people and as a table for a pull request.

    write_report(result, Path("report"))  ->  report/report.html, report/table.md

The page is one file that asks nobody for anything. All text in it that comes from a result is escaped by the template,
and a Content-Security-Policy lets no other script run than the one in `report.js`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.report.compare import Comparison, comparison_table
from eval.report.limits import LimitResult, limits_table
from eval.report.metric_words import kind_name, markdown, shown, shown_interval
from eval.report.view import headline, key_metrics, view_of
from index.plain import visible

HERE = Path(__file__).parent


def write_report(
    result: dict[str, Any],
    folder: Path,
    *,
    comparison: Comparison | None = None,
    limits: Sequence[LimitResult] = (),
) -> Path:
    """Write `report.html` and `table.md` into the folder, which is made where it isn't there. Returns the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "report.html"
    # A transcript may hold halves of letters that UTF-8 can't write.
    page.write_bytes(report_html(result, comparison=comparison, limits=limits).encode("utf-8", "replace"))
    (folder / "table.md").write_bytes(
        report_table(result, comparison=comparison, limits=limits).encode("utf-8", "replace")
    )
    return page


def report_html(
    result: dict[str, Any], *, comparison: Comparison | None = None, limits: Sequence[LimitResult] = ()
) -> str:
    """The page as one string."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    script = (HERE / "report.js").read_text(encoding="utf-8")
    view = view_of(result, comparison, limits)
    for plot in view["plots"]["kinds"]:
        plot["svg"] = Markup(plot["svg"])  # written by ElementTree: every word in it is escaped
    for name in ("risk", "latency", "time"):
        view["plots"][name] = view["plots"][name] and Markup(view["plots"][name])
    html = environment.get_template("report.html.j2").render(
        view,
        style=Markup((HERE / "report.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    return visible(html)  # a question set says what it likes


def report_table(
    result: dict[str, Any], *, comparison: Comparison | None = None, limits: Sequence[LimitResult] = ()
) -> str:
    """The key metrics by kind as Markdown, with intervals and counts; then the limits and the comparison, if any."""
    said = headline(result)
    metrics = key_metrics(result)
    lines = [
        f"**{said['right']} of {said['n']}** questions of {markdown(said['set'])} went right from end to end"
        + (f" ({said['percent']}, 95 % interval {said['interval']})." if said["percent"] else "."),
    ]
    lines += [f"- {loss['n']} {markdown(loss['words'][0])}" for loss in said["losses"]]
    lines += ["", f"| kind | n | {' | '.join(metrics)} |", "|---|--:|" + "---|" * len(metrics)]
    for kind, values in result["metrics"].items():
        cells = [_cell(metric, values[metric]) if metric in values else "" for metric in metrics]
        n = max((value["n"] for value in values.values()), default=0)
        lines.append(f"| {markdown(kind_name(kind))} | {n} | {' | '.join(cells)} |")
    lines += ["", "Each cell: mean (95 % interval), n the questions that it is over."]
    parts = ["\n".join(lines) + "\n"]
    if limits:
        parts.append("### Gates\n\n" + limits_table(limits))
    if comparison:
        parts.append("### Against the older result\n\n" + comparison_table(comparison))
    return "\n".join(parts)


def _cell(metric: str, value: dict[str, float]) -> str:
    interval = shown_interval(metric, value["low"], value["high"])
    return f"{shown(metric, value['mean'])} ({interval}), n {value['n']}"
