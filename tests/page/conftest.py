"""For the tests of the listeners' page in a browser: one small library and its site for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import make_small_library, pages, site_of


@pytest.fixture(scope="session")
def small_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_library(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def site(small_library: Path) -> Iterator[str]:
    """Its address. Feedback is kept in the library; nothing else of it changes."""
    with site_of(small_library) as address:
        yield address


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens an address in a fresh browser context and waits until the page is furnished."""
    with pages(browser) as open_page:
        yield open_page
