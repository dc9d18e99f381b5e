"""Sentences that lie, and honest ones, put to the gate: `python -m eval adversary [--transcripts FOLDER …] [--json FILE]`.

Without `--transcripts`, they are made from the sample show. Prints a table of kinds and verdicts for the test half; rules
and numbers of the gate are chosen by the development half alone (`--half dev --show 20` prints what goes wrong there).
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.run.runner import commit, machine
from eval.studies.gate.sentences import QUOTAS, Case, build_cases
from index.episode import Episode
from index.errors import TranscriptError
from index.library import find_transcripts
from index.reading.read import read_episode
from index.search.encoder import load_encoder
from rag.answer import Wrote
from rag.draft import Draft
from rag.evidence.check import normalise
from rag.gate.gate import Gate

SAMPLES = Path("samples/transcripts")
SEED = 7
SHOWN, MENDED = "shown", "mended"
VERDICTS = (SHOWN, MENDED, "wrong_speaker", "wrong_episode", "stitched", "altered", "absent", "unsupported")
BAD_PASSED, HONEST_WITHHELD = 0.01, 0.05  # the most that a version may have


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: shown as written, mended, or its verdict. `wrong`: it should have become something else."""

    case: Case
    became: str
    why: str
    text: str
    wrong: bool
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what became of each kind of sentence, and write the figures with `--json`. Exit code 0, whatever they
    are."""
    parser = argparse.ArgumentParser(
        prog="python -m eval adversary", description="Put lies and honest sentences to the gate."
    )
    parser.add_argument(
        "--transcripts", type=Path, nargs="+", default=[SAMPLES], help="made from these instead of the samples"
    )
    parser.add_argument("--most", type=int, default=60, help="episodes used at most")
    parser.add_argument("--scale", type=float, default=1.0, help="more or fewer cases of each kind")
    parser.add_argument("--seed", type=int, default=SEED, help="another draw of cases")
    parser.add_argument("--half", choices=["dev", "test"], default="test")
    parser.add_argument(
        "--show", type=int, default=0, metavar="N", help="print up to N failures of each kind (dev only)"
    )
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    if options.show and options.half == "test":
        parser.error("failures of the test half are for nobody's eyes: add --half dev")
    began = time.perf_counter()
    episodes = read_episodes(options.transcripts, options.most)
    cases = build_cases(episodes, load_encoder(), seed=options.seed, scale=options.scale)
    outcomes = [judged(case) for case in cases]
    result = {
        "made_by": {
            "transcripts": [folder.name if folder != SAMPLES else "samples" for folder in options.transcripts],
            "episodes": len(episodes),
            "cases": len(cases),
            "seed": options.seed,
            "scale": options.scale,
            "commit": commit(),
            "machine": machine(),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - began, 1),
        },
        "halves": {half: figures([o for o in outcomes if o.case.half == half]) for half in ("dev", "test")},
        "both": figures(outcomes),
    }
    ours = [outcome for outcome in outcomes if outcome.case.half == options.half]
    print(table(ours, f"{options.half} half"))
    print(summary(result))
    for outcome in failures(ours, options.show):
        print(
            f"\n{outcome.case.kind}: {outcome.became} ({outcome.why})\n  {outcome.case.sentence}\n  > {outcome.text}"
            f"\n  = {outcome.case.quotes[outcome.case.source - 1].text}"
        )
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


def read_episodes(folders: Sequence[Path], most: int) -> list[Episode]:
    """Up to `most` episodes, the same ones every time."""
    files, missing = find_transcripts(list(folders))
    if missing:
        raise missing[0]
    episodes = []
    for file in sorted(random.Random(SEED).sample(files, min(most, len(files)))):
        try:
            episodes.append(read_episode(file))
        except TranscriptError as exc:
            print(f"refused: {exc}", file=sys.stderr)
    return episodes


def judged(case: Case) -> Outcome:
    """The case put to a gate of its own."""
    draft = Draft("llm")
    gate = Gate(case.question, case.quotes, draft)
    began = time.perf_counter()
    wrote = gate.judged(case.sentence)
    seconds = time.perf_counter() - began
    held = draft.held_back[-1] if draft.held_back else None
    if wrote is None:
        assert held
        return Outcome(case, held.check, held.why, "", case.honest, seconds)
    as_written = held is None and marks_kept(case, wrote)
    wrong = not case.honest and not (is_own_words(wrote) if held else is_rightly_marked(case, wrote))
    return Outcome(case, SHOWN if as_written else MENDED, held.why if held else "", wrote.text, wrong, seconds)


def marks_kept(case: Case, wrote: Wrote) -> bool:
    """True where the sentence shown rests on the quotes that its writer named."""
    written = {int(number) for number in re.findall(r"\[(\d+)\]", case.sentence)}
    return len(wrote.citations) == len(written)


def is_own_words(wrote: Wrote) -> bool:
    """True where nothing is shown but a speaker's name and words that stand in the quote cited."""
    match = re.fullmatch(r"(.+?) says: “(.+)” \[\d+\]\.?", wrote.text)
    cited = wrote.citations[0]
    return match is not None and match[1] == cited.speaker and normalise(match[2]) in normalise(cited.quote)


def is_rightly_marked(case: Case, wrote: Wrote) -> bool:
    """True where all that was wrong with the sentence were its marks, and those shown are right.

    That is judged by exact words in quote marks: they stand in the quote that the sentence now cites, by whom it names.
    """
    runs = re.findall(r"“([^”]+)”|\"([^\"]+)\"", case.sentence)
    if case.kind not in ("invented mark", "words of another episode") or not runs or len(wrote.citations) != 1:
        return False
    cited = wrote.citations[0]
    attributed = set((cited.speaker or "").split()) & set(re.findall(r"[\w'’-]+", re.sub(r"“[^”]+”", "", wrote.text)))
    return bool(attributed) and all(normalise("".join(run)).strip(" .,") in normalise(cited.quote) for run in runs)


# Figures


def figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Counts by kind and verdict, and the shares that the bars are about."""
    bad = [outcome for outcome in outcomes if not outcome.case.honest]
    honest = [outcome for outcome in outcomes if outcome.case.honest]
    seconds = sorted(outcome.seconds for outcome in outcomes)
    speakers = ("swapped speaker, quoted", "swapped speaker, not quoted", "reporter credited")
    return {
        "bad": len(bad),
        "bad_passed": sum(outcome.wrong for outcome in bad),
        "wrong_speaker_passed": sum(outcome.wrong for outcome in bad if outcome.case.kind in speakers),
        "honest": len(honest),
        "honest_withheld": sum(outcome.wrong for outcome in honest),
        "honest_mended": sum(outcome.became == MENDED for outcome in honest),
        "milliseconds": {
            "median": round(1000 * statistics.median(seconds), 2) if seconds else None,
            "p99": round(1000 * seconds[int(0.99 * (len(seconds) - 1))], 2) if seconds else None,
        },
        "table": {
            kind: dict(Counter(outcome.became for outcome in outcomes if outcome.case.kind == kind)) for kind in QUOTAS
        },
    }


def table(outcomes: Sequence[Outcome], title: str) -> str:
    """Kinds and what became of them, as Markdown."""
    lines = [f"| {title} | n | {' | '.join(VERDICTS)} | wrong |", "|---" * (len(VERDICTS) + 3) + "|"]
    for kind in QUOTAS:
        ours = [outcome for outcome in outcomes if outcome.case.kind == kind]
        counts = Counter(outcome.became for outcome in ours)
        row = [kind, len(ours), *(counts[verdict] or "" for verdict in VERDICTS), sum(o.wrong for o in ours) or ""]
        lines.append(f"| {' | '.join(str(cell) for cell in row)} |")
    return "\n".join(lines)


def summary(result: dict[str, Any]) -> str:
    """The bars, for each half."""
    lines = []
    for half, of in result["halves"].items():
        if of["bad"] and of["honest"]:
            bad, honest = of["bad_passed"] / of["bad"], of["honest_withheld"] / of["honest"]
            lines.append(
                f"{half}: bad passed {of['bad_passed']} of {of['bad']} ({bad:.1%}, at most {BAD_PASSED:.0%}) · "
                f"wrong speaker passed {of['wrong_speaker_passed']} · honest withheld {of['honest_withheld']} of "
                f"{of['honest']} ({honest:.1%}, at most {HONEST_WITHHELD:.0%}), mended {of['honest_mended']} · "
                f"{of['milliseconds']['median']} ms a sentence, p99 {of['milliseconds']['p99']}"
            )
    return "\n".join(lines)


def failures(outcomes: Sequence[Outcome], most: int) -> list[Outcome]:
    """The outcomes that should not be, up to `most` of a kind: lies that were shown, honest sentences that were
    replaced."""
    found: list[Outcome] = []
    for kind in QUOTAS:
        found += [o for o in outcomes if o.case.kind == kind and (o.wrong or (o.case.honest and o.became == MENDED))][
            :most
        ]
    return found


if __name__ == "__main__":
    sys.exit(main())
