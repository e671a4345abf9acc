"""A small district for the pages: two communes, a few areas, somebody in every office."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import insert, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from engine.db import writing
from workflows.cycles import Cycle
from workflows.households import Household
from workflows.people import Account, Appointment, Person, hash_password
from workflows.results import Result
from workflows.revision import head
from workflows.units import Unit

PASSWORD = "binhxet-demo"
SINCE = date(2010, 1, 1)
YEAR = 2026
HOUSEHOLDS = 20

COMMUNE_POSTS = {
    "police": ("commune_appraiser", "Trưởng Công an xã"),
    "committee": ("commune_committee", "Phó Trưởng Ban Chỉ đạo"),
    "chair": ("commune_chair", "Chủ tịch"),
    "clerk": ("clerk", "Văn thư"),
}
DISTRICT_POSTS = {
    "district-police": ("district_appraiser", "Trưởng Công an huyện"),
    "district-chair": ("district_chair", "Chủ tịch"),
    "district-clerk": ("clerk", "Văn thư"),
}
PROVINCE_POSTS = {
    "province-chair": ("province_chair", "Chủ tịch"),
    "auditor": ("auditor", "Thanh tra"),
    "admin": ("admin", "Quản trị"),
}


def build(engine: Engine) -> None:
    """The district with five areas in the first commune and one in the second."""
    with Session(engine) as session, writing(session):
        fill(session, areas=(5, 1))
        # Its tables are those of today: as one that was migrated says.
        session.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        session.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": head()})


def build_large(engine: Engine) -> None:
    """The same with fifty areas in the first commune."""
    with Session(engine) as session, writing(session):
        fill(session, areas=(50, 1))


def fill(session: Session, *, areas: Sequence[int]) -> None:
    """Writes units, people, households, the cycle of the year and some old results."""
    people = _People(session)
    province = _unit(session, "province", None, "Thanh Hóa", "tỉnh", "38")
    people.hold(PROVINCE_POSTS, province)
    district = _unit(session, "district", province, "Nga Sơn", "huyện", "401")
    people.hold(DISTRICT_POSTS, district)
    for number, count in enumerate(areas):
        name, code = (("Nga An", "16144"), ("Ba Đình", "16096"))[number]
        commune = _unit(session, "commune", district, name, "xã", code, number)
        suffix = "" if number == 0 else f"-{code}"
        people.hold({f"{k}{suffix}": v for k, v in COMMUNE_POSTS.items()}, commune)
        for index in range(1, count + 1):
            area = _unit(
                session, "area", commune, f"Thôn {index}", "thôn", f"{code}-{index:02}", index
            )
            who = "hamlet" if (number, index) == (0, 1) else f"hamlet-{code}-{index:02}"
            people.hold({who: ("hamlet_head", "Trưởng thôn")}, area)
            _area(session, area, index)
    session.execute(
        insert(Cycle).values(
            year=YEAR,
            title="security",
            definition_id="district-certification",
            criteria_id="tt-124-2021",
            starts_on=date(YEAR - 1, 11, 1),
            ends_on=date(YEAR, 10, 31),
        )
    )


class _People:
    """Makes a person, an account and an appointment for each post; one hash for all."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._hash = hash_password(PASSWORD)
        self._number = 0

    def hold(self, posts: dict[str, tuple[str, str]], unit: int) -> None:
        for username, (role, title) in posts.items():
            self._number += 1
            phone = f"0000 000 {self._number:03}"
            person = Person(name=f"Lê Văn Mẫu {self._number}", phone=phone, invented=True)
            self._session.add(person)
            self._session.flush()
            self._session.add(
                Account(person_id=person.id, username=username, password_hash=self._hash)
            )
            self._session.add(
                Appointment(
                    person_id=person.id, role=role, unit_id=unit, title=title, starts_on=SINCE
                )
            )


def _unit(
    session: Session,
    kind: str,
    parent: int | None,
    name: str,
    form: str,
    code: str,
    sort: int = 0,
) -> int:
    unit = Unit(
        kind=kind,
        parent_id=parent,
        name=name,
        form=form,
        code=code,
        starts_on=SINCE,
        sort=sort,
    )
    session.add(unit)
    session.flush()
    return unit.id


def _area(session: Session, area: int, index: int) -> None:
    session.execute(
        insert(Household),
        [
            {
                "area_id": area,
                "number": number,
                "representative": f"Hộ {number}",
                "address": "",
                "registered_on": date(YEAR, 2, 1),
            }
            for number in range(1, HOUSEHOLDS + 1)
        ],
    )
    for year in (2016, 2017):
        good = (index + year) % 3 != 0
        session.add(
            Result(
                area_id=area,
                year=year,
                recognised=good,
                level="commune" if good else None,
                source="báo cáo",
            )
        )


def unit_id(session: Session, code: str) -> int:
    """The unit of that code."""
    return session.scalars(select(Unit.id).where(Unit.code == code)).one()


def person_id(session: Session, username: str) -> int:
    """Who signs in by that name."""
    return session.scalars(select(Account.person_id).where(Account.username == username)).one()


def second_admin(session: Session) -> None:
    """Another administrator, ``admin-2``: a change of the rules takes two."""
    with writing(session):
        person = Person(name="Mẫu Thứ Hai", invented=True)
        session.add(person)
        session.flush()
        session.add(
            Account(person_id=person.id, username="admin-2", password_hash=hash_password(PASSWORD))
        )
        session.add(
            Appointment(
                person_id=person.id,
                role="admin",
                unit_id=unit_id(session, "38"),
                title="Quản trị",
                starts_on=date(2010, 1, 1),
            )
        )
