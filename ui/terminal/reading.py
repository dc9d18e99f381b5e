"""The commands that read a library: ask, search, episodes, show, feedback, serve, eval."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import VerbatimError

if TYPE_CHECKING:
    from rag.question.scope import Filters
    from rag.settings import Serving, Settings


def settings_of(options: Namespace) -> Settings:
    """The settings for answering. SettingsError: a variable is set to what can't be meant, of serving or of answering."""
    return _all_settings(options)[0]


def _all_settings(options: Namespace) -> tuple[Settings, Serving]:
    from dataclasses import replace

    from rag.settings import read_environment

    settings, serving = read_environment()
    return replace(settings, library=options.library) if options.library else settings, serving


def filters_of(options: Namespace) -> Filters:
    """The filters of ask and search; what can't be meant is misuse."""
    from rag.question.scope import FilterError, Filters

    role = getattr(options, "role", None)
    try:
        return Filters.parse(options.show, options.episode, options.guest, role, options.since, options.until)
    except FilterError as fault:
        raise options.misused(f"--{fault}") from fault  # which ends the program


def ask(options: Namespace) -> int:
    """Prints the answer to a question."""
    from rag.answer import Done
    from rag.assistant import Assistant

    filters, settings = filters_of(options), settings_of(options)
    assistant = Assistant.open(settings.library, settings)
    events = assistant.ask(options.question, _history(options.history), filters)
    answer = next(event.answer for event in events if isinstance(event, Done))
    if options.json:
        print(json.dumps(answer.to_json(), ensure_ascii=False, indent=1))
        return 0
    from ui.terminal.text import answer_text

    print(answer_text(answer))
    return 0


def _history(file: Path | None) -> list[dict[str, Any]]:
    if file is None:
        return []
    try:
        messages = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise VerbatimError(f"{file}: can't be read as JSON ({exc}).") from exc
    if not isinstance(messages, list) or not all(
        isinstance(m, dict) and isinstance(m.get("role"), str) and isinstance(m.get("content"), str) for m in messages
    ):
        raise VerbatimError(f'{file}: a history is a list of {{"role": "user", "content": "…"}}, oldest first.')
    return messages


def search(options: Namespace) -> int:
    """Prints the passages about a topic, or the places of exact words."""
    from rag.assistant import Assistant
    from rag.search.exact import find_phrase
    from rag.search.export import exported
    from ui.terminal.text import passages_text

    filters, settings = filters_of(options), settings_of(options)
    assistant = Assistant.open(settings.library, settings)
    if options.exact:
        places = find_phrase(assistant.library, options.topic, filters)
        found = list(places.citations[: options.limit])
        print(f"{places.count} places in {places.searched} episodes searched", file=sys.stderr)
    else:
        found = assistant.search(options.topic, filters, limit=options.limit or 10)
    if options.kind == "text":
        print(passages_text(found), end="")
    else:
        hashes = {summary.id: summary.content_hash for summary in assistant.library.summaries()}
        print(exported(found, options.kind, hashes), end="")
    return 0


def episodes(options: Namespace) -> int:
    """Prints the episodes of the library."""
    from index.library import Library
    from rag.as_json import episodes_json
    from ui.terminal.text import episodes_text

    summaries = Library.open(settings_of(options).library).summaries()
    print(
        json.dumps(episodes_json(summaries), ensure_ascii=False, indent=1) if options.json else episodes_text(summaries)
    )
    return 0


def show(options: Namespace) -> int:
    """Prints one episode's transcript."""
    from index.library import Library
    from rag.as_json import episode_json
    from ui.terminal.text import episode_text

    episode = Library.open(settings_of(options).library).episode(options.episode)
    print(json.dumps(episode_json(episode), ensure_ascii=False, indent=1) if options.json else episode_text(episode))
    return 0


def feedback(options: Namespace) -> int:
    """Prints what listeners said about answers."""
    from index.library import Library
    from rag.as_json import feedback_json
    from ui.terminal.text import feedback_text

    given = Library.open(settings_of(options).library).feedback()
    print(json.dumps(feedback_json(given), ensure_ascii=False, indent=1) if options.json else feedback_text(given))
    return 0


def serve(options: Namespace) -> int:
    """Serves the pages until Ctrl+C."""
    from dataclasses import replace

    from ui.serve import serve

    settings, serving = _all_settings(options)
    given = {name: value for name in ("host", "port") if (value := getattr(options, name))}
    return serve(settings, replace(serving, **given), share=options.share == "on")


def evaluate(options: Namespace) -> int:
    """Runs a question set and measures the answers."""
    from eval.command import main
    from ui.terminal.progress import progress_bar

    return main(options, settings_of(options), bar=progress_bar)
