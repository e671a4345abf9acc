"""What can be refused, and how it is told.

An error carries a code and parameters, never a sentence: the sentences, in the
users' languages, are data (``workflows/law/words``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.definition import Words


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why something may not be done.

    ``code`` names a sentence, ``params`` fill its places, ``clause`` is the rule it
    rests on, ``field`` the input it concerns (``findings.4_1.fact`` inside a table), ``labels``
    what that input is called: in a table its row, then its column.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    clause: str | None = None
    labels: Sequence[Words] = field(default=(), compare=False, kw_only=True)
    field: str | None = None


class EngineError(Exception):
    """Base of everything the engine refuses; nothing was written."""

    status = 500

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__("; ".join(f"{r.code} {dict(r.params)}" for r in refusals))
        self.refusals: Sequence[Refusal] = refusals

    @property
    def code(self) -> str:
        return self.refusals[0].code


class NotFound(EngineError):
    """No such subject, action or definition (404)."""

    status = 404


class Forbidden(EngineError):
    """This person may not do this here (403)."""

    status = 403


class Conflict(EngineError):
    """Not from here: the subject is in a state from which this move does not leave (409)."""

    status = 409


class Stale(Conflict):
    """Someone moved this first (409). ``since`` holds the events the caller had not seen."""

    def __init__(self, *refusals: Refusal, since: Sequence[Any] = ()) -> None:
        super().__init__(*refusals)
        self.since = since


class Refused(EngineError):
    """Bad input or a guard that does not hold; every reason at once (422)."""

    status = 422


class Away(EngineError):
    """A service outside does not answer now (503). What needs it is tried again for as long
    as it takes; nobody waits for it."""

    status = 503


class StoreAway(Away):
    """The store of files does not take or give now (503); nothing was changed."""


def place_of(error: UnicodeDecodeError) -> tuple[int, int]:
    """The line at which a text stops being UTF-8, and the byte in that line, both from 1."""
    before = error.object[: error.start]
    return before.count(b"\n") + 1, len(before) - before.rfind(b"\n")


class DefinitionError(Exception):
    """A definition that must not be used: file, key and reason. The product does not start."""

    def __init__(self, source: str, key: str, reason: str, code: str = "malformed") -> None:
        super().__init__(f"{source}: {key}: {reason} [{code}]")
        self.source, self.key, self.reason, self.code = source, key, reason, code

    @classmethod
    def unreadable(cls, source: str, error: Exception) -> DefinitionError:
        """For a file that cannot be read: one that is not TOML, or not UTF-8, has a code of its
        own, and its reason ends with the place."""
        if isinstance(error, UnicodeDecodeError):
            line, byte = place_of(error)
            return cls(source, "file", f"not UTF-8 (at line {line}, byte {byte})", "not_utf8")
        syntax = isinstance(error, tomllib.TOMLDecodeError)
        return cls(source, "file", str(error), "toml_syntax" if syntax else "malformed")
