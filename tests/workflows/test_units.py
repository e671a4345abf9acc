"""Units: their order, their chain upwards, their areas downwards, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from tests.workflows.places import SINCE, Country, unit
from workflows import units
from workflows.units import Unit


def test_a_chain_names_every_level(session: Session, country: Country) -> None:
    chain = units.chain(session, country.areas[0])
    assert {kind: row.name for kind, row in chain.items()} == {
        "area": "Thôn 1",
        "commune": "Nga An",
        "district": "Nga Sơn",
        "province": "Thanh Hoá",
    }
    assert list(units.chain(session, country.province)) == ["province"]


def test_a_reused_code_means_its_latest_bearer(session: Session, country: Country) -> None:
    old = session.get_one(Unit, country.commune)
    old.ends_on = date(2025, 6, 30)
    new = unit("commune", "Nga An", "xã", "16144", session.get(Unit, country.province))
    new.starts_on = date(2025, 7, 1)
    session.add(new)
    session.flush()
    assert units.by_code(session, "16144") is new
    assert units.by_code(session, "16144", "district") is None
    assert units.by_code(session, "nowhere") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("thon 1", ["Thôn 1", "Thôn 18"]),
        ("THÔN 18 nga an", ["Thôn 18"]),
        ("nga an 2", ["Thôn 2"]),
        ("ha trung", ["Hà Trung", "Hà Trung", "Tiểu khu 1", "Tiểu khu 2"]),
        ("thanh hoa", ["Thanh Hoá", "Hà Trung", "Nga Sơn"]),
        ("xã nga an", ["Nga An", "Thôn 1", "Thôn 2", "Thôn 18"]),
        ("thị trấn hà trung", ["Hà Trung", "Tiểu khu 1", "Tiểu khu 2"]),
        ("Thôn 18, xã Nga An", ["Thôn 18"]),
        ("%", []),
    ],
)
def test_search_wants_the_beginning_of_every_word(
    session: Session, country: Country, text: str, found: list[str]
) -> None:
    assert sorted(u.name for u in units.search(session, text)) == sorted(found)
    assert len(units.search(session, text, limit=1)) == min(1, len(found))
    areas = [u for u in units.search(session, text) if u.kind == "area"]
    assert units.search(session, text, kind="area") == areas


def test_a_new_name_is_found_at_once(session: Session, country: Country) -> None:
    area = session.get_one(Unit, country.areas[0])
    area.name = "Thôn Đồng Đội"
    session.flush()
    assert [u.id for u in units.search(session, "dong doi")] == [area.id]


def test_rows_written_in_bulk_are_found_too(session: Session, country: Country) -> None:
    row = {"kind": "area", "name": "Thôn Đông", "form": "thôn", "code": "16144-09"}
    session.execute(insert(Unit), [row | {"parent_id": country.commune, "starts_on": SINCE}])
    assert [u.code for u in units.search(session, "thon dong")] == ["16144-09"]


def test_how_a_unit_is_written(session: Session, country: Country) -> None:
    commune, area = session.get_one(Unit, country.commune), session.get_one(Unit, country.areas[0])
    assert (commune.title, commune.heading) == ("xã Nga An", "Xã Nga An")
    assert (area.title, area.heading) == ("Thôn 1", "Thôn 1")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "hamlet"},
        {"ends_on": date(1999, 12, 31)},
        {"parent_id": 999_999},
        {"code": "16144"},  # the same kind, code and first day as another
    ],
)
def test_the_database_refuses_what_cannot_be(
    session: Session, country: Country, wrong: dict[str, object]
) -> None:
    row = unit("commune", "Nga Mới", "xã", "19999", session.get(Unit, country.district))
    for key, value in wrong.items():
        setattr(row, key, value)
    session.add(row)
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_unit_cannot_be_deleted(session: Session, country: Country) -> None:
    session.delete(session.get_one(Unit, country.areas[0]))
    with pytest.raises(DBAPIError, match="what papers rest on stays"):
        session.flush()
