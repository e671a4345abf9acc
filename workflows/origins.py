"""Of which version of which paper a changed file was made: by its bytes, else by what it says
of itself, the surest first."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from engine.papers.book import ANNEXES, LEFT, Paper, PaperVersion
from workflows.keys import authority_reference

if TYPE_CHECKING:
    from engine.signing.cage import Answer
    from engine.signing.findings import Examined

START, END_OF_REVISION = b"%PDF-", b"%%EOF"
MOST_REVISIONS, MOST_CODES, MOST_NEAR = 64, 16, 32
_PIECE = 64
_NEAR = 1024
"""Bytes by which a damaged file may be longer or shorter than what it was."""

STRIP = "strip"
"""The field with the address and the statement that the code on a paper says."""

_CODE = re.compile(rb"/p/([0-9a-z]{4,16})#")
_STATEMENT = re.compile(rb"/p/[0-9a-z]{4,16}#[0-9A-Z$*./-]{1,400}")
_SITE = re.compile(rb"https?://[!-\x27*-~]+\Z")
_LONGEST_SITE = 200


def revisions(content: bytes) -> list[str]:
    """Digests of the file as it ended at each of its revisions: what it was made from. What
    stands before its start is left out."""
    content = content[max(content.find(START), 0) :]
    digests: list[str] = []
    end = content.find(END_OF_REVISION)
    while end >= 0 and len(digests) < 3 * MOST_REVISIONS:
        stop = end + len(END_OF_REVISION)
        for tail in (b"", b"\n", b"\r\n"):
            if content[stop : stop + len(tail)] == tail:
                digests.append(hashlib.sha256(content[: stop + len(tail)]).hexdigest())
        end = content.find(END_OF_REVISION, stop)
    return digests


def printed(session: Session, content: bytes) -> list[str]:
    """The digest of the paper whose code can be read from the bytes without opening the file:
    a guess, to have that paper at hand when it is opened."""
    codes = dict.fromkeys(code.decode() for code in _CODE.findall(content))
    return _newest(session, Paper.code.in_([*codes][:MOST_CODES])) if codes else []


def named(session: Session, answer: Answer) -> list[str]:
    """The digest of the paper that an opened file says it is: by the code in its printed
    address, by the data it carries, or by its number and the authority that seems to have
    sealed it. A number alone names a paper only where one authority has it."""
    inside = answer.carried
    fields = answer.loose if inside is None else inside.fields
    found = _CODE.search(fields.get(STRIP, "").encode())
    coded = _newest(session, Paper.code == found[1].decode()) if found else []
    if inside is not None:
        coded = coded or _newest(session, Paper.values_digest == inside.digest)
    if coded:
        return coded
    return _numbered(session, answer.examined)


def _newest(session: Session, which: ColumnElement[bool]) -> list[str]:
    """The digest of the newest version of such a paper, its annex left out."""
    query = select(PaperVersion.sha256).join(Paper, Paper.id == PaperVersion.paper_id)
    own = PaperVersion.stage.not_in(ANNEXES)
    newest = session.scalar(query.where(which, own).order_by(PaperVersion.id.desc()).limit(1))
    return [newest] if newest else []


def _numbered(session: Session, found: Examined) -> list[str]:
    if not found.number:
        return []
    rows: Sequence[Any] = session.execute(
        select(Paper.authority_id, PaperVersion.sha256)
        .join(PaperVersion, PaperVersion.paper_id == Paper.id)
        .where(Paper.number_text == found.number, PaperVersion.stage == "issued")
        .order_by(PaperVersion.id.desc())
        .limit(MOST_REVISIONS)
    ).all()
    sealed = {report.reference for report in found.reports if report.role == "seal"}
    theirs = [row for row in rows if authority_reference(row.authority_id) in sealed]
    chosen = theirs or (rows if len(rows) == 1 else [])
    return [chosen[0].sha256] if chosen else []


def says_the_same(content: bytes, version: bytes) -> bool:
    """Whether a file that cannot be opened bears a version's own statement, letter for letter."""
    return not set(statements(content)).isdisjoint(statements(version))


def statements(content: bytes) -> list[str]:
    """The texts of codes that stand in the bytes of a file as they are: what it says of itself,
    though it cannot be opened."""
    found = {}
    for one in islice(_STATEMENT.finditer(content), MOST_CODES):
        site = _SITE.search(content[max(0, one.start() - _LONGEST_SITE) : one.start()])
        found[((site[0] if site else b"") + one[0]).decode()] = True
    return [*found]


def torn(found: Examined) -> bool:
    """Whether a file was damaged, as far as that can be told from the file alone."""
    return found.spoiled or bool(found.problem) or any(not one.intact for one in found.reports)


def sayings(content: bytes, answer: Answer) -> list[str]:
    """The texts of codes in a file that opens and is no whole paper. A print of a paper is
    nobody's; what still carries its data or its strip, or is torn, was one."""
    was_ours = torn(answer.examined) or answer.carried is not None
    raw = statements(content) if was_ours else []
    return [*raw, *([answer.loose[STRIP]] if STRIP in answer.loose else [])]


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


def nearest(session: Session, size: int) -> list[str]:
    """The digests of the versions that left the office and have about so many bytes, the
    nearest first: what a damaged file that names no paper may have been."""
    away = func.abs(PaperVersion.size - size)
    near = PaperVersion.size.between(size - _NEAR, size + _NEAR)
    query = select(PaperVersion.sha256).where(near, PaperVersion.stage.in_(LEFT))
    return list(session.scalars(query.order_by(away, PaperVersion.id).limit(MOST_NEAR)))


def alike(content: bytes, version: bytes) -> bool:
    """Whether a damaged file has at least half of its bytes from a version: piece by piece, at
    the same distance from the start or from the end."""
    room = range(_PIECE, min(len(content), len(version)) + 1, _PIECE)
    same = sum(content[n - _PIECE : n] == version[n - _PIECE : n] for n in room)
    same += sum(_from_end(content, n) == _from_end(version, n) for n in room)
    return bool(content) and 2 * same * _PIECE >= len(version)


def _from_end(content: bytes, distance: int) -> bytes:
    start = len(content) - distance
    return content[start : start + _PIECE]


def _begins(row: Any, content: bytes) -> bool:
    return bool(hashlib.sha256(memoryview(content)[: row.size]).hexdigest() == row.sha256)
