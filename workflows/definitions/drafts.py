"""Changes of a definition that somebody is working on; nothing runs on them.

A draft is the text as it was typed, also while it is no definition at all. Every saving names
the version it was made from: what another person saved meanwhile is never lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import clock
from engine.db import Base, Instant, writing
from engine.errors import Conflict, NotFound, Refusal, Refused
from engine.papers.letters import unreadable

LONGEST = 200_000
"""The most a text may be, in letters: several times the longest definition there is."""


class DefinitionDraft(Base):
    """One change on its way. ``based_on`` is the digest it was copied from, ``editors`` all who
    ever saved it, ``release_id`` what came of it: then it is closed."""

    __tablename__ = "definition_drafts"

    id: Mapped[int] = mapped_column(primary_key=True)
    definition_id: Mapped[str] = mapped_column(String(60))
    based_on: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    editors: Mapped[list[int]] = mapped_column(JSON)
    saved_by: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    saved_at: Mapped[datetime] = mapped_column(Instant)
    release_id: Mapped[int | None] = mapped_column(ForeignKey("definition_releases.id"))


def begin(
    session: Session, definition_id: str, based_on: str, text: str, person_id: int
) -> DefinitionDraft:
    """A new draft: a copy of a text that is in use."""
    with writing(session):
        draft = DefinitionDraft(
            definition_id=definition_id,
            based_on=based_on,
            text=text,
            version=1,
            editors=[person_id],
            saved_by=person_id,
            saved_at=clock.now(),
        )
        session.add(draft)
        session.flush()
    return draft


def find(session: Session, draft_id: int) -> DefinitionDraft:
    """The draft of that number; raises ``NotFound``."""
    found = session.get(DefinitionDraft, draft_id)
    if found is None:
        raise NotFound(Refusal("no_such_draft", {"id": draft_id}))
    return found


def open_drafts(session: Session) -> Sequence[DefinitionDraft]:
    """Those that were neither released nor dropped, the latest first."""
    query = select(DefinitionDraft).where(DefinitionDraft.release_id.is_(None))
    return session.scalars(query.order_by(DefinitionDraft.saved_at.desc())).all()


def save(session: Session, draft_id: int, version: int, text: str, person_id: int) -> int:
    """Keeps a text in place of the one of that version; the version it is now.

    Raises ``NotFound``, ``Refused`` (``draft_too_long``, ``not_text``) and ``Conflict``:
    ``draft_released``, ``draft_stale`` when somebody else saved it meanwhile. The same text is
    no change.
    """
    text = text.replace("\r\n", "\n")
    if len(text) > LONGEST:
        raise Refused(Refusal("draft_too_long", {"limit": LONGEST}, field="text"))
    if unreadable(text):
        raise Refused(Refusal("not_text", field="text"))
    with writing(session):
        draft = held(session, draft_id, None if _same(session, draft_id, text) else version)
        if draft.text != text:
            draft.text = text
            draft.version += 1
            draft.editors = sorted({*draft.editors, person_id})
            draft.saved_by, draft.saved_at = person_id, clock.now()
        return draft.version


def _same(session: Session, draft_id: int, text: str) -> bool:
    return find(session, draft_id).text == text


def held(session: Session, draft_id: int, version: int | None) -> DefinitionDraft:
    """The draft, locked, if it is still open and still at that version (whichever, if none)."""
    query: Any = select(DefinitionDraft).where(DefinitionDraft.id == draft_id)
    draft: DefinitionDraft | None = session.scalar(
        query.with_for_update().execution_options(populate_existing=True)
    )
    if draft is None:
        raise NotFound(Refusal("no_such_draft", {"id": draft_id}))
    if draft.release_id is not None:
        raise Conflict(Refusal("draft_released"))
    if version is not None and draft.version != version:
        raise Conflict(Refusal("draft_stale"))
    return draft


def drop(session: Session, draft_id: int) -> None:
    """Throws a draft away; a released one stays. Raises ``NotFound`` and ``Conflict``."""
    with writing(session):
        session.delete(held(session, draft_id, None))
