"""Where the rows of table fields come from."""

from __future__ import annotations

from collections.abc import Sequence

from engine.binding import Binding, Row
from engine.move import Move
from workflows import assessment
from workflows.cases import criteria_of


def bind(binding: Binding) -> None:
    """Adds the row sources."""
    binding.table("criteria")(criteria)


def criteria(move: Move) -> Sequence[Row]:
    """The criteria of the nomination's cycle."""
    return assessment.rows(criteria_of(move))
