"""The report's district from 27 communes to 6, as its file orders it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import workflows
from engine import clock
from engine.errors import Refused
from tests.workflows.places import Country
from workflows import lineage, units
from workflows.lineage import UnitAct
from workflows.results import Result
from workflows.streaks import standing
from workflows.streaks.telling import tell
from workflows.territory import acts, ground, reforms
from workflows.territory.orders import Order
from workflows.units import Unit, UnitSpan

FILE = Path(workflows.__file__).parent / "law" / "units" / "nga-son-2019-2025.toml"

COUNTS = {date(2018, 1, 1): 27, date(2019, 12, 1): 24, date(2024, 12, 1): 23, date(2025, 7, 1): 6}

NAMES = {
    ("16114", date(2018, 1, 1)): "xã Nga Nhân",
    ("16114", date(2020, 2, 1)): "xã Nga Phượng",
    ("16114", date(2025, 6, 30)): "xã Nga Phượng",
    ("16114", date(2025, 7, 1)): "xã Nga Thắng",
    ("16096", date(2025, 6, 30)): "xã Ba Đình",
    ("16096", date(2025, 7, 1)): None,
    ("16171", date(2025, 6, 30)): "xã Nga Trường",
    ("16171", date(2025, 7, 1)): "xã Ba Đình",
    ("16120", date(2024, 11, 30)): "xã Nga Bạch",
    ("16120", date(2024, 12, 1)): "xã Nga Hiệp",
    ("16093", date(2025, 6, 30)): "thị trấn Nga Sơn",
    ("16093", date(2025, 7, 1)): "xã Nga Sơn",
    ("401", date(2025, 7, 1)): None,
}


def test_the_district_is_27_then_24_then_23_then_6(demonstration: Session) -> None:
    session = demonstration
    orders = reforms.load(FILE)
    areas = set(session.scalars(select(Unit.id).where(Unit.kind == "area")))
    tried = acts.decree(session, orders, dry_run=True)
    assert session.scalar(select(func.count()).select_from(UnitAct)) == 0
    done = acts.decree(session, orders)
    assert (len(tried.changes), tried.offices) == (len(done.changes), done.offices)
    assert done.orders == len(orders)
    atlas = ground.read(session)
    assert {day: acts.counts(atlas, day)["commune"] for day in COUNTS} == COUNTS
    for (code, day), title in NAMES.items():
        found = units.by_code(session, code, on=day)
        span = units.unit_on(session, found.id, day) if found else None
        assert (span.title if span else None) == title, (code, day)
    # Areas keep their identity, their names and codes, and stand under the successors.
    day = date(2025, 7, 1)
    assert set(session.scalars(select(Unit.id).where(Unit.kind == "area"))) == areas
    parents = {span.parent for area in areas if (span := atlas.at(area, day))}
    assert {atlas.spans[parent][-1].code for parent in parents if parent} == {
        "16093",
        "16108",
        "16114",
        "16138",
        "16144",
        "16171",
    }
    assert all(session.get_one(Unit, area).parent_id in parents for area in areas)
    assert acts.decree(session, orders).again == len(orders), "once is enough"
    _lineage(session)


def _lineage(session: Session) -> None:
    """Nga Thắng came out of four communes, one of them out of two before."""
    new = units.by_code(session, "16114", on=date(2025, 7, 1))
    assert new is not None
    before = lineage.predecessors(session, [new.id])[new.id]
    names = {session.get_one(Unit, link.unit_id).name: link for link in before}
    assert set(names) == {"Nga Văn", "Nga Phượng", "Nga Thạch", "Nga Thắng"}
    assert {(link.kind, link.effective_on) for link in before} == {("merge", date(2025, 7, 1))}
    older = lineage.predecessors(session, [names["Nga Phượng"].unit_id])
    assert [
        session.get_one(Unit, link.unit_id).name for links in older.values() for link in links
    ] == [
        "Nga Lĩnh",
        "Nga Nhân",
    ]
    district = units.by_code(session, "401")
    assert district is not None
    (link,) = lineage.successors(session, [district.id])[district.id]
    assert (session.get_one(Unit, link.unit_id).code, link.kind) == ("38", "replace")


def test_every_act_says_how_well_it_is_known() -> None:
    for order in reforms.load(FILE):
        assert order.deed.source
        known = bool(order.deed.number and order.deed.issued_on)
        assert (order.deed.confidence == "assumed") != known


def test_a_file_with_an_unknown_key_is_refused_with_the_key() -> None:
    text = 'colour = 1\n[[orders]]\nact = "rename"\nname = "X"\n[orders.deed]\neffective_on = 1\n'
    with pytest.raises(Refused) as caught:
        reforms.parse(text.encode(), "x.toml")
    assert [(one.code, one.field) for one in caught.value.refusals] == [
        ("unknown_key", "colour"),
        ("value_unfit", "orders.0.deed.effective_on"),
        ("unknown_key", "orders.0.name"),
    ]
    with pytest.raises(Refused, match="file_too_deep"):
        reforms.parse(b"a=" + b"[" * 4000, "x.toml")
    with pytest.raises(Refused, match="file_unreadable"):
        reforms.load(FILE.with_name("nothing.toml"))


def _order(act: str, unit: str, on: str, /, **into: str) -> Order:
    deed = {"effective_on": on}
    return Order.model_validate({"act": act, "units": [unit], "into": [into], "deed": deed})


def test_no_unit_is_named_like_another_by_what_shows_nothing() -> None:
    plain = _order("rename", "16144", "2026-01-01", name="Nga An Mới")
    hidden = _order("rename", "16144", "2026-01-01", name="Nga An\u200b Mớ\u00adi\u2060")
    assert hidden.fingerprint == plain.fingerprint


def test_all_or_nothing(session: Session, country: Country) -> None:
    good = _order("rename", "16144", "2026-01-01", name="Nga An Mới")
    bad = _order("rename", "99999", "2026-01-01", name="Không có")
    with pytest.raises(Refused) as caught:
        acts.decree(session, [good, bad])
    assert [(one.code, one.field) for one in caught.value.refusals] == [
        ("unit_not_then", "orders.1.units.0")
    ]
    session.rollback()
    assert session.scalar(select(func.count()).select_from(UnitAct)) == 0
    assert len(units.spans_of(session, country.commune)) == 1


def test_an_act_leaves_no_year_without_its_unit(session: Session, country: Country) -> None:
    area = country.areas[0]
    told = {"area_id": area, "recognised": False, "source": "x"}
    days = {2016: date(2016, 11, 14), 2017: date(2017, 11, 13)}
    session.add_all(Result(year=year, decided_on=day, **told) for year, day in days.items())
    session.commit()
    (late,) = acts.decree(session, [_merger("2017-07-01")], dry_run=True).results
    assert (late.code, late.ended_on, late.years) == ("16144-01", date(2017, 6, 30), (2017,))
    with pytest.raises(Refused) as caught:
        acts.decree(session, [_merger("2015-01-01")])
    (refusal,) = caught.value.refusals
    assert (refusal.code, refusal.field) == ("results_after_end", "orders.0.deed.effective_on")
    assert refusal.params["years"] == "2016, 2017"
    session.rollback()
    with clock.fixed_at(clock.vietnam(date(2026, 3, 2))):
        assert not acts.decree(session, [_merger("2018-01-01")]).results
    sentence = tell(session, standing(session, area, 2018), "vi").sentence()
    assert sentence.endswith("hôn 1 đã kết thúc ngày 31/12/2017."), sentence


def _merger(on: str) -> Order:
    into = {"name": "Thôn 90", "form": "thôn", "code": "16144-90", "parent": "16144"}
    told = {"act": "merge", "units": ["16144-01", "16144-02"], "into": [into]}
    return Order.model_validate(told | {"deed": {"effective_on": on}})


def test_an_act_takes_effect_on_its_day(session: Session, country: Country) -> None:
    def name_on(day: date) -> str:
        with clock.fixed_at(clock.vietnam(day)):
            ground.refresh(session, ground.begun(session, day), day)
            session.expire_all()
            return session.get_one(Unit, country.commune).name

    with clock.fixed_at(clock.vietnam(date(2026, 5, 1))):
        acts.decree(session, [_order("rename", "16144", "2026-06-01", name="Nga An Mới")])
    assert name_on(date(2026, 5, 31)) == "Nga An"
    assert name_on(date(2026, 6, 1)) == "Nga An Mới"
    assert [u.id for u in units.search(session, "nga an moi", kind="commune")] == [country.commune]
    before, after = units.spans_of(session, country.commune)
    assert (before.ends_on, after.starts_on) == (date(2026, 5, 31), date(2026, 6, 1))
    act = session.get_one(UnitAct, after.act_id)
    assert (act.kind, act.confidence) == ("rename", "text")


def test_a_code_given_again_names_another_unit(session: Session, country: Country) -> None:
    orders = [
        _order("recode", "16144", "2026-01-01", code="16145"),
        Order.model_validate(
            {
                "act": "create",
                "into": [
                    {
                        "kind": "commune",
                        "name": "Nga Tân",
                        "form": "xã",
                        "code": "16144",
                        "parent": "401",
                    }
                ],
                "deed": {"effective_on": "2026-01-01"},
            }
        ),
    ]
    acts.decree(session, orders)
    then, now = date(2025, 12, 31), date(2026, 1, 1)
    old, new = units.by_code(session, "16144", on=then), units.by_code(session, "16144", on=now)
    assert old is not None
    assert new is not None
    assert (old.id, new.name) == (country.commune, "Nga Tân")
    assert units.by_code(session, "16144") is new
    assert units.by_code(session, "16145", "commune") is old


def test_every_unit_has_a_span(demonstration: Session) -> None:
    spanned = select(func.count(UnitSpan.unit_id.distinct()))
    total = demonstration.scalar(select(func.count()).select_from(Unit))
    assert demonstration.scalar(spanned) == total
