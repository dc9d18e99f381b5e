"""How well a folder of transcripts is read: `python -m eval parsing FOLDER`. Prints counts, and each refusal with its reason."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from index.errors import TranscriptError
from index.formats import read
from index.library import find_transcripts


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one JSON object: files read, formats, counts of turns, names and words, each refusal. Exit code 1 where a file is
    refused."""
    parser = argparse.ArgumentParser(prog="python -m eval parsing", description="Read transcripts and count.")
    parser.add_argument("folders", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    files, _ = find_transcripts(options.folders)
    formats: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    refused = []
    began = time.perf_counter()
    for file in files:
        try:
            parsed = read(file)
        except TranscriptError as exc:
            refused.append(str(exc))
            continue
        spoken = [turn for turn in parsed.turns if any(piece.speech for piece in turn.pieces)]
        formats[parsed.format] += 1
        counts["turns"] += len(spoken)
        counts["turns_with_speaker"] += sum(turn.speaker is not None for turn in spoken)
        counts["words"] += sum(len(piece.text.split()) for turn in spoken for piece in turn.pieces if piece.speech)
        counts["files_with_times"] += any(piece.start is not None for turn in spoken for piece in turn.pieces)
        counts["files_with_speakers"] += any(turn.speaker is not None for turn in spoken)
    result = {"files": len(files), "read": len(files) - len(refused), "formats": dict(formats), **counts}
    print(json.dumps(result | {"seconds": round(time.perf_counter() - began, 1), "refused": refused}, indent=1))
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
