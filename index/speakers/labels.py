"""Labels that name nobody, such as "Speaker 1", recognised."""

from __future__ import annotations

import re

ANONYMOUS = re.compile(r"^(?:speaker|spk|person|voice|unknown|unidentified)?[ _-]*(?:speaker|\d{1,3}|[a-z]|\?)?$", re.I)
ROLE_LABEL = re.compile(
    r"^(?:the )?(host|guest|interviewer|interviewee|moderator|presenter|panell?ist)(?:[ _-]*\d{1,2})?$", re.IGNORECASE
)


def is_anonymous(label: str) -> bool:
    """True for labels that name nobody: `Speaker 1`, `SPEAKER_00`, `Unknown`, `A`."""
    return bool(ANONYMOUS.match(label.strip()))


def names_nobody(label: str) -> bool:
    """The same, and true for labels that only tell a role: `Host`, `Guest 2`."""
    return is_anonymous(label) or bool(ROLE_LABEL.match(label.strip()))
