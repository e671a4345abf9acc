"""Signatures under way: what was prepared for a key that is elsewhere, until it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Instant


class SigningSession(Base):
    """One paper prepared for one signature of one person.

    ``base`` is the digest of the bytes that were there, ``prepared`` of those with room for
    the signature; ``attributes`` (hex) is the message to be signed and ``digest`` its SHA-256.
    For a seal, ``number`` and ``issued_on`` are what was written into the paper, and ``annex``
    says the same of an annex in a file of its own, which is signed with it. In a batch,
    ``ceremony_id`` tells which.
    """

    __tablename__ = "signing_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"))
    action: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    version: Mapped[int]
    base: Mapped[str] = mapped_column(String(64))
    prepared: Mapped[str] = mapped_column(String(64))
    gap_start: Mapped[int]
    gap_end: Mapped[int]
    attributes: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64))
    certificates: Mapped[list[str]] = mapped_column(JSON)
    number: Mapped[int | None]
    number_text: Mapped[str | None] = mapped_column(String(40))
    issued_on: Mapped[date | None]
    begun_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    ceremony_id: Mapped[int | None] = mapped_column(ForeignKey("ceremonies.id"))
    annex: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    __table_args__ = (
        CheckConstraint("expires_at > begun_at", name="expires_after_it_began"),
        CheckConstraint("(number IS NULL) = (issued_on IS NULL)", name="number_and_day"),
        Index("ix_signing_sessions_wanted", "paper_id", "action", "person_id"),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """One file to be signed; see ``Offer``. ``name`` is that by which the paper calls it."""

    name: str
    digest: str
    attributes: bytes
    document: str
    size: int
    gap: tuple[int, int]
    covered: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What the holder of the key is asked to sign.

    ``document`` is the SHA-256 of the prepared file, ``covered`` that of its bytes without the
    gap: the digest which both screens show. ``digest`` is what the key signs. ``annex`` is
    the second file that the same key signs in the same step, if there is one.
    """

    code: str
    paper_id: int
    action: str
    digest: str
    attributes: bytes
    document: str
    size: int
    gap: tuple[int, int]
    covered: str
    number: str
    certificates: Sequence[bytes]
    expires_at: datetime
    annex: Part | None = None
