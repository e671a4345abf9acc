"""Where the rows of table fields come from."""

from __future__ import annotations

from collections.abc import Sequence

from engine.binding import Binding, Row
from engine.move import Move
from workflows import assessment
from workflows.cases import criteria_of, rules_of

MOST_ERRATA = 5
"""More mistakes than this in one paper ask for a new one."""


def bind(binding: Binding) -> None:
    """Adds the row sources."""
    binding.table("criteria")(criteria)
    binding.table("errata")(errata)
    binding.table("meeting_roles")(meeting_roles)


def criteria(move: Move) -> Sequence[Row]:
    """The criteria of the nomination's cycle."""
    return assessment.rows(criteria_of(move))


def meeting_roles(move: Move) -> Sequence[Row]:
    """Who belongs to the assessment meeting, by the regime of the nomination's cycle."""
    rules = rules_of(move)
    roles = rules.meeting.roles if rules and rules.meeting else ()
    return [Row(role.id, role.title.vi, role.title.en) for role in roles]


def errata(_move: Move) -> Sequence[Row]:
    """Room for the mistakes that one letter corrects."""
    return [Row(str(n), f"Chỗ sai thứ {n}", f"Mistake {n}") for n in range(1, MOST_ERRATA + 1)]
