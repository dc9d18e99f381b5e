"""What a site bears: slow, odd and leaving callers over a real server on loopback; and what a visitor costs at rest."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from browsing import free_port
from endpoint import Endpoint
from hypothesis import given, settings
from hypothesis import strategies as st
from served import UNLIMITED, make_library, served, write_episode

from index.errors import SettingsError, TranscriptError
from index.formats.front_matter import metadata_from_mapping
from index.web import web_address
from rag.assistant import Assistant
from rag.settings import Serving, Settings
from ui.door.bodies import Refusal, checked_json
from ui.door.connections import Patience, bounded
from ui.door.media import media_hosts
from ui.listeners.chat import follow
from ui.listeners.conversation import Round
from ui.listeners.rested import rested, woken

JSON = {"Content-Type": "application/json"}
HALF = b"GET / HTTP/1.1\r\nHost: here\r\nX-Slow: "
FAR = [("Runa Ost", 0.5, 4.0, "A lighthouse keeper counts the waves before breakfast.")]
HALF_POST = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 400\r\n\r\n{"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(make_library(tmp_path_factory.mktemp("door")).folder, **UNLIMITED) as address:
        yield address


# Slow callers


@contextmanager
def listening(patience: Patience, *, most: int, by_address: int = 0) -> Iterator[int]:
    """The port of a server that reads a request's body and answers with its length."""

    async def echo(scope: Any, receive: Any, send: Any) -> None:
        length, more = 0, True
        while more:
            message = await receive()
            length, more = length + len(message.get("body", b"")), message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(length).encode()})

    port = free_port()
    config = uvicorn.Config(
        echo, port=port, lifespan="off", log_level="error", **bounded(by_address, patience, most=most)
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield port
    server.should_exit = True
    thread.join(10)


def connected(port: int, sent: bytes = b"") -> socket.socket:
    caller = socket.create_connection(("127.0.0.1", port), 30)
    caller.sendall(sent)
    return caller


def cut_off(caller: socket.socket) -> bool:
    """Whether it was ended without a word: reset where the server hadn't yet read what was sent, else closed."""
    try:
        return caller.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("sent", [b"", b"GET", HALF, HALF_POST, b"GET / HTTP/1.1\r\nHost: here\r\n\r\n" + HALF])
@pytest.mark.parametrize("by_address", [0, 16])
def test_however_many_half_requests_are_open_a_whole_one_is_answered(sent: bytes, by_address: int) -> None:
    with listening(Patience(head=60, body=60), most=24, by_address=by_address) as port:
        slow = [connected(port, sent) for _ in range(80)]
        assert httpx.get(f"http://127.0.0.1:{port}/", timeout=20).text == "0"
        for caller in slow:
            caller.close()


@pytest.mark.parametrize("sent", [HALF, HALF_POST])
def test_a_request_that_does_not_arrive_in_time_is_told_so_and_ended(sent: bytes) -> None:
    with listening(Patience(head=0.3, body=0.3), most=24) as port, connected(port, sent) as caller:
        answered = b"".join(iter(lambda: caller.recv(4096), b""))
    assert answered.startswith(b"HTTP/1.1 408 ") and b"took too long" in answered


def test_a_trickle_does_not_buy_time() -> None:
    with (
        listening(Patience(head=0.5, body=0.5), most=24) as port,
        connected(port, HALF_POST) as caller,
        pytest.raises(OSError),
    ):
        for _ in range(400):  # would be a whole body in four seconds
            caller.sendall(b" ")
            time.sleep(0.01)
        caller.sendall(b" ")


def test_a_body_that_keeps_its_pace_may_take_longer() -> None:
    with listening(Patience(head=0.3, body=0.3, pace=1000), most=24) as port:
        pieces = (b"x" * 2000 for _ in range(12) if not time.sleep(0.1))
        assert httpx.post(f"http://127.0.0.1:{port}/", content=pieces).text == "24000"


def test_room_is_made_by_the_one_of_that_address_that_has_waited_longest() -> None:
    with listening(Patience(head=60, body=60), most=64, by_address=16) as port:
        kept = [connected(port, HALF) for _ in range(16)]
        with connected(port, b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n") as caller:
            assert caller.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert cut_off(kept[0])
        kept[0].close()
        for last in kept[1:]:
            last.sendall(b"x\r\n\r\n")
            assert last.recv(4096).startswith(b"HTTP/1.1 200 ")
            last.close()


# Odd values


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": 1e400}', "too large"),
        (b'{"a": ' + b"7" * 5000 + b"}", "too large"),
        (b"[" * 100_000, "within each other"),
        (b"[" * 40 + b"]" * 40, "within each other"),
        (b'{"a": "x\\udc12"}', "half a character"),
        (b'{"\\ud83e": 1}', "half a character"),
        (b'"\xed\xa0\x81"', "half a character"),
        (b'"\xff"', "UTF-8"),
        (b"{", "not JSON"),
        (b'{"a": 18014398509481985}', "too large"),
    ],
)
def test_what_no_function_could_mean_is_refused_in_a_line(body: bytes, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        checked_json(body, lambda path: False)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = ["ask", "search", "episodes", "transcript", "nothing"]
FIELDS = [
    "question",
    "topic",
    "history",
    "episode",
    "show",
    "role",
    "since",
    "limit",
    "data",
    "session_hash",
    "unknown",
]
INTERNAL = ("Traceback", "codec", "Error:", "Union[", "object has no", "NoneType", "Internal Server Error", '"loc"')


@pytest.fixture(scope="module")
def caller() -> Iterator[httpx.Client]:
    """Patient, and with a connection for each request: a server may close one that rests while it is taken up again."""
    with httpx.Client(timeout=240, limits=httpx.Limits(max_keepalive_connections=0)) as client:
        yield client


@pytest.mark.timeout(1200)
@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["call/v2", "call", "run"]), st.sampled_from(NAMES), st.dictionaries(st.sampled_from(FIELDS), ODD)
)
def test_any_value_to_any_function_is_answered_or_refused_in_words(
    site: str, caller: httpx.Client, how: str, name: str, values: dict
) -> None:
    sent = caller.post(f"{site}/gradio_api/{how}/{name}", content=json.dumps(values), headers=JSON)
    assert sent.status_code == 200 or 400 <= sent.status_code < 500, sent.text
    told = sent.text
    if "event_id" in told:
        told = caller.get(f"{site}/gradio_api/call/{name}/{sent.json()['event_id']}").text
        assert "data: null" not in told.rpartition("event: error")[2] or "event: error" not in told
    assert not [word for word in INTERNAL if word in told], told
    if sent.status_code != 200:
        assert len(sent.json()["error"]) > 15


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("call/nothing", {"data": []}, 404, "There are: ask"),
        ("call/v2/nothing", {}, 404, "There are: ask"),
        ("run/predict", {"data": [], "fn_index": 9999}, 404, "no such function"),
        ("queue/join", {"data": [], "fn_index": 0}, 400, "session_hash is missing"),
        ("call/v2/ask", {"question": "Why?", "colour": "red"}, 400, "has no argument 'colour'"),
        ("call/v2/ask", {}, 400, "question is missing"),
        ("call/ask", {"data": ["Why?"]}, 400, "takes 9 values, and 1"),
        ("run/search", {"data": ["otter", "", "", "", "", "", "", 1000]}, 400, "from 1 to 100"),
        ("cancel", {}, 422, "session_hash is missing"),
    ],
)
def test_a_call_that_fits_no_function_is_told_why(
    site: str, caller: httpx.Client, path: str, body: Any, status: int, said: str
) -> None:
    answered = caller.post(f"{site}/gradio_api/{path}", json=body)
    assert answered.status_code == status and said in answered.json()["error"]


@pytest.mark.parametrize("path", ["call/ask/nothing", "call/v2/ask/nothing", "queue/data?session_hash=nobody"])
def test_an_answer_that_is_not_there_is_not_found(site: str, path: str) -> None:
    answered = httpx.get(f"{site}/gradio_api/{path}")
    assert answered.status_code == 404 and "nothing to be fetched" in answered.text


# Who leaves


@pytest.mark.slow
@pytest.mark.parametrize("queued", [True, False])
def test_a_model_is_let_go_when_whoever_asked_has_left(tmp_path: Path, endpoint: Endpoint, queued: bool) -> None:
    endpoint.heartbeat, endpoint.says = True, ["The windmill "]
    chosen = endpoint.settings()
    model = {"model": chosen.model, "base_url": chosen.base_url, "api_key": "x", "timeout": 60}
    question = ["What did Odo Pell say about the sails?", None, "", "", "", "", "", "", None]
    with served(make_library(tmp_path).folder, **model, **UNLIMITED) as address:
        port = int(address.rpartition(":")[2])
        body = json.dumps({"data": question}).encode()
        if queued:
            event = httpx.post(f"{address}/gradio_api/call/ask", content=body, headers=JSON).json()["event_id"]
            request = f"GET /gradio_api/call/ask/{event} HTTP/1.1\r\nHost: here\r\n\r\n".encode()
        else:
            head = f"POST /gradio_api/run/ask HTTP/1.1\r\nHost: here\r\nContent-Length: {len(body)}\r\n"
            request = f"{head}Content-Type: application/json\r\n\r\n".encode() + body
        caller = connected(port, request)
        while not endpoint.asked:
            time.sleep(0.01)
        assert not endpoint.left.is_set()
        caller.close()
        assert endpoint.left.wait(10)  # far below the model's own sixty seconds
        endpoint.over.set()


# What a visitor costs at rest


def test_a_conversation_put_away_is_the_same_when_it_is_taken_out(tmp_path: Path) -> None:
    assistant = Assistant(make_library(tmp_path), Settings())
    rounds: tuple[Round, ...] = ()
    for question in ("What did Odo Pell say about the sails?", "And the axle?", "Who is a quantum physicist?", "hello"):
        *_, last = follow(assistant, (*rounds, Round(question)))
        rounds = last["rounds"]
        away = rested(rounds)
        assert away and woken(away) == rounds
    assert rested((*rounds, Round("Still being asked?"))) is None


# Where media and links lead


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org@elsewhere.net/a.mp3",
        "https://me:secret@example.org/a.mp3",
        "http://@example.org/a.mp3",
        "javascript:alert(1)",
        "data:audio/mp3;base64,AA",
        "ftp://example.org/a.mp3",
        "https:///a.mp3",
        "//example.org/a.mp3",
        "https://example.org/a\u001b[31m.mp3",
        "https://example.org/\u202ea.mp3",
        "https://example.org:x/a.mp3",
        "https://example.org\\@elsewhere.net/a.mp3",
    ],
)
@pytest.mark.parametrize("field", ["audio", "url"])
def test_an_address_that_hides_its_host_is_refused_by_its_field(address: str, field: str) -> None:
    assert web_address(address) is None
    with pytest.raises(TranscriptError, match=f"{field} is"):
        metadata_from_mapping({field: address}, "talk.meta.json")


def test_the_policy_names_the_hosts_of_the_episodes_audio_and_no_other() -> None:
    audio = [
        "https://cdn.example.org/a.mp3",
        "http://cdn.example.org:8080/b",
        "https://CDN.example.org/c",
        None,
        "a.mp3",
        "https://bücher.example/d.mp3",
        "https://x;script-src *@evil.example/",
    ]
    assert media_hosts(audio) == [
        "http://cdn.example.org:8080",
        "https://cdn.example.org",
        "https://xn--bcher-kva.example",
    ]


def test_a_host_that_an_address_leads_on_to_is_in_the_policy_where_a_setting_names_it(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    with served(library.folder, **UNLIMITED, audio_hosts="https://store.example.org http://127.0.0.1:9") as address:
        policy = httpx.get(address + "/").headers["content-security-policy"]
    assert "media-src 'self' http://127.0.0.1:9 https://store.example.org;" in policy
    for wrong in (
        "store.example.org",
        "https://x;script-src",
        "javascript:x",
        "https://a@b.example",
        "https://a.example,https://b.example",
    ):
        with pytest.raises(SettingsError, match="VERBATIM_AUDIO_HOSTS="):
            Serving.from_environment({"VERBATIM_AUDIO_HOSTS": f"https://fine.example {wrong}"})


def test_a_host_is_in_the_pages_policy_from_when_its_episode_is_added(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    with served(library.folder, **UNLIMITED) as address:
        assert "media-src 'self';" in httpx.get(address + "/").headers["content-security-policy"]
        write_episode(tmp_path, "far", FAR, show="Far", audio="https://sound.example.org/far.mp3")
        library.add([tmp_path / "far.srt"])
        assert (
            "media-src 'self' https://sound.example.org;" in httpx.get(address + "/").headers["content-security-policy"]
        )
        library.remove("far")
        assert "media-src 'self';" in httpx.get(address + "/").headers["content-security-policy"]
