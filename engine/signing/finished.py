"""What pyHanko's coroutines come to, without a loop of events."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

_Value = TypeVar("_Value")


def finished(asked: Coroutine[Any, Any, _Value]) -> _Value:
    """The value of a coroutine that never waits, as none does that fetches nothing: a loop for
    it would open files, which whoever reads a stranger's file cannot (see ``walls``).

    Raises what it raises, and ``RuntimeError`` if it waits after all.
    """
    try:
        asked.send(None)
    except StopIteration as done:
        value: _Value = done.value
        return value
    finally:
        asked.close()
    raise RuntimeError("a judgement waits for something")
