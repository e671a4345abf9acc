"""Serving: the site and its worker start together, work, and leave nobody behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, select
from sqlalchemy.orm import Session

from engine import clock
from engine.db import tune, writing
from engine.jobs import make_queue
from engine.outbox import Task
from tests import programs
from tests.engine.signing.bombs import unpacks_to_gigabytes
from tests.web.calling import Shell
from web.serve import when_it_answers
from web.settings import Settings
from workflows import migrate

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60.0


@pytest.fixture(autouse=True)
def fixed_clock() -> None:
    """The real clock: other processes take part."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def _family(pid: int) -> set[int]:
    """The processes that this one started, and those that they started."""
    found: set[int] = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name in brackets may hold anything; the parent is the second field after it.
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                child = int(status.parent.name)
                found |= {child} | _family(child)
    return found


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


class Server:
    """``binhxet serve --worker`` over a database of its own."""

    def __init__(self, var: Path, database: Path, sites: int) -> None:
        self.var, self.port = var, _free_port()
        self.processes = sites + 1  # and a worker
        self.database = f"sqlite:///{var}/test/binhxet.db"
        (var / "test").mkdir(parents=True)
        shutil.copyfile(database, var / "test" / "binhxet.db")
        words = ["serve", "--worker", "--workers", str(sites), "--port", str(self.port)]
        told = {"BINHXET_ENV": "test", "BINHXET_VAR": str(var)}
        self.process = programs.start(words, {**os.environ, **told}, var / "log")
        _until(lambda: not self.process.is_alive() or self.answers("/healthz") == 200)
        assert self.process.is_alive(), self.told()
        self.pid = self.process.pid or 0
        self.family = _family(self.pid)

    def answers(self, path: str) -> int:
        address = f"http://127.0.0.1:{self.port}{path}"
        try:
            with urllib.request.urlopen(address, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def ring(self, task: int) -> None:
        """As the site does after a move; without it the worker finds a task by and by."""
        settings = Settings(env="test", var=self.var)
        queue = make_queue(settings.queue_url, settings.secret)
        queue.wake([task])
        queue.close()

    def told(self) -> str:
        return (self.var / "log").read_text()

    def end(self, number: signal.Signals) -> int | None:
        """Ends it: Ctrl-C reaches every process of a terminal, anything else the one named."""
        send = os.killpg if number == signal.SIGINT else os.kill
        send(self.pid, number)
        self.process.join(PATIENCE)
        return self.process.exitcode


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as ``binhxet migrate`` leaves it, to be copied."""
    path: Path = tmp_path_factory.mktemp("migrated") / "binhxet.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """The servers that were started, the newest last; what is left of them is ended."""
    made: list[Server] = []
    yield made
    for one in made:
        one.process.kill()
        one.process.join()
        for pid in one.family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def server(
    servers: list[Server], migrated: Path, tmp_path_factory: pytest.TempPathFactory
) -> Server:
    """A server that runs: the one before, if its test did not end it. Two processes of the site
    take the time of two to start: only the first server has them."""
    if not servers or not servers[-1].process.is_alive():
        sites = 1 if servers else 2
        servers.append(Server(tmp_path_factory.mktemp("server") / "var", migrated, sites))
    return servers[-1]


@pytest.mark.slow
def test_the_site_answers_while_strangers_have_bombs_opened(server: Server) -> None:
    bomb, address = unpacks_to_gigabytes(), f"http://127.0.0.1:{server.port}/verify"
    mark = "a-boundary"
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    body = head.encode() + bomb + f"\r\n--{mark}--\r\n".encode()
    told: list[list[str]] = []

    def send() -> None:
        kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        asked = urllib.request.Request(address, body, kind | {"Accept": "application/json"})
        try:
            answer = urllib.request.urlopen(asked, timeout=PATIENCE)  # noqa: S310
        except urllib.error.HTTPError as busy:
            assert (busy.code, busy.headers["Retry-After"]) == (503, "5")
            answer = busy
        with answer:
            reasons = json.load(answer)["reasons"]
        told.append([one["code"] for one in reasons])

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    slowest = 0.0
    while any(sender.is_alive() for sender in senders):
        begun = time.monotonic()
        assert server.answers("/healthz") == 200
        slowest = max(slowest, time.monotonic() - begun)
    assert told.count(["busy"]) >= 1
    assert len(told) == 4
    assert slowest < 2.5


@pytest.mark.slow
def test_a_bundle_made_beside_it_names_the_port_that_it_is_served_on(server: Server) -> None:
    """The command is not told of the port: it finds the address kept beside the data."""
    file = server.var / "trust.json"
    Shell(server.var)("trust", "export", file)
    address = f"http://127.0.0.1:{server.port}"
    with urllib.request.urlopen(f"{address}/trust.json", timeout=20) as answer:  # noqa: S310
        served = json.load(answer)
    for told in (json.loads(file.read_bytes()), served):
        assert (told["address"], told["addresses"]) == (address, [address])


@pytest.mark.slow
def test_a_worker_that_dies_is_started_again(server: Server) -> None:
    (worker,) = (
        pid
        for pid in _family(server.pid)
        if b"--parent" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    os.kill(worker, signal.SIGKILL)

    def renewed() -> bool:
        return len(_family(server.pid) - {worker}) == server.processes

    _until(renewed)
    assert worker not in _family(server.pid)
    server.family |= _family(server.pid)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_site_and_worker_start_work_and_end_together(
    server: Server, number: signal.Signals
) -> None:
    assert server.answers("/readyz") == 200
    assert server.answers("/api/v1/nominations") == 401
    _until(lambda: f"http://127.0.0.1:{server.port}" in server.told())
    family = _family(server.pid)
    assert len(family) == server.processes
    engine = tune(create_engine(server.database))
    with Session(engine) as session:
        with writing(session):
            session.execute(
                insert(Task).values(
                    id=1,
                    name="unheard_of",
                    ids={},
                    created_at=clock.now(),
                    due_at=clock.now(),
                    attempts=0,
                )
            )
        server.ring(1)

        def tried() -> bool:
            session.rollback()
            return session.scalars(select(Task.last_error)).one() is not None

        _until(tried)
    engine.dispose()
    assert server.end(number) == 0
    assert not any(_alive(pid) for pid in family)
    assert "Traceback" not in server.told()


def test_no_process_outlives_a_server_that_was_killed(server: Server) -> None:
    family = _family(server.pid)
    assert family
    server.process.kill()
    server.process.join()
    _until(lambda: not any(_alive(pid) for pid in family))


@pytest.mark.slow
def test_a_worn_worker_begins_anew_as_the_same_process(migrated: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{shutil.copyfile(migrated, tmp_path / 'binhxet.db')}"
    engine = tune(create_engine(url))
    with Session(engine) as session, writing(session):
        values = {"name": "unheard_of", "ids": {}, "created_at": clock.now()}
        rows = [values | {"due_at": clock.now(), "attempts": 0}] * 2
        session.execute(insert(Task), rows)
    worker = subprocess.Popen(
        [sys.executable, "-m", "web.cli", "worker", "--tasks", "1"],
        cwd=ROOT,
        env={**os.environ, "BINHXET_VAR": str(tmp_path), "BINHXET_DATABASE_URL": url},
        stderr=subprocess.PIPE,
    )
    try:
        with Session(engine) as session:

            def all_tried() -> bool:
                session.rollback()
                return all(session.scalars(select(Task.last_error)))

            _until(all_tried)
        assert worker.poll() is None
        worker.terminate()
        _, errors = worker.communicate(timeout=PATIENCE)
    finally:
        worker.kill()
        worker.wait()
        engine.dispose()
    assert (worker.returncode, errors) in ((0, b""), (-signal.SIGTERM, b""))


def test_the_address_is_told_only_once_it_answers() -> None:
    heard = threading.Event()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        when_it_answers("http://example.test", "127.0.0.1", port, heard.set)
        assert not heard.wait(0.25)  # nobody listens yet
        listening.listen()
        connection, _ = listening.accept()
        with connection:
            asked = connection.recv(1000)
            assert not heard.wait(0.25)  # it is heard, not answered
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            assert heard.wait(PATIENCE)
    assert asked.startswith(b"GET /healthz ")
    assert b"Host: example.test" in asked


def test_a_port_that_is_taken_is_told(migrated: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{migrated}"
    shell = Shell(tmp_path, {"BINHXET_DATABASE_URL": url})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = shell("serve", "--port", port, expect=1)
    assert "[port_taken]" in answer.err
    assert str(port) in answer.err
