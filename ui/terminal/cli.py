"""The command `verbatim`: its arguments, and the commands add, ask, search, episodes, show, speakers, correct,
feedback,
remove, check, serve and eval.

stdout is the answer; progress and warnings go to stderr; exit 0 done, 1 could not, 2 misused. Imports are inside the
commands, so that `verbatim --help` answers at once.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from index.errors import SettingsError, VerbatimError
from index.plain import plain
from ui.door.streams import shown_on_terminal

EXAMPLES = {
    "add": "verbatim add transcripts/ --speakers text\n  verbatim add talk.txt --duration 32:10",
    "ask": 'verbatim ask "What did Tobin say about barley bread?"\n'
    '  verbatim ask "Who is against the barrier?" --json --since 2022-10-01',
    "search": 'verbatim search "the tidal barrier"\n  verbatim search "bread" --guest Tobin --csv > bread.csv',
    "episodes": "verbatim episodes\n  verbatim episodes --json --library mine",
    "show": "verbatim show morrow-light\n  verbatim show morrow-light --json",
    "speakers": "verbatim speakers morrow-light\n  verbatim speakers clocks --host-from 14 --by Nell",
    "feedback": "verbatim feedback\n  verbatim feedback --json > feedback.json",
    "correct": 'verbatim correct morrow-light\n  verbatim correct morrow-light --at 12 --words "The gate was shut." --by Nell',
    "remove": "verbatim remove morrow-light\n  verbatim remove morrow-light --library mine",
    "check": "verbatim check\n  verbatim check --repair",
    "serve": "verbatim serve\n  verbatim serve --library mine --port 8000",
    "eval": "verbatim eval --questions eval/data/samples.jsonl --library library --report report\n"
    "  verbatim eval --questions q.jsonl --transcripts transcripts/ --json new.json --compare old.json",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    try:
        with shown_on_terminal():
            options = _parser().parse_args(arguments)
            for name, value in vars(options).items():
                if isinstance(value, str) and name != "library":  # a folder goes by the name that it has
                    setattr(options, name, plain(value))
            return options.run(options)
    except VerbatimError as exc:
        print(f"verbatim: {exc}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output (`| head`) has gone; what is still buffered has nowhere to go.
        sys.stdout = None  # type: ignore[assignment]
        return 0
    except KeyboardInterrupt:
        print("verbatim: stopped; what was added so far is kept.", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="verbatim",
        description="Ask what people said in podcast episodes: their own words, who said them, and the second they said them.",
        epilog='two to start with:\n  verbatim add transcripts/\n  verbatim ask "What did the guest say about …?"',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, run: Any, summary: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=f"for example:\n  {EXAMPLES[name]}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.add_argument("--library", default=None, metavar="DIR", help="the library's folder (default: library)")
        sub.set_defaults(run=run)
        return sub

    add = command(
        "add", _add, "Add transcripts: files, folders or globs. Unchanged ones are skipped, changed ones replaced."
    )
    add.add_argument("paths", nargs="+", metavar="PATH")
    add.add_argument(
        "--duration", type=_seconds, metavar="TIME", help="how long the talk is (32:10); for one file without times"
    )
    add.add_argument(
        "--speakers",
        choices=("text", "model"),
        default="text",
        help="how voices are told apart where a transcript has no labels: from the text, or by the language model as well",
    )
    ask = command("ask", _ask, "Answer a question in the speakers' own words, or say that nobody said it.")
    ask.add_argument("question")
    ask.add_argument("--json", action="store_true", help="print the answer as JSON")
    ask.add_argument(
        "--history", type=Path, metavar="FILE", help='earlier messages: [{"role": "user", "content": "…"}, …]'
    )
    search = command("search", _search, "Print the passages about a topic, best first.")
    search.add_argument("topic")
    search.add_argument(
        "--limit", type=_positive, metavar="N", help="most passages to print (default: 10; with --exact, all)"
    )
    search.add_argument("--role", choices=("guest", "host"), help="only words of guests, or of hosts")
    kinds = search.add_mutually_exclusive_group()
    for kind in ("json", "csv", "md"):
        kinds.add_argument(f"--{kind}", dest="kind", action="store_const", const=kind, default="text")
    kinds.add_argument(
        "--sheet",
        dest="kind",
        action="store_const",
        const="sheet",
        help="a quote sheet to check against: CSV with speaker, time, link and the transcript's hash",
    )
    search.add_argument(
        "--exact", action="store_true", help="all places of exactly these words, in their order; none is left out"
    )
    for sub in (ask, search):
        sub.add_argument("--show", metavar="SHOW", help="only this show")
        sub.add_argument("--episode", metavar="ID", help="only this episode")
        sub.add_argument("--guest", metavar="NAME", help="only episodes with this person, and only their words")
        sub.add_argument(
            "--since", type=_date, metavar="DATE", help="only episodes from this day on (2024-02-01, 2024-02 or 2024)"
        )
        sub.add_argument("--until", type=_date, metavar="DATE", help="only episodes up to this day")
    episodes = command("episodes", _episodes, "List the episodes of the library.")
    episodes.add_argument("--json", action="store_true")
    show = command("show", _show, "Print an episode's transcript with speakers and times.")
    show.add_argument("episode", metavar="EPISODE")
    show.add_argument("--json", action="store_true")
    speakers = command(
        "speakers", _speakers, "Review who speaks in a transcript without names: what is least sure, and your answers."
    )
    speakers.add_argument("episode", metavar="EPISODE")
    speakers.add_argument("--json", action="store_true")
    speakers.add_argument(
        "--limit", type=_positive, metavar="N", help="most places to ask about (default: 5; after an answer 1)"
    )
    answers = speakers.add_mutually_exclusive_group()
    for role in ("host", "guest"):
        answers.add_argument(
            f"--{role}-from",
            type=_places,
            metavar="N[-M]",
            help=f"the {role} begins at sentence N, and the other one speaks before; with M, ends after sentence M",
        )
        answers.add_argument(
            f"--{role}", type=_places, metavar="N[-M]", help=f"the {role} says sentence N, or all from N to M"
        )
    answers.add_argument("--undo", action="store_true", help="take the last answer back")
    speakers.add_argument("--by", metavar="NAME", help="whose answer it is; kept with it")
    feedback = command("feedback", _feedback, "List what listeners said about answers, oldest first.")
    feedback.add_argument("--json", action="store_true", help="with the whole answers that it is about")
    correct = command(
        "correct", _correct, "Put a speaker, a time or words right; see what was put right; take it back."
    )
    correct.add_argument("episode", metavar="EPISODE")
    correct.add_argument("--at", type=_places, metavar="N[-M]", help="the sentence, or the stretch, that it is about")
    what = correct.add_mutually_exclusive_group()
    what.add_argument("--speaker", metavar="NAME", help="who says it; with --role where the person is new there")
    what.add_argument("--nobody", action="store_true", help="nobody knows who says it")
    what.add_argument(
        "--start", type=_moment, metavar="TIME", help="when it starts (12:40); the whole stretch moves along"
    )
    what.add_argument("--words", metavar="TEXT", help="what the one sentence says")
    what.add_argument("--undo", type=_positive, metavar="NUMBER", help="take the correction of that number back")
    correct.add_argument("--role", choices=("host", "guest"), help="with --speaker: the role of that person")
    correct.add_argument("--end", type=_moment, metavar="TIME", help="with --start: when it ends")
    correct.add_argument("--by", metavar="NAME", help="whose correction it is; kept with it")
    correct.add_argument("--json", action="store_true")
    remove = command("remove", _remove, "Remove an episode everywhere.")
    remove.add_argument("episode", metavar="EPISODE")
    check = command("check", _check, "Check the library; exit 1 when something is wrong.")
    check.add_argument(
        "--repair",
        action="store_true",
        help="first save what can be saved, read damaged episodes again and make the indexes anew",
    )
    serve = command("serve", _serve, "Open the chat in a browser.")
    serve.add_argument("--host", default=None, help="address to serve on (default: 127.0.0.1)")
    serve.add_argument("--port", default=None, type=_positive, help="port to serve on (default: 7860)")
    evaluate = command("eval", _eval, "Run a question set and measure finding, citing, abstaining and answering.")
    evaluate.add_argument(
        "--questions", required=True, type=Path, metavar="FILE", help="the set: our JSONL, BEIR, QMSum or LoCoMo"
    )
    evaluate.add_argument("--transcripts", type=Path, metavar="DIR", help="make a library of these first, and keep it")
    evaluate.add_argument("--json", type=Path, metavar="OUT", dest="out", help="write everything measured to a file")
    evaluate.add_argument("--report", type=Path, metavar="DIR", help="write report.html and table.md into this folder")
    evaluate.add_argument(
        "--compare", type=Path, metavar="OLD.json", help="what --json wrote before; exit 3 where a gate falls"
    )
    evaluate.add_argument("--gates", type=Path, metavar="FILE", help="gates to check (default: eval/gates.toml)")
    evaluate.add_argument(
        "--repeat", type=_positive, default=1, metavar="N", help="ask each question N times: are the answers stable?"
    )
    evaluate.add_argument(
        "--judge", action="store_true", help="ask the language model about each answer too; it decides nothing"
    )
    evaluate.add_argument("--limit", type=_positive, metavar="N", help="only the first N questions")
    evaluate.add_argument(
        "--lexical-weight", type=float, metavar="0..1", help="1 finds by BM25 alone, 0 by vectors alone (default: both)"
    )
    evaluate.add_argument("--finding-only", action="store_true", help="measure retrieval alone: much quicker")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return number


def _places(text: str) -> tuple[int, int | None]:
    """`12` or `12-15` as the first and the last sentence; the last is None where it isn't named."""
    match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", text, re.ASCII)
    if not match or (match[2] and int(match[2]) < int(match[1])):
        raise argparse.ArgumentTypeError(f"{text!r} is not a sentence like 12, or a stretch like 12-15")
    return int(match[1]), int(match[2]) if match[2] else None


def _seconds(text: str) -> float:
    found = _moment(text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no length: it is nothing at all")
    return found


def _moment(text: str) -> float:
    from index.formats.times import seconds

    found = seconds(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 32:10 or 1:02:03")
    return found


def _date(text: str) -> str:
    """An ISO date, month or year as it is; anything else is misuse."""
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2024-02-01")
    try:
        date.fromisoformat((text + "-01-01")[:10] if len(text) == 4 else text + "-01" if len(text) == 7 else text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2024-02-01") from exc
    return text


def _settings(options: argparse.Namespace) -> Any:
    from dataclasses import replace

    from rag.settings import Settings

    settings = Settings.from_environment()
    return replace(settings, library=options.library) if options.library else settings


def _filters(options: argparse.Namespace) -> Any:
    from rag.question.scope import Filters

    role = getattr(options, "role", None)
    return Filters(options.show, options.episode, options.guest, role, options.since, options.until)


def _add(options: argparse.Namespace) -> int:
    import logging

    from index.library import Library, Progress
    from ui.terminal.progress import progress_bar

    to_stderr = logging.StreamHandler()
    to_stderr.addFilter(logging.Filter("index"))  # what a language model's client logs is not for the reader
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[to_stderr])
    settings = _settings(options)
    if options.speakers == "model" and not settings.model:
        raise SettingsError(
            "--speakers model needs a language model, and none is set. Set one: export VERBATIM_MODEL=openai:NAME, "
            "or leave it out: verbatim add PATH"
        )
    library = Library.create(settings.library, settings.embeddings)
    of_voices: list[str] = []
    file: Path | None = None
    with progress_bar() as draw:

        def on_progress(progress: Progress) -> None:
            nonlocal file
            file = progress.file
            draw(progress)

        tell_voices = None
        if options.speakers == "model":
            from rag.model.voices import model_voices

            tell_voices = model_voices(settings, lambda line: of_voices.append(f"{file}: {line}"))
        report = library.add(options.paths, duration=options.duration, tell_voices=tell_voices, on_progress=on_progress)
    for line in of_voices:
        print(line, file=sys.stderr)
    for id_, mended in report.mended.items():
        print(f"{id_}: mended: {'; '.join(mended)}", file=sys.stderr)
    for id_, number in report.unplaced.items():
        print(f"{id_}: corrections whose words have changed: {number}; not counted now", file=sys.stderr)
    for error in report.refused:
        print(f"refused: {error}", file=sys.stderr)
    counts = [
        (len(report.added), "added"),
        (len(report.replaced), "replaced"),
        (len(report.unchanged), "unchanged"),
        (len(report.refused), "refused"),
    ]
    print(", ".join(f"{n} {what}" for n, what in counts if n) or "nothing to add")
    return 1 if report.refused else 0


def _ask(options: argparse.Namespace) -> int:
    from rag.answer import Done
    from rag.assistant import Assistant

    settings = _settings(options)
    assistant = Assistant.open(settings.library, settings)
    events = assistant.ask(options.question, _history(options.history), _filters(options))
    answer = next(event.answer for event in events if isinstance(event, Done))
    if options.json:
        print(json.dumps(answer.to_json(), ensure_ascii=False, indent=1))
        return 0
    from ui.terminal.text import answer_text

    print(answer_text(answer))
    return 0


def _history(file: Path | None) -> list[dict[str, str]]:
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


def _search(options: argparse.Namespace) -> int:
    from rag.assistant import Assistant
    from rag.search.exact import find_phrase
    from rag.search.export import exported
    from ui.terminal.text import passages_text

    settings = _settings(options)
    assistant = Assistant.open(settings.library, settings)
    if options.exact:
        places = find_phrase(assistant.library, options.topic, _filters(options))
        found = list(places.citations[: options.limit])
        print(f"{places.count} places in {places.searched} episodes searched", file=sys.stderr)
    else:
        found = assistant.search(options.topic, _filters(options), limit=options.limit or 10)
    if options.kind == "text":
        print(passages_text(found), end="")
    else:
        hashes = {summary.id: summary.content_hash for summary in assistant.library.summaries()}
        print(exported(found, options.kind, hashes), end="")
    return 0


def _episodes(options: argparse.Namespace) -> int:
    from index.library import Library
    from rag.as_json import episodes_json
    from ui.terminal.text import episodes_text

    summaries = Library.open(_settings(options).library).summaries()
    print(
        json.dumps(episodes_json(summaries), ensure_ascii=False, indent=1) if options.json else episodes_text(summaries)
    )
    return 0


def _show(options: argparse.Namespace) -> int:
    from index.library import Library
    from rag.as_json import episode_json
    from ui.terminal.text import episode_text

    episode = Library.open(_settings(options).library).episode(options.episode)
    print(json.dumps(episode_json(episode), ensure_ascii=False, indent=1) if options.json else episode_text(episode))
    return 0


def _speakers(options: argparse.Namespace) -> int:
    from index.library import Library
    from rag.review import Review, given_text, review_json, review_text

    library = Library.open(_settings(options).library)
    correction = _correction(options)
    id_, before = options.episode, None
    if correction or options.undo:
        before = library.recovery(id_)
        if options.undo:
            said = f"taken back: {given_text(library.undo_correction(id_).correction)}"
        else:
            library.correct(id_, correction, by=options.by)
            said = f"kept: {given_text(correction)}"
    episode = library.episode(id_)
    limit = options.limit or (5 if before is None else 1)
    if episode.unlabelled:
        review = Review.of(episode, library.recovery(id_), library.corrections(id_), limit=limit, before=before)
    else:
        review = Review(episode, None)
    if options.json:
        print(json.dumps(review_json(review), ensure_ascii=False, indent=1))
        return 0
    if review.changed is not None:
        print(f"{said}; {review.changed[0]} sentences ({review.changed[1]} words) changed voice\n")
    print(review_text(review))
    return 0


def _feedback(options: argparse.Namespace) -> int:
    from index.library import Library
    from rag.as_json import feedback_json
    from ui.terminal.text import feedback_text

    given = Library.open(_settings(options).library).feedback()
    print(json.dumps(feedback_json(given), ensure_ascii=False, indent=1) if options.json else feedback_text(given))
    return 0


def _correction(options: argparse.Namespace) -> Any:
    """The answer that the options give; None where they give none."""
    from index.interviews.answers import VoiceIs

    for role in ("host", "guest"):
        if begins := getattr(options, f"{role}_from"):
            return VoiceIs(begins[0], role, begins[1], begins=True, ends=begins[1] is not None)
        if says := getattr(options, role):
            return VoiceIs(says[0], role, says[1], begins=False)
    return None


def _correct(options: argparse.Namespace) -> int:
    from index.library import Library
    from rag.review import corrections_text, given_text, kept_json

    library = Library.open(_settings(options).library)
    id_ = options.episode
    if options.undo:
        print(f"taken back: {given_text(library.undo_correction(id_, options.undo).correction)}", file=sys.stderr)
    elif given := _given(options):
        library.correct(id_, given, by=options.by)
        print(f"kept: {given_text(given)}", file=sys.stderr)
    kept = library.corrections(id_)
    print(
        json.dumps([kept_json(one) for one in kept], ensure_ascii=False, indent=1)
        if options.json
        else corrections_text(kept)
    )
    return 0


def _given(options: argparse.Namespace) -> Any:
    """The correction that the options give; None where they give none. VerbatimError: half of one."""
    from index.corrections.kinds import SpeakerIs, StartsAt, WordsAre

    tells = [options.speaker is not None, options.nobody, options.start is not None, options.words is not None]
    if not any(tells) and not options.at:
        return None
    if not any(tells) or not options.at:
        raise VerbatimError(
            "A correction has a place and what is right there: "
            f"verbatim correct {options.episode} --at 12 --speaker NAME (or --nobody, --start TIME, --words TEXT)"
        )
    first, last = options.at[0], options.at[1] if options.at[1] is not None else options.at[0]
    if options.words is not None:
        if first != last:
            raise VerbatimError("Words are put right one sentence at a time: --at N")
        return WordsAre(first, " ".join(options.words.split()))
    if options.start is not None:
        return StartsAt(first, last, options.start, options.end)
    return SpeakerIs(first, last, options.speaker, options.role or "unknown")


def _remove(options: argparse.Namespace) -> int:
    from index.library import Library

    Library.open(_settings(options).library).remove(options.episode)
    print(f"removed {options.episode}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from index.library import Library

    settings = _settings(options)
    if options.repair:
        from index.library.rescue import rescue

        for line in rescue(Path(settings.library), settings.embeddings):
            print(line, file=sys.stderr)
    library = Library.open(settings.library)
    problems = library.check()
    for problem in problems:
        print(problem)
    if unhashed := library.without_hash():
        print(
            f"{unhashed} episodes were stored by an earlier version, without a hash: they are checked from the next change on, "
            f"or from now on with: verbatim check --repair --library {library.folder}",
            file=sys.stderr,
        )
    if not problems:
        print(f"{library.folder}: {len(library.summaries())} episodes, nothing wrong")
    else:
        print(f"verbatim: {library.folder}: what is wrong: {len(problems)}", file=sys.stderr)
    return 1 if problems else 0


def _serve(options: argparse.Namespace) -> int:
    import app

    settings = _settings(options)
    return app.main(
        [
            "--library",
            settings.library,
            "--host",
            options.host or settings.host,
            "--port",
            str(options.port or settings.port),
        ]
    )


def _eval(options: argparse.Namespace) -> int:
    from eval.command import main
    from ui.terminal.progress import progress_bar

    return main(options, _settings(options), bar=progress_bar)


if __name__ == "__main__":
    sys.exit(main())
