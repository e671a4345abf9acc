"""A ceremony as the API and the command line tell it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.house import House
from workflows import wording
from workflows.ceremonies import Held
from workflows.queries import ceremonies as queries
from workflows.queries.ceremonies import Row


def ceremony(house: House, held: Held, rows: Sequence[Row], language: str) -> dict[str, Any]:
    """A ceremony with the outcome of each paper."""
    return {
        "code": held.code,
        "action": held.action,
        "state": held.state,
        "halt": held.halt or None,
        "fingerprint": held.fingerprint or None,
        "counts": dict(held.counts),
        "papers": [_of_ceremony(house, row, language) for row in rows],
    }


def _of_ceremony(house: House, row: Row, language: str) -> dict[str, Any]:
    first = row.refusals[0] if row.refusals else None
    return {
        "id": row.paper_id,
        "kind": row.kind,
        "kind_name": house.kinds[row.kind].label[language],
        "about": queries.about(row),
        "outcome": row.outcome,
        "number": row.number or None,
        "code": first.code if first else None,
        "detail": wording.say(first, language) if first else None,
    }
