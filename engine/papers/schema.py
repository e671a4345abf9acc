"""The written list of what a paper's values are, as JSON Schema (draft 2020-12).

The list is ``values.toml`` in the folder of the templates. A schema is named after its own
content, so the name in a paper of long ago can only mean the schema of that day.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.papers.freeze import freeze

LIST = "values.toml"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAME = "urn:binhxet:paper:{kind}:{digest}"

_PLAIN = {"str": "string", "int": "integer", "bool": "boolean"}
_DIGEST_LETTERS = 32

Schema = dict[str, Any]

_ENCLOSED: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "file": {"type": "string"},
            "sha256": {"type": "string"},
            "size": {"type": "integer"},
        },
        "required": ["file", "sha256", "size"],
        "additionalProperties": False,
    },
}


class Schemas:
    """The schemas of the kinds that the list of one folder describes; a folder without a
    list describes none."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LIST
        self._made: dict[str, Schema] = {}
        self._texts: dict[str, bytes] = {}

    @cached_property
    def _told(self) -> Mapping[str, Any]:
        if not self._path.exists():
            return {"shapes": {}, "every": {}, "kinds": {}, "files": {}, "enclosing": {}}
        return tomllib.loads(self._path.read_text(encoding="utf-8"))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are described, in the order of the list."""
        return tuple(self._told["kinds"])

    def encloses(self, kind: str) -> bool:
        """Whether papers of this kind have their list in a file of its own."""
        return kind in self._told.get("enclosing", {})

    def describe(self, file: str) -> str:
        """How people are told of an attached file."""
        return str(self._told["files"][file])

    def of(self, kind: str) -> Schema:
        """The schema of the data that a paper of this kind carries.

        Raises ``KeyError`` for a kind that is not described.
        """
        if kind not in self._made:
            self._made[kind] = self._make(kind)
        return self._made[kind]

    def text(self, kind: str) -> bytes:
        """The same as the file that papers carry."""
        if kind not in self._texts:
            self._texts[kind] = freeze(self.of(kind)).encode()
        return self._texts[kind]

    def digest(self, kind: str) -> bytes:
        """SHA-256 of a kind's schema; of nothing where the kind is not described."""
        told = self.text(kind) if kind in self._told["kinds"] else b""
        return hashlib.sha256(told).digest()

    def _make(self, kind: str) -> Schema:
        values = _object({**self._told["every"], **self._told["kinds"][kind]})
        shapes = {name: _object(shape) for name, shape in self._told["shapes"].items()}
        beside = {"enclosed": _ENCLOSED} if self.encloses(kind) else {}
        schema = {
            "$schema": DIALECT,
            "type": "object",
            "properties": {
                "schema": {"type": "string"},
                "kind": {"const": kind},
                "values": values,
                **beside,
            },
            "required": ["schema", "kind", "values", *beside],
            "additionalProperties": False,
            "$defs": _reached(values, shapes),
        }
        digest = hashlib.sha256(freeze(schema).encode()).hexdigest()[:_DIGEST_LETTERS]
        return {"$id": NAME.format(kind=kind, digest=digest), **schema}


def _object(described: Mapping[str, str]) -> Schema:
    """An object with exactly the described keys."""
    return {
        "type": "object",
        "properties": {key: _value(text) for key, text in described.items()},
        "required": list(described),
        "additionalProperties": False,
    }


def _value(text: str) -> Schema:
    """One key: its form, and the words after the colon as its description."""
    form, _, words = (part.strip() for part in text.partition(":"))
    made = _form(form)
    return {**made, "description": words} if words else made


def _form(form: str) -> Schema:
    if form.startswith("["):
        return {"type": "array", "items": _form(form[1:-1])}
    if form.startswith("{"):
        return {"$ref": f"#/$defs/{form[1:-1]}"}
    return {"type": _PLAIN[form]}


def _reached(schema: Schema, shapes: Mapping[str, Schema]) -> dict[str, Schema]:
    """The shapes that a schema names, and those they name."""
    names = {
        one.get("$ref", one.get("items", {}).get("$ref", "")).rpartition("/")[2]
        for one in schema["properties"].values()
    } - {""}
    found = {name: shapes[name] for name in sorted(names)}
    for name in names:
        found |= _reached(shapes[name], shapes)
    return dict(sorted(found.items()))
