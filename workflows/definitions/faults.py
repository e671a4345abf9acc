"""What is wrong with the text of a definition, key by key, in sentences."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.definition import Definition, parse
from engine.errors import DefinitionError
from workflows.lawfiles import LAW, table

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)$")
_NOT_UTF8 = re.compile(r"not UTF-8 \(at line (\d+), byte (\d+)\)")
_END = "(at end of document)"
_DATES = ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact")
_SAME: Mapping[str, str] = (
    {"tuple_type": "list", "list_type": "list"}
    | dict.fromkeys(_DATES, "date")
    | {"model_type": "model", "int_parsing": "int_type", "int_from_float": "int_type"}
    | {"bool_parsing": "bool_type"}
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that keeps a text from being a definition, and the key where it is."""

    code: str
    key: str
    params: Mapping[str, Any] = field(default_factory=dict)


@cache
def _sentences() -> Mapping[str, Any]:
    return table(LAW / "words" / "faults.toml")


def explain(fault: Fault, language: str) -> str:
    """The fault as a sentence."""
    places = dict(fault.params)
    if fault.code == "does_not_fit":
        places["reason"] = why(places["reason"], language)
    told: str = _sentences()[fault.code][language]
    return told.format(key=fault.key, name=fault.key.rpartition(".")[2], **places)


def why(reason: str, language: str) -> str:
    """A reason against a file, as ``DefinitionError`` gives it, for people."""
    if found := _NOT_UTF8.search(reason):
        line, byte = map(int, found.groups())
        return explain(Fault("not_utf8", "", {"line": line, "byte": byte}), language)
    if _PLACE.search(reason) or reason.endswith(_END):
        return explain(syntax_fault(reason), language)
    bare = reason.removeprefix("Value error, ")
    return _in_vietnamese(bare) if language == "vi" else bare


def _in_vietnamese(reason: str) -> str:
    """The reason as it is told in Vietnamese, with what stands in its places, if it is."""
    for spelled, told in _sentences()["reasons"].items():
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(spelled))
        if found := re.fullmatch(pattern, reason):
            return str(told).format_map(found.groupdict())
    return reason


def syntax_fault(reason: str) -> Fault:
    """Where a text stops being TOML, out of the parser's own sentence."""
    if found := _PLACE.search(reason):
        line, column = map(int, found.groups())
        return Fault("syntax", "", {"line": line, "column": column})
    return Fault("syntax_end", "")


def read(text: str, source: str) -> tuple[Definition | None, Sequence[Fault]]:
    """The definition in a text, or every fault that keeps it from being one."""
    try:
        values = tomllib.loads(text)
    except RecursionError:
        return None, [Fault("too_deep", "")]
    except tomllib.TOMLDecodeError as error:
        return None, [syntax_fault(str(error))]
    try:
        Definition.model_validate(values)
    except ValidationError as error:
        faults = [_fault(values, one) for one in error.errors()]
        return None, list({(one.key, one.code): one for one in faults}.values())
    try:
        return parse(text.encode(), source), ()
    except DefinitionError as error:
        return None, [Fault("named_twice", error.key)]
    except UnicodeEncodeError:
        return None, [Fault("unreadable", "")]


def _fault(values: Mapping[str, Any], error: ErrorDetails) -> Fault:
    code, context = _SAME.get(error["type"], error["type"]), error.get("ctx", {})
    key = _key(values, error["loc"])
    if code == "literal_error":
        return Fault(code, key, {"choices": context["expected"].replace("'", "")})
    if code == "greater_than_equal":
        return Fault(code, key, {"limit": context["ge"]})
    if code in _sentences():
        return Fault(code, key)
    return Fault("does_not_fit", key, {"reason": error["msg"].removeprefix("Value error, ")})


def _key(values: Any, place: Sequence[int | str]) -> str:
    """``transitions.close_vote.by`` rather than ``transitions.7.by``."""
    parts, here = [], values
    for part in place:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            here = None
        named = isinstance(part, int) and isinstance(here, Mapping) and "id" in here
        parts.append(str(here["id"]) if named else str(part))
    return ".".join(parts)
