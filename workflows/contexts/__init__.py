"""The values of each paper: plain, taken from the law's words and the facts of the history.

A recorded paper is made by a nomination's move; an outgoing one by its own opening, over
the nominations it lists. The shape of the values is that of ``templates/papers/samples``.
"""

from __future__ import annotations

from engine.binding import Binding
from workflows.contexts import amendments, decisions, hamlet, offices

ROOMS = (hamlet, offices, decisions, amendments)


def bind(binding: Binding) -> None:
    """Adds the context of every kind of paper."""
    for room in ROOMS:
        for kind, function in room.CONTEXTS.items():
            binding.context(kind)(function)
