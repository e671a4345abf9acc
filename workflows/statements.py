"""What is printed into the strip of a paper when it is issued: its statement, as a code, and
in letters where to ask and what the log was just before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.log import book, tree
from engine.log.note import Signer
from engine.papers.book import Paper
from engine.papers.kinds import PaperKind
from engine.statement import form
from engine.statement.form import Statement
from workflows.printed import as_printed
from workflows.units import Unit
from workflows.wording import phrase

if TYPE_CHECKING:
    from engine.signing.strip import Strip

LEVELS = ("commune", "district", "province")
"""By the number that a statement says, from 1 on."""

_SMALL, _LARGE = 7.0, 10.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known of a paper before it is numbered; plain values, read in one go."""

    code: str
    kind: int
    level: int
    values: Mapping[str, Any]
    values_digest: str
    authority: int
    log_size: int
    log_root: bytes


def ground(session: Session, paper: Paper, kind: PaperKind) -> Ground:
    """The ground of a paper's statement, with the newest checkpoint as it is now."""
    level = session.scalars(select(Unit.kind).where(Unit.id == paper.authority_id)).one()
    last = book.last_checkpoint(session)
    return Ground(
        code=paper.code,
        kind=kind.mark,
        level=LEVELS.index(level) + 1 if level in LEVELS else 0,
        values=paper.values,
        values_digest=paper.values_digest,
        authority=paper.authority_id,
        log_size=last.size if last else 0,
        log_root=bytes.fromhex(last.root) if last else tree.EMPTY,
    )


def strip(
    ground: Ground,
    *,
    number: str,
    day: date,
    content: bytes,
    at: datetime,
    signer: Signer,
    address: str,
) -> Strip:
    """The strip of a paper about to be issued. ``content`` is the file as its leader signed it,
    ``address`` where the public pages are."""
    from engine.signing.coverage import facts
    from engine.signing.strip import Strip

    leader, *_ = facts(content).covered
    statement = Statement(
        kind=ground.kind,
        level=ground.level,
        streak=int(ground.values.get("streak", 0)),
        year=int(ground.values["year"]),
        day=day,
        authority=ground.authority,
        areas=_count(ground.values),
        number=number,
        place=_place(ground.values),
        data=bytes.fromhex(ground.values_digest),
        signed=bytes.fromhex(leader.digest),
        issued=at,
        log_size=ground.log_size,
        log_root=ground.log_root,
        key_id=signer.verifier.id,
    )
    page, fragment = form.parts(address, ground.code, statement, signer)
    return Strip(page, fragment, _lines(ground, address))


def _lines(ground: Ground, address: str) -> tuple[tuple[str, float], ...]:
    """What is printed beside the code, each line with its size."""
    return (
        (phrase("strip_scan"), _SMALL),
        (f"{address.partition('://')[2]}/p/", _SMALL),
        (ground.code, _LARGE),
        (phrase("strip_log"), _SMALL),
        (f"{ground.log_size} · {as_printed(ground.log_root)}", _SMALL),
    )


def _count(values: Mapping[str, Any]) -> int:
    return len(values["areas"]) if "areas" in values else int("area" in values)


def _place(values: Mapping[str, Any]) -> str:
    """The one area and its commune; of several areas, the place they all lie in."""
    areas = values.get("areas", [])
    area = areas[0] if len(areas) == 1 else {}
    named = values.get("area") or area.get("name", "")
    around = values.get("commune") or area.get("commune") or values.get("unit", "")
    return ", ".join(filter(None, (named, around)))
