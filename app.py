"""Serves the page in a browser: `python app.py --library DIR` is `verbatim serve --library DIR`."""

import sys

from ui.terminal.cli import main as verbatim


def main(arguments: list[str]) -> int:
    return verbatim(["serve", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
