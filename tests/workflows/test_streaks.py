"""Streaks: the pure count, the levels it entitles to, and the yearly table against an oracle
that walks every area year by year."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event, insert
from sqlalchemy.orm import Session

from engine.clock import vietnam
from engine.db import writing
from engine.history import Event
from engine.subjects import Subject
from tests.unguarded import unguard
from tests.workflows.places import Country
from tests.workflows.test_cycles_results import cycle, outcome
from workflows.nominations import Nomination
from workflows.results import Result
from workflows.streaks import (
    Tier,
    granted,
    percent,
    standing,
    streak,
    streak_of,
    tiers_of,
    yearly_table,
)
from workflows.streaks.denominators import basis
from workflows.streaks.telling import tell
from workflows.units import Unit

FIRST, LAST = 2008, 2017
NOON = vietnam(date(2026, 2, 2), time(12))
TIERS = (Tier(1, "commune"), Tier(3, "district"), Tier(5, "province"))

# Per area, what became of each year: recognised, not recognised, or no result at all.
Fates = list[list[bool | None]]
fates = st.lists(
    st.lists(st.sampled_from([True, True, False, None]), min_size=10, max_size=10),
    min_size=5,
    max_size=5,
)


def facts(*years: int) -> list[tuple[int, bool]]:
    return [(year, True) for year in years]


@pytest.mark.parametrize(
    ("recognised", "year", "length"),
    [
        ((2009, 2010, 2011), 2011, 3),
        ((2009, 2010, 2011), 2010, 2),
        ((2009, 2010, 2011), 2012, 0),
        ((2009, 2011), 2011, 1),
        ((2009,), 2008, 0),
        ((), 2012, 0),
    ],
)
def test_a_streak_counts_back_to_the_first_gap(
    recognised: tuple[int, ...], year: int, length: int
) -> None:
    assert streak(facts(*recognised), year) == length


def test_a_year_not_recognised_is_a_gap_as_a_missing_one_is() -> None:
    assert streak([*facts(2009, 2011), (2010, False)], 2011) == 1


@given(st.lists(st.sampled_from([True, False, None]), max_size=12), st.integers(0, 13))
def test_the_streak_is_the_longest_run_that_ends_there(fate: list[bool | None], year: int) -> None:
    told = [(y, ok) for y, ok in enumerate(fate) if ok is not None]
    runs = [
        n for n in range(1, year + 2) if all(_ok(fate, y) for y in range(year - n + 1, year + 1))
    ]
    assert streak(told, year) == max(runs, default=0)


def _ok(fate: list[bool | None], year: int) -> bool:
    return 0 <= year < len(fate) and fate[year] is True


def test_a_level_is_granted_once_when_its_mark_is_first_reached() -> None:
    assert [granted(length, TIERS) for length in range(8)] == [
        None,
        "commune",
        "commune",
        "district",
        "commune",
        "province",
        "commune",
        "commune",
    ]
    assert granted(3, ()) is None


def test_the_tiers_are_data_of_the_regime() -> None:
    assert tiers_of("de-an-375") == TIERS
    assert tiers_of("tt-23-2012") == ()


@given(st.integers(0, 40_000), st.integers(1, 40_000))
def test_a_percentage_is_exact_and_rounds_half_up(part: int, whole: int) -> None:
    exact = (Decimal(100 * part) / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert percent(part, whole) == str(exact)


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(192, 234, "82.05"), (1, 16, "6.25"), (1, 800, "0.13"), (0, 234, "0.00"), (5, 5, "100.00")],
)
def test_percentages_of_whole_counts(part: int, whole: int, said: str) -> None:
    assert percent(part, whole) == said


def test_there_is_no_percentage_of_nothing() -> None:
    assert percent(0, 0) is None


def record(session: Session, areas: tuple[int, ...], fates: Fates) -> None:
    rows = [
        {
            "area_id": area,
            "year": FIRST + index,
            "recognised": ok,
            "level": "commune" if ok else None,
            "source": "a report",
        }
        for area, fate in zip(areas, fates, strict=True)
        for index, ok in enumerate(fate)
        if ok is not None
    ]
    with writing(session):
        unguard(session.connection(), "results")
        session.execute(delete(Result))
        if rows:
            session.execute(insert(Result), rows)


def slow_table(fates: Fates, first: int, last: int) -> Iterator[dict[str, Any]]:
    """The yearly table by walking back from every area and year."""
    for year in range(first, last + 1):
        told = [fate[year - FIRST] for fate in fates if fate[year - FIRST] is not None]
        lengths = [_walk(fate, year - FIRST) for fate in fates]
        recognised = sum(ok is True for ok in told)
        whole = len(fates) if year <= 2012 else len(told)
        yield {
            "year": year,
            "registered": len(told),
            "recognised": recognised,
            "percent": percent(recognised, whole) if told else None,
            "denominator": {"count": whole, **basis(year)},
            "streaks": {str(n): sum(length >= n for length in lengths) for n in (2, 3, 4, 5)},
        }


def _walk(fate: list[bool | None], index: int) -> int:
    return 1 + _walk(fate, index - 1) if index >= 0 and fate[index] else 0


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fates=fates, first=st.integers(FIRST, LAST), years=st.integers(0, 9))
def test_the_yearly_table_agrees_with_a_slow_walk(
    session: Session, country: Country, fates: Fates, first: int, years: int
) -> None:
    last = min(first + years, LAST)
    record(session, country.areas + country.other_areas, fates)
    assert yearly_table(session, first, last) == [*slow_table(fates, first, last)]
    assert yearly_table(session, first, last, country.district) == [
        *slow_table(fates[:3], first, last)
    ]
    assert yearly_table(session, first, last, country.areas[1]) == [
        *slow_table(fates[1:2], first, last)
    ]


def test_a_year_nobody_registered_has_no_percentage(session: Session, country: Country) -> None:
    assert yearly_table(session, 2008, 2008) == [
        {
            "year": 2008,
            "registered": 0,
            "recognised": 0,
            "percent": None,
            "denominator": {"count": 5, **basis(2008)},
            "streaks": {"2": 0, "3": 0, "4": 0, "5": 0},
        }
    ]


def nominate(session: Session, area_id: int, year: int, *actions: str) -> None:
    """A nomination with these moves in its history; its definition does not matter here."""
    subject = Subject(
        kind="nomination",
        definition_id="any",
        definition_digest="0" * 64,
        state="",
        version=0,
        entered_at=NOON,
    )
    session.add(subject)
    session.flush()
    session.add(Nomination(id=subject.id, area_id=area_id, year=year))
    for version, action in enumerate(actions, 1):
        session.add(
            Event(
                subject_id=subject.id,
                version=version,
                at=NOON,
                action=action,
                from_state="",
                to_state=action,
                data={},
                definition_id="any",
                definition_digest="0" * 64,
                form=1,
                previous_hash="",
                hash="",
            )
        )
    session.flush()


def test_registered_counts_what_is_under_way_but_not_what_is_only_drawn_up(
    session: Session, country: Country
) -> None:
    decided, under_way, drawn_up = country.areas
    session.add(outcome(decided, 2026))
    nominate(session, decided, 2026, "open_registration", "register")
    nominate(session, under_way, 2026, "open_registration", "register", "withdraw")
    nominate(session, drawn_up, 2026, "open_registration")
    nominate(session, country.other_areas[0], 2026, "open_registration", "register")
    nominate(session, drawn_up, 2025, "open_registration", "register")

    def counted(first: int, last: int, unit_id: int | None = None) -> list[tuple[int, int]]:
        table = yearly_table(session, first, last, unit_id)
        return [(row["registered"], row["recognised"]) for row in table]

    assert counted(2025, 2026) == [(1, 0), (3, 1)]
    assert counted(2026, 2026, country.commune) == [(2, 1)]
    assert counted(2026, 2026, under_way) == [(1, 0)]
    assert counted(2026, 2026, drawn_up) == [(0, 0)]


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement != "BEGIN":
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(("year", "of", "share"), [(2012, 5, "20.00"), (2013, 1, "100.00")])
def test_a_share_is_taken_of_what_the_regime_of_the_year_says(
    session: Session, country: Country, year: int, of: int, share: str
) -> None:
    """Đề án 375: of all areas there were at the end of the year; since Circular 23: of those
    registered. One that ended before is no area of the year."""
    gone = session.get_one(Unit, country.other_areas[0])
    session.add(Unit(kind="area", name="C", form="thôn", code="x", parent_id=country.commune,
                     starts_on=gone.starts_on, ends_on=date(year, 6, 30)))  # fmt: skip
    session.add(outcome(country.areas[0], year))
    session.flush()
    (row,) = yearly_table(session, year, year)
    assert (row["denominator"]["count"], row["percent"]) == (of, share)
    told = row["denominator"]
    assert told["of"] == ("existing" if year == 2012 else "registered")
    assert told["basis"]
    (row,) = yearly_table(session, year, year, country.commune)
    assert row["denominator"]["count"] == min(of, 3)


def test_the_table_takes_four_queries_however_many_areas(demonstration: Session) -> None:
    engine = demonstration.get_bind()
    assert isinstance(engine, Engine)
    with statements(engine) as seen:
        yearly_table(demonstration, 2009, 2017)
    assert len(seen) == 4


def test_a_standing_tells_what_it_rests_on(session: Session, country: Country) -> None:
    area = country.areas[0]
    session.add(cycle(2012))
    levels = {2009: None, 2010: "commune", 2011: "commune", 2012: "district"}
    session.add_all(outcome(area, year, level) for year, level in levels.items())
    session.flush()
    found = standing(session, area, 2012)
    assert (found.streak, found.level) == (3, "district")
    assert [fact.year for (fact,) in found.because] == [2010, 2011, 2012]
    assert found.not_higher is not None
    assert found.not_higher.code == "streak_too_short"
    assert found.not_higher.params == {
        "level": "province",
        "needs": 5,
        "has": 3,
        "broken_in": 2009,
        "broken_by": "not_recognised",
    }
    assert streak_of(session, area, 2012) == 3
    assert streak_of(session, area, 2011) == 2


def test_a_level_that_no_paper_gave_is_told_as_open(session: Session, country: Country) -> None:
    area = country.areas[0]
    session.add(cycle(2012))
    session.add_all(outcome(area, year, "commune") for year in range(2008, 2013))
    session.flush()
    found = standing(session, area, 2012)
    assert (found.level, found.decided) == ("province", "commune")
    told = tell(session, found, "vi")
    assert [*told.levels()] == [
        "Cấp đã công nhận: cấp xã.",
        "Đủ số năm để cấp tỉnh công nhận, nhưng không có quyết định nào của cấp này.",
    ]
    assert told.record()["level_decided"] == "commune"


@pytest.mark.parametrize(
    ("levels", "year", "level", "why"),
    [
        ({2011: "commune", 2012: None}, 2012, None, "not_recognised"),
        ({2011: "commune"}, 2012, None, "no_result"),
        ({2013: "commune"}, 2013, "commune", "no_tiers"),
        (dict.fromkeys((2009, 2010, 2011), "province"), 2011, "province", None),
    ],
)
def test_why_a_standing_is_not_higher(
    session: Session,
    country: Country,
    levels: dict[int, str | None],
    year: int,
    level: str | None,
    why: str | None,
) -> None:
    session.add(cycle(2012))
    session.add_all(outcome(country.areas[0], y, held) for y, held in levels.items())
    session.flush()
    found = standing(session, country.areas[0], year)
    assert found.level == level
    assert (found.not_higher.code if found.not_higher else None) == why
