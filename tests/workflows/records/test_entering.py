"""Entering records: by whom, what is refused, and that nothing written is ever changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from engine import clock
from engine.errors import Conflict, Forbidden, Refused
from engine.policy import Actor, Office
from tests.engine.test_kept import AT_ONCE
from tests.workflows.places import Country
from workflows.lineage import UnitLineage
from workflows.people import Person
from workflows.records.beside import beside
from workflows.records.book import Record, RecordMeasure
from workflows.records.entering import Entry, enter, withdraw
from workflows.records.listing import Wanted, lines, standing, story
from workflows.records.numbers import Number

Hold = Callable[[str, int], Actor]


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.fixed_at(clock.vietnam(date(2026, 3, 2), time(9))):
        yield


@pytest.fixture
def hold(session: Session, country: Country) -> Hold:
    """Somebody with an office."""
    person = Person(name="Lê Văn Mẫu", invented=True)
    session.add(person)
    session.commit()
    return lambda role, unit: Actor(person.id, person.name, (Office(1, role, unit, "", ""),))


def told(unit: int, kind: str = "security_group", year: int = 2025, **more: Any) -> Entry:
    values = {"measures": {"groups": Number(5), "members": Number(160)}, "source": "Sổ của thôn"}
    return Entry(kind, unit, date(year, 1, 1), date(year, 12, 31), **(values | more))


def codes(caught: pytest.ExceptionInfo[Any]) -> set[str]:
    return {refusal.code for refusal in caught.value.refusals}


def test_an_office_at_the_unit_or_above_enters_what_its_kind_allows(
    session: Session, country: Country, hold: Hold
) -> None:
    area = country.areas[0]
    enter(session, hold("hamlet_head", area), told(area))
    enter(session, hold("commune_appraiser", country.commune), told(area, year=2024))
    for actor in (
        hold("hamlet_head", country.areas[1]),
        hold("commune_appraiser", country.other_commune),
        hold("commune_chair", country.commune),
        hold("auditor", country.province),
    ):
        with pytest.raises(Forbidden, match="not_yours"):
            enter(session, actor, told(area, year=2023))
    with pytest.raises(Forbidden):  # what happened in a hamlet is the police's to count
        enter(session, hold("hamlet_head", area), told(area, "settled", name="police"))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"source": " \u200b"}, "record_field_missing"),
        ({"note": "Tốt 🏠"}, "unprintable"),
        ({"confidence": "sure"}, "not_a_choice"),
        ({"measures": {}}, "record_without_figure"),
        ({"measures": {"boats": Number(1)}}, "record_measure_unknown"),
        ({"ends_on": date(2024, 12, 31)}, "record_period_reversed"),
        ({"starts_on": date(2026, 4, 1), "ends_on": date(2026, 4, 1)}, "record_in_future"),
        ({"starts_on": date(1990, 1, 1), "ends_on": date(1990, 2, 1)}, "record_without_unit"),
        ({"kind": "settled", "name": "ghosts"}, "record_name_unknown"),
        ({"kind": "model"}, "record_field_missing"),
        ({"kind": "announcement", "name": "Sân vận động"}, "record_of_one_day"),
        ({"kind": "religion", "name": "Phật giáo"}, "record_not_kept_here"),
        ({"note": "x" * 501}, "too_long"),
        ({"reference": "12\x02/KH"}, "not_text"),
    ],
)
def test_a_wrong_record_is_refused_with_its_reason(
    session: Session, country: Country, hold: Hold, wrong: dict[str, Any], code: str
) -> None:
    entry = replace(told(country.commune), **wrong)
    with pytest.raises(Refused) as caught:
        enter(session, hold("district_appraiser", country.district), entry)
    assert code in codes(caught)
    assert not standing(session, Wanted(country.commune))


@pytest.mark.parametrize(
    ("held", "praised", "refused"),
    [(2025, 2024, False), (2025, 2025, True), (2022, 2022, True), (2021, 2021, False)],
)
def test_an_announcement_praises_the_year_before(
    session: Session, country: Country, hold: Hold, held: int, praised: int, refused: bool
) -> None:
    """Under Circular 124 the year's decisions come after 19 August; before it, they could come
    earlier. Law: Thông tư 124/2021/TT-BCA.
    """
    day, figures = date(held, 8, 19), {"praised_year": Number(praised)}
    entry = Entry("announcement", country.commune, day, day, "Kế hoạch", figures, name="Sân xã")
    if not refused:
        assert enter(session, hold("clerk", country.commune), entry)
        return
    with pytest.raises(Refused) as caught:
        enter(session, hold("clerk", country.commune), entry)
    assert codes(caught) == {"record_year_not_earlier"}


def test_a_correction_supersedes_and_the_history_stays(
    session: Session, country: Country, hold: Hold
) -> None:
    area, actor = country.areas[0], hold("hamlet_head", country.areas[0])
    first = enter(session, actor, told(area))
    with pytest.raises(Refused) as caught:
        enter(session, actor, told(area))
    assert codes(caught) == {"record_doubled"}
    better = told(area, measures={"groups": Number(6)})
    second = enter(session, actor, better, corrects=first)
    assert [one.id for one in standing(session, Wanted(area))] == [second]
    assert [one.id for one in story(session, first)] == [second, first]
    with pytest.raises(Conflict, match="record_superseded"):
        enter(session, actor, better, corrects=first)
    with pytest.raises(Refused):
        withdraw(session, actor, second, " ")
    withdraw(session, actor, second, "ghi nhầm thôn")
    assert not standing(session, Wanted(area))
    assert [one.withdrawn for one in story(session, second)] == [True, False, False]


def test_the_database_refuses_to_change_a_record(
    session: Session, country: Country, hold: Hold
) -> None:
    area = country.areas[0]
    enter(session, hold("hamlet_head", area), told(area))
    for change in (
        update(Record).values(source="khác"),
        update(RecordMeasure).values(value=1),
        delete(RecordMeasure),
        delete(Record),
    ):
        with pytest.raises(DatabaseError, match="a record is never changed"):
            session.execute(change)
        session.rollback()
    # All at once: SQLite puts rows in the place of others, PostgreSQL empties a table.
    for table in ("records", "record_measures"):
        at_once = text(AT_ONCE[session.get_bind().dialect.name].format(table=table))
        with pytest.raises(DatabaseError, match="a record is never changed"):
            session.execute(at_once)
        session.rollback()


def test_a_unit_has_its_own_figure_or_the_sum_of_those_below(
    session: Session, country: Country, hold: Hold
) -> None:
    actor = hold("district_appraiser", country.district)
    for area in country.areas:
        enter(session, actor, told(area))
    (summed,) = lines(session, country.commune, 2025, 2025)["security_group"]
    assert summed.summed
    assert summed.measures["members"] == Number(480)
    enter(session, actor, told(country.commune, measures={"members": Number(481)}))
    (own,) = lines(session, country.commune, 2025, 2025)["security_group"]
    assert (own.summed, own.measures["members"]) == (False, Number(481))
    (of_all,) = lines(session, country.district, 2025, 2025)["security_group"]
    assert of_all.measures == {"members": Number(481)}  # and not the areas' once more
    assert not lines(session, country.commune, 2026, 2026)


def test_a_criterion_sees_this_year_and_the_year_before(
    session: Session, country: Country, hold: Hold
) -> None:
    area, actor = country.areas[0], hold("hamlet_head", country.areas[0])
    enter(session, actor, told(area, year=2024, measures={"members": Number(150)}))
    enter(session, actor, told(area, year=2025))
    found = beside(session, "tt-124-2021", area, 2025)["4_5"]
    (members,) = [one for one in found if one.measure == "members"]
    assert (members.now, members.before) == (Number(160), Number(150))
    (groups,) = [one for one in found if one.measure == "groups"]
    assert (groups.now, groups.before) == (Number(5), None)


def test_beside_a_criterion_rows_of_a_year_add_up_and_predecessors_are_named(
    session: Session, country: Country, hold: Hold
) -> None:
    one, other, _ = country.areas
    actor = hold("commune_appraiser", country.commune)

    def settled(unit: int, cases: Number, *days: date) -> None:
        entry = told(unit, "settled", name="commune_police", measures={"cases": cases})
        enter(session, actor, replace(entry, starts_on=days[0], ends_on=days[1]))

    settled(one, Number(3), date(2025, 1, 1), date(2025, 6, 30))
    settled(one, Number(4), date(2025, 7, 1), date(2025, 9, 30))
    settled(one, Number(2), date(2025, 8, 1), date(2025, 8, 31))  # within the row above
    settled(one, Number(1, mark="about"), date(2024, 2, 1), date(2024, 2, 28))
    settled(one, Number(9), date(2024, 3, 1), date(2024, 12, 31))
    settled(other, Number(6), date(2024, 1, 1), date(2024, 12, 31))
    merged = date(2025, 3, 1)
    session.add(
        UnitLineage(predecessor_id=other, successor_id=one, effective_on=merged, kind="merge")
    )
    session.flush()
    (found,) = beside(session, "tt-124-2021", one, 2025)["4_3"]
    assert (found.now, found.before) == (Number(7), Number(10, mark="about"))
    (theirs,) = found.theirs
    assert (theirs.until, theirs.now, theirs.before) == (date(2025, 2, 28), None, Number(6))
    session.rollback()
