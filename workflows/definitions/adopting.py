"""Who asks that live cases come under a newer definition: another person brings them there.

As with the release of a definition, a change of the rules takes two people, where local practice
says so (it does): one asks, with what would become of every case before the eyes, and another
looks at the same and does it, within some days.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import clock
from engine.db import Base, Instant, writing
from engine.definition import Definition
from engine.errors import Forbidden, Refusal, Refused
from engine.house import House
from workflows.definitions.following import against
from workflows.practice import practice

ADMINS = frozenset({"admin"})


class AdoptionRequest(Base):
    """That one person asked to bring the cases under one digest under another."""

    __tablename__ = "adoption_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    from_digest: Mapped[str] = mapped_column(String(64), index=True)
    to_digest: Mapped[str] = mapped_column(String(64))
    asked_by: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    asked_at: Mapped[datetime] = mapped_column(Instant)


def is_admin(session: Session, house: House, person_id: int) -> bool:
    """Whether somebody is an administrator today."""
    actor = house.find_actor(session, person_id, clock.today())
    return any(office.role in ADMINS for office in actor.offices)


def standing(
    session: Session, house: House, old: Definition, new: Definition
) -> list[AdoptionRequest]:
    """What was asked of these two within the days that it counts, the newest first, by those
    who are still administrators."""
    since = clock.now() - timedelta(days=practice().definitions.asked_days)
    query = select(AdoptionRequest).where(
        AdoptionRequest.from_digest == old.digest,
        AdoptionRequest.to_digest == new.digest,
        AdoptionRequest.asked_at >= since,
    )
    found = session.scalars(query.order_by(AdoptionRequest.id.desc())).all()
    return [one for one in found if is_admin(session, house, one.asked_by)]


def ask(
    session: Session, house: House, person_id: int, old: Definition, new: Definition
) -> AdoptionRequest:
    """Writes down that the person asks; once is enough while it counts. Raises ``Forbidden``
    and ``Refused``, where the one does not follow the other."""
    if not is_admin(session, house, person_id):
        raise Forbidden(Refusal("not_yours", {"by": sorted(ADMINS)}))
    if refusals := list(against(house, old, new)):
        raise Refused(*refusals)
    for one in standing(session, house, old, new):
        if one.asked_by == person_id:
            return one
    with writing(session):
        made = AdoptionRequest(
            from_digest=old.digest,
            to_digest=new.digest,
            asked_by=person_id,
            asked_at=clock.now(),
        )
        session.add(made)
        session.flush()
    return made


def asked_by(
    session: Session, house: House, person_id: int, old: Definition, new: Definition
) -> int | None:
    """Who asked, other than this person; nobody need to, where practice says so. Raises
    ``Refused`` (``second_person_needed``)."""
    if not practice().definitions.two_people:
        return None
    for one in standing(session, house, old, new):
        if one.asked_by != person_id:
            return one.asked_by
    raise Refused(Refusal("second_person_needed"))
