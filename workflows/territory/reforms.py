"""Files that order changes of units: TOML, one act after the other (``law/units`` has some)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.errors import Refusal, Refused, place_of
from workflows.definitions.faults import Fault, syntax_fault
from workflows.territory.orders import Order

KEYS = {"id", "title", "note", "orders"}


def parse(text: bytes, name: str) -> list[Order]:
    """The orders of a file; raises ``Refused`` with the key of everything that is wrong."""
    try:
        told = tomllib.loads(text.decode("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise Refused(_not_toml(name, syntax_fault(str(error)))) from None
    except UnicodeDecodeError as error:
        line, byte = place_of(error)
        params = {"file": name, "line": line, "byte": byte}
        raise Refused(Refusal("not_utf8", params)) from None
    except RecursionError:
        raise Refused(Refusal("file_too_deep", {"file": name})) from None
    wrong = [
        Refusal("unknown_key", {"file": name, "key": key}, field=key)
        for key in sorted(told.keys() - KEYS)
    ]
    read = [_order(number, one, name) for number, one in enumerate(told.get("orders", []))]
    wrong += [refusal for one in read if isinstance(one, list) for refusal in one]
    if wrong or not read:
        raise Refused(*wrong or [Refusal("required", field="orders")])
    return [one for one in read if isinstance(one, Order)]


def _not_toml(name: str, fault: Fault) -> Refusal:
    if fault.code == "syntax":
        return Refusal("toml_syntax", {"file": name, **fault.params})
    return Refusal("toml_ends", {"file": name})


def load(path: Path) -> list[Order]:
    """``parse`` of a file; raises ``Refused`` also when it cannot be read."""
    try:
        return parse(path.read_bytes(), path.name)
    except OSError as error:
        params = {"file": path.name, "reason": error.strerror or ""}
        raise Refused(Refusal("file_unreadable", params)) from None


def _order(number: int, told: Any, name: str) -> Order | list[Refusal]:
    try:
        return Order.model_validate(told)
    except ValidationError as error:
        return list(_wrong(number, error, name))


def _wrong(number: int, error: ValidationError, name: str) -> Iterator[Refusal]:
    for one in error.errors():
        key = ".".join(["orders", str(number), *(str(part) for part in one["loc"])])
        code = "unknown_key" if one["type"] == "extra_forbidden" else "value_unfit"
        code = "required" if one["type"] == "missing" else code
        yield Refusal(code, {"file": name, "key": key}, field=key)
