"""What a paper's file carries beside its pages, as plain values (see ``archive``, which reads
them, and needs a reader of PDF for it)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.papers.freeze import digest


@dataclass(frozen=True, slots=True)
class Carried:
    """What a paper carries: its own data, and what was written into its fields since."""

    schema: str
    kind: str
    values: dict[str, Any]
    fields: Mapping[str, str]
    enclosed: Sequence[Mapping[str, Any]] = ()
    """The files that belong to the paper: name, SHA-256 and size of their first bytes."""

    @property
    def digest(self) -> str:
        """SHA-256 of the values as the register keeps it (``freeze.digest``)."""
        return digest(self.values)

    def record(self) -> dict[str, Any]:
        """The joined data as plain values, for JSON."""
        return {
            "schema": self.schema,
            "kind": self.kind,
            "number": self.fields.get("number", ""),
            "date": self.fields.get("date", ""),
            "values": self.values,
            "values_digest": self.digest,
            **({"enclosed": [dict(one) for one in self.enclosed]} if self.enclosed else {}),
        }
