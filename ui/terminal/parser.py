"""The arguments of `verbatim`: its commands, their options and their help."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path

from ui.terminal import changing, reading
from ui.terminal.values import moment, places, port, positive, seconds

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

OTHER_WORDS = {
    "list": "episodes",
    "find": "search",
    "delete": "remove",
    "import": "add",
    "start": "serve",
    "evaluate": "eval",
}
"""What other programs call our commands."""
NewCommand = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]
"""Adds a command by its name, what runs it, and its summary."""


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """What was asked for: `run` is the function of the command. Without any, prints the help and exits with 0; exits with 2
    where it can't be meant."""
    parser = argument_parser()
    word, *_ = arguments = [*arguments] or ["--help"]
    if not word.startswith("-") and word not in EXAMPLES:
        parser.error(f"there is no command {word[:40]!r}. {_meant(word)}")
    return parser.parse_args(arguments)


def _meant(word: str) -> str:
    """What to type instead of a word that is no command."""
    said = word.casefold()
    if " " in word.strip():
        return 'To ask a question: verbatim ask "…"'
    if said in ("help", "version"):
        return f"Did you mean: verbatim --{said}?"
    near = get_close_matches(said, [*EXAMPLES, *OTHER_WORDS], n=1)
    begun = [name for name in EXAMPLES if len(said) > 1 and name.startswith(said)]
    if found := begun or near:
        return f"Did you mean: verbatim {' or '.join(OTHER_WORDS.get(name, name) for name in found)}?"
    return f"There are: {', '.join(EXAMPLES)}."


class ShowVersion(argparse.Action):
    """Prints the version and ends; it is looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from ui.shared.version import our_version

        print(f"verbatim {our_version() or 'not installed'}")
        parser.exit()


def argument_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="verbatim",
        description="Ask what people said in podcast episodes: their own words, who said them, and the second they said them.",
        epilog='two to start with:\n  verbatim add transcripts/\n  verbatim ask "What did the guest say about …?"',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=ShowVersion, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=f"for example:\n  {EXAMPLES[name]}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.add_argument("--library", default=None, metavar="DIR", help="the library's folder (default: library)")
        sub.set_defaults(run=run, misused=sub.error)
        return sub

    for made in (_add, _asking, _listing, _speakers, _correct, _keeping, _serve, _eval):
        made(command)
    return parser


def _add(command: NewCommand) -> None:
    add = command(
        "add",
        changing.add,
        "Add transcripts: files, folders or globs. Unchanged ones are skipped, changed ones replaced.",
    )
    add.add_argument("paths", nargs="+", metavar="PATH")
    add.add_argument(
        "--duration", type=seconds, metavar="TIME", help="how long the talk is (32:10); for one file without times"
    )
    add.add_argument(
        "--keep-both",
        action="store_true",
        help="also a talk that is there already from another file, as an episode of its own",
    )
    add.add_argument(
        "--speakers",
        choices=("text", "model"),
        default="text",
        help="how voices are told apart where a transcript has no labels: from the text, or by the language model as well",
    )


def _asking(command: NewCommand) -> None:
    ask = command("ask", reading.ask, "Answer a question in the speakers' own words, or say that nobody said it.")
    ask.add_argument("question")
    ask.add_argument("--json", action="store_true", help="print the answer as JSON")
    ask.add_argument(
        "--history", type=Path, metavar="FILE", help='earlier messages: [{"role": "user", "content": "…"}, …]'
    )
    search = command("search", reading.search, "Print the passages about a topic, best first.")
    search.add_argument("topic")
    search.add_argument(
        "--limit", type=positive, metavar="N", help="most passages to print (default: 10; with --exact, all)"
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
        sub.add_argument("--since", metavar="DATE", help="only episodes from this day on (2024-02-01, 2024-02 or 2024)")
        sub.add_argument("--until", metavar="DATE", help="only episodes up to this day")


def _listing(command: NewCommand) -> None:
    episodes = command("episodes", reading.episodes, "List the episodes of the library.")
    episodes.add_argument("--json", action="store_true")
    show = command("show", reading.show, "Print an episode's transcript with speakers and times.")
    show.add_argument("episode", metavar="EPISODE")
    show.add_argument("--json", action="store_true")
    feedback = command("feedback", reading.feedback, "List what listeners said about answers, oldest first.")
    feedback.add_argument("--json", action="store_true", help="with the whole answers that it is about")


def _speakers(command: NewCommand) -> None:
    speakers = command(
        "speakers",
        changing.speakers,
        "Review who speaks in a transcript without names: what is least sure, and your answers.",
    )
    speakers.add_argument("episode", metavar="EPISODE")
    speakers.add_argument("--json", action="store_true")
    speakers.add_argument(
        "--limit", type=positive, metavar="N", help="most places to ask about (default: 5; after an answer 1)"
    )
    answers = speakers.add_mutually_exclusive_group()
    for role in ("host", "guest"):
        answers.add_argument(
            f"--{role}-from",
            type=places,
            metavar="N[-M]",
            help=f"the {role} begins at sentence N, and the other one speaks before; with M, ends after sentence M",
        )
        answers.add_argument(
            f"--{role}", type=places, metavar="N[-M]", help=f"the {role} says sentence N, or all from N to M"
        )
    answers.add_argument("--undo", action="store_true", help="take the last answer back")
    speakers.add_argument("--by", metavar="NAME", help="whose answer it is; kept with it")


def _correct(command: NewCommand) -> None:
    correct = command(
        "correct", changing.correct, "Put a speaker, a time or words right; see what was put right; take it back."
    )
    correct.add_argument("episode", metavar="EPISODE")
    correct.add_argument("--at", type=places, metavar="N[-M]", help="the sentence, or the stretch, that it is about")
    what = correct.add_mutually_exclusive_group()
    what.add_argument("--speaker", metavar="NAME", help="who says it; with --role where the person is new there")
    what.add_argument("--nobody", action="store_true", help="nobody knows who says it")
    what.add_argument(
        "--start", type=moment, metavar="TIME", help="when it starts (12:40); the whole stretch moves along"
    )
    what.add_argument("--words", metavar="TEXT", help="what the one sentence says")
    what.add_argument("--undo", type=positive, metavar="NUMBER", help="take the correction of that number back")
    correct.add_argument("--role", choices=("host", "guest"), help="with --speaker: the role of that person")
    correct.add_argument("--end", type=moment, metavar="TIME", help="with --start: when it ends")
    correct.add_argument("--by", metavar="NAME", help="whose correction it is; kept with it")
    correct.add_argument("--json", action="store_true")


def _keeping(command: NewCommand) -> None:
    remove = command("remove", changing.remove, "Remove an episode everywhere.")
    remove.add_argument("episode", metavar="EPISODE")
    check = command("check", changing.check, "Check the library; exit 1 when something is wrong.")
    check.add_argument(
        "--repair",
        action="store_true",
        help="first save what can be saved, read damaged episodes again and make the indexes anew",
    )


def _serve(command: NewCommand) -> None:
    serve = command("serve", reading.serve, "Open the chat in a browser.")
    serve.add_argument("--host", default=None, help="address to serve on (default: 127.0.0.1)")
    serve.add_argument("--port", default=None, type=port, help="port to serve on (default: 7860)")
    serve.add_argument(
        "--share", choices=("on", "off"), default="off", help="a public link through Gradio's servers (default: off)"
    )


def _eval(command: NewCommand) -> None:
    evaluate = command(
        "eval", reading.evaluate, "Run a question set and measure finding, citing, abstaining and answering."
    )
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
        "--repeat", type=positive, default=1, metavar="N", help="ask each question N times: are the answers stable?"
    )
    evaluate.add_argument(
        "--judge", action="store_true", help="ask the language model about each answer too; it decides nothing"
    )
    evaluate.add_argument("--limit", type=positive, metavar="N", help="only the first N questions")
    evaluate.add_argument(
        "--lexical-weight", type=float, metavar="0..1", help="1 finds by BM25 alone, 0 by vectors alone (default: both)"
    )
    evaluate.add_argument("--finding-only", action="store_true", help="measure retrieval alone: much quicker")
