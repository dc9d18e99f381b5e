"""Which version of Verbatim this is, as it was installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def our_version() -> str:
    """Verbatim's version; "" where it was not installed."""
    try:
        return version("verbatim")
    except PackageNotFoundError:
        return ""
