"""Spreading a total over places, and the assignment that must fit the report's counts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.demo.data import Namer, chance, facts, spread
from workflows.demo.history import backwards, forwards
from workflows.streaks import streak

weights = st.lists(st.integers(1, 500), min_size=1, max_size=60)


@given(st.integers(0, 50_000), weights)
def test_shares_add_up_and_stay_within_one_of_their_part(total: int, weights: list[int]) -> None:
    shares = spread(total, weights)
    whole = sum(weights)
    assert sum(shares) == total
    assert all(abs(s * whole - total * w) < whole for s, w in zip(shares, weights, strict=True))


def test_even_weights_give_even_shares() -> None:
    assert spread(702, [1] * 234) == [3] * 234


@pytest.mark.parametrize("seed", range(5))
def test_any_seed_fits_the_counts_and_the_streaks(seed: int) -> None:
    counts = {2009: 145, 2010: 159, 2011: 166, 2012: 177, 2013: 178, 2014: 182}
    areas = list(range(234))
    years = backwards(areas, counts, 2012, {2: 150, 3: 91, 4: 51}, chance(seed, "history"))
    years |= forwards(areas, counts, years[2012], 2012, 8, chance(seed, "history"))
    assert {year: len(recognised) for year, recognised in years.items()} == counts
    lengths = [streak([(y, a in years[y]) for y in years], 2012) for a in areas]
    assert [sum(n >= least for n in lengths) for least in (1, 2, 3, 4)] == [177, 150, 91, 51]


@pytest.mark.parametrize("seed", range(5))
def test_no_third_year_runs_out_before_the_streaks_are_counted(seed: int) -> None:
    counts = {2009: 145, 2010: 159, 2011: 166, 2012: 177}
    years = backwards(
        list(range(234)), counts, 2012, {2: 150, 3: 91, 4: 51}, chance(seed, "history")
    )
    assert years[2009] & years[2010] & years[2011] <= years[2012]


@pytest.mark.parametrize("seed", range(5))
def test_each_later_year_loses_as_many_and_never_an_exemplary_area(seed: int) -> None:
    counts = {2012: 177, 2013: 178, 2014: 182, 2015: 182}
    areas = list(range(234))
    years = {2012: set(range(177))}
    years |= forwards(areas, counts, years[2012], 2012, 8, chance(seed, "history"))
    assert all(len(years[a] - years[b]) == 8 for a, b in pairwise(sorted(years)))
    assert all({0, 1, 2} <= recognised for recognised in years.values())


def test_invented_people_show_it_by_name_and_telephone() -> None:
    namer = Namer(chance(1, "people"))
    assert namer.name(17).endswith("Mẫu 017")
    assert namer.phone(12_345) == "0000 012 345"


def test_one_part_does_not_depend_on_what_another_draws() -> None:
    assert chance(1, "a").random() == chance(1, "a").random()
    assert chance(1, "a").random() != chance(1, "b").random()
    assert chance(1, "a").random() != chance(2, "a").random()


def test_every_place_named_in_the_data_is_one_of_its_communes() -> None:
    place = facts("place")
    codes = [commune["code"] for commune in place["communes"]]
    assert len(codes) == len(set(codes)) == 27
    assert {p["commune"] for p in [*place["exemplary"], place["home"]]} <= set(codes)
