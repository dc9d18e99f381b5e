"""For the tests of the staff's screens: one browser a file, in which sound may be played from a script too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import staff
from browsing import opener


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with staff.browser() as chromium:
        yield chromium


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens an address in a fresh browser context, after the staff's login where one is given."""
    with opener(chromium) as opened:
        yield opened
