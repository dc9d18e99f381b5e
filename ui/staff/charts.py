"""The Library screen's charts, drawn as `eval/report/plots.py` draws: SVG in the page's own colours and font."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from eval.report.metric_words import one_line
from eval.report.plots import ACCENT, INK, LONGEST_KIND, drawn
from index.library import EpisodeSummary
from ui.words.evaluate import said

MOST_PEOPLE = 10  # bars; the rest is one more
MOST_MONTHS = 36  # with more between the first and the last, years are counted


def spoken_chart(summaries: Sequence[EpisodeSummary]) -> str | None:
    """Minutes spoken by person, most first; None where no speaking time is known."""
    seconds: Counter[str] = Counter()
    for summary in summaries:
        for person in summary.people:
            seconds[person.name] += person.seconds or 0.0  # type: ignore[assignment]
    ranked = [(name, spoken / 60) for name, spoken in seconds.most_common() if spoken > 0]
    if not ranked:
        return None
    bars = ranked[:MOST_PEOPLE]
    rest = ranked[MOST_PEOPLE:]
    if rest:
        bars.append((said("others", n=len(rest)), sum(minutes for _, minutes in rest)))

    def draw(axes: Any) -> None:
        _bars(axes, bars, said("hours"))
        axes.invert_yaxis()

    told = "; ".join(f"{name} {minutes:.0f}" for name, minutes in bars)
    return drawn(draw, 0.7 + 0.3 * len(bars), "spoken", f"{said('chart_people')}, in minutes: {told}.")


def episodes_chart(summaries: Sequence[EpisodeSummary]) -> str | None:
    """Episodes by month, or by year where they span many; None where no date is known."""
    dates = sorted(summary.date for summary in summaries if summary.date and len(summary.date) >= 7)
    if not dates:
        return None
    first, last = dates[0], dates[-1]
    months = (int(last[:4]) - int(first[:4])) * 12 + int(last[5:7]) - int(first[5:7])
    letters = 4 if months > MOST_MONTHS else 7
    counts = Counter(date[:letters] for date in dates)
    spans = [str(year) for year in range(int(first[:4]), int(last[:4]) + 1)]
    if letters == 7:
        spans = [f"{year}-{month:02}" for year in spans for month in range(1, 13)]
        spans = [span for span in spans if first[:7] <= span <= last[:7]]

    def draw(axes: Any) -> None:
        axes.bar(range(len(spans)), [counts[span] for span in spans], color=ACCENT, width=0.7)
        step = max(1, -(-len(spans) // 6))
        axes.set_xticks(range(0, len(spans), step), spans[::step])
        axes.tick_params(axis="x", labelcolor=INK)
        axes.set_ylabel(said("count"))
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.grid(visible=False, axis="x")

    told = "; ".join(f"{span} {counts[span]}" for span in spans if counts[span])
    return drawn(draw, 2.4, "episodes", f"{said('chart_episodes')}: {told}.")


def _bars(axes: Any, bars: Sequence[tuple[str, float]], label: str) -> None:
    most = max(value for _, value in bars)
    axes.barh(range(len(bars)), [value for _, value in bars], color=ACCENT, height=0.62)
    for row, (_, value) in enumerate(bars):
        axes.text(value + most * 0.02, row, f"{value:,.0f}" if value >= 10 else f"{value:.1f}", va="center", color=INK)
    axes.set_yticks(range(len(bars)), [one_line(name, LONGEST_KIND) for name, _ in bars])
    axes.set_xlim(0, most * 1.15)
    axes.set_xlabel(label)
    axes.grid(visible=False, axis="y")
