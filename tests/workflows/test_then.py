"""A row of a year that is over tells the names and the commune of then."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from engine.policy import Actor, Office
from tests.workflows.places import move
from tests.workflows.staging import Stage, stage
from workflows.queries import inbox, listing, public
from workflows.queries.then import then


@pytest.fixture
def play(session: Session) -> Stage:
    return stage(session)


def test_a_row_of_a_past_year_tells_the_commune_of_then(play: Stage) -> None:
    area, year = play.country.areas[0], play.year
    play.open(area)
    play.today = date(year + 1, 2, 1)
    move(play.session, area, play.country.other_commune, play.today)
    with play.now():
        told = then(play.session, {(area, year - 7), (area, year), (area, year + 1)})
        (row,) = listing.page(play.session, listing.Wanted(None))[0]
        (taken,) = listing.every(play.session, listing.Wanted(None))
        then_there, now_there = (
            [
                listing.page(play.session, listing.Wanted(units, commune_id=one, year=asked))[1]
                for units in (None, [play.country.province])
                for asked in (year, None)
            ]
            for one in (play.country.commune, play.country.other_commune)
        )
        known = listing.communes(play.session, [play.country.commune], year)
        every_known = listing.communes(play.session, None, year)
        (moved,) = public.areas(play.session, search="thon 1 ha trung")
        then_public = public.areas(
            play.session, commune_id=play.country.commune, on=date(year, 12, 31)
        )
        head = Actor(1, "", (Office(1, "hamlet_head", area, "", ""),))
        (item,) = inbox.mine(play.session, head).items
    assert {key[1]: one.parent for key, one in told.items()} == dict.fromkeys(
        (year - 7, year), "xã Nga An"
    )
    assert row.commune == taken.commune == item.commune == "xã Nga An"
    assert then_there == [1, 1, 1, 1], "the commune of then, whether a year is asked for or not"
    assert now_there == [0, 0, 0, 0]
    assert known == [(play.country.commune, "xã Nga An")]
    assert len(every_known) == 2
    assert moved.commune != "xã Nga An", "a search tells where it is today"
    assert {one.commune for one in then_public} == {"xã Nga An"}


def test_it_asks_twice_however_many_and_not_at_all_of_this_year(play: Stage) -> None:
    asked: list[str] = []
    connection = play.session.connection()
    event.listen(connection, "before_cursor_execute", lambda *args: asked.append(args[2]))
    with play.now():
        then(play.session, {(area, play.year) for area in play.country.areas})
        assert not asked
        then(play.session, {(a, y) for a in play.country.areas for y in range(2009, 2020)})
    assert len(asked) == 2
