"""A process of its own, with little to spend, in which strangers' files are opened.

A file of a few kilobytes can make any reader of PDF take all memory or never end: nested
streams that unpack to gigabytes, millions of pages, tables that lead in circles. Here it only
ends a child, which has its own limits of memory and time, no file to write, and none of this
process's secrets; the file is then called too complex. Nothing is fetched.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from engine.signing.certificates import Enrolment, Roots, load_roots
from engine.signing.examination import Examined, Signed, examine
from engine.signing.validate import SignatureReport

WALL_SECONDS = 30
AT_ONCE = 2
"""How many children one process has at most; who comes later waits, or is told so."""

_LONGEST = 300
_HOUSE = Path(__file__).resolve().parents[2]
_COMMAND = [sys.executable, "-m", "engine.signing.cage"]
_free = BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child has: address space in bytes, seconds of the processor."""

    memory: int = 768 * 2**20
    seconds: int = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What a file is, and in what it differs from a paper it was compared with."""

    examined: Examined
    differences: tuple[str, ...] = ()


_PLENTY = Limits()


def ask(
    pdf: bytes, roots: Roots, original: bytes | None = None, *, limits: Limits = _PLENTY
) -> Answer:
    """Examines a file, and compares it with ``original`` where that is given.

    Whatever happens to the child, there is an answer: problem
    ``too_complex`` when it ran out of what it has, ``busy`` when too many are at it.
    """
    if not _free.acquire(timeout=WALL_SECONDS):
        return Answer(Examined("busy"))
    try:
        done = subprocess.run(  # noqa: S603 - our own module, by our own interpreter
            _COMMAND,
            input=_question(limits, pdf, roots, original),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            timeout=WALL_SECONDS,
            check=True,
        )
        return _read(json.loads(done.stdout))
    except (subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return Answer(Examined("too_complex"))
    finally:
        _free.release()


def answer(pdf: bytes, roots: Roots, original: bytes | None = None) -> Answer:
    """What the child works out; without its walls, for files that are trusted."""
    from engine.signing.difference import differences

    found = examine(pdf, roots)
    comparable = original is not None and found.problem in ("", "cut_off", "damaged")
    return Answer(found, differences(original, pdf) if original and comparable else ())


def _environment() -> dict[str, str]:
    return {"PYTHONPATH": str(_HOUSE), "LC_ALL": "C.UTF-8"}


def _question(limits: Limits, pdf: bytes, roots: Roots, original: bytes | None) -> bytes:
    parts = (*map(_bundle, (roots.person, roots.agency, roots.time)), pdf, original or b"")
    told = {
        "limits": astuple(limits),
        "sizes": [len(part) for part in parts],
        "enrolled": [one.record() for one in roots.enrolled],
        "named": roots.named,
    }
    return json.dumps(told).encode() + b"\n" + b"".join(parts)


def _bundle(roots: Sequence[Certificate]) -> bytes:
    return b"".join(root.public_bytes(Encoding.PEM) for root in roots)


def _child(asked: BinaryIO, answered: BinaryIO) -> None:
    told = json.loads(asked.readline())
    _confine(Limits(*told["limits"]))
    *bundles, pdf, original = (asked.read(size) for size in told["sizes"])
    person, agency, time = (load_roots(bundle) if bundle else () for bundle in bundles)
    enrolled = tuple(map(Enrolment.read, told["enrolled"]))
    roots = Roots(person, agency, time, enrolled, told["named"])
    found = answer(pdf, roots, original or None)
    answered.write(json.dumps(asdict(found), default=_plain).encode())
    answered.flush()


def _confine(limits: Limits) -> None:
    """Gives up what a reader of one file does not need."""
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    os.nice(5)


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
    return Answer(examined, _texts(told["differences"]))


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
