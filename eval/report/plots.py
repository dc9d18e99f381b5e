"""Plots of a result as SVG to stand inside an HTML page: its fonts, and its colours by CSS variables, light and dark.

Each function returns the SVG as text, or None where there is nothing to draw. Words from data are text in it, nothing
more: the SVG is read back as XML and written again.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

from eval.report.metric_words import SECONDS, is_kind, kind_name, meaning, one_line, shown

# Drawn in these colours, which nothing else has, and then named after what they are for.
COLOURS = {
    "#010203": "var(--ink)",
    "#010204": "var(--quiet)",
    "#010205": "var(--rule)",
    "#010206": "var(--accent)",
    "#010207": "var(--soft)",
}
INK, QUIET, RULE, ACCENT, SOFT = COLOURS
WIDTH = 5.0  # inches, 360 units: about as wide as a phone, so that its words are not shrunk there
SVG = "http://www.w3.org/2000/svg"
STYLE = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a kind named "$x$" is no formula
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": INK,
    "axes.grid": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}
TIME_BINS = ((1, "up to 1 s"), (3, "1–3 s"), (10, "3–10 s"), (30, "10–30 s"), (60, "30–60 s"), (math.inf, "over 1 min"))
LEAST_SECONDS = 1e-4  # quicker than this is drawn as this: the axis is logarithmic
LONGEST_KIND = 18  # letters of a kind's name beside a plot


def kinds_plot(metrics: dict[str, dict[str, Any]], metric: str) -> str | None:
    """A metric by kind: a dot for the mean, a line for its 95 % interval, all questions first. For shares only."""
    kinds = [(kind, values[metric]) for kind, values in metrics.items() if metric in values and is_kind(kind)]
    if not kinds or meaning(metric).unit != "share":
        return None
    kinds.sort(key=lambda pair: pair[0] != "all")

    def draw(axes: Any) -> None:
        for row, (kind, value) in enumerate(kinds):
            colour = INK if kind == "all" else ACCENT
            axes.plot([100 * value["low"], 100 * value["high"]], [row, row], color=colour, lw=2, solid_capstyle="round")
            axes.plot([100 * value["mean"]], [row], "o", color=colour, ms=7 if kind == "all" else 6)
        names = [one_line(kind_name(kind), LONGEST_KIND) for kind, _ in kinds]
        axes.set_yticks(range(len(kinds)), names)
        axes.set_ylim(len(kinds) - 0.4, -0.6)
        axes.set_xlim(-2, 102)
        axes.set_xticks(range(0, 101, 25), [f"{tick} %" for tick in range(0, 101, 25)])
        axes.grid(visible=False, axis="y")

    description = "; ".join(f"{kind_name(kind)} {shown(metric, value['mean'])}" for kind, value in kinds)
    return drawn(
        draw,
        0.55 + 0.27 * len(kinds),
        f"kinds-{metric}",
        f"{meaning(metric).label}, by kind of question: {description}.",
    )


def risk_coverage_plot(curve: dict[str, Any] | None) -> str | None:
    """How often it would be wrong if only the questions that it is surest of were answered, and the area under that."""
    points = (curve or {}).get("points") or []
    if not points:
        return None
    assert curve is not None
    coverage, risk = [100 * p["coverage"] for p in points], [100 * p["risk"] for p in points]

    def draw(axes: Any) -> None:
        axes.axhline(risk[-1], color=QUIET, lw=1.2, ls=(0, (4, 3)))
        axes.fill_between(coverage, risk, color=SOFT, lw=0, step="post")
        axes.step(coverage, risk, where="post", color=ACCENT, lw=2)
        if len(points) == 1:
            axes.plot(coverage, risk, "o", color=ACCENT)
        axes.set_xlim(0, 100)
        axes.set_ylim(0, max(10, min(100, max(risk) * 1.15)))
        axes.set_xlabel("Share of questions answered, surest first")
        axes.set_ylabel("Share of them wrong")
        _percent(axes.xaxis)
        _percent(axes.yaxis)

    half = next(reversed([share for at, share in zip(coverage, risk, strict=True) if at <= 50]), risk[0])
    description = (
        f"Risk against coverage over {curve['n']} questions: area under the curve {curve['area']:.3f}; "
        f"{half:.0f} % wrong with the surer half answered, {risk[-1]:.0f} % with all."
    )
    return drawn(draw, 3.0, "risk", description)


def latency_plot(rows: Sequence[dict[str, Any]], quantiles: dict[str, Any]) -> str | None:
    """Seconds of each stage: a dot for each question, a bar from the median to p95, both written beside it."""
    seconds = {name: values for name in SECONDS if (values := seconds_of(rows, name))}
    if not seconds:
        return None

    def draw(axes: Any) -> None:
        for row, (name, values) in enumerate(seconds.items()):
            shift = [row + 0.19 + 0.16 * (number * 0.618 % 1) for number in range(len(values))]
            axes.plot([max(LEAST_SECONDS, v) for v in values], shift, ".", color=ACCENT, ms=3.5, alpha=0.45)
            if name in quantiles:
                ends = [max(LEAST_SECONDS, quantiles[name][p]) for p in ("p50", "p95")]
                axes.plot(ends, [row, row], color=INK, lw=2, solid_capstyle="round")
                axes.plot(ends[:1], [row], "o", color=INK, ms=7)
                axes.plot(ends[1:], [row], "|", color=INK, ms=10, mew=2)
        axes.set_xscale("log")
        axes.minorticks_off()
        axes.set_yticks(range(len(seconds)), [SECONDS[name].replace("understanding the ", "") for name in seconds])
        axes.set_ylim(len(seconds) - 0.4, -0.5)
        ticks = [10.0**power for power in range(-4, 4)]
        most = max(v for values in seconds.values() for v in values)
        axes.set_xlim(LEAST_SECONDS / 1.5, max(most, 0.01) * 1.6)
        axes.set_xticks([t for t in ticks if t <= max(most, 0.01) * 1.6])
        axes.xaxis.set_major_formatter(lambda value, _: short_seconds(value))
        axes.grid(visible=False, axis="y")

    description = "; ".join(
        f"{SECONDS[name]} {short_seconds(quantiles[name]['p50'])} and {short_seconds(quantiles[name]['p95'])}"
        for name in seconds
        if name in quantiles
    )
    return drawn(
        draw,
        0.6 + 0.5 * len(seconds),
        "latency",
        f"Time for a question by stage, median and 95th percentile: {description}.",
    )


def time_error_plot(rows: Sequence[dict[str, Any]]) -> str | None:
    """How far from the answer's first second the quotes start, in six bins."""
    errors = [row["start_error_s"] for row in rows if row.get("start_error_s") is not None]
    if not errors:
        return None
    edges = [-math.inf, *(end for end, _ in TIME_BINS)]
    counts = [sum(low < error <= high for error in errors) for low, high in pairwise(edges)]

    def draw(axes: Any) -> None:
        axes.barh(range(len(counts)), counts, color=ACCENT, height=0.62)
        for row, count in enumerate(counts):
            axes.text(count + max(counts) * 0.02, row, str(count), va="center", color=INK)
        axes.set_yticks(range(len(counts)), [name for _, name in TIME_BINS])
        axes.invert_yaxis()
        axes.set_xlim(0, max(counts) * 1.12)
        axes.set_xlabel("Questions")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(visible=False, axis="y")

    description = "; ".join(f"{name}: {count}" for (_, name), count in zip(TIME_BINS, counts, strict=True))
    return drawn(draw, 0.7 + 0.3 * len(counts), "time", f"How far off quotes start, in questions: {description}.")


def seconds_of(rows: Sequence[dict[str, Any]], name: str) -> list[float]:
    """Seconds of a stage over the questions that have it, in order; `seconds_total` is the sum of a question's stages."""
    stage = name.removeprefix("seconds_")
    found = []
    for row in rows:
        stages = {key: value for key, value in (row.get("seconds") or {}).items() if value is not None}
        if stage == "total" and stages:
            found.append(stages.get("total") or sum(value for key, value in stages.items() if key != "total"))
        elif stage in stages:
            found.append(stages[stage])
    return found


def short_seconds(seconds: float) -> str:
    """`0.3 ms`, `12 ms`, `1.4 s`: two digits, more where they stand before the point."""
    number, unit = (seconds * 1000, "ms") if seconds < 1 else (seconds, "s")
    return f"{number:.1f} {unit}".replace(".0 ", " ") if number < 10 else f"{number:.0f} {unit}"


def _percent(axis: Any) -> None:
    axis.set_major_formatter(lambda value, _: f"{value:.0f} %")


def drawn(draw: Callable[[Any], None], height: float, name: str, description: str) -> str:
    """The drawing as an SVG that is named by its description. `height` in inches; `name` makes the ids in it its own."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    buffer = io.BytesIO()
    style: Any = {**STYLE, "svg.hashsalt": name}
    with rc_context(style), warnings.catch_warnings():
        # The page's font draws the words, and may well have the letters that the one measured with lacks.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        figure = Figure((WIDTH, height), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        draw(axes)
        axes.tick_params(length=0, pad=6)
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return _for_page(buffer.getvalue(), name, description)


def _for_page(svg: bytes, name: str, description: str) -> str:
    """Without header, metadata and styles that reach beyond it; with its own ids and the page's colours and font."""
    root = ElementTree.fromstring(svg)
    for child in list(root):
        if child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style"):
            root.remove(child)
    for element in root.iter():
        _own(element, name)
    for defs in root.iter(f"{{{SVG}}}defs"):
        for child in list(defs):
            if child.tag == f"{{{SVG}}}style":
                defs.remove(child)
    box = root.get("viewBox", "")
    root.attrib.clear()
    root.attrib |= {"viewBox": box, "role": "img", "aria-label": one_line(description, 2000), "class": "plot"}
    ElementTree.register_namespace("", SVG)
    return ElementTree.tostring(root, encoding="unicode")


def _own(element: ElementTree.Element, name: str) -> None:
    for key, value in list(element.attrib.items()):
        if key == "id":
            element.set("id", f"{name}-{value}")
        elif key.endswith("}href"):
            del element.attrib[key]
            element.set("href", f"#{name}-{value.removeprefix('#')}")
        elif key == "style":
            element.set("style", _style(value))
        elif "url(#" in value:
            element.set(key, value.replace("url(#", f"url(#{name}-"))


def _style(style: str) -> str:
    kept = []
    for rule in style.split(";"):
        key, _, value = rule.strip().partition(":")
        if key == "font":
            # "11px 'DejaVu Sans', …": the size stays, the family is the page's.
            kept.append(f"font-size: {next(word for word in value.split() if word.endswith('px'))}")
        elif key and not key.startswith("font-family"):
            kept.append(f"{key}: {COLOURS.get(value.strip(), value.strip())}")
    return "; ".join(kept)
