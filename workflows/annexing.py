"""The annex of a paper in a file of its own: where it is, and what signs it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Refusal, Refused
from engine.papers import annexes
from engine.papers.book import ANNEX_RENDERED, ANNEXES, PaperVersion
from workflows.wording import phrase

if TYPE_CHECKING:
    from engine.papers.book import Paper
    from engine.papers.kinds import PaperKind
    from workflows.papers import PaperDesk

ANNEX = "annex"
"""The part of a paper that this is, as programs call it; the other is the paper itself."""


def lay_out(desk: PaperDesk, kind: PaperKind, paper: Paper) -> bytes:
    """The first bytes of a paper's annex; none where it has no annex."""
    template = annexes.annex_template(kind, paper.values)
    return desk.renderer.render(template, paper.values) if template else b""


def newest(session: Session, paper_id: int) -> PaperVersion | None:
    """The newest version of a paper's annex; none where it has no annex, or is not laid out."""
    return session.scalars(
        select(PaperVersion)
        .where(PaperVersion.paper_id == paper_id, PaperVersion.stage.in_(ANNEXES))
        .order_by(PaperVersion.id.desc())
        .limit(1)
    ).first()


def base(session: Session, paper_id: int) -> str:
    """The digest of the bytes that the agency is to sign; empty where there are none."""
    found = session.scalar(
        select(PaperVersion.sha256).where(
            PaperVersion.paper_id == paper_id, PaperVersion.stage == ANNEX_RENDERED
        )
    )
    return found or ""


def export(session: Session, desk: PaperDesk, paper: Paper) -> tuple[bytes, str] | None:
    """The newest bytes of a paper's annex, and the name the paper calls it by."""
    found = newest(session, paper.id)
    if found is None:
        return None
    return desk.store.get(found.sha256), annexes.file_name(paper.values)


def first(desk: PaperDesk, digest: str, paper: bytes) -> bytes:
    """The bytes of an annex that is to be signed, which must be those that the signed paper
    tells of; raises ``Refused`` (``annex_of_another``)."""
    from engine.papers.archive import carried

    content = desk.store.get(digest)
    if not annexes.belongs(content, carried(paper).enclosed):
        raise Refused(Refusal("annex_of_another"))
    return content


def signing(number: str, at: datetime) -> dict[str, Any]:
    """What is written into an annex when its paper is issued."""
    return {"number": number, "reason": phrase("seal_reason"), "at": at}
