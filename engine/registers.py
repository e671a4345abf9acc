"""Consecutive document numbers per authority, series and year (NĐ 30/2020, art. 15).

A number is taken in the transaction that issues, so none is skipped, doubled or reused; a
spoiled one stays in the register as a void entry with its reason.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String, UniqueConstraint, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.db import Base
from engine.errors import Refusal, Refused, Stale
from engine.texts import Unfit, read_text, visible

SHORTEST_REASON, LONGEST_REASON = 5, 500


class Register(Base):
    """The counter of one authority, series and year; ``last`` is the last number given."""

    __tablename__ = "registers"

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int]
    series: Mapped[str] = mapped_column(String(40))
    year: Mapped[int]
    last: Mapped[int]

    __table_args__ = (UniqueConstraint("authority_id", "series", "year"),)


class Entry(Base):
    """One line of a register: a number used by a paper, or void with its reason."""

    __tablename__ = "register_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    register_id: Mapped[int] = mapped_column(ForeignKey("registers.id"))
    number: Mapped[int]
    issued_on: Mapped[date]
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("subjects.id"), unique=True)
    person_id: Mapped[int | None]
    void_reason: Mapped[str | None]

    __table_args__ = (UniqueConstraint("register_id", "number"),)


def written(number: int, symbol: str) -> str:
    """``05/QĐ-UBND``: a number below ten gets a zero (NĐ 30/2020, annex I)."""
    return f"{number:02d}/{symbol}"


def upcoming(session: Session, authority_id: int, series: str, day: date) -> int:
    """The number the next paper issued that day would get. A forecast: nothing is taken."""
    last = session.scalar(
        select(Register.last).where(
            Register.authority_id == authority_id,
            Register.series == series,
            Register.year == day.year,
        )
    )
    return (last or 0) + 1


def take(
    session: Session,
    authority_id: int,
    series: str,
    day: date,
    *,
    paper_id: int | None = None,
    person_id: int | None = None,
    void_reason: str | None = None,
    expected: int | None = None,
    year: int | None = None,
) -> int:
    """The next number of the year of ``day`` (a law date), entered in the register.

    Must run inside the write transaction of the issue. Raises ``Refused`` when the day lies
    before the last entry's (numbers follow the order of time) or outside the ``year`` of the
    book that was meant, or the reason cannot be printed; and ``Stale`` (``number_taken``) when
    the next number is another than the one ``expected``.
    """
    if (paper_id is None) == (void_reason is None):
        raise ValueError("an entry belongs to a paper or is void with a reason")
    if year not in (None, day.year):
        raise Refused(Refusal("register_of_other_year", {"year": year, "now": day.year}))
    if void_reason is not None:
        void_reason = _reason(void_reason)
    register, last = _locked(session, authority_id, series, day.year)
    number = last + 1
    if expected not in (None, number):
        raise Stale(Refusal("number_taken", {"number": expected}))
    latest = _latest(session, register)
    if latest is not None and day < latest:
        raise Refused(Refusal("number_out_of_order", {"latest": latest.isoformat()}))
    whose = {"paper_id": paper_id, "person_id": person_id, "void_reason": void_reason}
    entry = {"register_id": register, "number": number, "issued_on": day, **whose}
    # The entry first: the counter is held to it.
    session.execute(insert(Entry).values(entry))
    session.execute(
        update(Register)
        .where(Register.id == register)
        .values(last=number)
        .execution_options(synchronize_session=False)
    )
    return number


def _reason(text: str) -> str:
    line = " ".join(visible(text).split())
    try:
        return read_text(line, shortest=SHORTEST_REASON, longest=LONGEST_REASON)
    except Unfit as unfit:
        raise Refused(Refusal(unfit.code, unfit.params, field="reason")) from None


def _latest(session: Session, register: int) -> date | None:
    """The day of the last number given."""
    return session.scalar(
        select(Entry.issued_on)
        .where(Entry.register_id == register)
        .order_by(Entry.number.desc())
        .limit(1)
    )


def _locked(session: Session, authority_id: int, series: str, year: int) -> tuple[int, int]:
    """The register's id and the last number given, its row locked; opened when it is the first
    number of the year."""
    find = (
        select(Register.id, Register.last)
        .where(
            Register.authority_id == authority_id,
            Register.series == series,
            Register.year == year,
        )
        .with_for_update()
    )
    found = session.execute(find).first()
    if found is None:
        try:
            with session.begin_nested():
                session.execute(
                    insert(Register).values(
                        authority_id=authority_id, series=series, year=year, last=0
                    )
                )
        except IntegrityError:
            pass  # another clerk opened it this instant; its row is there now
        found = session.execute(find).first()
    if found is None:
        raise LookupError("the register could not be opened")
    return found.id, found.last
