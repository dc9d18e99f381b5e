"""For every test: no settings from outside, no other machine, and properties that are the same on every run.

`--hypothesis-profile=hunt` looks for new counterexamples instead: random, and fifty times as many.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from endpoint import Endpoint
from filelock import FileLock
from hypothesis import HealthCheck, settings

# What runs in another process is out of reach of the patches below; the one library that downloads obeys this. Set here,
# before any test is collected: that library reads it once, when something first imports it.
os.environ["HF_HUB_OFFLINE"] = "1"

ROOT = Path(__file__).resolve().parents[1]
COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("verbatim", derandomize=True, **COMMON)
settings.register_profile("hunt", derandomize=False, max_examples=5000, **COMMON)
settings.load_profile("verbatim")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, as far as their marks tell: two processes then end at about the same time."""
    seconds: Counter[Path] = Counter()
    for item in items:
        slow, browser = item.get_closest_marker("slow"), item.get_closest_marker("browser")
        seconds[item.path] += 20 if slow else 5 if browser else 0
    items.sort(key=lambda item: -seconds[item.path])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """The browser's event loop is the running one only for tests with a browser; others may start loops of their own.

    Playwright leaves its loop marked as running in this thread for as long as the browser is open.
    """
    running = asyncio._get_running_loop()
    if "browser" not in item.fixturenames:
        asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running or asyncio._get_running_loop())


@pytest.fixture(scope="session", autouse=True)
def nothing_from_outside() -> Iterator[None]:
    """For the whole session, so that servers started by wider fixtures are under it too; they inherit the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("VERBATIM_", "OPENAI_"))]:
            patch.delenv(name)
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _only_here(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", _only_names_of_here(socket.getaddrinfo))
        yield


def _only_here(connect: Any) -> Any:
    def guarded(sock: socket.socket, address: Any) -> Any:
        if sock.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            pytest.fail(f"a test tried to reach {address[0]}: tests need no network")
        return connect(sock, address)

    return guarded


def _only_names_of_here(getaddrinfo: Any) -> Any:
    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host and not _is_here(host):
            pytest.fail(f"a test asked for the address of {host}: tests need no network")
        return getaddrinfo(host, *args, **kwargs)

    return guarded


def _is_here(host: str | bytes) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return name in ("localhost", "")
    return address.is_loopback or address.is_unspecified


@pytest.fixture(scope="session")
def samples_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a library of the seven samples with the embedded model: to be read, or copied and changed."""
    return _samples(tmp_path_factory, "samples-library")


@pytest.fixture(scope="session")
def samples_without_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `samples_library`, with the hashing encoder, which needs no model."""
    return _samples(tmp_path_factory, "samples-without-model", "hashing")


def _samples(tmp_path_factory: pytest.TempPathFactory, name: str, *encoder: str) -> Path:
    """Made once for the whole run: the processes of one share the folder above their own."""
    from index.library import Library

    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, being_made = shared / name, shared / f"{name}-being-made"
    with FileLock(shared / f"{name}.lock"):
        if not folder.exists():
            report = Library.create(being_made, *encoder).add([ROOT / "samples" / "transcripts"])
            assert len(report.added) == 7 and not report.refused
            being_made.rename(folder)
    return folder


@pytest.fixture(scope="session")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site of a library full of hostile texts, for the listeners' page and the staff's."""
    from browsing import site_of
    from hostile import hostile_library

    with site_of(hostile_library(tmp_path_factory.mktemp("hostile")).folder) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests of this process; each opens contexts of its own in it."""
    from browsing import a_browser

    with a_browser() as browser:
        loop = asyncio._get_running_loop()
        yield browser
        asyncio._set_running_loop(loop)  # the last test may have been one without a browser


@pytest.fixture
def commands_on(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Callable]:
    """`commands_on(library)` runs commands of the terminal on that library: each gives exit code, stdout and stderr."""
    from ui.terminal import cli

    def on(library: Path) -> Callable[..., tuple[int, str, str]]:
        monkeypatch.setenv("VERBATIM_EMBEDDINGS", "hashing")
        monkeypatch.setenv("VERBATIM_LIBRARY", str(library))

        def run(*arguments: object) -> tuple[int, str, str]:
            capsys.readouterr()
            try:
                code = cli.main([str(argument) for argument in arguments])
            except SystemExit as exit_:
                code = exit_.code
            return code, *capsys.readouterr()

        return run

    return on


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(
        "rag.model.endpoint.FIRST_WAIT", 0.01
    )  # what fails is tried again, without the long waits between
    monkeypatch.setattr("rag.model.endpoint.JITTER", 0.01)
    with Endpoint() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()
