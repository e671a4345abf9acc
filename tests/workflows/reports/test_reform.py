"""A report of past years counts units where they belonged then, also after a reform."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from tests.workflows.places import Country, move
from tests.workflows.places import unit as settled
from tests.workflows.test_cycles_results import outcome
from workflows.lineage import UnitLineage
from workflows.records.book import Record, RecordMeasure
from workflows.records.listing import Wanted, lines, standing
from workflows.records.numbers import Number
from workflows.reports import behind, counting
from workflows.reports.absence import absences, remarks, without
from workflows.reports.composing import compose
from workflows.reports.counting import Tally
from workflows.reports.passages import Scope
from workflows.streaks.members import THERE, asked
from workflows.units import Unit

LAST, FIRST = date(2025, 6, 30), date(2025, 7, 1)


@pytest.fixture
def reformed(session: Session, country: Country) -> Country:
    """On 1 July 2025 the first commune leaves its district, which ends, and goes right below
    the province; an area went from it to the other commune in 2020."""
    move(session, country.areas[2], country.other_commune, date(2020, 3, 1))
    move(session, country.commune, country.province, FIRST)
    session.get_one(Unit, country.district).ends_on = LAST
    years = (2012, 2020, 2025)
    session.add_all([outcome(area, year) for area in country.areas for year in years])
    session.flush()
    return country


def told(session: Session, unit: int, year: int) -> list[tuple[str, str]]:
    return [(r.area, r.commune) for r in behind.results(session, behind.Asked(unit, year))]


def test_the_tables_of_a_district_that_ended_still_hold_its_communes(
    session: Session, reformed: Country
) -> None:
    found = counting.tallies(session, reformed.district, 2011, 2025).units
    assert found == {reformed.commune: {2012: Tally(3, 3), 2020: Tally(2, 2)}}
    kinds = counting.tallies(session, reformed.district, 2011, 2025).kinds
    assert kinds == {"area": {2012: Tally(3, 3), 2020: Tally(2, 2)}}


def test_a_commune_that_moved_up_is_a_row_of_the_province_only_since_then(
    session: Session, reformed: Country
) -> None:
    assert counting.tallies(session, reformed.province, 2012, 2025).units == {
        reformed.district: {2012: Tally(3, 3), 2020: Tally(2, 2)},
        reformed.other_district: {2020: Tally(1, 1), 2025: Tally(1, 1)},
        reformed.commune: {2025: Tally(2, 2)},
    }


def test_who_went_away_and_came_back_was_there_in_years_apart(
    session: Session, country: Country
) -> None:
    area = country.areas[0]
    move(session, area, country.other_commune, date(2015, 1, 1))  # all of 2014 is the old one's
    move(session, area, country.commune, date(2018, 3, 1))
    session.flush()
    query = select(THERE.c.since, THERE.c.until).where(THERE.c.id == area)
    for unit, years in {
        country.commune: [(2012, 2014), (2018, 2020)],
        country.other_commune: [(2015, 2017)],
        country.province: [(2012, 2014), (2015, 2017), (2018, 2020)],
    }.items():
        found = session.execute(query.order_by(THERE.c.since), asked([unit], 2012, 2020)).all()
        assert [tuple(row) for row in found] == years


def test_the_page_behind_a_count_holds_what_the_count_held(
    session: Session, reformed: Country
) -> None:
    home, town = "xã Nga An", "thị trấn Hà Trung"
    before = [("Thôn 1", home), ("Thôn 2", home), ("Thôn 18", home)]
    assert told(session, reformed.district, 2012) == before
    assert told(session, reformed.district, 2020) == before[:2]
    assert told(session, reformed.other_district, 2020) == [("Thôn 18", town)]
    assert told(session, reformed.areas[2], 2012) == [("Thôn 18", home)]


def test_a_share_of_all_areas_stands_beside_how_many_those_are(
    session: Session, reformed: Country
) -> None:
    report = compose(session, Scope("annual", reformed.province, 2012, 2012))
    (yearly,) = [one for one in report.tables if one.id == "yearly"]
    (row,) = [[cell.text for cell in row[:5]] for row in yearly.rows]
    assert row == ["2012", "3", "3", "60,00", "5"]
    assert "có đến cuối năm" in yearly.remarks[0]


def team(unit: int, year: int, members: int, last: date | None = None) -> Record:
    """A protection team of a unit, recorded for the year or for a day of it."""
    return Record(
        unit_id=unit,
        kind="protection_team",
        starts_on=last or date(year, 1, 1),
        ends_on=last or date(year, 12, 31),
        source="Sổ của thôn",
        entered_at=clock.now(),
        measures=[RecordMeasure(measure="members", value=members)],
    )


def figures(session: Session, unit: int) -> dict[int, int]:
    """The members of a unit's teams by year, and behind each sum the page's own rows."""
    found = {}
    for line in lines(session, unit, 2012, 2025)["protection_team"]:
        year = line.ends_on.year
        found[year] = line.measures["members"].value
        if line.summed:
            page = standing(session, Wanted(unit, "protection_team", year, year, below=True))
            assert {one.id for one in line.records} <= {one.id for one in page}
    return found


def test_records_are_summed_where_their_units_stood_at_the_end_of_their_time(
    session: Session, reformed: Country
) -> None:
    """A figure stated for a unit stands for what was below it then, and for nothing else; the
    last year of what ended stays with what it was under last."""
    areas, commune, district = reformed.areas, reformed.commune, reformed.district
    session.add_all([team(area, year, 3) for area in areas for year in (2012, 2020)])
    session.add_all([team(commune, 2020, 7), team(district, 2012, 9), team(district, 2025, 1)])
    session.add_all([team(commune, 2025, 20)])
    session.flush()
    assert figures(session, commune) == {2012: 9, 2020: 7, 2025: 20}
    assert figures(session, district) == {2012: 9, 2020: 7, 2025: 1}  # not 18, nor 13
    assert figures(session, reformed.other_district) == {2020: 3}
    assert figures(session, reformed.province) == {2012: 9, 2020: 10, 2025: 21}


def test_what_was_recorded_on_a_day_is_the_district_s_of_that_day(
    session: Session, reformed: Country
) -> None:
    session.add_all([team(reformed.commune, 2025, 5, last=day) for day in (LAST, FIRST)])
    session.flush()
    (line,) = lines(session, reformed.district, 2025, 2025)["protection_team"]
    assert line.starts_on == LAST


def test_years_in_which_a_unit_was_not_there_say_so_and_who_has_the_figures(
    session: Session, reformed: Country
) -> None:
    """A dash and a remark, never a nought: it may be that another unit recognised somebody."""
    above = session.get_one(Unit, reformed.province)
    later = settled("commune", "Nga Thắng", "xã", "16093", above)
    later.starts_on = FIRST
    session.add(later)
    session.get_one(Unit, reformed.commune).ends_on = LAST
    session.flush()
    values = {"effective_on": FIRST, "kind": "replace"}
    session.add(UnitLineage(predecessor_id=reformed.commune, successor_id=later.id, **values))
    session.flush()
    session.expire_all()

    report = compose(session, Scope("recognition", later.id, 2023, 2025))
    (yearly,) = report.tables
    assert [[cell.text for cell in row[:3]] for row in yearly.rows] == [
        ["2023", "–", "–"],
        ["2024", "–", "–"],
    ]
    assert yearly.remarks[0] == (
        "2023–2024: chưa có xã Nga Thắng (lập ngày 01/07/2025). "
        "Số liệu những năm đó xem ở: xã Nga An (16144; … – 30/06/2025)."
    )
    ended = session.get_one(Unit, reformed.commune)
    rows = [{"year": year, "registered": year == 2025} for year in range(2023, 2028)]
    gone = without(rows, absences(session, ended, 2023, 2027))
    assert list(gone) == [2026, 2027]  # what is recorded of its last year is shown
    (said,) = remarks(ended, gone, "en")
    assert said.startswith("2026–2027: there was no xã Nga An any more (ended on 30/06/2025). The")
    assert said.endswith("with: xã Nga Thắng (16093; 01/07/2025 – …).")
    assert not absences(session, ended, 2000, 2024)


def test_a_list_of_others_than_were_recognised_is_told(session: Session, reformed: Country) -> None:
    """Praised on 19 August; a year is no sum, also where two communes praise the same one."""
    for unit, listed in ((reformed.commune, 2), (reformed.other_commune, 3)):
        made = team(unit, 2021, 0, last=date(2021, 8, 19))
        made.kind, told = "announcement", {"praised_year": 2020, "listed": listed}
        made.measures = [RecordMeasure(measure=name, value=value) for name, value in told.items()]
        session.add(made)
    session.flush()
    for unit, rows in ((reformed.commune, []), (reformed.other_commune, [("3", "1")])):
        report = compose(session, Scope("annual", unit, 2021, 2021))
        found = [one for one in report.tables if one.id == "disagreements"]
        assert [(row[1].text, row[2].text) for one in found for row in one.rows] == rows
    (line,) = lines(session, reformed.province, 2021, 2021)["announcement"]
    assert line.measures == {"praised_year": Number(2020), "listed": Number(5)}
    # One that stands alone below is held to what its own unit has, not to the whole.
    for name, figure, count in (("Sân", "listed", 2), ("Sông", "certificates", 4)):
        made = team(reformed.commune, 2021, 0, last=date(2021, 8, 19))
        made.kind, made.name = "announcement", name
        told = {"praised_year": 2020, figure: count}
        made.measures = [RecordMeasure(measure=one, value=value) for one, value in told.items()]
        session.add(made)
    session.flush()
    report = compose(session, Scope("annual", reformed.province, 2021, 2021))
    (found_below,) = (one for one in report.tables if one.id == "disagreements")
    assert [(row[1].text, row[2].text) for row in found_below.rows] == [("4", "2")]
    assert f"unit={reformed.commune}&" in found_below.rows[0][2].address
