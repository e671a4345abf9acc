"""Registers as they are printed: every number once, in order, with what became of it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session

from engine import clock, registers
from engine.db import writing
from engine.errors import NotFound, Refused
from engine.papers.book import Paper
from engine.papers.template import Templates
from engine.registers import Entry, Register
from engine.subjects import Subject
from tests.unguarded import unguard
from tests.workflows.amending import amend, decided
from tests.workflows.staging import Stage, stage
from workflows import register_print
from workflows.bureau import TEMPLATES
from workflows.queries import books


@pytest.fixture
def play(session: Session) -> Stage:
    return stage(session)


def _book(play: Stage, series: str = "decisions") -> books.Book:
    query = select(Register.id).where(Register.series == series)
    return register_print.book(play.session, play.session.scalars(query).one())


def _values(play: Stage, volume: int = 1, series: str = "decisions") -> dict[str, Any]:
    return register_print.values(play.session, _book(play, series), volume, specimen=True)


def _void(play: Stage, reason: str) -> None:
    with writing(play.session):
        registers.take(
            play.session, play.country.commune, "decisions", play.today, void_reason=reason
        )


def test_a_register_tells_who_signed_to_whom_and_what_became_of_each(play: Stage) -> None:
    paper, (first, _) = decided(play)
    _void(play, "In hỏng")
    later = amend(play, "replacement", paper, nominations=[first])
    amend(play, "correction", later)
    play.wait(1)
    day = play.today.strftime("%d/%m/%Y")
    effect = play.today.replace(day=28)
    amend(play, "revocation", later, effect_on=effect.isoformat())
    told = _values(play)
    assert [one["number"] for one in told["entries"]] == [
        "01/QĐ-UBND",
        "02",
        "03/QĐ-UBND",
        "04/QĐ-UBND",
    ]
    notes = [one["note"] for one in told["entries"]]
    assert notes[0].startswith("Thay thế bằng Quyết định số 03/QĐ-UBND, ")
    assert notes[1] == "Số không dùng: In hỏng"
    assert notes[2].startswith("Đính chính bằng Công văn số 01/UBND-VP, ")
    assert notes[2].endswith(
        f"Thu hồi bằng Quyết định số 04/QĐ-UBND, {day}, "
        f"hết hiệu lực từ {effect.strftime('%d/%m/%Y')}"
    )
    first_line, void = told["entries"][:2]
    assert first_line["about"].startswith("Quyết định về việc công nhận khu dân cư đạt tiêu chuẩn")
    assert (first_line["signatory"], first_line["kept"]) == ("Mẫu chair", "VT, CAX")
    assert "Lưu" not in first_line["recipients"]
    assert [void[name] for name in ("about", "signatory", "recipients", "kept")] == [""] * 4
    assert (told["first"], told["last"], told["volumes"]) == (1, 4, 1)
    letters = _values(play, series="letters")
    assert "đính chính Quyết định số 03/QĐ-UBND" in letters["entries"][0]["about"]
    assert "Thôn" not in Templates(TEMPLATES).html(register_print.TEMPLATE, told)


def test_a_table_has_a_line_for_each_number_and_no_formulas(play: Stage) -> None:
    decided(play)
    _void(play, "=1+1 in hỏng")
    mark, whole = register_print.table(play.session, _book(play))
    head, first, void = csv.reader(whole.splitlines())
    assert mark == "\ufeff"
    assert (head[0], first[0], void[0]) == ("Số, ký hiệu", "01/QĐ-UBND", "02")
    assert void[-1] == "Số không dùng: =1+1 in hỏng"


def test_a_register_or_volume_that_is_not_there_is_told(play: Stage) -> None:
    decided(play)
    with pytest.raises(NotFound, match="no_such_register"):
        register_print.book(play.session, 99)
    for volume in (0, 2):
        with pytest.raises(Refused, match="no_such_volume"):
            _values(play, volume)


def fill(session: Session, paper_id: int, numbers: Sequence[int]) -> None:
    """Copies of an issued paper under further numbers of its register."""
    paper = session.get_one(Paper, paper_id)
    at, day = clock.now(), paper.issued_on
    register = session.scalars(select(Entry.register_id).where(Entry.paper_id == paper_id)).one()
    subject = session.get_one(Subject, paper_id)
    ids = [paper_id + 100_000 + number for number in numbers]
    pinned = {"definition_id": subject.definition_id, "kind": "paper", "entered_at": at}
    pinned |= {"definition_digest": subject.definition_digest, "state": "", "version": 0}
    session.execute(insert(Subject), [{"id": one, **pinned} for one in ids])
    row = {"kind": paper.kind, "authority_id": paper.authority_id, "values": paper.values}
    row |= {"values_digest": paper.values_digest, "template_digest": paper.template_digest}
    row |= {"drafted_at": at, "issued_on": day}
    papers, entries = [], []
    for one, number in zip(ids, numbers, strict=True):
        text = registers.written(number, "QĐ-UBND")
        papers.append(row | {"id": one, "code": f"c{one}", "number": number, "number_text": text})
        entries.append(
            {"register_id": register, "number": number, "issued_on": day, "paper_id": one}
        )
    session.execute(insert(Paper), papers)
    unguard(session.connection(), "registers", "register_entries")  # at once, not one by one
    session.execute(insert(Entry), entries)
    session.get_one(Register, register).last = numbers[-1]


@contextmanager
def _statements(play: Stage) -> Iterator[list[str]]:
    """The statements sent meanwhile."""
    seen: list[str] = []
    bind = play.session.get_bind()

    def note(*told: Any) -> None:
        seen.append(told[2])

    event.listen(bind, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(bind, "before_cursor_execute", note)


def test_a_long_register_takes_as_many_queries_as_a_short_one(play: Stage) -> None:
    paper, _ = decided(play)
    counts = {}
    for last in (1, 250):
        if last > 1:
            with writing(play.session):
                fill(play.session, paper, range(2, last + 1))
        book = _book(play)
        play.session.expire_all()
        with _statements(play) as seen:
            told = register_print.values(play.session, book, 1, specimen=True)
        counts[len(told["entries"])] = len(seen)
    assert counts.keys() == {1, 250}
    assert counts[250] <= counts[1] <= 4


def test_a_register_is_printed_in_volumes(play: Stage) -> None:
    book = books.Book(1, 1, "xã Nga An", "decisions", 2026, 501)
    assert register_print.volumes(book) == [(1, 250), (251, 500), (501, 501)]
    empty = books.Book(1, 1, "xã Nga An", "decisions", 2026, 0)
    assert register_print.volumes(empty) == [(1, 1)]
