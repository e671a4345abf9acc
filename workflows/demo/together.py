"""Many areas recognised by one decision of the district, whose list goes into an annex.

The same story as ``drive`` tells of one area, told of all areas of some communes at once: each
commune decides over its own, the district over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from engine import clock
from engine.db import writing
from workflows.bureau import Bureau
from workflows.demo.data import Progress, facts
from workflows.demo.drive import Drive
from workflows.demo.schedule import name_of, plan
from workflows.units import Unit

Step = Mapping[str, Any]


def drive_together(session: Session, bureau: Bureau, until: date, seen: Progress) -> int:
    """Tells the story up to the district's decision; the id of that paper. Its further levels
    are left to the worker, as with every paper."""
    told = facts("drive")["together"]
    steps, schedule = list(_steps(told["last"])), plan(until, told["last"])
    bureau = _splitting(bureau, told["longest_list"])
    drives = [Drive(session, bureau, area, schedule) for area in _areas(session, told["communes"])]
    for count, step in enumerate(steps, start=1):
        day = schedule.day(step, step["days"])
        with clock.fixed_at(clock.vietnam(day, time.fromisoformat(step["at"]))):
            _MAKES[step["what"]](step, drives)
        seen("together", count, len(steps))
    return drives[0].papers["latest"]


def _splitting(bureau: Bureau, longest_list: int) -> Bureau:
    """The same bureau, which puts shorter lists into annexes."""
    house = replace(bureau.house, longest_list=longest_list)
    return replace(bureau, house=house, desk=replace(bureau.desk, house=house))


def _areas(session: Session, communes: Sequence[str]) -> Sequence[Unit]:
    commune = aliased(Unit)
    query = select(Unit).join(commune, Unit.parent_id == commune.id)
    query = query.where(commune.code.in_(communes))
    return session.scalars(query.order_by(Unit.parent_id, Unit.sort)).all()


def _steps(last: str) -> Iterator[Step]:
    for step in facts("drive")["steps"]:
        yield step
        if name_of(step) == last:
            return


def _by_each(step: Step, drives: Sequence[Drive]) -> None:
    """A move of every nomination: one transaction, they need not each wait for the disk."""
    with writing(drives[0].session):
        for drive in drives:
            drive.make(step)


def _by_one_of_each(step: Step, drives: Sequence[Drive]) -> None:
    """A draft or an act upon it: of the district over all, of each commune over its own, kept
    with the first of them."""
    by_district = str(step["by"]).startswith("district")
    for _, own in groupby(drives, key=lambda one: 0 if by_district else one.area.parent_id):
        first, *others = own
        first.beside = [other.nomination for other in others]
        first.make(step)


_MAKES: Mapping[str, Callable[[Step, Sequence[Drive]], None]] = {
    "open": _by_each,
    "move": _by_each,
    "draft": _by_one_of_each,
    "paper": _by_one_of_each,
}
