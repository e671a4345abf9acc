"""A process of its own, with little to spend, in which strangers' files are opened.

A file of a few kilobytes can make any reader of PDF take all memory or never end: nested
streams that unpack to gigabytes, millions of pages, tables that lead in circles. Here it only
ends a child, which has its own limits of memory and time, nothing of this process's memory or
environment, and no way to open anything: no file to read or to write (keys included), no
connection, no other process (``walls``). The file is then called too complex.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from engine.errors import Refusal, Refused
from engine.papers.contents import Carried
from engine.signing import walls
from engine.signing.certificates import Enrolment, Roots, load_roots
from engine.signing.findings import NOTHING_LEFT, Examined, Remains, SignatureReport, Signed

log = logging.getLogger("binhxet.cage")

WALL_SECONDS = 30
PATIENCE, NO_PATIENCE = 10.0, 0.25
"""Seconds to wait for one's turn, for the first in line of a process and for all others: who
waits holds up a thread that could serve pages."""

_LOOK_AGAIN = 0.02
_COMPARABLE = frozenset({"", "cut_off", "damaged"})
_LEAST_LEFT = 2**20
_LONGEST, _LONGEST_FIELD = 300, 4000
_HOUSE = Path(__file__).resolve().parents[2]
_COMMAND = [sys.executable, "-m", "engine.signing.cage"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child has: address space in bytes, seconds of the processor."""

    memory: int = 768 * 2**20
    seconds: int = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What a file is, in what it differs from a paper it was compared with, and the data
    that it carries, if these were asked for: else ``without`` is the code of why not, and
    ``loose`` is what the fields on its pages say. ``left`` is what stands in its bytes of
    papers, where it tells no statement itself."""

    examined: Examined
    differences: tuple[str, ...] = ()
    carried: Carried | None = None
    without: str = ""
    loose: Mapping[str, str] = field(default_factory=dict)
    left: Remains = NOTHING_LEFT


_PLENTY = Limits()


def ask(
    pdf: bytes,
    roots: Roots,
    original: bytes | None = None,
    known: Examined | None = None,
    *,
    inside: bool = False,
    limits: Limits = _PLENTY,
) -> Answer:
    """Examines a file, and compares it with ``original`` where that is given; what is
    ``known`` of it from before is not found out again. ``inside`` asks for its data too.

    Whatever happens to the child, there is an answer: problem ``damaged`` when a reader broke
    on the file, which our log tells with the kind of the exception, and ``too_complex`` when
    the child ran out of what it has.
    """
    if known is not None and not inside and not _comparable(known, original):
        return Answer(known)
    asked = {"examined": known is None, "inside": inside, "limits": astuple(limits)}
    try:
        done = subprocess.run(  # noqa: S603 - our own module, by our own interpreter
            _COMMAND,
            input=_question(asked, pdf, roots, original),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            timeout=WALL_SECONDS,
            check=True,
        )
        told = json.loads(done.stdout)
        if broke := _text(told["broke"]):
            log.warning("a reader broke on a file of %d bytes: %s", len(pdf), ascii(broke))
        found = _read(told)
    except (subprocess.SubprocessError, ValueError, KeyError, TypeError, RecursionError):
        return Answer(Examined("too_complex"))
    return found if known is None else replace(found, examined=known)


def data(pdf: bytes) -> Carried:
    """The data in a stranger's file (see ``engine.papers.archive.carried``).

    Raises ``Refused`` as that does, and with ``file_too_complex``.
    """
    found = ask(pdf, Roots(), known=Examined(), inside=True)
    if found.carried is None:
        raise Refused(Refusal(found.without or "file_too_complex"))
    return found.carried


def answer(
    pdf: bytes,
    roots: Roots,
    original: bytes | None = None,
    known: Examined | None = None,
    *,
    inside: bool = False,
) -> Answer:
    """What the child works out; without its walls, for files that are trusted. The readers of
    PDF are loaded here, so that a site which only asks does not hold them."""
    from engine.signing.difference import differences
    from engine.signing.examination import examine

    found = known or examine(pdf, roots)
    comparable = original is not None and _comparable(found, original)
    told = differences(original, pdf) if original and comparable else ()
    if not inside:
        return Answer(found, told)
    carried, without, loose = (None, "", {}) if found.problem else _inside(pdf)
    return Answer(found, told, carried, without, loose, _left(pdf, roots, carried))


def _left(pdf: bytes, roots: Roots, carried: Carried | None = None) -> Remains:
    from engine.signing.remains import remains

    return remains(pdf, roots, carried)


def _inside(pdf: bytes) -> tuple[Carried | None, str, Mapping[str, str]]:
    from engine.papers.archive import carried, on_pages

    try:
        return carried(pdf), "", {}
    except Refused as refused:
        return None, refused.code, on_pages(pdf)


def _comparable(found: Examined, original: bytes | None) -> bool:
    return original is not None and found.problem in _COMPARABLE


@dataclass(frozen=True, slots=True)
class Turn:
    """Asks for a site, where one such file may be open at a time, whatever the number of its
    processes: so the others go on serving. Of those who come meanwhile one in each process
    waits for as long as two files take; whoever is not served then is told ``busy``.

    ``folder`` is what these processes share; it is locked, and nothing is written there.
    """

    folder: Path
    patience: float = PATIENCE

    def __call__(
        self,
        pdf: bytes,
        roots: Roots,
        original: bytes | None = None,
        known: Examined | None = None,
        *,
        inside: bool = False,
    ) -> Answer:
        """As ``ask``."""
        with _alone(self.folder, self.patience) as mine:
            if not mine:
                return Answer(Examined("busy"))
            return ask(pdf, roots, original, known, inside=inside)


@contextmanager
def _alone(folder: Path, patience: float) -> Iterator[bool]:
    """Whether this is the only one at it, among all processes and their threads. The system
    lets go of the lock of a process that dies."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield _taken(handle) or _waited(handle, patience)
    finally:
        os.close(handle)


_line = threading.Lock()


def _waited(handle: int, patience: float) -> bool:
    first = _line.acquire(blocking=False)
    until = time.monotonic() + (patience if first else min(patience, NO_PATIENCE))
    try:
        while time.monotonic() < until:
            time.sleep(_LOOK_AGAIN)
            if _taken(handle):
                return True
        return False
    finally:
        if first:
            _line.release()


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _environment() -> dict[str, str]:
    return {"PYTHONPATH": str(_HOUSE), "LC_ALL": "C.UTF-8"}


def _question(asked: Mapping[str, Any], pdf: bytes, roots: Roots, original: bytes | None) -> bytes:
    parts = (*map(_bundle, (roots.person, roots.agency, roots.time)), pdf, original or b"")
    told = {
        **asked,
        "sizes": [len(part) for part in parts],
        "enrolled": [one.record() for one in roots.enrolled],
        "named": roots.named,
    }
    return json.dumps(told).encode() + b"\n" + b"".join(parts)


def _bundle(roots: Sequence[Certificate]) -> bytes:
    return b"".join(root.public_bytes(Encoding.PEM) for root in roots)


def _child(asked: BinaryIO, answered: BinaryIO) -> None:
    walls.load()
    told = json.loads(asked.readline())
    walls.confine(*told["limits"])
    *bundles, pdf, original = (asked.read(size) for size in told["sizes"])
    person, agency, time = (load_roots(bundle) if bundle else () for bundle in bundles)
    enrolled = tuple(map(Enrolment.read, told["enrolled"]))
    roots = Roots(person, agency, time, enrolled, told["named"])
    known = None if told["examined"] else Examined()
    broke = ""
    try:
        found = answer(pdf, roots, original or None, known, inside=told["inside"])
    except (MemoryError, RecursionError):  # ran out: nothing more is answered
        raise
    except Exception as error:  # a reader of PDF meets what its authors did not foresee
        left = _left(pdf, roots) if told["inside"] else NOTHING_LEFT
        broke = type(error).__name__
        found = Answer(Examined("damaged"), without="unreadable_pdf", left=left)
    if found.examined.problem:
        bytearray(_LEAST_LEFT)  # readers call it damage, too, when their memory runs out
    said = {**asdict(found), "broke": broke}
    answered.write(json.dumps(said, default=_plain).encode())
    answered.flush()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


# ------------------------------------------------------------------ reading the answer


def _read(told: Mapping[str, Any]) -> Answer:
    """The answer as values again. The child may have been taken over by the file it read, so
    that nothing in it is more than a text of some length, a number or yes and no."""
    found = told["examined"]
    examined = Examined(
        problem=_text(found["problem"]),
        signed=tuple(_signed(one) for one in found["signed"]),
        spoiled=bool(found["spoiled"]),
        number=_text(found["number"]),
    )
    inside = told["carried"]
    return Answer(
        examined,
        _texts(told["differences"]),
        _carried(inside) if inside else None,
        _text(told["without"]),
        _fields(told["loose"]),
        _remains(told["left"]),
    )


def _remains(told: Mapping[str, Any]) -> Remains:
    laid_out, revised = bool(told["laid_out"]), bool(told["revised"])
    return Remains(_texts(told["signers"]), _texts(told["attached"]), laid_out, revised)


def _carried(told: Mapping[str, Any]) -> Carried:
    said = _text(told["schema"]), _text(told["kind"]), dict(told["values"])
    return Carried(*said, _fields(told["fields"]), tuple(dict(one) for one in told["enclosed"]))


def _fields(told: Mapping[str, Any]) -> Mapping[str, str]:
    return {_text(name): str(value)[:_LONGEST_FIELD] for name, value in told.items()}


def _signed(told: Mapping[str, Any]) -> Signed:
    values = dict(told["report"])
    time = values.pop("time")
    kept = {name: _value(value) for name, value in values.items()}
    report = SignatureReport(**kept, time=datetime.fromisoformat(time) if time else None)
    return Signed(report, bool(told["ours"]), _texts(told["marks"]), int(told["end"]))


def _value(value: object) -> Any:
    if isinstance(value, list):
        return _texts(value)
    return value if value is None or isinstance(value, bool | int) else _text(value)


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(_text(value) for value in values)


def _text(value: object) -> str:
    return str(value)[:_LONGEST]


if __name__ == "__main__":
    _child(sys.stdin.buffer, sys.stdout.buffer)
