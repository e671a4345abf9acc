"""At which units a subject is, and what a paper lists, told again from its history alone.

The tables of both are only what moves read fast; whoever rewrites a row of them is found out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

HAND_OVER = "hand_over_to_successor"
"""The move that changes a subject's units; its row tells those before and those after."""

Places = Sequence[tuple[int, int]]
"""What a paper lists: the place of each subject in the list, and the subject."""


@dataclass(slots=True)
class Belonging:
    """What the events of one subject tell so far. ``scopes`` is None while none of them told:
    openings did not always. Then at least the units in whose offices people acted are known."""

    scopes: dict[str, int] | None = None
    acted: set[int] = field(default_factory=set)
    listed: Places = ()
    torn: bool = False

    def hear(self, event: Any) -> None:
        """Takes in the next event, the oldest first."""
        if event.from_state == "":
            told = event.data.get("scopes")
            self.scopes = dict(told) if told is not None else None
            self.listed = tuple(_listed(event.data))
        if event.action == HAND_OVER:
            self._move(event.data["from"], event.data["to"])
        elif event.duty and event.office:
            self.acted.add(event.office["unit"])

    def _move(self, before: Mapping[str, int], after: Mapping[str, int]) -> None:
        if self.scopes is not None:
            self.torn |= not before.items() <= self.scopes.items()
            self.scopes |= after
        self.acted -= set(before.values())

    def breaks(self, scopes: Mapping[str, int], listed: Places) -> Iterator[str]:
        """``scopes`` and ``links``, where the tables tell otherwise."""
        known = self.scopes if self.scopes is not None else scopes
        if self.torn or known != scopes or not self.acted <= set(scopes.values()):
            yield "scopes"
        if sorted(listed) != sorted(self.listed):
            yield "links"


def _listed(data: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """As the opening of a paper places them: what it amends comes before all others."""
    of = data.get("of")
    if of is not None:
        yield 0, of
    others = (one for one in data.get("subjects", ()) if one != of)
    yield from enumerate(others, start=1)
