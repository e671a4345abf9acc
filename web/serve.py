"""Serves the site: granian, two threads a worker; beside it, if asked, the worker.

Every process watches the one that started it, so none is left however it ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from web.settings import PREFIX, Settings

if TYPE_CHECKING:
    from flask import Flask
    from granian.server.common import AbstractServer

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 10
"""Seconds a web worker has for the request at hand before it is ended."""

WORKER_PATIENCE = 40
"""Seconds the worker has for its task; a paper takes one or two."""

PAUSE = 0.1
"""Seconds between two looks whether the site answers yet."""

THREADS = 3
"""In each web worker. The check of a stranger's file, of which there is one at a time (see
``engine.signing.cage.Turn``), holds up one of them, whoever is next in line another, and
nobody a whole worker."""

LIFETIME = 6 * 3600
MOST_MEMORY = 400
"""Seconds and MiB after which a web worker is renewed."""

LOGGING = {
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "errors": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "stream": "ext://sys.stderr",
        }
    },
    "root": {"handlers": ["errors"], "level": "WARNING"},
    "loggers": {"_granian": {"handlers": ["errors"], "propagate": False}},
}


def application() -> Flask:
    """The site of one web worker, for granian."""
    from web import create_app

    leave_with(os.getppid(), PATIENCE)
    return create_app()


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    workers: int,
    with_worker: bool,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Serves until told to stop by a signal; calls ``on_ready`` when the first answer came.

    Raises ``OSError`` when the port is taken.
    """
    os.environ[f"{PREFIX}VAR"] = str(settings.var)
    os.environ[f"{PREFIX}BASE_URL"] = settings.base_url
    server = _server(host, port, workers, quiet=settings.env == "demo")
    beside = Beside()
    if with_worker:
        server.on_startup(beside.start)
    _after_forks(server, lambda: when_it_answers(settings.base_url, host, port, on_ready))
    try:
        server.serve()
    finally:
        beside.stop()


def _server(host: str, port: int, workers: int, *, quiet: bool) -> AbstractServer[Any]:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    return Granian(
        "web.serve:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        workers_lifetime=LIFETIME,
        workers_max_rss=MOST_MEMORY,
        workers_kill_timeout=PATIENCE,
        respawn_failed_workers=True,
        factory=True,
        websockets=False,
        log_level=LogLevels.error if quiet else LogLevels.info,
        log_dictconfig=LOGGING,
    )


def _after_forks(server: AbstractServer[Any], told: Callable[[], None]) -> None:
    """Calls ``told`` when the web workers are there. Not in a hook before: a lock that this
    thread held at that moment would stay locked in them."""
    startup: Callable[..., None] = server.startup

    def started(*given: Any) -> None:
        startup(*given)
        told()

    server.startup = started  # type: ignore[method-assign]


def when_it_answers(base_url: str, host: str, port: int, told: Callable[[], None]) -> None:
    """Calls ``told`` once the site at this port answers, from a thread of its own."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only read here
    name = urlsplit(base_url).netloc

    def ask() -> None:
        while not _answers(near, port, name):
            time.sleep(PAUSE)
        told()

    threading.Thread(target=ask, name="waits for the first answer", daemon=True).start()


def _answers(host: str, port: int, name: str) -> bool:
    connection = HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", "/healthz", headers={"Host": name})
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True


class Beside:
    """The worker beside the site, as a child process: started again when it dies."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Starts it, and a thread that keeps it running."""
        self._spawn()
        threading.Thread(target=self._keep, name="keeps the worker", daemon=True).start()

    def stop(self) -> None:
        """Lets it end its task, and ends it if that takes too long."""
        self._stopping.set()
        with self._lock:
            process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(WORKER_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _spawn(self) -> None:
        command = [sys.executable, "-m", "web.cli", "worker", "--parent", str(os.getpid())]
        with self._lock:
            if not self._stopping.is_set():
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    command, cwd=ROOT, stdin=subprocess.DEVNULL
                )

    def _keep(self) -> None:
        pause = 1.0
        while self._process is not None:
            started = time.monotonic()
            self._process.wait()
            if self._stopping.is_set():
                return
            # One that dies at once must not keep the machine busy by being started.
            pause = 1.0 if time.monotonic() - started > 60 else min(pause * 2, 60.0)
            if self._stopping.wait(pause):
                return
            self._spawn()


def leave_with(parent: int, patience: float) -> None:
    """Ends this process, gently at first, when the process that started it is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(patience)
        os._exit(1)

    threading.Thread(target=watch, name="watches its parent", daemon=True).start()
