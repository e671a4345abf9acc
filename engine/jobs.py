"""The one module that knows huey: it wakes workers for the outbox, and wakes them by the clock.

The queue is only a bell. What must happen stands in the outbox, so a lost, doubled or late
message does no harm: a sweep finds what was missed. A message is a task's name and ids,
signed; nothing in it is ever unpickled, and one that is not ours is dropped.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import resource
import signal
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from huey import Huey, PostgresHuey, SqliteHuey
from huey.consumer import Consumer, Scheduler, Worker
from huey.registry import Message
from sqlalchemy.orm import Session

from engine import clock, outbox
from engine.deadlines import expire
from engine.house import House
from engine.lane import Lane
from engine.outbox import Handler

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 15
SWEEP_FIRST = 10
"""Priority of the sweeps: a long backlog of papers must not keep them waiting."""

BACKLOG = 100
"""A sweep rings for no more tasks than would make the queue this long."""

DAILY_AT = (19, 0)
"""Two in the morning in Vietnam, in UTC, which is how the clock asks."""

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Ending = Literal["stopped", "recycle"]


@dataclass(frozen=True)
class Work:
    """What a worker works with: a new session for each task, the house, and a function for
    each name of an outbox task. ``slow`` are the names that wait for services outside;
    ``daily`` is done once a day."""

    sessions: Callable[[], Session]
    house: House
    handlers: Mapping[str, Handler]
    slow: Collection[str] = ()
    daily: Callable[[Session], object] | None = None


class Foreign(ValueError):
    """A message that this system did not write, or that it cannot read any more."""


class Signed:
    """Writes messages as signed JSON, and reads no other.

    Form 1: the hexadecimal HMAC-SHA256 of what follows, a space, then
    ``{"form": 1, "id", "task", "ids": […], "until"}``.
    """

    FORM = 1

    def __init__(self, secret: str) -> None:
        # A key of its own: what signs cookies must not sign messages.
        self._key = hashlib.sha256(b"binhxet queue 1\0" + secret.encode()).digest()

    def serialize(self, message: Message) -> bytes:
        """The signed form of a message that carries ids only; anything else is a mistake."""
        ids = list(message.args or ())
        if not isinstance(message, Message) or not _only_ids(ids) or message.kwargs:
            raise TypeError("a message carries ids and nothing else")
        until = message.expires_resolved
        body = json.dumps(
            {
                "form": self.FORM,
                "id": message.id,
                "task": message.name,
                "ids": ids,
                "until": until.isoformat() if until else None,
            }
        ).encode()
        return self._seal(body) + b" " + body

    def deserialize(self, data: bytes) -> Message:
        """The message; raises ``Foreign`` when it is not signed by our key."""
        seal, _, body = bytes(data).partition(b" ")
        if not hmac.compare_digest(seal, self._seal(body)):
            raise Foreign("a message that this system did not write")
        read = json.loads(body)
        if read["form"] != self.FORM or not _only_ids(read["ids"]):
            raise Foreign("a message of a form that is not known here")
        until = datetime.fromisoformat(read["until"]) if read["until"] else None
        return Message(
            id=read["id"],
            name=read["task"],
            args=tuple(read["ids"]),
            kwargs={},
            retries=0,
            retry_delay=0,
            expires=until,
            expires_resolved=until,
        )

    def _seal(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).hexdigest().encode()


class _Sifting:
    """Throws away what it cannot read, in one line of the log: the secret was another when it
    was written, say. The sweep rings again for every task that is still due."""

    def dequeue(self) -> Any:
        try:
            return super().dequeue()  # type: ignore[misc]
        except Foreign as error:
            logger.error("the queue held %s (is the secret another now?); it is dropped", error)
            return None


class _SqliteQueue(_Sifting, SqliteHuey):
    """A queue in a file."""


class _PostgresQueue(_Sifting, PostgresHuey):
    """A queue in the database."""


def _only_ids(values: Sequence[object]) -> bool:
    return all(type(value) is int for value in values)


class Queue:
    """The bell between those who commit and those who work. Opened at its first use, so that
    a broken queue stops nobody from starting or moving."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._serializer = Signed(secret)
        self._huey: Huey | None = None
        self._opening = threading.Lock()
        self._ring: Any = None
        self.work: Work | None = None
        self.lane: Lane | None = None
        self.delivered = 0

    @property
    def huey(self) -> Huey:
        with self._opening:
            if self._huey is None:
                self._huey = _open(self._url, self._serializer)
                self._name_tasks(self._huey)
            return self._huey

    def wake(self, task_ids: Sequence[int]) -> None:
        """Rings for outbox tasks after their commit. Never raises: when the queue is broken
        the sweep finds them later."""
        try:
            huey = self.huey
            for task_id in task_ids:
                huey.enqueue(self._ring.s(task_id))
        except Exception:
            # The move stands whatever the queue says.
            logger.exception("the queue does not answer; the sweep will find %s", list(task_ids))

    def sweep(self) -> None:
        """Rings for every outbox task that is due: lost messages, and failures to try again."""
        room, work = BACKLOG - self.huey.pending_count(), self._working()
        if room > 0:
            with work.sessions() as session:
                self.wake(outbox.due(session, clock.now(), room, but=self._apart))

    def expire(self) -> None:
        """Makes the moves of passed terms."""
        work = self._working()
        with work.sessions() as session:
            expire(session, work.house)

    def daily(self) -> None:
        """Does what is done once a day."""
        work = self._working()
        if work.daily is not None:
            with work.sessions() as session:
                work.daily(session)

    def deliver(self, task_id: int) -> None:
        """Runs one outbox task in a session of its own, or leaves it to the slow lane."""
        work = self._working()
        self.delivered += 1
        with work.sessions() as session:
            if self.lane is not None and outbox.name_of(session, task_id) in self._apart:
                self.lane.ring()
            else:
                outbox.deliver(session, work.handlers, task_id)

    @property
    def _apart(self) -> Collection[str]:
        """The tasks that the slow lane finds by itself, if there is one."""
        return self._working().slow if self.lane is not None else ()

    def drain(self, work: Work) -> int:
        """Answers every message there is now, in this process; how many there were."""
        self.work = work
        count = 0
        while self.huey.pending_count():
            if (task := self.huey.dequeue()) is not None:
                self.huey.execute(task)
                count += 1
        return count

    def close(self) -> None:
        """Lets go of the queue's connections; the next use opens them again."""
        if self._huey is not None:
            self._huey.storage.close()

    def _working(self) -> Work:
        if self.work is None:
            raise LookupError("this process sends messages, it does not work on them")
        return self.work

    def _name_tasks(self, huey: Huey) -> None:
        self._ring = huey.task(name="deliver")(self.deliver)
        each = huey.periodic_task(
            lambda _at: True, name="sweep", priority=SWEEP_FIRST, expires=SWEEP_SECONDS
        )
        each(self.sweep)
        # The clock asks every quarter of a minute: the first quarter is once a minute.
        minutely = huey.periodic_task(
            lambda at: at.second < SWEEP_SECONDS,
            name="expire",
            priority=SWEEP_FIRST,
            expires=SWEEP_SECONDS,
        )
        minutely(self.expire)
        nightly = huey.periodic_task(
            lambda at: (at.hour, at.minute) == DAILY_AT and at.second < SWEEP_SECONDS,
            name="daily",
            expires=3600,
        )
        nightly(self.daily)


def make_queue(url: str, secret: str) -> Queue:
    """The queue at ``sqlite:///path`` or ``postgresql://…``; raises ``ValueError`` for any
    other kind of address. Nothing is opened yet."""
    if urlsplit(url).scheme not in ("sqlite", "postgresql", "postgresql+psycopg"):
        raise ValueError(f"a queue is at sqlite:///… or postgresql://…, not {url}")
    return Queue(url, secret)


def _open(url: str, serializer: Signed) -> Huey:
    parts = urlsplit(url)
    # No results are kept: the outbox row tells how a task ended.
    settings: dict[str, Any] = {"results": False, "serializer": serializer}
    if parts.scheme == "sqlite":
        path = Path(unquote(parts.path[1:]))
        path.parent.mkdir(parents=True, exist_ok=True)
        return _SqliteQueue("binhxet", filename=str(path), **settings)
    dsn = url.replace("postgresql+psycopg:", "postgresql:", 1)
    return _PostgresQueue("binhxet", dsn=dsn, connect_timeout=5, **settings)


class _Clock(Scheduler):
    periodic_task_seconds = SWEEP_SECONDS


class _Worker(Worker):
    """Stops the process when it has worked enough, so that it begins again small."""

    def __init__(self, consumer: _Consumer, **options: Any) -> None:
        super().__init__(**options)
        self._consumer = consumer

    def loop(self, now: datetime | None = None) -> None:
        before = self.task_count
        super().loop(now)
        if self.task_count > before and self._consumer.worn():
            self._consumer.ending = "recycle"
            self.stop_flag.set()

    def shutdown(self) -> None:
        super().shutdown()
        # A connection that listens belongs to this thread, and nobody else can close it.
        self.huey.storage.close()


class _Consumer(Consumer):
    scheduler_class = _Clock

    def __init__(self, huey: Huey, *, worn: Callable[[], bool], patience: float) -> None:
        self.worn = worn
        self.ending: Ending = "stopped"
        super().__init__(
            huey, workers=1, max_delay=1.0, scheduler_interval=5, shutdown_timeout=patience
        )
        # Each of them lets the task at hand end (not restart, graceful).
        self._signal_actions = dict.fromkeys(STOPPING, (False, True))

    def settled(self) -> Ending:
        """How it ended, in the end: a signal that came while it was ending so as to begin anew
        stops it too. From here on nobody listens, so the next one ends the process at once."""
        for number in STOPPING:
            interrupt = number == signal.SIGINT
            signal.signal(number, signal.default_int_handler if interrupt else signal.SIG_DFL)
        return "stopped" if self._signum is not None else self.ending

    def _create_worker(self) -> _Worker:
        return _Worker(
            self,
            huey=self.huey,
            stop_flag=self.stop_flag,
            default_delay=self.default_delay,
            max_delay=self.max_delay,
            backoff=self.backoff,
        )


def run_worker(
    queue: Queue,
    work: Work,
    *,
    tasks: int = 500,
    memory: int = 280 * 2**20,
    patience: float = 30.0,
) -> Ending:
    """Works until told to stop by a signal, or until ``tasks`` were tried or ``memory`` bytes
    are held, when the caller should start a new process (``recycle``).

    Installs signal handlers, so it runs in the main thread. The task at hand is ended first,
    within ``patience`` seconds.
    """
    queue.work = work
    first = queue.delivered

    def worn() -> bool:
        return queue.delivered - first >= tasks or held() > memory

    consumer = _Consumer(queue.huey, worn=worn, patience=patience)
    queue.lane = Lane(work.sessions, work.handlers, work.slow) if work.slow else None
    try:
        consumer.run()
        consumer.stop(graceful=True)
    finally:
        if queue.lane is not None:
            queue.lane.close(patience)
        queue.lane = None
        queue.close()
    return consumer.settled()


def held() -> int:
    """The bytes of memory this process holds now."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        # Elsewhere than on Linux only the peak is known.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")
