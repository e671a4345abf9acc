"""Papers told apart in one line: what each is, which areas it lists, whose it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from engine.papers.book import Paper
from engine.subjects import Link
from workflows.nominations import Nomination
from workflows.units import Unit, title_of, titled

SHOWN = 2
"""How many areas are named before the others are only counted."""


@dataclass(frozen=True, slots=True)
class Brief:
    """A paper in short: the first ``areas`` of the ``listed`` ones, with their commune where
    the paper is of another authority; no authority where that is the area itself."""

    kind: str
    authority: str
    listed: int
    areas: tuple[str, ...] = ()
    level: str = field(default="", compare=False)
    """The kind of unit that its authority is."""


_authority, _area, _commune = aliased(Unit), aliased(Unit), aliased(Unit)
_others = aliased(Link)
_BRIEFS = (
    select(
        Paper.id,
        Paper.kind,
        Paper.authority_id,
        _authority.kind.label("authority_kind"),
        _authority.form.label("authority_form"),
        _authority.name.label("authority"),
        # What stands before the list is the paper that this one acts on.
        select(func.count())
        .where(_others.paper_id == Paper.id, _others.position > 0)
        .scalar_subquery()
        .label("listed"),
        _area.id.label("area_id"),
        title_of(_area).label("area"),
        _commune.id.label("commune_id"),
        _commune.form,
        _commune.name.label("commune"),
    )
    .join(_authority, _authority.id == Paper.authority_id)
    .outerjoin(Link, and_(Link.paper_id == Paper.id, Link.position.between(1, SHOWN)))
    .outerjoin(Nomination, Nomination.id == Link.subject_id)
    .outerjoin(_area, _area.id == Nomination.area_id)
    .outerjoin(_commune, _commune.id == _area.parent_id)
    .where(Paper.id.in_(bindparam("papers", expanding=True)))
    .order_by(Paper.id, Link.position)
)


def briefs(session: Session, paper_ids: Collection[int]) -> Mapping[int, Brief]:
    """These papers in short, by id; one query, however many."""
    found: dict[int, Brief] = {}
    if not paper_ids:
        return found
    for row in session.execute(_BRIEFS, {"papers": list(paper_ids)}):
        told = found.setdefault(
            row.id, Brief(row.kind, _whose(row), row.listed, level=row.authority_kind)
        )
        if row.area_id is not None:
            found[row.id] = replace(told, areas=(*told.areas, _where(row)))
    return found


def _whose(row: Any) -> str:
    if row.authority_id == row.area_id:
        return ""
    return titled(row.authority_kind, row.authority_form, row.authority)


def _where(row: Any) -> str:
    if row.authority_id == row.commune_id:
        return str(row.area)
    return f"{row.area} ({titled('commune', row.form, row.commune)})"
