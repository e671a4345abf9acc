"""How a refusal is told: a sentence and a code, on the error stream; as JSON when asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from web.cli.frame import NO, said_of
from web.cli.words import language, text, word, words

if TYPE_CHECKING:
    from engine.errors import EngineError
    from web.settings import Unsafe


class No(Exception):
    """The command line's own refusals, worded in ``words.toml``."""

    def __init__(self, code: str, **places: object) -> None:
        super().__init__(code)
        self.code, self.places = code, places

    @property
    def sentence(self) -> str:
        return word("refusal", self.code, **self.places)


class Answered(Exception):
    """What the server refused: its code and its sentence."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.status, self.code, self.detail = status, code, detail


@contextmanager
def told(*, as_json: bool) -> Iterator[None]:
    """Turns what the product refuses into words and exit 1; faults of ours pass."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:
        found = _refusals(error)
        if found is None:
            raise
        for one in found:
            click.echo(_line(one), err=True)
        since = _since(error)
        for event in since:
            click.echo(text("moved_since", **event), err=True)
        if as_json:
            missed = {"since": since} if since else {}
            click.echo(said_of({**found[0], "refusals": found, **missed}))
        click.get_current_context().exit(NO)


def _line(refusal: dict[str, Any]) -> str:
    name = text("pin_name") if refusal["field"] == "pin" else refusal["field"]
    field = f"{name}: " if name else ""
    clause = f" ({refusal['clause']})" if refusal["clause"] else ""
    return f"{field}{refusal['detail']}{clause} [{refusal['code']}]"


def _refusals(error: Exception) -> list[dict[str, Any]] | None:
    if isinstance(error, No):
        return [_told(error.code, error.sentence)]
    if isinstance(error, Answered):
        return [_told(error.code, error.detail)]
    # Only now: a wrong call must be told quickly.
    from sqlalchemy.exc import OperationalError, ProgrammingError

    from engine.errors import DefinitionError, EngineError
    from engine.papers import fonts
    from web.settings import Problem, Unsafe

    if isinstance(error, EngineError):
        return _of_engine(error)
    if isinstance(error, Unsafe):
        return _of_settings(error)
    if isinstance(error, DefinitionError):
        return [_told(error.code, f"{error.source}: {error.key}: {_why(error.reason)}")]
    if isinstance(error, fonts.FontMissing):
        return _of_settings(Unsafe([Problem("missing_font", hint=fonts.INSTALL)]))
    if isinstance(error, OperationalError | ProgrammingError):
        reason = str(error.__cause__ or error).splitlines()[0]
        code = "no_tables" if _lacks_tables(error) else "database_fault"
        return _of_settings(Unsafe([Problem(code, hint=reason)]))
    return None


def _lacks_tables(error: Exception) -> bool:
    """Whether a table or a column is missing, which a migration brings."""
    cause = getattr(error, "orig", None)
    # PostgreSQL: undefined_table, undefined_column; SQLite has no code of its own for either.
    known = getattr(cause, "sqlstate", None) in {"42P01", "42703"}
    return known or str(cause).startswith(("no such table", "no such column"))


def _of_engine(error: EngineError) -> list[dict[str, Any]]:
    from web.answers import refusal

    return [refusal(one, language()) for one in error.refusals]


def _since(error: Exception) -> list[dict[str, Any]]:
    """What somebody moved first, where that is the refusal."""
    from engine.errors import Stale

    if not isinstance(error, Stale):
        return []
    from web.answers import since

    return since(error)


def _of_settings(error: Unsafe) -> list[dict[str, Any]]:
    return [_told(problem.code, describe(problem)) for problem in error.problems]


def describe(problem: Any) -> str:
    """A reason not to start, as a sentence that names the setting."""
    known, hint = words()["problem"][problem.code][language()], problem.hint
    if problem.code == "unsound_law":
        key, colon, reason = hint.partition(": ")
        hint = f"{key}{colon}{_why(reason)}"
    return str(known.format(setting=problem.setting, hint=hint))


def _why(reason: str) -> str:
    """A reason against a file of law; in its own words where those of law cannot be read."""
    from engine.errors import DefinitionError
    from workflows.definitions.faults import why

    try:
        return why(reason, language())
    except DefinitionError:
        return reason


def _told(code: str, detail: str) -> dict[str, Any]:
    return {"code": code, "detail": detail, "clause": None, "field": None}
