"""Units: the places that act and are judged, from a province down to a residential area.

The key is ours: names and official codes are reused over the years, so neither
identifies a unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, cast, get_args

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    case,
    event,
    func,
    insert,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column, validates

from engine import clock
from engine.db import Base
from workflows.names import fold, words_of

Kind = Literal["province", "district", "commune", "area", "school", "agency", "enterprise"]
KINDS: tuple[str, ...] = get_args(Kind)

WHOLE = ("area", "school", "agency", "enterprise")
"""The kinds whose name is whole by itself: what they are called is part of it."""

SCOPE_OF_UNIT = "unit"
"""The scope of a school, an agency or an enterprise over its own nominations."""

FORMS = (
    "tỉnh",
    "thành phố",
    "thị xã",
    "huyện",
    "quận",
    "thị trấn",
    "xã",
    "phường",
    "đặc khu",
)
"""What units above an area are called; the pages print it before the name."""


def _folded(context: Any) -> str:
    return fold(context.get_current_parameters()["name"])


class Unit(Base):
    """A province, district, commune or residential area, or a school, agency or enterprise,
    from its first day to its last.

    ``name`` is bare for the upper kinds (``form`` says what they are called) and whole for
    the others. ``category`` is what decides whether one of its kind may be nominated (a
    school's level, an enterprise's size, an armed agency); blank where nobody stated it.
    ``code`` is the official one, or, for an area, its commune's with a number.
    Name, form, code, parent and category are the latest ones; ``UnitSpan`` has those of each
    day.
    """

    __tablename__ = "units"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(String(120))
    form: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(20))
    folded: Mapped[str] = mapped_column(String(120), default=_folded)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    sort: Mapped[int] = mapped_column(Integer, default=0)
    category: Mapped[str] = mapped_column(String(20), default="", server_default="")

    __table_args__ = (
        CheckConstraint(
            "kind IN ('province', 'district', 'commune', 'area', 'school', 'agency', 'enterprise')",
            name="kind_known",
        ),
        CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name="dates_ordered"),
        Index("ix_units_code", "code"),
        Index("ix_units_parent_id_sort", "parent_id", "sort"),
    )

    @validates("name")
    def _fold_name(self, _key: str, name: str) -> str:
        self.folded = fold(name)
        return name

    @property
    def title(self) -> str:
        """How it stands inside a sentence: the form, then the name."""
        return titled(self.kind, self.form, self.name)

    @property
    def heading(self) -> str:
        """How it stands alone: as ``title``, with a capital."""
        return self.title[:1].upper() + self.title[1:]


class UnitSpan(Base):
    """What a unit was called, where it belonged, which code it bore and of which category it
    was, from a day to a day.

    The spans of a unit neither overlap nor leave a day out between its first and its last.
    """

    __tablename__ = "unit_spans"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="CASCADE"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    name: Mapped[str] = mapped_column(String(120))
    form: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(10))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    act_id: Mapped[int | None] = mapped_column(ForeignKey("unit_acts.id"))
    category: Mapped[str] = mapped_column(String(20), default="", server_default="")

    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name="dates_ordered"),
        UniqueConstraint("unit_id", "starts_on"),
        UniqueConstraint("kind", "code", "starts_on"),
        Index("ix_unit_spans_code", "code"),
        Index("ix_unit_spans_parent_id", "parent_id"),
    )

    @property
    def title(self) -> str:
        """``Unit.title`` as it was."""
        return titled(self.kind, self.form, self.name)

    @property
    def heading(self) -> str:
        """``Unit.heading`` as it was."""
        return self.title[:1].upper() + self.title[1:]


SPANNED = ("starts_on", "ends_on", "name", "form", "code", "kind", "parent_id", "category")
"""What a unit and its spans both say."""


@event.listens_for(Unit, "after_insert")
def _first_span(_mapper: Any, connection: Any, unit: Unit) -> None:
    """A unit never stands without a span. Rows written in bulk get theirs by
    ``write_first_spans``."""
    values = {name: getattr(unit, name) for name in SPANNED}
    connection.execute(insert(cast(Table, UnitSpan.__table__)), {**values, "unit_id": unit.id})


def write_first_spans(session: Session) -> None:
    """One span for every unit that has none yet: after rows were written in bulk."""
    table, span = Unit.__table__, cast(Table, UnitSpan.__table__)
    bare = select(table.c.id, *(table.c[name] for name in SPANNED)).where(
        ~select(span.c.id).where(span.c.unit_id == table.c.id).exists()
    )
    session.execute(insert(span).from_select(["unit_id", *SPANNED], bare))


def titled(kind: str, form: str, name: str) -> str:
    """``Unit.title`` for a row that holds only these columns."""
    return name if kind in WHOLE else f"{form} {name}"


def title_of(unit: type[Unit]) -> ColumnElement[str]:
    """``Unit.title`` as a column."""
    return case((unit.kind.in_(WHOLE), unit.name), else_=unit.form + " " + unit.name)


def by_code(
    session: Session, code: str, kind: str | None = None, on: date | None = None
) -> Unit | None:
    """The unit that bore this code on that day; without a day, the one that bears it now or
    bore it last."""
    query = select(Unit).join(UnitSpan, UnitSpan.unit_id == Unit.id).where(UnitSpan.code == code)
    if on is not None:
        query = query.where(on_day(on))
    query = query.where(Unit.kind == kind) if kind else query
    return session.scalars(query.order_by(UnitSpan.starts_on.desc(), Unit.id.desc())).first()


def on_day(on: date) -> ColumnElement[bool]:
    """Whether a span holds that day."""
    return (UnitSpan.starts_on <= on) & or_(UnitSpan.ends_on.is_(None), UnitSpan.ends_on >= on)


def unit_on(session: Session, unit_id: int, on: date) -> UnitSpan | None:
    """What the unit was on that day; nothing if it was not there."""
    return session.scalars(select(UnitSpan).where(UnitSpan.unit_id == unit_id, on_day(on))).first()


def spans_of(session: Session, unit_id: int) -> Sequence[UnitSpan]:
    """Everything the unit ever was, the oldest first."""
    query = select(UnitSpan).where(UnitSpan.unit_id == unit_id).order_by(UnitSpan.starts_on)
    return session.scalars(query).all()


def chain(session: Session, unit_id: int) -> dict[str, Unit]:
    """The unit and everything above it, by kind: ``{"area": …, "commune": …, …}``."""
    up = select(Unit.id, Unit.parent_id).where(Unit.id == unit_id).cte("up", recursive=True)
    up = up.union_all(select(Unit.id, Unit.parent_id).join(up, Unit.id == up.c.parent_id))
    rows = session.scalars(select(Unit).where(Unit.id.in_(select(up.c.id))))
    return {unit.kind: unit for unit in rows}


def is_any(session: Session, kind: str) -> bool:
    """Whether there is any unit of a kind today."""
    there = Unit.ends_on.is_(None) | (Unit.ends_on >= clock.today())
    query = select(Unit.id).where(Unit.kind == kind, Unit.starts_on <= clock.today(), there)
    return session.scalars(query.limit(1)).first() is not None


def districts_around(session: Session, unit: Unit, on: date) -> bool:
    """Whether a unit lies in a district, is one, or has districts under it on that day."""
    if unit.kind == "province":
        below = select(Unit.id).where(
            Unit.parent_id == unit.id,
            Unit.kind == "district",
            or_(Unit.ends_on.is_(None), Unit.ends_on >= on),
        )
        return session.scalars(below.limit(1)).first() is not None
    return "district" in chain(session, unit.id)


def by_level() -> ColumnElement[int]:
    """An order: provinces first, areas, then schools and others last."""
    order = {kind: place for place, kind in enumerate(KINDS)}
    return case(order, value=Unit.kind, else_=len(order))


def searched(*units: type[Unit]) -> ColumnElement[str]:
    """What each word of a search must begin a word of: the folded names of these units as the
    pages print them, their forms included; nothing for one that is missing from its row."""
    text: ColumnElement[str] = literal("")
    for unit in units:
        form = case({name: f"{fold(name)} " for name in FORMS}, value=unit.form, else_="")
        text = text + func.coalesce(" " + form + unit.folded, "")
    return text


def search(
    session: Session, text: str, *, kind: str | None = None, limit: int = 20
) -> Sequence[Unit]:
    """Units of whose own or parent's name some word begins with each word of ``text``.

    Diacritics and case do not matter.
    """
    parent = aliased(Unit)
    names = searched(Unit, parent)
    query = select(Unit).outerjoin(parent, Unit.parent_id == parent.id)
    query = query.order_by(parent.sort, Unit.sort, Unit.id).limit(limit)
    for word in words_of(text):
        query = query.where(names.contains(f" {word}", autoescape=True))
    return session.scalars(query.where(Unit.kind == kind) if kind else query).all()
