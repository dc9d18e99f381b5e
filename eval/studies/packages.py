"""Known weaknesses of the pinned packages: `python -m eval packages` (make lint) asks pip-audit about constraints.txt.

Exit code 0 where none is known, and, with a line that says so, where the database can't be reached; pip-audit's own otherwise.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import urllib.request
from pathlib import Path

CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"
DATABASE = "https://pypi.org/pypi/{package}/{version}/json"  # where pip-audit asks
PATIENCE = 5.0  # seconds


def main() -> int:
    try:
        version = importlib.metadata.version("pip-audit")
    except importlib.metadata.PackageNotFoundError:
        print("audit: skipped, since pip-audit is not installed; make test installs it.")
        return 0
    # About one pinned version, as all are asked about: a mirror that knows of none would have pip-audit pass over them all.
    if not reachable(DATABASE.format(package="pip-audit", version=version)):
        print("audit: skipped, since the database of known weaknesses (pypi.org) can't be reached from here.")
        return 0
    # The constraints name every package with its version: nothing is looked up, downloaded or installed for it.
    asked = ["--requirement", str(CONSTRAINTS), "--no-deps", "--disable-pip", "--progress-spinner", "off"]
    return subprocess.run([sys.executable, "-m", "pip_audit", *asked], check=False).returncode


def reachable(address: str, seconds: float = PATIENCE) -> bool:
    """Whether somebody answers there in time who knows of weaknesses; a mirror of packages alone doesn't."""
    try:
        with urllib.request.urlopen(address, timeout=seconds) as answer:
            return b'"vulnerabilities"' in answer.read(5_000_000)
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    sys.exit(main())
