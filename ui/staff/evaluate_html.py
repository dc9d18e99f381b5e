"""The HTML of the Library and Evaluate screens: finished, escaped strings for `gr.HTML(value=…)`.

Every word that comes from a file, a set or a result goes through the one `escaped` of `ui/shared/html.py`. Knows nothing of
Gradio.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from index.library import EpisodeSummary
from rag.answer import clock
from ui.shared.html import LOCAL_AUDIO, counted, day, duration
from ui.shared.templates import TEMPLATE_CHARACTERS, escaped
from ui.words.evaluate import COLUMNS, SPEAKER_SOURCES, TIME_SOURCES, said

Cells = Sequence[str]


def heading(title: str, lead: str) -> str:
    return f'<div class="screen"><h1>{escaped(title)}</h1><p>{escaped(lead)}</p></div>'


def section(title: str, lead: str = "") -> str:
    about = f"<p>{escaped(lead)}</p>" if lead else ""
    return f'<div class="section"><h2>{escaped(title)}</h2>{about}</div>'


def notice(line: str, *, problem: bool = False) -> str:
    """One line that is read out when it changes; an empty one takes no room."""
    if not line:
        return ""
    kind = 'class="problem" role="alert"' if problem else 'class="notice" role="status"'
    return f"<p {kind}>{escaped(line)}</p>"


def table(name: str, columns: Sequence[str], rows: Iterable[Cells], *, narrow: bool = False) -> str:
    """A table whose cells are finished HTML; its first column names the row. It scrolls by itself where it is too wide."""
    heads = "".join(f'<th scope="col">{escaped(column)}</th>' for column in columns)
    lines = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>' for first, *rest in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escaped(name)}"><table class="sheet'
        f'{" narrow" if narrow else ""}"><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>'
    )


def chart(title: str, svg: str | None) -> str:
    """A chart under its title; nothing where there is none. In the SVG only words are anybody's: they are escaped in it,
    and here what Gradio's template could take for code."""
    if not svg:
        return ""
    return (
        f'<figure class="chart"><figcaption>{escaped(title)}</figcaption>{svg.translate(TEMPLATE_CHARACTERS)}</figure>'
    )


def charts(shown: Iterable[tuple[str, str | None]], nothing: str) -> str:
    figures = "".join(chart(title, svg) for title, svg in shown)
    return f'<div class="charts">{figures}</div>' if figures else notice(nothing)


# ---- Library


def episodes_table(summaries: Sequence[EpisodeSummary], problems: dict[str, Sequence[str]]) -> str:
    if not summaries:
        return notice(said("library_empty"))
    return table(said("episodes"), COLUMNS, (_episode_row(s, problems.get(s.id, ())) for s in summaries))


def _episode_row(summary: EpisodeSummary, problems: Sequence[str]) -> Cells:
    people = "<br>".join(
        f"{escaped(person.name)}"
        + (f' <span class="quiet">{escaped(person.role)}</span>' if person.role != "unknown" else "")
        for person in summary.people
    )
    found = [problem for problem in (*summary.mended, *problems) if problem]
    listed = "".join(f"<li>{escaped(problem)}</li>" for problem in found)
    return (
        f'{escaped(summary.title)}<span class="quiet">{escaped(summary.show)} · {escaped(summary.id)}</span>',
        escaped(day(summary.date) or said("no_date")),
        people,
        escaped(clock(summary.duration) or said("no_length")),
        escaped(summary.format),
        escaped(", ".join(SPEAKER_SOURCES[source] for source in summary.speaker_sources)),
        escaped(", ".join(TIME_SOURCES[source] for source in summary.time_sources) or said("no_times")),
        escaped(f"{summary.passages:,}"),
        f"<ul>{listed}</ul>" if listed else f'<span class="quiet">{escaped(said("no_problems"))}</span>',
    )


def drafts_table(rows: Sequence[tuple[str, str, str]]) -> str:
    """Files on their way in: (name, kind, state in words); the kinds are waiting, ready, saved and refused."""
    if not rows:
        return ""
    cells = ((escaped(name), f'<span class="{escaped(kind)}">{escaped(state)}</span>') for name, kind, state in rows)
    return f'<div role="status">{table(said("files"), (said("file"), said("state")), cells, narrow=True)}</div>'


def preview(turns: Sequence[tuple[str, str, str]]) -> str:
    """The first turns of a draft: (time, speaker, words)."""
    lines = "".join(
        f'<p><span class="quiet">{escaped(at)}</span> <strong>{escaped(who)}</strong> {escaped(words)}</p>'
        for at, who, words in turns
    )
    return f'<div class="preview"><h3>{escaped(said("preview"))}</h3>{lines}</div>' if lines else ""


# ---- Evaluate


def progress(done: int, of: int, line: str) -> str:
    """A bar with its words; `of` 0: how many there are isn't known yet."""
    share = f' value="{done}" max="{of}"' if of else ""
    return f'<div class="progress" role="status"><progress{share} aria-label="{escaped(line)}"></progress>{escaped(line)}</div>'


def figures(view: dict[str, Any], key: str) -> str:
    """The headline, the key figures and each group of metrics by kind, of the run with that key."""
    head = view["headline"]
    right = said("went_right", right=head["right"], n=head["n"])
    share = f" ({head['percent']}, {said('interval')} {head['interval']})" if head["percent"] else ""
    keys = table(
        said("keys"),
        (said("figure"), said("mean"), said("interval"), said("questions")),
        (
            (
                f'{escaped(key["label"])}<span class="quiet">{escaped(key["what"])}</span>',
                escaped(key["mean"]),
                escaped(key["interval"]),
                escaped(key["n"]),
            )
            for key in view["keys"]
        ),
    )
    groups = "".join(
        f"<details><summary>{escaped(group['name'])}: {escaped(group['asks'])}</summary>"
        + table(
            group["name"],
            (said("kind"), *(column["label"] for column in group["columns"])),
            ((escaped(row["kind"]), *(_figure(cell) for cell in row["cells"])) for row in group["rows"]),
        )
        + "</details>"
        for group in view["groups"]
    )
    headline = f'<p class="headline" data-run="{escaped(key)}">{escaped(right + share)}</p>'
    return f"{headline}{keys}<h3>{escaped(said('by_kind'))}</h3>{groups}"


def _figure(cell: dict[str, Any] | None) -> str:
    return f'{escaped(cell["mean"])}<span class="quiet">n {escaped(cell["n"])}</span>' if cell else ""


def plots(view: dict[str, Any]) -> str:
    drawn = view["plots"]
    shown = [(plot["label"], plot["svg"]) for plot in drawn["kinds"]]
    shown += [(said("risk"), drawn["risk"]), (said("latency"), drawn["latency"]), (said("time_error"), drawn["time"])]
    return charts(shown, "")


def opened(question: dict[str, Any], stage: str, found: Sequence[str], cited: Sequence[str]) -> str:
    """A question that went wrong: what was expected and what came back. `found`, `cited`: finished passages."""
    gold = "".join(
        f"<li>{escaped(' · '.join(part for part in (place['episode'], place['time'], place['text']) if part))}</li>"
        for place in question["gold"]
    )
    facts = [
        (said("expected"), escaped(question["expected"] or "")),
        (said("got"), escaped(question["verdict"] or "")),
        (said("stage"), escaped(stage)),
        (said("answer"), escaped(question["answer"] or question["error"] or "")),
        (said("gold"), f"<ul>{gold}</ul>" if gold else ""),
    ]
    listed = "".join(f"<dt>{escaped(name)}</dt><dd>{value}</dd>" for name, value in facts if value)
    return (
        f'<article class="opened"><h3>{escaped(question["question"])}</h3><dl>{listed}</dl>'
        f"<h4>{escaped(said('found'))}</h4>{''.join(found) or notice(said('nothing_found'))}"
        f"<h4>{escaped(said('cited'))}</h4>{''.join(cited) or notice(said('nothing_cited'))}</article>"
    )


def passage(
    name: str, title: str, words: str, *, right: bool, span: tuple[float | None, float | None], source: str | None
) -> str:
    """A passage that was found or cited, with a button that plays it where there is audio (`source`) and a time."""
    at = clock(span[0])
    play = ""
    if source and span[0] is not None and span[1] is not None:
        play = (
            f'<button type="button" class="play" data-src="{escaped(source)}" data-start="{span[0]:.3f}" '
            f'data-end="{span[1]:.3f}" data-title="{escaped(title)}" data-card="{escaped(name)}" data-who="{escaped(title)}" '
            f'aria-label="Play {escaped(title)} at {escaped(at)}"><span class="icon" aria-hidden="true"></span>'
            f"{escaped(at)}</button>"
        )
    mark = escaped(said("is_gold") if right else said("is_not_gold"))
    return (
        f'<section class="place {"right" if right else "wrong"}" id="{escaped(name)}" tabindex="-1" aria-label="{escaped(title)}">'
        f'<p><strong>{escaped(title)}</strong> <span class="quiet">{escaped(at)} · {mark}</span></p>'
        f"<blockquote>{escaped(words)}</blockquote>{play}</section>"
    )


def comparison(view: dict[str, Any]) -> str:
    """Two runs beside each other: every metric with its difference, and the questions won and lost."""
    rows = (
        (escaped(row["label"]), escaped(row["old"]), escaped(row["new"]), escaped(row["mean"]), escaped(row["interval"]),
         escaped(row["told"]), escaped(row["n"]))
        for row in view["rows"]
    )  # fmt: skip
    names = (
        said("figure"),
        said("old"),
        said("new"),
        said("difference"),
        said("interval"),
        said("told"),
        said("questions"),
    )
    changes = "".join(
        "<details><summary>"
        + escaped(
            said(
                "changed",
                what=said("won") if change["won"] else said("lost_ones"),
                metric=change["label"],
                n=len(change["rows"]),
            )
        )
        + "</summary><ul>"
        + "".join(
            f"<li>{escaped(row['question'])} <span class='quiet'>{escaped(' → '.join(row['verdicts']))}</span></li>"
            for row in change["rows"]
        )
        + "</ul></details>"
        for change in view["changed"]
    )
    head = f"{view['new']} / {view['old']}: {counted(view['n'], 'question')}"
    return f'<p class="headline">{escaped(head)}</p>{table(said("compare"), names, rows)}{changes}'


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
