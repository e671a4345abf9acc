"""The papers themselves: frozen values, number, and each version of the file by digest."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Instant


class Paper(Base):
    """One paper. What is printed is ``values``, frozen when it was drafted, in the template
    of that digest. ``number`` and ``issued_on`` come with the issue; ``code`` is public."""

    __tablename__ = "papers"

    id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    authority_id: Mapped[int] = mapped_column(index=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    values_digest: Mapped[str] = mapped_column(String(64), index=True)
    template_digest: Mapped[str] = mapped_column(String(64))
    drafted_at: Mapped[datetime] = mapped_column(Instant)
    number: Mapped[int | None]
    number_text: Mapped[str | None] = mapped_column(String(40), index=True)
    issued_on: Mapped[date | None]


TIMESTAMPED, EVIDENCED, ARCHIVED = "timestamped", "evidenced", "archived"
PUBLIC = ("issued", TIMESTAMPED, EVIDENCED, ARCHIVED)
"""Stages of a file that leaves the office, each one with all that the one before it says."""

ANNEX_RENDERED, ANNEX_ISSUED = "annex_rendered", "annex_issued"
ANNEX_PUBLIC = tuple(f"annex_{stage}" for stage in PUBLIC)
ANNEXES = (ANNEX_RENDERED, *ANNEX_PUBLIC)
"""Stages of a paper's annex in a file of its own: laid out with the paper, signed by the agency
when the paper is issued, then with time stamps and evidence like the paper."""

ONCE = "stage IN ('issued', 'annex_issued')"
"""Which files a paper has one of at most, as a condition on their rows."""

LEFT = (*PUBLIC, *ANNEX_PUBLIC)
"""Stages of the files that leave the office."""

LEVELS = dict(zip(LEFT, 2 * ("B-B", "B-T", "B-LT", "B-LTA"), strict=True))
"""The level of signature that a file of each stage has (ETSI EN 319 142-1, 6)."""


class PaperVersion(Base):
    """The bytes of a paper at one stage: ``rendered``, ``signed``, ``issued``, then with time
    stamps and evidence (``timestamped``, ``evidenced``, ``archived``); or those of its annex
    (``annex_rendered``, ``annex_issued``, ``annex_timestamped`` …). Kept for ever."""

    __tablename__ = "paper_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"))
    stage: Mapped[str] = mapped_column(String(20))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        UniqueConstraint("paper_id", "stage", "sha256"),
        Index(  # a paper, like its annex, is issued once
            "ix_paper_versions_issued",
            "paper_id",
            "stage",
            unique=True,
            sqlite_where=text(ONCE),
            postgresql_where=text(ONCE),
        ),
    )


class PaperStamp(Base):
    """What the newest time stamp of a version says, to know when it must be renewed.

    ``until`` is the end of the time authority's certificate: from then on the stamp no longer
    stands by itself. ``algorithms`` are the digest and the signature it rests on.
    """

    __tablename__ = "paper_stamps"

    version_id: Mapped[int] = mapped_column(ForeignKey("paper_versions.id"), primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), index=True)
    stamped_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)
    authority: Mapped[str] = mapped_column(String(200))
    algorithms: Mapped[str] = mapped_column(String(80))


class StampEvidence(Base):
    """The newest answers about a time authority's certificate (named by its SHA-256), kept
    while somebody answers for it: ``chain`` is it with what leads to its root, ``until`` its
    end, ``learnt_at`` when the answers were had; none yet."""

    __tablename__ = "stamp_evidence"

    certificate: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime] = mapped_column(Instant)
    learnt_at: Mapped[datetime | None] = mapped_column(Instant)
    chain: Mapped[list[str]] = mapped_column(JSON)
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
