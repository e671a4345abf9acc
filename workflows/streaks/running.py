"""Whether the years that a higher level recognises by still run, when it decides.

They ran when the file was forwarded to it. An earlier decision may have been revoked since, or
its recognition of another year refused: a paper that names years which do not count any more may
be neither drafted nor signed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Refusal
from engine.subjects import Subject
from workflows.nominations import Nomination
from workflows.streaks.reading import descent
from workflows.streaks.tiers import tiers_of


@dataclass(frozen=True, slots=True)
class Short:
    """A nomination whose area has so many years running, where a level asks for ``wanted``."""

    subject_id: int
    streak: int
    wanted: int

    @property
    def refusal(self) -> Refusal:
        told = {"subject": self.subject_id, "streak": self.streak, "years": self.wanted}
        return Refusal("streak_fell", told)


def wanted(definition_id: str, level: str) -> int:
    """How many years running a level recognises; 0 where it decides every year."""
    return next((tier.years for tier in tiers_of(definition_id) if tier.level == level), 0)


def too_short(session: Session, nominations: Collection[int], level: str) -> list[Short]:
    """Those of these nominations that a level may not recognise any more, as of today; the
    number of queries does not grow with them."""
    rows = session.execute(
        select(Nomination.id, Nomination.area_id, Nomination.year, Subject.definition_id)
        .join(Subject, Subject.id == Nomination.id)
        .where(Nomination.id.in_(nominations))
        .order_by(Nomination.id)
    ).all()
    asked = [row for row in rows if wanted(row.definition_id, level) > 1]
    if not asked:
        return []
    areas = select(Nomination.area_id).where(Nomination.id.in_([row.id for row in asked]))
    found = descent(session, areas, years=(0, max(row.year for row in asked)))
    told = [
        Short(row.id, found.run(row.area_id, row.year).length, wanted(row.definition_id, level))
        for row in asked
    ]
    return [one for one in told if one.streak < one.wanted]
