"""Of which version of a paper a changed file was made, by its bytes alone."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.papers.book import ANNEXES, LEFT, PaperVersion

END_OF_REVISION = b"%%EOF"
MOST_REVISIONS = 64


def revisions(content: bytes) -> list[str]:
    """Digests of the file as it ended at each of its revisions: what it was made from."""
    digests: list[str] = []
    end = content.find(END_OF_REVISION)
    while end >= 0 and len(digests) < 3 * MOST_REVISIONS:
        stop = end + len(END_OF_REVISION)
        for tail in (b"", b"\n", b"\r\n"):
            if content[stop : stop + len(tail)] == tail:
                digests.append(hashlib.sha256(content[: stop + len(tail)]).hexdigest())
        end = content.find(END_OF_REVISION, stop)
    return digests


def likely(session: Session, paper_id: int, content: bytes, *, annex: bool) -> str:
    """The digest of the version of a paper, or of its annex, that a file was most likely made
    from, of those that left the office: one as long as it, else the longest that it begins
    with, else the longest that is shorter, else the first; if none left, the newest."""
    rows = session.execute(
        select(PaperVersion.stage, PaperVersion.sha256, PaperVersion.size)
        .where(PaperVersion.paper_id == paper_id)
        .order_by(PaperVersion.id)
    ).all()
    files = [row for row in rows if (row.stage in ANNEXES) is annex]
    left = [row for row in files if row.stage in LEFT]
    same = [row for row in left if row.size == len(content)]
    shorter = [row for row in left if row.size < len(content)]
    begins = [row for row in shorter if _begins(row, content)]
    found = same or begins[-1:] or shorter[-1:] or left[:1] or files[-1:]
    return str(found[0].sha256)


def _begins(row: Any, content: bytes) -> bool:
    return bool(hashlib.sha256(memoryview(content)[: row.size]).hexdigest() == row.sha256)
