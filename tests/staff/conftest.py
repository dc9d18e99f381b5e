"""For the tests of the staff's screens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browsing import opener


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens an address in a fresh browser context, after the staff's login where one is given."""
    with opener(browser) as opened:
        yield opened
