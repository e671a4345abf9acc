"""People: offices by day, signing in, and what the database holds them to."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine.db import writing
from tests import sharing
from tests.workflows.places import Country
from workflows import people
from workflows.actors import find_actor
from workflows.bindings import LAW
from workflows.people import Account, Appointment, Person
from workflows.units import Unit


def person(session: Session, name: str = "Lê Văn Mẫu 001") -> Person:
    row = Person(name=name, invented=True)
    session.add(row)
    session.flush()
    return row


def appoint(session: Session, who: Person, unit_id: int, **told: Any) -> Appointment:
    values = {"role": "clerk", "title": "Văn thư", "starts_on": date(2020, 1, 1)} | told
    row = Appointment(person_id=who.id, unit_id=unit_id, **values)
    session.add(row)
    session.flush()
    return row


def account(session: Session, who: Person, username: str = "clerk", **told: Any) -> Account:
    row = Account(
        person_id=who.id, username=username, password_hash=people.hash_password("right"), **told
    )
    session.add(row)
    session.flush()
    return row


@pytest.mark.parametrize(
    ("on", "held"),
    [
        (date(2019, 12, 31), []),
        (date(2020, 1, 1), ["clerk"]),
        (date(2024, 12, 31), ["clerk"]),
        (date(2025, 1, 1), ["clerk", "commune_chair"]),
        (date(2025, 6, 30), ["clerk", "commune_chair"]),
        (date(2025, 7, 1), ["commune_chair"]),
    ],
)
def test_an_office_holds_from_its_first_to_its_last_day(
    session: Session, country: Country, on: date, held: list[str]
) -> None:
    who = person(session)
    appoint(session, who, country.commune, ends_on=date(2025, 6, 30))
    appoint(session, who, country.commune, role="commune_chair", starts_on=date(2025, 1, 1))
    appoint(session, person(session, "Trần Thị Mẫu 002"), country.commune)
    assert [office.role for office in find_actor(session, who.id, on).offices] == held


def test_holders_are_of_that_unit_only(session: Session, country: Country) -> None:
    here, there = person(session), person(session, "Trần Thị Mẫu 002")
    appoint(session, here, country.commune)
    appoint(session, there, country.other_commune)
    found = people.holders_of(session, "clerk", country.commune, date(2026, 1, 1))
    assert [office.person.name for office in found] == [here.name]
    assert people.holders_of(session, "clerk", country.commune, date(2019, 1, 1)) == []


def test_signing_in_wants_the_name_and_the_password(session: Session) -> None:
    mine = account(session, person(session))
    assert people.authenticate(session, "clerk", "right") is mine
    assert people.authenticate(session, "clerk", "wrong") is None
    assert people.authenticate(session, "nobody", "right") is None


def test_a_closed_account_does_not_sign_in(session: Session) -> None:
    account(session, person(session), active=False)
    assert people.authenticate(session, "clerk", "right") is None


def test_the_same_password_never_hashes_twice_alike() -> None:
    first, second = people.hash_password("right"), people.hash_password("right")
    assert first != second
    assert first.startswith("$argon2id$")
    assert "right" not in first


def test_a_password_costs_a_thief_what_the_standard_asks() -> None:
    """RFC 9106 section 4, the second recommended set: 64 MiB, three passes."""
    strong = sharing.STRONG()
    assert (strong.type.name, strong.memory_cost, strong.time_cost) == ("ID", 65536, 3)


def test_one_account_a_person_and_one_person_a_name(session: Session) -> None:
    who = person(session)
    account(session, who)
    with pytest.raises(IntegrityError), session.begin_nested():
        account(session, who, "clerk-2")
    with pytest.raises(IntegrityError), session.begin_nested():
        account(session, person(session, "Trần Thị Mẫu 002"), "clerk")


@pytest.mark.parametrize("wrong", [{"capacity": "PP."}, {"ends_on": date(2019, 12, 31)}])
def test_an_impossible_appointment_is_refused(
    session: Session, country: Country, wrong: dict[str, Any]
) -> None:
    who = person(session)
    with pytest.raises(IntegrityError):
        appoint(session, who, country.commune, **wrong)


def test_a_person_who_held_an_office_stays(session: Session, country: Country) -> None:
    who = person(session)
    appoint(session, who, country.commune)
    session.delete(who)
    with pytest.raises(IntegrityError):
        session.flush()


def test_nothing_more_is_kept_of_a_person(session: Session) -> None:
    columns = {column["name"] for column in inspect(session.connection()).get_columns("people")}
    assert columns == {"id", "name", "phone", "invented"}


def test_the_head_of_a_school_is_appointed_at_it(country: Country, session: Session) -> None:
    school = Unit(
        kind="school",
        parent_id=country.commune,
        name="Trường Mẫu",
        form="trường",
        code="GD-1",
        starts_on=date(2020, 1, 1),
        category="lower_secondary",
    )
    person = Person(name="Mẫu Hiệu Trưởng", invented=True)
    with writing(session):
        session.add_all([school, person])
        session.flush()
        session.add(
            Appointment(
                person_id=person.id,
                role="unit_head",
                unit_id=school.id,
                title="Hiệu trưởng",
                starts_on=date(2020, 1, 1),
            )
        )
    (office,) = find_actor(session, person.id, date(2024, 1, 1)).offices
    assert (office.role, office.unit_name) == ("unit_head", "Trường Mẫu")
    assert LAW.roles["unit_head"] >= {school.kind}
