"""A result taken over is revoked and corrected by whoever keeps the titles of its level: told
beforehand, counted at once, and with what came kept as it came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from engine import clock
from engine.clock import vietnam
from engine.errors import Conflict, Forbidden, Refused
from engine.policy import Actor, Office
from tests.engine.test_kept import passed
from tests.unguarded import unguard
from tests.workflows.places import Country
from tests.workflows.takeover.test_loading import csv, load
from tests.workflows.test_resting_lineage import issued, nominated
from workflows import resting
from workflows.people import Person
from workflows.results import Result, of_area, result
from workflows.streaks import standing
from workflows.streaks.telling import tell
from workflows.takeover import amending
from workflows.takeover.acts import acts_of
from workflows.takeover.rechecking import acts
from workflows.territory.orphans import late_results
from workflows.units import Unit

REVOKED = {
    "number": "5/QĐ-UBND",
    "decided_on": "10/01/2026",
    "authority": "UBND xã Nga An",
    "reason": "Kê khai không đúng",
}
CORRECTED = {"result": "recognised", "number": "1/QĐ", "authority": "Sổ gốc", "reason": "Chép sai"}


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.fixed_at(vietnam(date(2026, 3, 2))):
        yield


def actor(session: Session, role: str, unit: int) -> Actor:
    person = Person(name="Lê Văn Mẫu", invented=True)
    session.add(person)
    session.commit()
    return Actor(person.id, person.name, (Office(1, role, unit, "", role),))


def test_a_year_is_revoked_and_then_corrected(session: Session, country: Country) -> None:
    area = country.areas[0]
    sheet = csv(*((year, 16144, "Thôn 1", "", "đạt") for year in (2023, 2024)))
    load(session, sheet)
    about = nominated(session, area, 2025)
    resting_on = issued(session, "district_decision", country.district, about, streak=3)
    session.commit()
    police = actor(session, "commune_appraiser", country.commune)
    known = result(session, area, 2024)
    assert known is not None
    place, entry = amending.place_of(session, known.id), amending.read_entry("revocation", REVOKED)
    told = amending.foresee(session, place, recognised=False)
    assert [(one.streak, one.streak_after) for one in told.losses] == [(3, 1)]
    assert [one.paper_id for one in told.dependents] == [resting_on]
    for role, unit in (("admin", country.province), ("commune_appraiser", country.other_commune)):
        with pytest.raises(Forbidden):
            amending.record(session, actor(session, role, unit), known.id, entry)

    amending.record(session, police, known.id, entry)
    counted = result(session, area, 2024)
    assert counted is not None and counted.id != known.id and not counted.recognised
    assert "đã bị thu hồi" in tell(session, standing(session, area, 2025), "vi").sentence()
    assert result(session, area, 2024, date(2026, 1, 9)) == known
    assert resting.has_lost_ground(session, resting_on)
    assert [one.year for one in resting.shaken(session, units=[country.district])] == [2024]
    assert resting.count(session, [country.district]) == 1
    assert load(session, sheet).same == 2
    with pytest.raises(Conflict):
        amending.record(session, police, known.id, entry)

    better = amending.read_entry("correction", CORRECTED)
    amending.record(session, police, counted.id, better)
    assert [(r.year, r.recognised) for r in of_area(session, area)[1:]] == [
        (2024, True),
        (2023, True),
    ]
    assert standing(session, area, 2025).streak == 3
    assert [one.kind for one in acts_of(session, known)] == ["correction", "revocation"]
    # Of two acts of one day the later prevails, and then a third: all of them are told.
    for act, said, counts in (
        ("revocation", REVOKED | {"number": "7/QĐ-UBND", "effective_on": "02/03/2026"}, False),
        ("correction", CORRECTED | {"number": "2/QĐ"}, True),
    ):
        now = result(session, area, 2024)
        assert now is not None
        amending.record(session, police, now.id, amending.read_entry(act, said))
        last = result(session, area, 2024)
        assert last is not None and last.recognised == counts
    assert standing(session, area, 2025).streak == 3
    assert load(session, sheet).same == 2
    assert [one.number for one in acts_of(session, known)][:2] == ["2/QĐ", "7/QĐ-UBND"]
    unlawful = (
        "UPDATE results SET counts_until = NULL, ended_by_id = NULL WHERE ended_by_id > 0",
        "UPDATE results SET counts_until = '2031-01-01' WHERE ended_by_id > 0",
        "UPDATE result_acts SET reason = 'x'",
        "DELETE FROM result_acts",
        # Only one row counts from a day on, and only an act ends one before it counted.
        "INSERT INTO results (area_id, year, recognised, source, counts_from)"
        " SELECT area_id, year, FALSE, 'x', counts_from FROM results WHERE made_by_id = 4",
        "INSERT INTO results (area_id, year, recognised, source, counts_from, counts_until)"
        " VALUES (1, 2001, FALSE, 'x', '2026-03-02', '2026-03-02')",
    )
    assert [*passed(session.connection(), unlawful)] == []
    assert [*acts(session)] == []
    unguard(session.connection(), "results", "result_acts")
    for forged in (
        "UPDATE results SET recognised = TRUE, level = 'commune' WHERE NOT recognised",
        "UPDATE results SET counts_until = '2026-02-01' WHERE counts_until = '2026-01-10'",
        "UPDATE results SET ended_by_id = NULL WHERE ended_by_id = 1",
        "UPDATE results SET ended_by_id = CASE ended_by_id WHEN 3 THEN 4 ELSE 3 END"
        " WHERE ended_by_id IN (3, 4)",
        "UPDATE result_acts SET number = '6/QĐ-UBND' WHERE kind = 'revocation'",
        "DELETE FROM results WHERE made_by_id = 2",
    ):
        with session.begin_nested() as undone:
            session.execute(text(forged))
            assert {one.code for one in acts(session)} == {"act"}, forged
            undone.rollback()


def test_what_a_district_revoked_a_commune_cannot_put_back(
    session: Session, country: Country
) -> None:
    area = country.areas[0]
    row = {"area_id": area, "year": 2024, "recognised": True, "level": "district"}
    row |= {"source": "Sổ huyện", "counts_from": date(2024, 12, 1)}
    session.execute(insert(Result), [row])
    session.commit()
    known = result(session, area, 2024)
    assert known is not None
    police = actor(session, "commune_appraiser", country.commune)
    district = actor(session, "district_appraiser", country.district)
    entry = amending.read_entry("revocation", REVOKED)
    with pytest.raises(Forbidden):
        amending.record(session, police, known.id, entry)
    amending.record(session, district, known.id, entry)
    counted = result(session, area, 2024)
    assert counted is not None and not counted.recognised
    better = amending.read_entry("correction", CORRECTED)
    with pytest.raises(Forbidden):
        amending.record(session, police, counted.id, better)
    amending.record(session, district, counted.id, better)
    again = result(session, area, 2024)
    assert again is not None and again.recognised
    assert again.level == "district"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"decided_on": "10/01/2027"}, "result_decided_in_future"),
        ({"decided_on": "10/01/2001"}, "result_decided_before_year"),
        ({"effective_on": "09/01/2026"}, "result_effect_before_decision"),
        ({"effective_on": "03/03/2026"}, "result_effect_in_future"),
    ],
)
def test_days_that_cannot_be(
    session: Session, country: Country, change: dict[str, str], code: str
) -> None:
    load(session, csv((2024, 16144, "Thôn 1", "", "đạt")))
    (known,) = of_area(session, country.areas[0])
    place = amending.place_of(session, known.id)
    entry = amending.read_entry("revocation", REVOKED | change)
    assert code in {one.code for one in amending.against(session, place, entry)}
    if code == "result_decided_in_future":
        same = amending.read_entry("correction", CORRECTED | {"number": ""})
        (only,) = amending.against(session, place, same)
        assert only.code == "result_nothing_corrected"


def test_an_act_is_told_whole() -> None:
    with pytest.raises(Refused) as caught:
        amending.read_entry("revocation", {"decided_on": "hôm nọ", "number": "!!!"})
    told = {(one.field, one.code) for one in caught.value.refusals}
    assert told == {
        ("reason", "required"),
        ("authority", "required"),
        ("number", "number_unlike"),
        ("decided_on", "not_a_date"),
    }


def test_results_of_years_after_a_units_end_are_found(session: Session, country: Country) -> None:
    load(session, csv((2016, 16144, "Thôn 1", "", "đạt"), (2014, 16144, "Thôn 1", "", "đạt")))
    assert late_results(session) == []
    session.get_one(Unit, country.areas[0]).ends_on = date(2014, 6, 30)
    session.flush()
    (found,) = late_results(session)
    assert (found.code, found.ended_on, found.years) == ("16144-01", date(2014, 6, 30), (2016,))
