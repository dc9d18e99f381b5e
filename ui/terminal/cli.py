"""The command `verbatim`: runs one command, and prints in a line what it can't do.

stdout is the answer; progress and warnings go to stderr; exit 0 done, 1 could not, 2 misused. Imports are inside the
commands, so that `verbatim --help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from index.errors import VerbatimError
from index.plain import plain
from ui.door.streams import shown_on_terminal
from ui.terminal.parser import parsed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    try:
        with shown_on_terminal():
            options = parsed(sys.argv[1:] if arguments is None else arguments)
            for name, value in vars(options).items():
                if isinstance(value, str) and name != "library":  # a folder goes by the name that it has
                    setattr(options, name, plain(value))
            return options.run(options)
    except VerbatimError as exc:
        print(f"verbatim: {exc}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output (`| head`) has gone; what is still buffered has nowhere to go.
        sys.stdout = None
        return 0
    except KeyboardInterrupt:
        print("verbatim: stopped; what was added so far is kept.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
