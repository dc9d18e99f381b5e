"""The HTML of the Library and Evaluate screens, finished for `gr.HTML(value=…)`; the markup is in `evaluate.html.j2`.

Knows nothing of Gradio.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from index.library import EpisodeSummary
from rag.answer import clock
from ui.shared.html import LOCAL_AUDIO, counted, day, duration, notice
from ui.shared.templates import TEMPLATE_CHARACTERS, macros
from ui.words.evaluate import COLUMNS, SPEAKER_SOURCES, TIME_SOURCES, said

Cells = Sequence[object]  # text, or Markup from another macro

HTML = macros("staff/evaluate.html.j2", said=said, notice=notice)


def table(name: str, columns: Sequence[str], rows: Iterable[Cells], *, narrow: bool = False) -> Markup:
    """A table whose first column names the row. It scrolls by itself where it is too wide."""
    return HTML.table(name, columns, rows, narrow)


def chart(title: str, svg: str | None) -> Markup:
    """A chart under its title; nothing where there is none. In the SVG only words are anybody's: they are escaped in it,
    and here what Gradio's template could take for code."""
    return HTML.chart(title, Markup(svg.translate(TEMPLATE_CHARACTERS))) if svg else Markup()


def charts(shown: Iterable[tuple[str, str | None]], nothing: str) -> Markup:
    """Those charts that there are, or a line instead."""
    figures = [chart(title, svg) for title, svg in shown if svg]
    return HTML.charts(figures) if figures else notice(nothing)


# ---- Library


def episodes_table(summaries: Sequence[EpisodeSummary], problems: Mapping[str, Sequence[str]]) -> Markup:
    """The library's episodes, a row each. `problems`: by an episode's id, beside what was mended when it was read."""
    if not summaries:
        return notice(said("library_empty"))
    return table(said("episodes"), COLUMNS, (_episode_row(s, problems.get(s.id, ())) for s in summaries))


def _episode_row(summary: EpisodeSummary, problems: Sequence[str]) -> Cells:
    return (
        HTML.titled(summary.title, f"{summary.show} · {summary.id}"),
        day(summary.date) or said("no_date"),
        HTML.people(summary.people),
        clock(summary.duration) or said("no_length"),
        summary.format,
        ", ".join(SPEAKER_SOURCES[source] for source in summary.speaker_sources),
        ", ".join(TIME_SOURCES[source] for source in summary.time_sources) or said("no_times"),
        f"{summary.passages:,}",
        HTML.problems([problem for problem in (*summary.mended, *problems) if problem]),
    )


def drafts_table(rows: Sequence[tuple[str, str, str]]) -> Markup:
    """Files on their way in: (name, kind, state in words); the kinds are waiting, ready, saved and refused."""
    return HTML.drafts([(name, HTML.state(kind, state)) for name, kind, state in rows]) if rows else Markup()


def preview(turns: Sequence[tuple[str, str, str]]) -> Markup:
    """The first turns of a draft: (time, speaker, words)."""
    return HTML.preview(turns) if turns else Markup()


# ---- Evaluate


def progress(done: int, of: int, line: str) -> Markup:
    """A bar with its words; `of` 0: how many there are isn't known yet."""
    return HTML.progress(done, of, line)


def figures(view: dict[str, Any], key: str) -> Markup:
    """The headline, the key figures and each group of metrics by kind, of the run with that key."""
    head = view["headline"]
    share = f" ({head['percent']}, {said('interval')} {head['interval']})" if head["percent"] else ""
    keys = table(
        said("keys"),
        (said("figure"), said("mean"), said("interval"), said("questions")),
        [(HTML.titled(key["label"], key["what"]), key["mean"], key["interval"], key["n"]) for key in view["keys"]],
    )
    groups = [(group, _group(group)) for group in view["groups"]]
    return HTML.figures(key, said("went_right", right=head["right"], n=head["n"]) + share, keys, groups)


def _group(group: dict[str, Any]) -> Markup:
    columns = (said("kind"), *(column["label"] for column in group["columns"]))
    rows = [(row["kind"], *(_figure(cell) for cell in row["cells"])) for row in group["rows"]]
    return table(group["name"], columns, rows)


def _figure(cell: dict[str, Any] | None) -> Markup:
    return HTML.titled(cell["mean"], f"n {cell['n']}") if cell else Markup()


def plots(view: dict[str, Any]) -> Markup:
    """The plots of a run, those that there are."""
    drawn = view["plots"]
    shown = [(plot["label"], plot["svg"]) for plot in drawn["kinds"]]
    shown += [(said("risk"), drawn["risk"]), (said("latency"), drawn["latency"]), (said("time_error"), drawn["time"])]
    return charts(shown, "")


def opened(question: dict[str, Any], stage: str, found: Sequence[Markup], cited: Sequence[Markup]) -> Markup:
    """A question that went wrong: what was expected and what came back. `found`, `cited`: from `passage`."""
    facts = [
        (said("expected"), question["expected"]),
        (said("got"), question["verdict"]),
        (said("stage"), stage),
        (said("answer"), question["answer"] or question["error"]),
    ]
    gold = [[part for part in (place["episode"], place["time"], place["text"]) if part] for place in question["gold"]]
    return HTML.opened(question["question"], [fact for fact in facts if fact[1]], gold, found, cited)


def passage(
    name: str, title: str, words: str, *, right: bool, span: tuple[float | None, float | None], source: str | None
) -> Markup:
    """A passage that was found or cited, with a button that plays it where there is audio (`source`) and a time."""
    return HTML.passage(name, title, words, right, *span, source, clock(span[0]))


def comparison(view: dict[str, Any]) -> Markup:
    """Two runs beside each other: every metric with its difference, and the questions won and lost."""
    names = (
        said("figure"),
        said("old"),
        said("new"),
        said("difference"),
        said("interval"),
        said("told"),
        said("questions"),
    )
    cells = ("label", "old", "new", "mean", "interval", "told", "n")
    sheet = table(said("compare"), names, [[row[cell] for cell in cells] for row in view["rows"]])
    changes = [(_change(change), change["rows"]) for change in view["changed"]]
    return HTML.comparison(f"{view['new']} / {view['old']}: {counted(view['n'], 'question')}", sheet, changes)


def _change(change: dict[str, Any]) -> str:
    what = said("won" if change["won"] else "lost_ones")
    return said("changed", what=what, metric=change["label"], n=len(change["rows"]))


def local_audio(episode: str) -> str:
    """The page's own address for an episode's audio. Staff pages lie a folder deeper, so it begins at the root."""
    from urllib.parse import quote

    return "/" + LOCAL_AUDIO + quote(episode, safe="")


def library_lead(summaries: Sequence[EpisodeSummary]) -> str:
    """`7 episodes, 64 minutes, from 2 shows.` as plain text."""
    seconds = sum(summary.duration or 0.0 for summary in summaries)
    return said(
        "library_lead",
        episodes=counted(len(summaries), "episode"),
        duration=duration(seconds) or said("no_length"),
        shows=counted(len({summary.show for summary in summaries}), "show"),
    )
