"""The acts on results taken over, held against the rows that they ended and wrote."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from engine.history import Break
from workflows.results import Result
from workflows.takeover.acts import ResultAct

ACT = "act"
"""Code: an act on a result did not end the row, or write the row, that it tells of."""


def acts(session: Session) -> Iterator[Break]:
    """A ``Break`` (``act``, the act's id for a version) for each act whose rows are not what it
    says: one ended on its day, the one that the act before it wrote or that was taken over, and
    one that counts from then on as it tells. Two queries more, however many acts."""
    ended, wrote = (_rows(session, by) for by in (Result.ended_by_id, Result.made_by_id))
    latest: dict[tuple[int, int], int] = {}
    for act in session.execute(select(ResultAct.__table__).order_by(ResultAct.id)):
        told = (act.area_id, act.year, act.effective_on)
        before, after = ended.pop(act.id, []), wrote.pop(act.id, [])
        stops = [(one.area_id, one.year, one.counts_until) for one in before]
        starts = [(one.area_id, one.year, one.counts_from) for one in after]
        # Of one day there may be several: which came after which, the rows tell by themselves.
        previous, latest[told[:2]] = latest.get(told[:2]), act.id
        in_turn = [previous] == [one.made_by_id for one in before]
        if [told] != stops or [told] != starts or not in_turn or not _as_told(act, after[0]):
            yield Break(0, act.id, ACT, f"{_said(told)} ≠ {_said(*stops, *starts)}")
    for strange in {*ended, *wrote}:
        yield Break(0, strange, ACT, f"– ≠ {strange}")


def _said(*told: tuple[Any, ...]) -> str:
    return "; ".join(" ".join(map(str, one)) for one in told) or "–"


def _rows(session: Session, by: InstrumentedAttribute[int | None]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in session.execute(select(Result.__table__).where(by.is_not(None)).order_by(Result.id)):
        found.setdefault(row._mapping[by.key], []).append(row)
    return found


def _as_told(act: Any, row: Any) -> bool:
    """What the act leaves open a sheet may have filled in since; a decision made here may have
    taken the row's place, and its papers tell then."""
    if row.nomination_id is not None:
        return True
    return bool(
        row.recognised == act.recognised
        and act.number in ("", row.decision_number)
        and act.decided_on in (None, row.decided_on)
    )
