"""Which certificate is whose: entered by one person, confirmed by another, ended with a reason.

No certificate authority of the state or the public knows our people and authorities by our
keys. A row says that one certificate, pinned by its fingerprint, is a person's or an authority's
own. Rows are never deleted: papers signed while one was in force are judged by it for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from engine.db import Base, Instant
from workflows.keys import authority_reference, person_reference
from workflows.people import Person
from workflows.units import Unit

if TYPE_CHECKING:
    from engine.signing.certificates import Enrolment

_OPEN = text("ended_at IS NULL")


class CertificateEnrolment(Base):
    """A certificate of a person (``person_id``) or an authority (``unit_id``).

    In force from ``confirmed_at`` to ``ended_at``; before it is confirmed, not at all. Issuer,
    serial number and subject are those of the certificate, for reading; ``basis`` is the paper
    with which it was handed over.
    """

    __tablename__ = "certificate_enrolments"

    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    issuer: Mapped[str] = mapped_column(String(1000))
    serial: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(1000))
    valid_until: Mapped[datetime] = mapped_column(Instant)
    basis: Mapped[str] = mapped_column(String(200))
    entered_by: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    entered_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(String(200), default="")
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
    unit: Mapped[Unit | None] = relationship()

    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (unit_id IS NULL)", name="one_holder"),
        CheckConstraint("confirmed_by <> entered_by", name="two_people"),
        CheckConstraint("confirmed_by <> person_id", name="not_ones_own"),
        CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmed_whole"),
        CheckConstraint(
            "(ended_by IS NULL) = (ended_at IS NULL) AND (ended_at IS NULL) = (reason = '')",
            name="ended_whole",
        ),
        Index(
            "uq_certificate_enrolments_open",
            "fingerprint",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    @property
    def reference(self) -> str:
        """Whose it is, as certificates of the demonstration would name them."""
        if self.person_id is not None:
            return person_reference(self.person_id)
        return authority_reference(self.unit_id or 0)

    @property
    def state(self) -> str:
        """``waiting`` for the second person, ``in_force``, or ``ended``."""
        if self.ended_at is not None:
            return "ended"
        return "waiting" if self.confirmed_at is None else "in_force"


def known(session: Session) -> tuple[Enrolment, ...]:
    """Every enrolment that is or was in force, the oldest first."""
    query = select(CertificateEnrolment).where(CertificateEnrolment.confirmed_at.is_not(None))
    return _told(session.scalars(query.order_by(CertificateEnrolment.id)).all())


def of(session: Session, reference: str) -> tuple[Enrolment, ...]:
    """Those of one person or authority."""
    return tuple(one for one in known(session) if one.reference == reference)


def _told(rows: Sequence[CertificateEnrolment]) -> tuple[Enrolment, ...]:
    if not rows:
        return ()
    from engine.signing.certificates import Enrolment

    return tuple(
        Enrolment(
            row.fingerprint,
            "person" if row.unit_id is None else "agency",
            row.reference,
            # A signature tells its time in whole seconds.
            row.confirmed_at.replace(microsecond=0),
            row.ended_at,
        )
        for row in rows
        if row.confirmed_at is not None
    )
