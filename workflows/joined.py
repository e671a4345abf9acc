"""Whether the two halves of a printed code, address and statement, are of one paper.

A camera reads both; a browser sends the address alone. Who types or pastes the whole text into
the search would be shown the paper of the address, though the statement may be another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Refused
from engine.papers.book import Paper
from engine.statement import form
from engine.statement.form import Signed
from workflows.statement_keys import Published, StatementKeys

MOST = 256
"""Papers of one number and day that are tried: each authority of the country counts by itself."""


@dataclass(frozen=True, slots=True)
class Other:
    """Whose a statement is that is not of the paper beside it; empty where it is nobody's."""

    code: str = ""
    number: str = ""


def other(session: Session, keys: StatementKeys, code: str, typed: str) -> Other | None:
    """Of which other paper the statement in a typed text is; none if it is the own one of the
    paper of this code, or there is none that can be read."""
    fragment = typed.partition("#")[2].strip().upper()
    try:
        signed, published = form.read(f"/p/{code}#{fragment}"), keys.published()
    except Refused:
        return None
    if _is_of(signed, code, published):
        return None
    said = signed.statement
    query = (
        select(Paper.code, Paper.number_text)
        .where(Paper.number_text == said.number, Paper.issued_on == said.day)
        .order_by(Paper.id)
        .limit(MOST)
    )
    for row in session.execute(query):
        if _is_of(signed, row.code, published):
            return Other(row.code, row.number_text or "")
    return Other()


def _is_of(signed: Signed, code: str, published: Sequence[Published]) -> bool:
    """Whether a published key signed it for the paper of this code."""
    own = replace(signed, code=code)
    named = [one for one in published if one.key.id == signed.statement.key_id]
    return any(own.by(one.key) for one in named)
