"""What several commands ask for: who acts, with which data, under which key, which PIN."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import click

from web.bounds import LARGEST
from web.cli.frame import option
from web.cli.refusals import No
from web.cli.words import text

NUMBER = click.IntRange(0, LARGEST)
"""An id, a year, a version: what a column holds."""

PIN_VARIABLE = "BINHXET_PIN"


class JsonObject(click.ParamType[dict[str, Any]]):
    """``{…}``, ``@file`` or ``-`` for the standard input."""

    name = "json"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        try:
            read = json.loads(_given(value))
        except RecursionError:
            self.fail(text("too_deep"), param, ctx)
        except json.JSONDecodeError as error:
            place = {"line": error.lineno, "column": error.colno}
            self.fail(text("not_json", where=_where(value), **place), param, ctx)
        except UnicodeDecodeError as error:
            place = _place(error.object, error.start)
            self.fail(text("not_utf8", where=_where(value), **place), param, ctx)
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            code = "data_not_there" if missing else "data_not_read"
            self.fail(text(code, where=_where(value)), param, ctx)
        if not isinstance(read, dict):
            self.fail(text("not_an_object"), param, ctx)
        return read


def _given(value: str) -> str:
    """What the value stands for; programs of Windows put a mark before UTF-8."""
    if value == "-":
        return sys.stdin.buffer.read().decode("utf-8-sig")
    if value.startswith("@"):
        return Path(value[1:]).read_bytes().decode("utf-8-sig")
    return value


def _where(value: str) -> str:
    return {"-": text("standard_input")}.get(value) or value.removeprefix("@")[:120]


def _place(data: bytes, at: int) -> dict[str, int]:
    """The line and the column of a byte, both from 1."""
    before = data[:at].decode("utf-8-sig")
    return {"line": before.count("\n") + 1, "column": len(before.rpartition("\n")[2]) + 1}


def texts(data: Mapping[str, Any], names: Collection[str]) -> dict[str, str]:
    """The inputs as the texts that a form would send; raises ``Refused`` with every one that
    is not among ``names``, or is neither a text nor a number."""
    from engine.errors import Refusal, Refused

    wrong = [
        Refusal("unknown_field", {"name": name}, field=name) for name in data if name not in names
    ]
    plain = {name: "" if value is None else value for name, value in data.items()}
    wrong += [
        Refusal("not_text", field=name)
        for name, value in plain.items()
        if name in names and (isinstance(value, bool) or not isinstance(value, str | int | float))
    ]
    if wrong:
        raise Refused(*wrong)
    return {name: str(value) for name, value in plain.items()}


def acting() -> list[Any]:
    """``--as``, and what makes a move: ``--data``, ``--key``, ``--version``."""
    return [
        as_user(),
        option("--data", type=JsonObject(), default="{}", metavar="JSON"),
        option("--key"),
        option("--version", type=NUMBER),
    ]


def as_user(*, required: bool = True) -> Any:
    return option("--as", "user", required=required, metavar="USER")


def on_day() -> Any:
    """``--on``: the day on which a unit bore the code that is given."""
    return option("--on", "borne_on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE")


def pin_options() -> list[Any]:
    return [option("--pin-stdin", is_flag=True), option("--pin")]


def read_pin(*, pin: str | None, from_stdin: bool, demonstration: bool) -> str:
    """The PIN of a key: from the standard input, the environment, or asked for unseen.

    As an argument only in a demonstration, where it is public: other users of a machine
    can read a command's arguments.
    """
    if pin is not None:
        if not demonstration:
            raise No("pin_as_argument")
        return pin
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if given := os.environ.get(PIN_VARIABLE):
        return given
    if not sys.stdin.isatty():
        raise No("no_pin", variable=PIN_VARIABLE)
    return str(click.prompt(text("ask_pin"), hide_input=True, err=True))
