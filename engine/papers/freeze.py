"""The values a paper prints, as one canonical text that never changes again.

Source of the rule: a paper is made of plain values (no rows, no dates, no floats), so that
the same values give the same bytes in twenty years.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from typing import Any


def freeze(values: Mapping[str, Any]) -> str:
    """Canonical JSON: sorted keys, no spaces, NFC strings.

    Raises ``TypeError`` that names the path of anything but str, int, bool, None, list or
    dict, and of two keys that become one under NFC.
    """
    return json.dumps(
        _plain(values, "values"),
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )


def thaw(frozen: str) -> dict[str, Any]:
    """The values again, from their canonical text."""
    values: dict[str, Any] = json.loads(frozen)
    return values


def digest(values: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of the canonical text."""
    return hashlib.sha256(freeze(values).encode()).hexdigest()


def _plain(value: Any, path: str) -> Any:
    # Exact types: a StrEnum or an IntEnum prints one thing today and another tomorrow.
    if value is None or type(value) in (bool, int):
        return value
    if type(value) is str:
        return unicodedata.normalize("NFC", value)
    if type(value) is list:
        return [_plain(item, f"{path}[{n}]") for n, item in enumerate(value)]
    if isinstance(value, dict):
        return _plain_mapping(value, path)
    raise TypeError(f"{path} is a {type(value).__name__}, which cannot be frozen")


def _plain_mapping(value: dict[Any, Any], path: str) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, item in value.items():
        if type(key) is not str:
            raise TypeError(f"{path} has the key {key!r}, which is not a string")
        name = unicodedata.normalize("NFC", key)
        if name in plain:
            raise TypeError(f"{path} has the key {name!r} twice")
        plain[name] = _plain(item, f"{path}.{name}")
    return plain
