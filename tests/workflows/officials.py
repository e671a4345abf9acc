"""The officials of a test commune and above, and the rolls of its areas."""

from __future__ import annotations

from datetime import date

from sqlalchemy import insert
from sqlalchemy.orm import Session

from workflows.households import Household
from workflows.people import Appointment, Person

HOUSEHOLDS = 101
"""An odd roll: half of it is no whole number."""

OFFICES = {
    "police": ("commune_appraiser", "commune", "Trưởng Công an xã"),
    "committee": ("commune_committee", "commune", "Phó Trưởng Ban Chỉ đạo"),
    "chair": ("commune_chair", "commune", "Chủ tịch"),
    "clerk": ("clerk", "commune", "Văn thư"),
    "district_police": ("district_appraiser", "district", "Trưởng Công an huyện"),
    "district_chair": ("district_chair", "district", "Chủ tịch"),
    "district_clerk": ("clerk", "district", "Văn thư"),
    "province_police": ("province_appraiser", "province", "Giám đốc Công an tỉnh"),
    "province_chair": ("province_chair", "province", "Chủ tịch"),
    "province_clerk": ("clerk", "province", "Văn thư"),
}


def appoint(
    session: Session, name: str, role: str, unit: int, title: str, capacity: str = ""
) -> int:
    """A person of that name in that office."""
    person = Person(name=f"Mẫu {name}", invented=True)
    session.add(person)
    session.flush()
    hold(session, person.id, role, unit, title, capacity)
    return person.id


def hold(
    session: Session, person: int, role: str, unit: int, title: str, capacity: str = ""
) -> None:
    """That person in that office."""
    office = {"role": role, "unit_id": unit, "title": title, "capacity": capacity}
    session.add(Appointment(person_id=person, starts_on=date(2000, 1, 1), **office))


def fill_roll(session: Session, area: int, year: int) -> None:
    rows = [
        {
            "area_id": area,
            "number": number,
            "representative": f"Mẫu {number}",
            "address": f"Số {number}",
            "registered_on": date(year, 3, 1),
        }
        for number in range(1, HOUSEHOLDS + 1)
    ]
    session.execute(insert(Household), rows)
