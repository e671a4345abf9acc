"""The story fits the year judged, whatever the day the demonstration is built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.deadlines import expire
from engine.subjects import Subject
from tests.databases import Databases, create_tables, opened
from workflows.bureau import build
from workflows.demo import populate
from workflows.demo.data import facts
from workflows.demo.drive import Drive, drive_commune, drive_others
from workflows.demo.keys import make_keys
from workflows.demo.schedule import RECENT, Schedule, name_of, of_commune, plan
from workflows.library import law
from workflows.units import Unit

DRIVE = facts("drive")
OTHERS = DRIVE["others"]
LASTS = sorted(
    {OTHERS["home"], OTHERS["rest"], DRIVE["together"]["last"]}
    | set(OTHERS["with_papers"].values())
    | set(OTHERS["without_papers"].values())
)
LEAP, PLAIN = 2028, 2027


def _days() -> Iterator[date]:
    for year in (PLAIN, LEAP):
        day = date(year, 1, 1)
        while day.year == year:
            yield day
            day += timedelta(days=1)


def _told(last: str | None, until: date) -> tuple[Schedule, dict[str, date]]:
    """When the steps up to the last are made, by their action; the first of a name."""
    schedule = plan(until, last)
    made: dict[str, date] = {}
    for step in DRIVE["steps"]:
        name = name_of(step) or step["what"]
        made.setdefault(name, schedule.day(step, step["days"]))
        if last is not None and name == last:
            break
    return schedule, made


@pytest.mark.parametrize("last", [None, *LASTS])
def test_every_day_lies_where_the_guards_want_it(last: str | None) -> None:
    days = 0
    for until in _days():
        schedule, made = _told(last, until)
        days += 1
        assert schedule.year == plan(until).year
        assert schedule.window.holds(made["open_registration"]), until
        assert schedule.window.holds(made["register"]), until
        assert [*made.values()] == sorted(made.values()), until
        assert max(made.values()) <= until - timedelta(days=RECENT), until
        if "complete_self_assessment" in made:
            dated = schedule.dated(made["complete_self_assessment"])
            assert schedule.window.holds(dated), until
            assert dated <= made["complete_self_assessment"]
    assert days == 365 + 366


@pytest.mark.parametrize("last", LASTS)
def test_no_area_waits_longer_than_its_state_allows(last: str) -> None:
    live = facts("history")["live"]["definition"]
    definition = next(d for d in law().definitions if d.id == live)
    order = [s["action"] for s in DRIVE["steps"] if "action" in s and s["what"] != "paper"]
    for until in _days():
        _schedule, made = _told(last, until)
        for name, follows in zip(order, [*order[1:], ""], strict=True):
            if name not in made:
                continue
            due = definition.by_state[definition.transition(name).target].due
            if due is None or due.then is None:
                continue
            deadline = law().calendar.deadline(due, clock.vietnam(made[name], time(8)))
            assert clock.law_date(deadline) > made.get(follows, until), (until, name)


def test_a_commune_registers_in_the_year_itself_and_still_waits() -> None:
    """From 1 January on, by Circular 124/2021; whoever registered has at least 90 days."""
    for until in _days():
        schedule = of_commune(until)
        days = [schedule.day(one, one["days"]) for one in DRIVE["commune_title"]["steps"]]
        assert date(schedule.year, 1, 1) <= days[0] < days[-1] <= schedule.window.ends_on, until
        assert days[-1] < until < days[-1] + timedelta(days=90), until


def test_the_last_step_of_the_others_is_always_recent() -> None:
    for until in _days():
        for last in LASTS:
            _schedule, made = _told(last, until)
            if last != "register":
                assert until - made[last] == timedelta(days=RECENT)


# A day on which the build once failed, and a leap day; the rules above hold for every day.
@pytest.mark.parametrize(
    ("until", "kind"), [(date(2027, 1, 10), "sqlite"), (date(2028, 2, 29), "postgresql")]
)
def test_the_story_is_told_by_real_moves_and_nothing_lapses(
    until: date, kind: str, databases: Databases, tmp_path: Path
) -> None:
    """The whole of it, papers, signatures and numbers included."""
    bureau = build(blob_folder=tmp_path / "b", keys_folder=tmp_path / "k", specimen=True)
    schedule = plan(until)
    url = databases.copy(kind, create_tables)
    with (
        clock.fixed_at(clock.vietnam(until, time(9))),
        opened(url) as engine,
        Session(engine) as session,
    ):
        world = populate(
            session, year=schedule.year, latest=schedule.begins, on_progress=lambda *_: None
        )
        area = session.scalars(select(Unit).where(Unit.code == "16144-01")).one()
        keys = bureau.desk.keys
        make_keys(session, keys, date(schedule.year - 1, 1, 1), lambda *_: None, "ec")
        for done in Drive(session, bureau, area, schedule).run():
            assert done.day < until
        title = drive_commune(session, bureau, world.commune_id, until).nomination
        drive_others(session, bureau, world.commune_id, world.area_id, until, lambda *_: None)
        assert session.get_one(Subject, title).state == "registered"
        assert expire(session, bureau.house) == 0
        states = Counter(session.scalars(select(Subject.state)))
        assert states["meeting_called"] == 1
        assert states["registered"] > 200
        assert states["announced"] == 1
    databases.drop(url)


def test_papers_of_the_others_take_their_numbers_in_the_order_of_their_dates() -> None:
    for until in _days():
        issued: list[date] = []
        for last in OTHERS["with_papers"].values():
            schedule, made = _told(last, until)
            first = next(s for s in DRIVE["steps"] if s.get("action") == "issue")
            if "issue" in made:
                issued.append(schedule.day(first, first["days"]))
        assert issued == sorted(issued)
        many, one = (_told(last, until)[1] for last in (DRIVE["together"]["last"], None))
        assert one["district_issue"] < many["district_issue"]
        assert issued
