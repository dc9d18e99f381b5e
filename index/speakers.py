"""Labels that name nobody."""

from __future__ import annotations

import re

ANONYMOUS = re.compile(r"^(?:speaker|spk|person|voice|unknown|unidentified)?[ _-]*(?:speaker|\d{1,3}|[a-z]|\?)?$", re.I)


def is_anonymous(label: str) -> bool:
    """True for labels that name nobody: `Speaker 1`, `SPEAKER_00`, `Unknown`, `A`."""
    return bool(ANONYMOUS.match(label.strip()))
