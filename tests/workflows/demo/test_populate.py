"""The demonstration holds what the founding report counts, on either database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from engine.db import Base, writing
from tests.workflows.conftest import YEAR
from workflows import people, units
from workflows.actors import find_actor
from workflows.cycles import Cycle
from workflows.demo import password, populate
from workflows.households import Household
from workflows.people import Account, Appointment, Person
from workflows.quoted import beside
from workflows.records.book import Record, RecordMeasure
from workflows.records.listing import Wanted
from workflows.records.listing import standing as records_standing
from workflows.regimes import SUBJECT_KINDS
from workflows.results import Result
from workflows.streaks import standing, yearly_table
from workflows.units import Unit

CONTRACT_NAMES = "hamlet police chair clerk district-police district-chair district-clerk"
CONTRACT_NAMES += " province-chair auditor admin admin-2 committee"
ON = date(YEAR, 6, 1)

# The report's own table: recognised, and the whole percentage it states.
REPORTED = {
    2009: (145, 62),
    2010: (159, 68),
    2011: (166, 70),
    2012: (177, 76),
    2013: (178, 76),
    2014: (182, 78),
    2015: (182, 78),
    2016: (189, 80),
    2017: (192, 82),
}
EXACT = ["61.97", "67.95", "70.94", "75.64", "76.07", "77.78", "77.78", "80.77", "82.05"]


def found(session: Session, kind: str) -> list[Unit]:
    return list(session.scalars(select(Unit).where(Unit.kind == kind).order_by(Unit.id)))


def areas_of(session: Session, commune_id: int) -> list[Unit]:
    return [area for area in found(session, "area") if area.parent_id == commune_id]


def named(session: Session, commune: str, area: str) -> Unit:
    parent = units.by_code(session, commune, "commune")
    assert parent is not None
    return next(u for u in areas_of(session, parent.id) if u.name == area)


def test_the_units_are_those_of_2017(demonstration: Session) -> None:
    session = demonstration
    communes = found(session, "commune")
    assert [(u.name, u.code) for u in found(session, "province")] == [("Thanh Hoá", "38")]
    assert [(u.name, u.code) for u in found(session, "district")] == [("Nga Sơn", "401")]
    assert [u.code for u in communes] == [str(code) for code in range(16093, 16172, 3)]
    assert {u.code: u.heading for u in communes}["16093"] == "Thị trấn Nga Sơn"
    assert sum(u.form == "xã" for u in communes) == 26
    in_town = areas_of(session, communes[0].id)
    assert len(found(session, "area")) == 234
    assert len(in_town) == 6
    assert {u.form for u in in_town} == {"tiểu khu"}


def test_the_other_subjects_of_the_report_exist_since_2013_without_results(
    demonstration: Session,
) -> None:
    session = demonstration
    kinds = {kind: len(found(session, kind)) for kind in ("area", "commune", "school", "agency")}
    assert kinds == {"area": 234, "commune": 27, "school": 89, "agency": 20}
    assert sum(kinds.values()) == 370
    of_2013 = select(Cycle.kind).where(Cycle.year == 2013)
    assert set(session.scalars(of_2013)) == set(SUBJECT_KINDS)
    judged = select(Unit.kind).join(Result, Result.area_id == Unit.id).distinct()
    assert session.scalars(judged).all() == ["area"]


def test_the_areas_the_report_names_exist(demonstration: Session) -> None:
    assert named(demonstration, "16150", "Thôn 1").code == "16150-01"
    assert named(demonstration, "16111", "Thôn Đồng Đội").folded == "thon dong doi"
    assert named(demonstration, "16144", "Thôn 8").title == "Thôn 8"


def test_households_fill_every_area(demonstration: Session) -> None:
    per_area = select(func.count(Household.id)).group_by(Household.area_id)
    sizes = list(demonstration.scalars(per_area))
    assert (len(sizes), sum(sizes)) == (234, 40_048)
    assert min(sizes) >= 60
    late = select(func.count()).where(
        Household.registered_on.is_(None)
        | ~Household.registered_on.between(date(YEAR, 1, 1), date(YEAR, 3, 31))
    )
    assert demonstration.scalar(late) == 0


def test_every_invented_person_shows_it(demonstration: Session) -> None:
    names = list(demonstration.scalars(select(Person.name)))
    names += demonstration.scalars(select(Household.representative))
    assert all(" Mẫu " in name and name[-3:].isdigit() for name in names)
    assert demonstration.scalar(select(func.count()).where(Person.invented.is_(False))) == 0
    assert all(p.startswith("0000 ") for p in demonstration.scalars(select(Person.phone)))


# How many people hold a role, at every unit of a kind.
FILLED = {
    ("area", "hamlet_head"): [1] * 234,
    ("commune", "commune_appraiser"): [1] * 27,
    ("commune", "commune_committee"): [2] * 27,
    ("commune", "commune_chair"): [1] * 27,
    ("commune", "clerk"): [1] * 27,
    ("district", "district_appraiser"): [1],
    ("district", "district_chair"): [1],
    ("district", "clerk"): [1],
    ("province", "province_appraiser"): [1],
    ("province", "province_chair"): [1],
    ("province", "clerk"): [1],
    ("province", "auditor"): [1],
    ("province", "admin"): [2],
}


def test_every_office_is_filled_at_every_unit(demonstration: Session) -> None:
    held = (
        select(Unit.kind, Appointment.role, func.count(func.distinct(Appointment.person_id)))
        .join(Unit, Unit.id == Appointment.unit_id)
        .where(Appointment.starts_on < date(YEAR - 1, 1, 1), Appointment.ends_on.is_(None))
        .group_by(Unit.kind, Appointment.role, Appointment.unit_id)
    )
    filled: dict[tuple[str, str], list[int]] = {}
    for kind, role, people_in_office in demonstration.execute(held):
        filled.setdefault((kind, role), []).append(people_in_office)
    assert filled == FILLED


def test_the_chair_heads_the_committee_and_holds_nothing_else(demonstration: Session) -> None:
    account = people.account_named(demonstration, "chair-16150")
    assert account is not None
    held = find_actor(demonstration, account.person_id, ON).offices
    assert {office.role for office in held} == {"commune_chair", "commune_committee"}


def test_the_sign_in_names_of_the_contract_open(demonstration: Session) -> None:
    assert password() == "binhxet-demo"
    assert people.authenticate(demonstration, "hamlet", password()) is not None
    for username in CONTRACT_NAMES.split():
        assert people.account_named(demonstration, username) is not None


def test_the_short_names_belong_to_one_commune(demonstration: Session) -> None:
    home = named(demonstration, "16144", "Thôn 8")
    expected = {"hamlet": home.id, **dict.fromkeys(("police", "chair", "clerk"), home.parent_id)}
    for username, unit_id in (expected | {"committee": home.parent_id}).items():
        account = people.account_named(demonstration, username)
        assert account is not None
        offices = find_actor(demonstration, account.person_id, ON).offices
        assert {office.unit_id for office in offices} == {unit_id}


def test_each_person_has_an_account_and_all_the_same_password(demonstration: Session) -> None:
    accounts = demonstration.scalars(select(Account)).all()
    assert len(accounts) == demonstration.scalar(select(func.count(Person.id)))
    assert len({account.password_hash for account in accounts}) == 1
    assert {"hamlet-16150-01", "police-16093", "province-clerk"} <= {a.username for a in accounts}


def test_the_bodies_of_the_areas_add_up_to_the_reports(demonstration: Session) -> None:
    district = found(demonstration, "district")[0]
    own = records_standing(demonstration, Wanted(district.id))
    below = records_standing(demonstration, Wanted(district.id, below=True))
    for kind in ("committee", "subcommittee", "protection_team", "security_group"):
        for measure in ("groups", "members"):
            for year in (2008, 2018):
                told = _sum(own, kind, measure, year)
                if told is not None:
                    assert _sum(below, kind, measure, year) in (told, None), (kind, measure)
    assert _sum(below, "security_group", "members", 2018) == 38_446


def _sum(records: Sequence[Record], kind: str, measure: str, year: int) -> int | None:
    told = [r.values.get(measure) for r in records if (r.kind, r.ends_on.year) == (kind, year)]
    stated = [one.value for one in told if one]
    return sum(stated) if stated else None


def test_no_security_group_has_more_members_than_households(demonstration: Session) -> None:
    households = (
        select(Household.area_id, func.count().label("n")).group_by(Household.area_id).subquery()
    )
    rows = demonstration.execute(
        select(RecordMeasure.value, households.c.n)
        .join(Record, Record.id == RecordMeasure.record_id)
        .join(households, households.c.area_id == Record.unit_id)
        .where(Record.kind == "security_group", RecordMeasure.measure == "members")
    ).all()
    assert len(rows) == 2 * 234
    assert all(members <= n for members, n in rows)


def test_the_cycles_follow_their_regimes(demonstration: Session) -> None:
    areas = select(Cycle).where(Cycle.kind == "area")
    regimes = {cycle.year: cycle.definition_id for cycle in demonstration.scalars(areas)}
    assert regimes == {
        **dict.fromkeys(range(2009, 2013), "de-an-375"),
        **dict.fromkeys(range(2013, 2018), "tt-23-2012"),
        YEAR: "district-certification-reasoned",
    }


def test_the_recognition_table_is_the_reports(demonstration: Session) -> None:
    table = yearly_table(demonstration, 2009, 2017)
    assert {row["year"]: row["recognised"] for row in table} == {
        year: recognised for year, (recognised, _) in REPORTED.items()
    }
    assert [row["registered"] for row in table] == [234] * 9
    assert [row["percent"] for row in table] == EXACT
    assert table[3]["streaks"] == {"2": 150, "3": 91, "4": 51, "5": 0}
    district = found(demonstration, "district")[0]
    assert yearly_table(demonstration, 2009, 2017, district.id) == table


def test_the_report_s_percentages_are_kept_as_quoted_and_the_odd_ones_flagged(
    demonstration: Session,
) -> None:
    district = found(demonstration, "district")[0]
    for unit_id in (None, district.id):
        told = {year: one for year, (one,) in beside(demonstration, 2009, 2017, unit_id).items()}
        assert {year: int(one.quoted) for year, one in told.items()} == {
            year: stated for year, (_, stated) in REPORTED.items()
        }
        assert {y: (one.quoted, one.computed) for y, one in told.items() if one.differs} == {
            2011: ("70", "71"),
            2016: ("80", "81"),
        }
        assert {one.denominator for one in told.values()} == {234}


def test_the_reports_own_percentages_differ_in_two_years(demonstration: Session) -> None:
    computed = {
        row["year"]: (2 * 100 * row["recognised"] + row["registered"]) // (2 * row["registered"])
        for row in yearly_table(demonstration, 2009, 2017)
    }
    differing = {y: p for y, p in computed.items() if p != REPORTED[y][1]}
    assert differing == {2011: 71, 2016: 81}


def test_by_2012_the_district_had_recognised_the_91_of_three_years(demonstration: Session) -> None:
    def at(level: str, year: int) -> set[int]:
        query = select(Result.area_id).where(Result.level == level, Result.year == year)
        return set(demonstration.scalars(query))

    assert [len(at("district", year)) for year in range(2009, 2014)] == [0, 0, 51, 40, 0]
    certified = at("district", 2011) | at("district", 2012)
    assert len(certified) == 91
    assert all(standing(demonstration, area, 2012).streak >= 3 for area in certified)
    assert not any(at("province", year) for year in range(2009, 2018))


def test_every_imported_result_says_that_its_area_is_invented(demonstration: Session) -> None:
    sources = set(demonstration.scalars(select(Result.source).distinct()))
    assert len(sources) == 1
    assert sources.pop().startswith("Báo cáo 55/BC-BCĐ ngày 12/6/2018 (")
    assert demonstration.scalar(select(func.count(Result.nomination_id))) == 0
    assert demonstration.scalar(select(func.count(Result.decision_number))) == 0


def test_the_exemplary_areas_were_recognised_every_year(demonstration: Session) -> None:
    for commune, area in (("16150", "Thôn 1"), ("16111", "Thôn Đồng Đội"), ("16144", "Thôn 8")):
        assert standing(demonstration, named(demonstration, commune, area).id, 2017).streak == 9


def contents(session: Session) -> dict[str, list[tuple[object, ...]]]:
    """Every row, but for the salted password hashes."""
    kept: dict[str, list[tuple[object, ...]]] = {}
    for table in Base.metadata.sorted_tables:
        columns = [c for c in table.columns if c.name != "password_hash"]
        rows = session.execute(select(*columns).order_by(*table.primary_key.columns))
        kept[table.name] = [tuple(row) for row in rows]
    return kept


def test_the_same_seed_builds_the_same(session: Session, demonstration: Session) -> None:
    said: list[tuple[str, int, int]] = []
    world = populate(session, year=YEAR, on_progress=lambda *step: said.append(step))
    assert contents(session) == contents(demonstration)
    assert list(dict.fromkeys(step for step, _, _ in said)) == [
        "units",
        "offices",
        "households",
        "history",
    ]
    assert ("households", 40_048, 40_048) in said
    assert named(session, "16144", "Thôn 8").id == world.area_id
    assert set(CONTRACT_NAMES.split()) <= set(world.usernames)


def test_new_rows_find_free_keys_afterwards(demonstration: Session) -> None:
    with writing(demonstration):
        demonstration.add(Person(name="Lê Thị Mẫu 999", invented=True))
        demonstration.flush()
    assert demonstration.scalar(select(func.max(Person.id))) == 352


def test_it_is_not_built_over_something_else(demonstration: Session) -> None:
    with pytest.raises(ValueError, match="not empty"):
        populate(demonstration, year=YEAR, on_progress=lambda *_: None)


def test_a_year_of_the_report_cannot_be_run_again(session: Session) -> None:
    with pytest.raises(ValueError, match="2017 is history"):
        populate(session, year=2017, on_progress=lambda *_: None)
    assert session.scalar(select(func.count(Unit.id))) == 0


def test_a_failure_leaves_nothing_behind(session: Session) -> None:
    def stop(step: str, _done: int, _total: int) -> None:
        if step == "history":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        populate(session, year=YEAR, on_progress=stop)
    tables = inspect(session.connection()).get_table_names()
    assert "units" in tables
    assert session.scalar(select(func.count(Unit.id))) == 0
