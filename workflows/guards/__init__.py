"""The questions that definitions name: each yields a refusal for every reason against.

Pure: they read and never write, and may be asked before a form is filled in.
"""

from __future__ import annotations

from engine.binding import Binding
from workflows.guards import amendments, hamlet, meeting, officers, offices, opening, papers

ROOMS = (opening, hamlet, meeting, officers, offices, papers, amendments)


def bind(binding: Binding) -> None:
    """Adds every guard with the inputs it cannot do without."""
    for room in ROOMS:
        for name, (function, uses) in room.GUARDS.items():
            binding.guard(name, uses=uses)(function)
