"""Which definition may take the place of which for cases that are on their way.

A definition follows another where it is of the same line, that is of one id or of ids each of
which took the place of the one before, and was released later: a line is for one kind of unit
under one law. It takes cases over only while it applies.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine import clock
from engine.definition import Definition
from engine.errors import Refusal
from engine.house import House
from workflows.definitions.shelf import last_day
from workflows.successions import line


def against(house: House, old: Definition, new: Definition) -> Iterator[Refusal]:
    """Every reason why no case of the one comes under the other today."""
    if old.digest == new.digest:
        yield Refusal("already_under_it")
    elif old.meta.subject != new.meta.subject:
        yield Refusal("definition_of_other_subject")
    elif line(old.id)[0] != line(new.id)[0]:
        yield Refusal("definition_of_other_line", {"line": line(old.id)[0]})
    else:
        if _place(house, new) <= _place(house, old):
            yield Refusal("definition_not_newer")
        yield from house.unsound(new)
        yield from _out_of_force(house, new)


def followers(house: House, old: Definition) -> list[Definition]:
    """The definitions that follow this one and apply today or will, the newest first."""
    found = [
        one
        for one in house.runnable
        if all(told.code == "definition_not_begun" for told in against(house, old, one))
    ]
    return sorted(found, key=lambda one: _place(house, one), reverse=True)


def _out_of_force(house: House, new: Definition) -> Iterator[Refusal]:
    today, begins = clock.today(), house.since(new)
    if today < begins:
        yield Refusal("definition_not_begun", {"starts_on": begins.isoformat()})
    starts = [(one.definition.id, one.effective_from) for one in house.shelf.known()]
    ended = last_day(new, begins, starts)
    if ended and ended < today:
        yield Refusal("definition_ended", {"ended_on": ended.isoformat()})


def _place(house: House, definition: Definition) -> tuple[int, str]:
    """Where a definition stands in its line: how many ids came before, then since when."""
    return len(line(definition.id)), house.since(definition).isoformat()
