"""The bodies kept before there were records become records, on both databases."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.databases import opened
from workflows import migrate
from workflows.records.book import Record

BEFORE = "0009"
UNIT = """INSERT INTO units (id, kind, name, form, code, folded, starts_on, sort)
          VALUES (1, 'area', 'Thôn 1', 'thôn', '1-1', 'thon 1', '2008-01-01', 1)"""
BODY = """INSERT INTO grassroots_units (unit_id, kind, name, year, groups, members, note)
          VALUES (1, 'security_group', '', 2008, 5, 160, 'báo cáo'),
                 (1, 'subcommittee', '', 2008, 1, NULL, '')"""


def test_bodies_become_records_of_their_year(empty_database_url: str) -> None:
    """Law: QĐ 378/QĐ-UBND."""
    migrate.upgrade(empty_database_url, BEFORE)
    with opened(empty_database_url) as engine, engine.begin() as connection:
        connection.execute(text(UNIT))
        connection.execute(text(BODY))
    migrate.upgrade(empty_database_url)
    with opened(empty_database_url) as engine, Session(engine) as session:
        first, second = session.query(Record).order_by(Record.id)
        assert (first.starts_on.isoformat(), first.ends_on.isoformat()) == (
            "2008-01-01",
            "2008-12-31",
        )
        assert {k: v.value for k, v in first.values.items()} == {"groups": 5, "members": 160}
        assert {k: v.value for k, v in second.values.items()} == {"groups": 1}
        assert (first.source, first.confidence) == ("báo cáo", "assumed")
        assert first.entered_at.tzinfo is not None
        session.add(
            Record(
                unit_id=1,
                kind="model",
                name="x",
                starts_on=first.starts_on,
                ends_on=first.ends_on,
                source="y",
                entered_at=first.entered_at,
            )
        )
        session.commit()  # the next id is free
