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
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from engine.signing.certificates import load_roots
from engine.signing.examination import Examined, Signed, examine
from engine.signing.validate import SignatureReport

MEMORY = 768 * 2**20
CPU_SECONDS, WALL_SECONDS = 10, 30
AT_ONCE = 2
"""How many children one process has at most; who comes later waits, or is told so."""

_LONGEST = 300
_HOUSE = Path(__file__).resolve().parents[2]
_free = BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a file is, and in what it differs from a paper it was compared with."""

    examined: Examined
    differences: tuple[str, ...] = ()


Roots = Sequence[Certificate]


def ask(pdf: bytes, roots: Roots, original: bytes | None = None) -> Answer:
    """Examines a file, and compares it with ``original`` where that is given.

    Whatever happens to the child, there is an answer: problem
    ``too_complex`` when it ran out of what it has, ``busy`` when too many are at it.
    """
    if not _free.acquire(timeout=WALL_SECONDS):
        return Answer(Examined("busy"))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "engine.signing.cage"],
            input=_question(pdf, roots, original),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(_HOUSE), "LC_ALL": "C.UTF-8"},
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


def _question(pdf: bytes, roots: Roots, original: bytes | None) -> bytes:
    bundle = b"".join(root.public_bytes(Encoding.PEM) for root in roots)
    parts = (bundle, pdf, original or b"")
    return json.dumps([len(part) for part in parts]).encode() + b"\n" + b"".join(parts)


def _child(asked: BinaryIO, answered: BinaryIO) -> None:
    _confine()
    roots, pdf, original = (asked.read(size) for size in json.loads(asked.readline()))
    found = answer(pdf, load_roots(roots) if roots else (), original or None)
    answered.write(json.dumps(asdict(found), default=_plain).encode())
    answered.flush()


def _confine() -> None:
    """Gives up what a reader of one file does not need."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
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
