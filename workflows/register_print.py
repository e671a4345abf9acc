"""A register as a paper: sổ đăng ký văn bản đi, its values and its table for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from engine.errors import NotFound, Refusal, Refused
from workflows.contexts.abouts import short, type_of
from workflows.contexts.words import authority_name, words
from workflows.queries import books
from workflows.queries.books import Book
from workflows.queries.register_book import Line, lines
from workflows.standing import Change
from workflows.units import Unit

TEMPLATE = "outgoing_register"
SHEETFUL = 250
"""As many lines are printed in one file; a longer register is printed in volumes."""

ACTS = {"correction": "Đính chính", "replacement": "Thay thế", "revocation": "Thu hồi"}


def volumes(book: Book) -> Sequence[tuple[int, int]]:
    """First and last number of each volume of a register."""
    starts = range(1, max(book.last, 1) + 1, SHEETFUL)
    return [(start, min(start + SHEETFUL - 1, max(book.last, 1))) for start in starts]


def book(session: Session, register_id: int) -> Book:
    """The register; raises ``NotFound`` (``no_such_register``)."""
    found = books.register(session, register_id)
    if found is None:
        raise NotFound(Refusal("no_such_register", {"id": register_id}))
    return found


def values(session: Session, found: Book, volume: int, *, specimen: bool) -> dict[str, Any]:
    """What one volume of a register prints; raises ``Refused`` (``no_such_volume``)."""
    parts = volumes(found)
    if not 1 <= volume <= len(parts):
        raise Refused(Refusal("no_such_volume", {"volumes": len(parts)}))
    first, last = parts[volume - 1]
    told = lines(session, found.id, first, last)
    unit = session.get_one(Unit, found.authority_id)
    return {
        "specimen": specimen,
        "year": found.year,
        "standard": words()["standard"],
        "symbol": "",
        "authority": {"parent": "", "name": authority_name(unit), "place": unit.name},
        "series": words()["registers"][found.series],
        "volume": volume,
        "volumes": len(parts),
        "first": first if told else 0,
        "last": told[-1].number if told else 0,
        "opened": _day(told[0].issued_on) if told else "",
        "closed": _day(told[-1].issued_on) if told else "",
        "entries": [_entry(line) for line in told],
    }


def _entry(line: Line) -> dict[str, str]:
    return {
        "number": line.symbol or f"{line.number:02d}",
        "date": _day(line.issued_on),
        "about": line.about,
        "signatory": line.signatory,
        "recipients": "; ".join(line.recipients),
        "kept": line.kept,
        "note": note(line),
    }


def note(line: Line) -> str:
    """The last column: why a number is void, and what later papers did."""
    if line.void_reason:
        return f"Số không dùng: {line.void_reason}"
    return "; ".join(_changed(change) for change in line.changes)


def _changed(change: Change) -> str:
    by = f"{ACTS[change.act]} bằng {type_of(change.kind)} số {change.number}"
    told = f"{by}, {short(change.issued_on.isoformat())}"
    if change.act != "revocation" or change.effect_on in (None, change.issued_on):
        return told
    return f"{told}, hết hiệu lực từ {short(_day(change.effect_on))}"


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


HEAD = (
    "Số, ký hiệu",
    "Ngày tháng",
    "Tên loại và trích yếu nội dung",
    "Người ký",
    "Nơi nhận",
    "Nơi nhận bản lưu",
    "Ghi chú",
)


def table(session: Session, found: Book) -> Iterator[str]:
    """The whole register as CSV that spreadsheet programs open, line by line."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(HEAD)
    for line in lines(session, found.id):
        entry = _entry(line)
        entry["date"] = short(entry["date"])
        writer.writerow([_safe(cell) for cell in entry.values()])
    yield "\ufeff"  # spreadsheet programs read UTF-8 only behind this mark
    yield buffer.getvalue()


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t") else cell
