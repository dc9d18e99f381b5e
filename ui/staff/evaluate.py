"""Evaluate: run a set of questions, see what went wrong and hear it, compare two runs, make questions of feedback. For staff.

`evaluate_screen` lays it out and wires it; sets and runs are in `ui/staff/runs.py`, the figures come from `eval/`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.processing_utils import save_file_to_cache
from gradio.utils import get_upload_folder
from markupsafe import Markup

from eval.report.compare import compare
from eval.report.report import report_html
from eval.report.view import view_of
from index.errors import VerbatimError
from index.library import Library
from index.library.feedback import Feedback
from index.web import web_address
from rag.assistant import Assistant
from ui.shared.events import Changes, Outputs, on
from ui.shared.html import counted, duration, heading, notice, section
from ui.staff import evaluate_html as html
from ui.staff import runs
from ui.staff.runs import Runner
from ui.words.evaluate import FEEDBACK_KINDS, VERDICT_NAMES, said

LOOKS_A_SECOND = 2
NOTHING = ""
MOST_PASSAGES_SHOWN = 5
LONGEST_CHOICE = 120  # letters of a question in a list
KIND = "feedback"


def evaluate_screen(page: gr.Blocks, assistant: Assistant) -> None:
    """The screen, inside the Blocks that is open."""
    library, runner = assistant.library, Runner(assistant)
    seen = gr.State("")
    with gr.Column(elem_classes="staff desk", elem_id="evaluate"):
        gr.HTML(heading(said("evaluate"), said("evaluate_lead")))
        with gr.Row():
            which = gr.Dropdown(label=said("set"), elem_id="set")
            limit = gr.Number(
                label=said("limit"), info=said("limit_hint"), value=0, minimum=0, maximum=100_000, precision=0
            )
        finding_only = gr.Checkbox(label=said("finding_only"), elem_id="finding-only")
        with gr.Row():
            run = gr.Button(said("run"), variant="primary", elem_id="run")
            cancel = gr.Button(said("cancel"), elem_id="cancel")
        progress = gr.HTML(elem_id="run-line")
        upload = gr.File(label=said("set_upload"), file_types=[".jsonl"], elem_id="set-upload", height=110)
        set_line = gr.HTML(elem_id="set-line")
        gr.HTML(section(said("result")))
        chosen = gr.Dropdown(label=said("run_choice"), elem_id="run-choice")
        figures = gr.HTML(elem_id="figures")
        report = gr.DownloadButton(said("report"), visible=False, elem_id="report")
        plots = gr.HTML(elem_id="plots")
        gr.HTML(section(said("lost")))
        lost = gr.Dropdown(label=said("lost_choice"), elem_id="lost")
        opened = gr.HTML(elem_id="opened")
        gr.HTML(section(said("compare")))
        against = gr.Dropdown(label=said("compare_with"), elem_id="against")
        compared = gr.HTML(elem_id="compared")
        gr.HTML(section(said("feedback"), said("feedback_lead")))
        feedback = gr.Dropdown(label=said("feedback_choice"), elem_id="feedback")
        question = gr.Textbox(label=said("asked_question"), max_length=2000, elem_id="asked-question")
        with gr.Row():
            verdicts = [(name, verdict) for verdict, name in VERDICT_NAMES.items()]
            verdict = gr.Dropdown(verdicts, value="answered", label=said("right_verdict"))
            speaker = gr.Textbox(label=said("right_speaker"), info=said("right_speaker_hint"), max_length=300)
        with gr.Row():
            episode = gr.Dropdown(label=said("right_episode"))
            start = gr.Number(label=said("right_start"), minimum=0)
            end = gr.Number(label=said("right_end"), minimum=0)
        with gr.Row():
            into = gr.Textbox(label=said("into_set"), info=said("into_set_hint"), value=KIND, max_length=60)
            keep = gr.Button(said("keep_question"), elem_id="keep-question", scale=0)
        kept = gr.HTML(elem_id="kept-line")

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    at_once: dict[str, Any] = {"queue": False, **quiet}
    # Another choice may come before the answer to the last one: it is looked at too.
    chooses: dict[str, Any] = {"trigger_mode": "always_last", **at_once}
    choices = {"which": which, "chosen": chosen, "feedback": feedback, "episode": episode}
    form: Outputs = {
        "question": question,
        "verdict": verdict,
        "speaker": speaker,
        "episode": episode,
        "start": start,
        "end": end,
    }
    result = {
        "seen": seen,
        "figures": figures,
        "plots": plots,
        "report": report,
        "lost": lost,
        "opened": opened,
        "against": against,
        "compared": compared,
    }

    def furnish() -> Changes:
        return furnished(library)

    def begin(name: str | None, most: float | None, only: bool) -> Iterator[str]:
        yield from run_lines(library, runner, name, int(most or 0), only)

    def show(key: str | None, before: str) -> Changes:
        # The run that is shown already is left as it is, and with it what was opened of it.
        return {} if key and key == before else {"seen": key or "", **shown(library, key)}

    def open_(key: str | None, id_: str | None) -> str:
        return opened_question(library, key, id_)

    def versus(key: str | None, old: str | None) -> str:
        return comparison_of(library, key, old)

    def take(path: str | None) -> Changes:
        return set_added(library, path)

    def prefill(number: str | None) -> Changes:
        return prefilled(library, number)

    def add(*typed: Any) -> Changes:
        return question_added(library, *typed)

    began = on(page.load, furnish, None, choices, **at_once)
    on(began.then, show, [chosen, seen], result, **at_once)
    ran = run.click(begin, [which, limit, finding_only], progress, concurrency_limit=4, **quiet)
    told = ran.then(lambda: gr.update(**newest(library)), None, chosen, **at_once)
    on(told.then, show, [chosen, seen], result, **at_once)
    # It tells nothing itself: its answer could come after the last line of the run, and stand there for good.
    cancel.click(runner.cancel, None, None, **at_once)
    on(chosen.input, show, [chosen, seen], result, **chooses)
    lost.input(open_, [chosen, lost], opened, **chooses)
    against.input(versus, [chosen, against], compared, **chooses)
    on(upload.upload, take, upload, {"line": set_line, "which": which, "upload": upload}, **quiet)
    on(feedback.input, prefill, feedback, form, **chooses)
    on(keep.click, add, [*form.values(), into], {"line": kept, "which": which}, **quiet)


def furnished(library: Library) -> Changes:
    """The choices of sets, runs, feedback and episodes as they are now."""
    given = [
        (
            said("feedback_entry", kind=FEEDBACK_KINDS.get(item.kind, item.kind), question=item.question)[
                :LONGEST_CHOICE
            ],
            str(number),
        )
        for number, item in enumerate(feedback_of(library))
    ]
    episodes = [(f"{summary.title} ({summary.show})", summary.id) for summary in library.summaries()]
    return {
        "which": gr.update(**sets(library)),
        "chosen": gr.update(**newest(library)),
        "feedback": gr.update(choices=given, value=None, info=None if given else said("feedback_none")),
        "episode": gr.update(choices=[("", NOTHING), *episodes], value=NOTHING),
    }


def sets(library: Library, *, chosen: str | None = None) -> dict[str, Any]:
    """The sets to choose from, as `gr.update` takes them; chosen is the first that asks about episodes that are here."""
    known = runs.known_sets(library.folder)
    choices = [(said("set_label", name=each.name, n=counted(each.questions, "question")), each.name) for each in known]
    held = {summary.id for summary in library.summaries()}
    fitting = [each.name for each in known if each.episodes & held] or [each.name for each in known]
    return {"choices": choices, "value": chosen or next(iter(fitting), None)}


def newest(library: Library) -> dict[str, Any]:
    """The runs to choose from, with the newest chosen: as `gr.update` takes them."""
    kept = runs.known_runs(library.folder)
    return {"choices": kept, "value": kept[0][1] if kept else None, "info": None if kept else said("no_runs")}


# Running


def run_lines(library: Library, runner: Runner, name: str | None, limit: int, finding_only: bool) -> Iterator[str]:
    """The line under the buttons from the run's beginning to its end. Who leaves the page does not stop the run."""
    known = next((each for each in runs.known_sets(library.folder) if each.name == name), None)
    if known is None:
        yield notice(said("nothing_chosen"), problem=True)
        return
    try:
        runner.start(known, limit=limit, finding_only=finding_only)
    except VerbatimError as error:
        yield notice(str(error), problem=True)
        return
    over = False
    while not over:
        line = said("cancelling") if runner.stopping else said("running", done=runner.done, n=runner.of)
        yield html.progress(runner.done, runner.of, line)
        over = runner.wait(1 / LOOKS_A_SECOND)
    if runner.problem:
        yield notice(runner.problem, problem=True)
    elif runner.cancelled:
        yield notice(said("cancelled", done=runner.done, n=runner.of))
    else:
        seconds = runs.run_of(library.folder, runner.key)["made_by"]["seconds"]
        took = duration(seconds) or "a second"
        yield notice(said("finished", n=counted(runner.of, "question"), seconds=took))


# A result


def shown(library: Library, key: str | None) -> dict[str, Any]:
    """A run's figures, plots, report, lost questions, and what it may be compared with; nothing opened, nothing compared."""
    others = gr.update(
        choices=[
            (said("compare_none"), NOTHING),
            *((named, old) for named, old in runs.known_runs(library.folder) if old != key),
        ],
        value=NOTHING,
    )
    nothing = {
        "figures": notice(said("no_runs")),
        "plots": "",
        "report": gr.update(visible=False),
        "lost": gr.update(choices=[], value=None),
        "opened": "",
        "against": others,
        "compared": "",
    }
    if not key:
        return nothing
    try:
        result = runs.run_of(library.folder, key)
    except VerbatimError as error:
        return nothing | {"figures": notice(str(error), problem=True)}
    view = view_of(result, None, ())
    lost = [
        (f"{stage}: {question['question']}"[:LONGEST_CHOICE], question["id"])
        for stage, question in runs.lost_by_stage(view)
    ]
    return nothing | {
        "figures": html.figures(view, key),
        "plots": html.plots(view),
        "report": gr.update(value=report_file(result, key), visible=True),
        "lost": gr.update(choices=lost, value=None, info=None if lost else said("nothing_lost")),
    }


def report_file(result: dict[str, Any], key: str) -> str:
    """The report of a run as one file to download, where Gradio keeps what it serves: by its content, so once only."""
    with tempfile.TemporaryDirectory(prefix="verbatim-report-") as folder:
        file = Path(folder) / f"report-{key}.html"
        file.write_bytes(report_html(result).encode("utf-8", "replace"))
        return save_file_to_cache(file, get_upload_folder())


def opened_question(library: Library, key: str | None, id_: str | None) -> str:
    """A lost question with the passages that were found and the quotes that were cited, each to be played."""
    if not key or not id_:
        return ""
    try:
        result = runs.run_of(library.folder, key)
    except VerbatimError as error:
        return notice(str(error), problem=True)
    lost = runs.lost_by_stage(view_of(result, None, ()))
    stage, question = next(((stage, q) for stage, q in lost if q["id"] == id_), ("", None))
    row = next((row for row in result["questions"] if row["id"] == id_), None)
    if question is None or row is None:
        return ""
    found = [
        passage_html(library, f"found-{n}", place, words_of(library, place), right=bool(place.get("relevant")))
        for n, place in enumerate(row["found"][:MOST_PASSAGES_SHOWN], start=1)
    ]
    cited = [
        passage_html(library, f"cited-{n}", place, place["quote"], right=bool(place.get("right")))
        for n, place in enumerate(row["citations"], start=1)
    ]
    return html.opened(question, stage, found, cited)


def words_of(library: Library, place: dict[str, Any]) -> str:
    """The words of a passage of a run, from the episode as it is now."""
    try:
        sentences = library.episode(place["episode"]).sentences
    except VerbatimError:
        return said("gone")
    return " ".join(s.text for s in sentences if place["first"] <= s.position <= place["last"])


def passage_html(library: Library, name: str, place: dict[str, Any], words: str, *, right: bool) -> Markup:
    """The HTML of a passage that was expected or found, with its title, time and audio where the episode is still
    here."""
    summary = next((each for each in library.summaries() if each.id == place["episode"]), None)
    source = None
    if summary is not None:
        source = html.local_audio(summary.id) if library.audio_file(summary.id) else web_address(summary.audio)
    title = place.get("title") or place["episode"]
    return html.passage(name, title, words, right=right, span=(place.get("start"), place.get("end")), source=source)


def comparison_of(library: Library, key: str | None, old: str | None) -> str:
    """Two runs beside each other; "" where there is nothing to compare with."""
    if not key or not old:
        return ""
    try:
        new, older = runs.run_of(library.folder, key), runs.run_of(library.folder, old)
        comparison = compare(new, older)
    except VerbatimError as error:
        return notice(said("not_comparable", why=error), problem=True)
    return html.comparison(view_of(new, comparison, ())["comparison"])


# Sets


def set_added(library: Library, path: str | None) -> Changes:
    """Keeps an uploaded set: the line to show, the sets with it chosen, and the emptied box."""
    if not path:
        return {"line": ""}
    try:
        known, asked = runs.add_set(library.folder, Path(path))
    except VerbatimError as error:
        return {"line": notice(str(error), problem=True), "upload": None}
    line = said("set_added", name=known.name, n=counted(known.questions, "question"))
    if asked.skipped:
        line += " " + said("set_skipped", why="; ".join(asked.skipped[:3]))
    return {"line": notice(line), "which": gr.update(**sets(library, chosen=known.name)), "upload": None}


# Feedback


def feedback_of(library: Library) -> list[Feedback]:
    """What listeners said, the latest first."""
    return list(reversed(library.feedback()))


def prefilled(library: Library, number: str | None) -> Changes:
    """The form filled from a piece of feedback: question, verdict, speaker, episode, start, end."""
    given = feedback_of(library)
    if number is None or int(number) >= len(given):
        return {"question": "", "verdict": "answered", "speaker": "", "episode": NOTHING, "start": None, "end": None}
    item = given[int(number)]
    about = about_of(item.about)
    cited = next((c for c in about.get("citations") or () if isinstance(c, dict)), {})
    held = {summary.id for summary in library.summaries()}
    right = item.kind == "right"
    verdict = about.get("verdict") if right and about.get("verdict") in VERDICT_NAMES else "answered"
    # What was right of the answer stands; of one that was wrong, only where to look.
    return {
        "question": item.question,
        "verdict": verdict,
        "speaker": str(cited.get("speaker") or "") if item.kind != "wrong_speaker" else "",
        "episode": cited.get("episode") if cited.get("episode") in held else NOTHING,
        "start": cited.get("start"),
        "end": cited.get("end"),
    }


def about_of(told: str) -> dict[str, Any]:
    """What a press says that it is about, from JSON; {} for anything else."""
    try:
        about = json.loads(told)
    except ValueError:
        return {}
    return about if isinstance(about, dict) else {}


def question_added(
    library: Library,
    question: str,
    verdict: str,
    speaker: str,
    episode: str | None,
    start: float | None,
    end: float | None,
    into: str,
) -> Changes:
    """Adds a question to a set of the library: the line to show, and the sets as they are now."""
    row: dict[str, Any] = {"question": question.strip(), "kind": KIND, "verdict": verdict}
    if not row["question"]:
        return {"line": notice(said("needs_question"), problem=True)}
    if verdict in ("answered", "said_by_other", "asked_not_answered"):
        if not episode or start is None or end is None or not start < end:
            return {"line": notice(said("needs_place"), problem=True)}
        row["gold"] = [{"episode": episode, "start": start, "end": end}]
        if speaker.strip():
            row["speaker"] = speaker.strip()
    try:
        id_, size = runs.add_question(library.folder, into.strip(), row)
    except VerbatimError as error:
        return {"line": notice(str(error), problem=True)}
    line = said("kept_question", id=id_, set=into.strip(), n=size)
    return {"line": notice(line), "which": gr.update(**sets(library, chosen=into.strip()))}
