"""An act on units as people type it: the order it makes, and which input each reason is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from engine.errors import Refusal
from engine.fields import read_day
from workflows.territory.orders import Order

PARTS = 4
"""How many units an act may bring forth on the page; a file has no limit."""

DEED = ("number", "issued_on", "issuer", "issuer_unit", "effective_on", "source", "confidence")
TARGET = ("unit", "kind", "name", "form", "code", "parent", "category")
LONGEST = 2000

_CODES = re.compile(r"[\s,;]+")
_PAIRS = re.compile(r"(?m)^\s*(\S+)\s*(?:=>|->|→|=|:|\s)\s*(\S+)\s*$")


def typed(form: Mapping[str, str]) -> dict[str, str]:
    """What was typed, by input; nothing longer than any input may be."""
    names = ["units", "children", *DEED, *(f"{n}_{i}" for n in TARGET for i in range(PARTS))]
    return {name: form.get(name, "").strip()[:LONGEST] for name in names}


def order(act: str, told: Mapping[str, str]) -> tuple[Order | None, list[Refusal]]:
    """The order, or every reason why what was typed is none; each names its input."""
    wrong: list[Refusal] = []
    deed: dict[str, Any] = {name: told[name] for name in DEED if told[name]}
    for name in ("issued_on", "effective_on"):
        if name in deed:
            deed[name] = _day(name, deed[name], wrong)
    if "effective_on" not in deed:
        wrong.append(Refusal("required", field="effective_on"))
    if wrong:
        return None, wrong
    try:
        made = Order.model_validate(
            {
                "act": act,
                "deed": deed,
                "units": [code for code in _CODES.split(told["units"]) if code],
                "into": list(_targets(told)),
                "children": dict(_PAIRS.findall(told["children"])),
            }
        )
    except ValidationError as error:
        return None, [_unfit(one) for one in error.errors()]
    return made, []


def _unfit(one: Any) -> Refusal:
    """Why an input is none, said of that input: its key in an order means nothing to people."""
    where = place(".".join(map(str, one["loc"])))
    if one["type"] == "string_too_long":
        return Refusal("too_long", {"limit": one["ctx"]["max_length"]}, field=where)
    return Refusal("not_a_choice" if one["type"] == "literal_error" else "not_text", field=where)


def _day(name: str, text: str, wrong: list[Refusal]) -> str | None:
    try:
        return read_day(text).isoformat()
    except ValueError:
        wrong.append(Refusal("not_a_date", field=name))
        return None


def _targets(told: Mapping[str, str]) -> Iterable[dict[str, str]]:
    for part in range(PARTS):
        target = {name: told[f"{name}_{part}"] for name in TARGET if told[f"{name}_{part}"]}
        if target.keys() - {"kind"}:
            yield target


def place(field: str | None) -> str:
    """The input that a key of the order comes from; nothing where none does."""
    words = (field or "").removeprefix("orders.0.").split(".")
    match words:
        case ["units" | "children" as name, *_]:
            return name
        case ["deed", name, *_]:
            return name if name in DEED else "number"
        case ["into", number, name, *_] if number.isdigit() and int(number) < PARTS:
            return f"{name}_{number}"
        case ["into", number] if number.isdigit() and int(number) < PARTS:
            return f"name_{number}"
        case ["into", name, *_]:
            return f"{name}_0"
        case ["into"]:
            return "name_0"
    return ""
