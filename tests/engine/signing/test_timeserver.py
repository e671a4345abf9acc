"""Servers outside that are slow, away, or answer what nobody asked for."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from engine import clock
from engine.errors import Away, Refused
from engine.signing.fetch import fetch
from engine.signing.timeserver import LARGEST, REST, ROOM, TimeServer

NOW = datetime(2026, 11, 5, tzinfo=UTC)
OK = b"HTTP/1.0 200 OK\r\n\r\n"


@contextmanager
def fake_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server on loopback that does with each connection what it is told to."""
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                opened, _ = listening.accept()
            except OSError:
                return
            with opened:
                opened.settimeout(5)
                opened.recv(65_536)
                with suppress(OSError):
                    answer(opened)
                    # Closed with something unread, the connection would be reset, and the
                    # answer with it.
                    opened.shutdown(socket.SHUT_WR)
                    while opened.recv(65_536):
                        pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/tsa"
    finally:
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def _dripping(opened: socket.socket) -> None:
    opened.sendall(OK)
    for _ in range(100):
        opened.sendall(b".")
        time.sleep(0.02)


ANSWERS: dict[str, Callable[[socket.socket], None]] = {
    "silent": lambda opened: time.sleep(0.6),
    "dripping": _dripping,
    "busy": lambda opened: opened.sendall(b"HTTP/1.0 503 Busy\r\n\r\n"),
    "moved": lambda opened: opened.sendall(b"HTTP/1.0 302 Found\r\nLocation: /x\r\n\r\n"),
    "no http": lambda opened: opened.sendall(b"220 mail server\r\n"),
    "hung up": lambda opened: None,
}


@pytest.mark.parametrize("how", ANSWERS)
def test_a_server_that_does_not_answer_is_away_within_its_time(how: str) -> None:
    with fake_server(ANSWERS[how]) as url:
        begun = time.monotonic()
        with pytest.raises(Away) as caught:
            TimeServer(url, seconds=0.4).answer(b"?")
        assert time.monotonic() - begun < 2
    assert caught.value.code == "service_away"


def test_a_server_that_is_not_there_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Away):
        TimeServer(f"http://127.0.0.1:{port}/", seconds=1).answer(b"?")


def test_after_a_failure_it_rests_longer_and_longer() -> None:
    asked: list[int] = []

    def busy(opened: socket.socket) -> None:
        asked.append(1)
        opened.sendall(b"HTTP/1.0 503 Busy\r\n\r\n")

    with fake_server(busy) as url:
        server, at = TimeServer(url, seconds=1), NOW
        for wait in (timedelta(0), REST / 2, REST, REST, 2 * REST):
            at += wait
            with clock.fixed_at(at), pytest.raises(Away):
                server.answer(b"?")
    assert len(asked) == 3


def test_an_answer_beyond_measure_is_dropped() -> None:
    much = OK + b"x" * (LARGEST + 20_000)
    with (
        fake_server(lambda opened: opened.sendall(much)) as url,
        pytest.raises(Refused) as caught,
    ):
        TimeServer(url, seconds=5).answer(b"?")
    assert caught.value.code == "answer_too_large"


def test_the_room_grows_with_what_a_server_sends() -> None:
    with fake_server(lambda opened: opened.sendall(OK + b"x" * (ROOM + 100))) as url:
        server = TimeServer(url, seconds=5)
        assert server.room == ROOM
        server.answer(b"?")
    assert server.room == ROOM + 100


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://elsewhere.invalid/", "x", ""]
)
def test_nothing_else_is_ever_fetched(url: str) -> None:
    with pytest.raises(Refused) as caught:
        fetch(url, seconds=1, most=10, hosts={"127.0.0.1"})
    assert caught.value.code == "service_not_allowed"
