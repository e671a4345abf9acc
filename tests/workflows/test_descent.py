"""Streaks through mergers, splits and renames: the rule case by case, and against the slow
oracle that walks every line of descent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tests.workflows.places import Country, unit
from tests.workflows.stories import FATES, KINDS, LAST, SINCE, YEARS, Story, slow, stories
from workflows.lineage import Link, UnitLineage
from workflows.results import Result
from workflows.streaks import (
    AT_LEAST,
    Descent,
    Fact,
    Policy,
    Tier,
    heirs_of,
    standing,
    streaks_in,
    yearly_table,
)
from workflows.streaks.unreached import fallen_below
from workflows.units import Unit

ONE, OTHER, NEW, PART = 1, 2, 3, 4
TIERS = (Tier(1, "commune"), Tier(3, "district"), Tier(5, "province"))
policies = st.builds(
    Policy, st.sampled_from(["every", "any", "none"]), st.sampled_from(["keep", "none"])
)


def story(results: dict[int, dict[int, bool]], *changes: tuple[str, date, int, int]) -> Story:
    """Two areas since ever, and what happened."""
    told = Story(results=results)
    told.born(SINCE)
    told.born(SINCE)
    for change in changes:
        told.happen(*change)
    return told


YEAR = date(LAST, 1, 1)
RARELY = st.sampled_from([None, None, None, None, True, False])


@st.composite
def busy_years(draw: st.DrawFn) -> tuple[Story, dict[int, bool]]:
    """A year in which areas merge, split, take in and give up parts, several times over; and
    what is told of each: of most that were there before, of few that came to be."""
    told = Story()
    for _ in range(draw(st.integers(2, 4))):
        told.born(SINCE)
    for month in range(1, 13, draw(st.integers(2, 6))):
        day = date(LAST, month, 1)
        if len(alive := told.alive(day)) > 1:
            one, other = draw(st.permutations(alive))[:2]
            told.happen(draw(st.sampled_from(["merge", *KINDS])), day, one, other)
    fates = {one: FATES if begun == SINCE else RARELY for one, begun in told.begun.items()}
    given_ = {one: draw(fate) for one, fate in fates.items()}
    return told, {one: ok for one, ok in given_.items() if ok is not None}


def slowly(told: Story, unit: int, given_: dict[int, bool]) -> set[int]:
    """Each unit of which nothing is told gives way to what made it, until no more does."""
    asked = {unit}
    while silent := asked - set(given_):
        one = silent.pop()
        made = {
            link.unit_id
            for link in told.origins.get(one, ())
            if told.begun[one] > YEAR and link.effective_on == told.begun[one]
        }
        if not made:
            return set()
        asked = asked - {one} | made
    return asked if all(given_[one] for one in asked) else set()


@given(busy_years())
def test_who_began_in_a_year_has_of_it_what_all_before_it_had(
    year: tuple[Story, dict[int, bool]],
) -> None:
    told, given_ = year
    known = told.descent(Policy())
    for one in told.begun:
        assert set(known.bearers(one, LAST, given_)) == slowly(told, one, given_)


@pytest.mark.parametrize(
    ("kind", "policy", "bearers"),
    [
        ("merge", Policy(), ()),
        ("merge", Policy(merge="any"), (ONE,)),
        ("merge", Policy(merge="none"), ()),
        ("split", Policy(), (ONE,)),
        ("split", Policy(split="none"), ()),
    ],
)
def test_what_is_borne_through_a_change_is_the_regimes_to_say(
    kind: str, policy: Policy, bearers: tuple[int, ...]
) -> None:
    told = story({}, (kind, date(2015, 7, 1), ONE, OTHER))
    assert told.descent(policy).bearers(NEW, 2015, {ONE: True}) == bearers
    assert told.descent(policy).bearers(NEW, 2015, {ONE: True, NEW: False}) == ()


def years(first: int, last: int) -> dict[int, bool]:
    return dict.fromkeys(range(first, last + 1), True)


@given(stories(), policies, st.sampled_from(YEARS))
def test_every_streak_is_that_of_the_slow_oracle(told: Story, policy: Policy, year: int) -> None:
    known = told.descent(policy)
    for one in told.begun:
        run = known.run(one, year)
        assert run.length == slow(told, policy, one, year)
        assert [{fact.year for fact in facts} for facts in run.years] == [
            {y} for y in range(year - run.length + 1, year + 1)
        ]
        assert all(fact.recognised for facts in run.years for fact in facts)
        assert run.broken


MERGED = ("merge", date(2014, 7, 1), ONE, OTHER)


@pytest.mark.parametrize(
    ("policy", "length"), [(Policy(), 2), (Policy(merge="any"), 4), (Policy(merge="none"), 1)]
)
def test_a_merged_area_has_what_every_one_had(policy: Policy, length: int) -> None:
    results = {ONE: years(2011, 2013), OTHER: years(2013, 2013), NEW: years(2014, 2014)}
    assert story(results, MERGED).descent(policy).run(NEW, 2014).length == length


def test_a_refused_predecessor_ends_the_streak_and_is_named() -> None:
    results = {
        ONE: years(2011, 2013),
        OTHER: {2012: False, 2013: True},
        NEW: years(2014, 2015),
    }
    run = story(results, MERGED).descent(Policy()).run(NEW, 2015)
    assert run.length == 3
    assert [{fact.unit_id for fact in facts} for facts in run.years] == [{ONE, OTHER}, {NEW}, {NEW}]
    (broken,) = run.broken
    assert (broken.unit_id, broken.year, broken.why) == (OTHER, 2012, "not_recognised")


def test_a_year_judged_before_the_merger_is_the_predecessors() -> None:
    results = {ONE: years(2012, 2014), OTHER: years(2012, 2014), NEW: years(2015, 2015)}
    assert story(results, MERGED).descent(Policy()).run(NEW, 2015).length == 4
    results[OTHER][2014] = False
    assert story(results, MERGED).descent(Policy()).run(NEW, 2015).length == 1


def test_a_year_judged_by_the_merged_area_counts_by_that_alone() -> None:
    results = {ONE: years(2012, 2014), OTHER: {**years(2012, 2013), 2014: False}}
    results[NEW] = years(2014, 2014)
    assert story(results, MERGED).descent(Policy()).run(NEW, 2014).length == 3


def test_an_area_born_on_new_year_s_day_owns_that_year() -> None:
    results = {ONE: years(2012, 2013), OTHER: years(2012, 2013), NEW: years(2015, 2015)}
    born = ("merge", date(2014, 1, 1), ONE, OTHER)
    run = story(results, born).descent(Policy()).run(NEW, 2014)
    assert [(one.unit_id, one.why) for one in run.broken] == [(NEW, "no_result")]
    results[NEW] = years(2014, 2015)
    assert story(results, born).descent(Policy()).run(NEW, 2015).length == 4


def test_an_area_that_took_another_in_needs_both_from_then_back() -> None:
    results = {ONE: years(2010, 2015), OTHER: years(2013, 2013)}
    told = story(results, ("take_in", date(2014, 1, 1), ONE, OTHER))
    assert told.descent(Policy()).run(ONE, 2015).length == 3
    assert told.descent(Policy()).run(ONE, 2013).length == 4


@pytest.mark.parametrize(("policy", "length"), [(Policy(), 4), (Policy(split="none"), 1)])
def test_the_parts_of_a_split_keep_the_whole_s_streak(policy: Policy, length: int) -> None:
    results = {ONE: years(2011, 2013), NEW: years(2014, 2014), PART: years(2014, 2014)}
    told = story(results, ("split", date(2014, 3, 1), ONE, ONE))
    assert [told.descent(policy).run(part, 2014).length for part in (NEW, PART)] == [length] * 2


def test_a_gap_between_end_and_beginning_is_a_gap() -> None:
    results = {ONE: years(2011, 2012), OTHER: years(2011, 2013), NEW: years(2014, 2014)}
    run = story(results, MERGED).descent(Policy()).run(NEW, 2014)
    assert run.length == 1
    assert [(b.unit_id, b.year, b.why) for b in run.broken] == [(ONE, 2013, "no_result")]


def test_the_level_of_old_years_is_what_their_regime_grants_once_reached() -> None:
    facts = {ONE: {y: Fact(ONE, y, True, "commune", source="sổ cũ") for y in range(2009, 2014)}}
    known = Descent(facts, tiers=lambda year: TIERS if year < 2013 else ())
    assert [known.run(ONE, year).level for year in range(2009, 2014)] == [0, 0, 1, 1, 1]


def test_a_paper_of_today_grants_only_what_was_issued() -> None:
    facts = {ONE: {y: Fact(ONE, y, True, "commune", nomination_id=y) for y in range(2009, 2014)}}
    assert Descent(facts, tiers=lambda _year: TIERS).run(ONE, 2013).level == 0


def test_a_lost_year_is_lost_for_all_that_came_out_of_it() -> None:
    results = {ONE: years(2012, 2013), OTHER: years(2012, 2013), NEW: years(2014, 2014)}
    known = story(results, MERGED).descent(Policy())
    assert known.latest(NEW).length == 3
    assert known.without({(ONE, 2013)}).run(NEW, 2014).length == 1


def test_a_circle_of_descent_ends_somewhere() -> None:
    day = date(2014, 7, 1)
    origins = {ONE: [Link(OTHER, day, "replace")], OTHER: [Link(ONE, day, "replace")]}
    assert Descent({}, origins, {ONE: day, OTHER: day}).run(ONE, 2013).length == 0


# ------------------------------------------------------------------ in the database


def write(session: Session, country: Country, told: Story) -> dict[int, int]:
    """The story's units, lineage and results; the ids by the story's numbers."""
    parent = session.get_one(Unit, country.commune)
    ids = {}
    for number, begun in told.begun.items():
        row = unit("area", f"Khu {number}", "thôn", f"x-{number}", parent)
        row.starts_on, row.ends_on = begun, told.ended.get(number)
        session.add(row)
        session.flush()
        ids[number] = row.id
    links = [
        {
            "predecessor_id": ids[link.unit_id],
            "successor_id": ids[number],
            "effective_on": link.effective_on,
            "kind": link.kind,
        }
        for number, origins in told.origins.items()
        for link in origins
    ]
    results = [
        {
            "area_id": ids[number],
            "year": year,
            "recognised": ok,
            "level": "commune" if ok else None,
            "source": "sổ cũ",
        }
        for number, by_year in told.results.items()
        for year, ok in by_year.items()
    ]
    for table, rows in ((UnitLineage, links), (Result, results)):
        if rows:
            session.execute(insert(table), rows)
    return ids


def test_very_many_at_once_agree_with_the_oracle(session: Session, country: Country) -> None:
    @settings(max_examples=12)
    @given(stories())
    def judge(told: Story) -> None:
        ids = write(session, country, told)
        for within in (None, country.commune):
            expected = {
                year: {ids[n]: length for n in told.begun if (length := _judged(told, n, year))}
                for year in YEARS
            }
            table = yearly_table(session, YEARS[0], LAST, within)
            assert [row["streaks"] for row in table] == [
                {str(n): sum(length >= n for length in expected[year].values()) for n in AT_LEAST}
                for year in YEARS
            ]
        found = streaks_in(session, LAST, country.commune)
        everywhere = {n: slow(told, Policy(), n, LAST) for n in told.begun}
        assert {n: found.get(i, 0) for n, i in ids.items()} == everywhere
        session.rollback()  # each story begins with none

    judge()


def _judged(told: Story, number: int, year: int) -> int:
    """A streak counts in the table of a year only where the area itself was judged."""
    if year not in told.results.get(number, {}):
        return 0
    return slow(told, Policy(), number, year)


def test_a_standing_names_the_year_that_was_a_predecessor_s(
    session: Session, country: Country
) -> None:
    results = {ONE: years(2012, 2013), OTHER: {2012: False, 2013: True}, NEW: years(2014, 2014)}
    ids = write(session, country, story(results, MERGED))
    found = standing(session, ids[NEW], 2014)
    assert (found.streak, found.level) == (2, "commune")
    assert [[fact.unit_id for fact in facts] for facts in found.because] == [
        [ids[ONE], ids[OTHER]],
        [ids[NEW]],
    ]
    assert [(b.unit_id, b.year) for b in found.broken] == [(ids[OTHER], 2012)]
    assert heirs_of(session, [ids[ONE]]) == {ids[ONE]: frozenset({ids[NEW]})}


def test_a_new_name_changes_nothing(session: Session, country: Country) -> None:
    ids = write(session, country, story({ONE: years(2012, 2014)}))
    before = standing(session, ids[ONE], 2014)
    session.scalars(select(Unit).where(Unit.id == ids[ONE])).one().name = "Khu Mới"
    session.flush()
    assert standing(session, ids[ONE], 2014) == before


def test_levels_that_rested_on_a_lost_year_are_told() -> None:
    """Clause: scheme 375 through report 55, III.2.4: 1 year commune, 3 district, 5 province."""
    told = story({ONE: years(2010, 2015), OTHER: {}}).descent(Policy())
    known = replace(told, tiers=lambda _year: TIERS)
    papers = {
        y: replace(f, nomination_id=y, decided="commune") for y, f in known.facts[ONE].items()
    }
    papers[2014] = replace(papers[2014], decided="province", number="9/QĐ-UBND")
    decided = replace(known, facts={ONE: papers})

    def lost(of: Descent, year: int) -> list[tuple[int, str, str, int, int]]:
        found = fallen_below(of, of.without({(ONE, year)}), ONE, year)
        return [(o.year, o.level, o.level_after, o.streak, o.streak_after) for o in found]

    assert lost(known, 2010) == [
        (2012, "district", "commune", 3, 2),
        (2014, "province", "commune", 5, 4),
    ]
    assert lost(known, 2013) == [(2014, "province", "commune", 5, 1)]
    assert lost(decided, 2011) == [(2014, "province", "district", 5, 3)]
    assert lost(replace(known, tiers=lambda _year: ()), 2010) == []
