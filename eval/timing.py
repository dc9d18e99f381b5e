"""How far off an interpolated time is: `python -m eval.timing TRANSCRIPTS`.

Hides every second time that timed transcripts give, interpolates it from its neighbours as `index/sentences.py` does, and
prints the error's quantiles, in seconds and as a share of the seconds between the two neighbours. That share's p90 is
`INTERPOLATED_ERROR`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index.errors import TranscriptError
from index.formats import read
from index.formats.parsed import Parsed
from index.library import find_transcripts
from index.sentences import build_sentences


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.timing", description="Measure interpolated times.")
    parser.add_argument("transcripts", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    shares, seconds = [], []
    files, _ = find_transcripts(options.transcripts)
    for file in files:
        try:
            errors = hidden_errors(read(file))
        except TranscriptError as exc:
            print(exc, file=sys.stderr)
            continue
        shares += [error / gap for error, gap in errors]
        seconds += [error for error, _ in errors]
    print(
        json.dumps(
            {
                "files": len(files),
                "hidden_times": len(shares),
                "share_of_gap": {f"p{p}": round(float(np.percentile(shares, p)), 3) for p in (50, 90, 95)},
                "seconds": {f"p{p}": round(float(np.percentile(seconds, p)), 1) for p in (50, 90, 95)},
            },
            indent=1,
        )
    )
    return 0


def hidden_errors(parsed: Parsed) -> list[tuple[float, float]]:
    """(error, gap) in seconds for each hidden time of a transcript whose pieces have starts; gaps of under 1 s left out."""
    timed = [
        (turn_number, piece_number, piece.start)
        for turn_number, turn in enumerate(parsed.turns)
        for piece_number, piece in enumerate(turn.pieces)
        if piece.start is not None and piece.speech
    ]
    hidden = {(turn, piece): start for turn, piece, start in timed[1:-1:2]}
    turns = [
        [
            piece._replace(start=None, end=None) if (turn_number, piece_number) in hidden else piece._replace(end=None)
            for piece_number, piece in enumerate(turn.pieces)
        ]
        for turn_number, turn in enumerate(parsed.turns)
    ]
    guessed = build_sentences(turns)
    errors = []
    for number, (turn_number, piece_number, start) in enumerate(timed):
        # Only times at a turn's start: there a sentence surely starts too.
        if (turn_number, piece_number) in hidden and piece_number == 0 and guessed[turn_number]:
            gap = timed[number + 1][2] - timed[number - 1][2]
            at = guessed[turn_number][0].start
            if gap >= 1 and at is not None:
                errors.append((abs(at - start), gap))
    return errors


if __name__ == "__main__":
    sys.exit(main())
