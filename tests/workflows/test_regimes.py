"""Which files of law govern which years and days, and what a bad file is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.calendar import Calendar
from engine.clock import VIETNAM, law_date
from engine.errors import DefinitionError, NotFound
from workflows.assessment import criteria_sets
from workflows.lawfiles import LAW
from workflows.regimes import (
    SUBJECT_KINDS,
    LastDay,
    act_rule,
    applies,
    load_acts,
    load_regimes,
    regime,
    regime_for,
    regime_on,
    regimes,
)

REGIMES = LAW / "regimes"


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (2008, "de-an-375"),
        (2012, "de-an-375"),
        (2013, "tt-23-2012"),
        (2021, "tt-23-2012"),
        (2022, "tt-124-2021"),
        (2024, "tt-124-2021"),
        (2025, "two-tier-2025"),
        (2030, "two-tier-2025"),
    ],
)
def test_each_year_has_its_regime(year: int, expected: str) -> None:
    assert regime_for(year, "area").id == expected


def test_the_year_of_the_reform_is_parted_by_the_day_of_the_act() -> None:
    assert regime_for(2025, "commune", date(2025, 6, 30)).id == "tt-124-2021"
    assert regime_for(2025, "commune", date(2025, 7, 1)).id == "two-tier-2025"


def test_before_the_scheme_and_for_other_subjects_under_it_there_is_no_regime() -> None:
    with pytest.raises(NotFound, match="no_regime_for"):
        regime_for(2007, "area")
    with pytest.raises(NotFound, match="no_regime_for"):
        regime_for(2012, "commune")
    with pytest.raises(NotFound, match="no_regime"):
        regime("tt-1-1900")


@pytest.mark.parametrize("kind", SUBJECT_KINDS)
def test_the_days_at_the_seams(kind: str) -> None:
    found = {
        day: one.id if (one := regime_on(day, kind)) else None
        for day in (
            date(2012, 12, 31),
            date(2013, 1, 1),
            date(2021, 12, 31),
            date(2022, 1, 1),
            date(2025, 6, 30),
            date(2025, 7, 1),
        )
    }
    first = "de-an-375" if kind == "area" else None
    ids = [first, "tt-23-2012", "tt-23-2012", "tt-124-2021", "tt-124-2021", "two-tier-2025"]
    assert list(found.values()) == ids


def test_the_flow_of_the_demonstration_is_no_days_law() -> None:
    assert regime("district-certification").beside
    assert regime_for(2020).id == "tt-23-2012"


@pytest.mark.parametrize(
    ("kind", "year", "last"),
    [
        ("area", 2023, date(2023, 11, 14)),
        ("area", 2025, date(2025, 11, 14)),
        ("commune", 2023, date(2023, 11, 19)),
        ("school", 2023, date(2023, 11, 19)),
        ("agency", 2022, date(2022, 11, 19)),
        ("enterprise", 2026, date(2026, 11, 19)),
    ],
)
def test_before_a_day_means_until_the_end_of_the_day_before_it(
    kind: str, year: int, last: date
) -> None:
    """điểm a, điểm b, điểm c khoản 1 Điều 9 Thông tư 124/2021/TT-BCA. In 2022 the 19th is a
    Saturday, in 2023 a Sunday: a fixed day never rolls."""
    told = regime_for(year, kind).kinds[kind].decision  # type: ignore[index]
    assert told is not None
    assert told.of(year) == last
    edge = datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=VIETNAM)
    assert told.met(year, edge)
    assert told.met(year, edge.astimezone(UTC))
    assert not told.met(year, edge + timedelta(seconds=1))
    assert not told.met(year, (edge + timedelta(seconds=1)).astimezone(UTC))


@pytest.mark.parametrize("kind", SUBJECT_KINDS)
def test_registration_ends_with_the_first_quarter(kind: str) -> None:
    """Law: Thông tư 124/2021/TT-BCA."""
    told = regime_for(2024, kind).kinds[kind].registration  # type: ignore[index]
    assert told is not None
    assert told.opens(2024) == date(2024, 1, 1)
    assert told.of(2024) == date(2024, 3, 31)  # a Sunday
    assert told.met(2024, datetime(2024, 3, 31, 23, 59, 59, tzinfo=VIETNAM))
    assert not told.met(2024, datetime(2024, 4, 1, 0, 0, 0, tzinfo=VIETNAM))


def test_a_term_in_working_days_rolls_where_a_fixed_day_does_not() -> None:
    """Civil Code 2015, art. 148: from Friday 17 to a term of one working day: Monday 20."""
    assert Calendar().add_working_days(date(2023, 11, 17), 1) == date(2023, 11, 20)


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [
        ("area", date(2023, 11, 1), date(2024, 10, 31)),
        ("commune", date(2023, 11, 16), date(2024, 11, 15)),
        ("school", date(2023, 11, 16), date(2024, 11, 15)),
        ("agency", date(2023, 11, 16), date(2024, 11, 15)),
        ("enterprise", date(2023, 11, 16), date(2024, 11, 15)),
    ],
)
def test_the_days_assessed_are_those_of_article_8(kind: str, first: date, last: date) -> None:
    """Law: Thông tư 124/2021/TT-BCA."""
    window = regime_for(2024, kind).kinds[kind].window(2024)  # type: ignore[index]
    assert (window.starts_on, window.ends_on) == (first, last)


@pytest.mark.parametrize(
    ("kind", "year", "last"),
    [
        ("area", 2015, date(2015, 12, 31)),
        ("area", 2024, date(2024, 10, 31)),
        ("commune", 2024, date(2024, 11, 15)),
        ("school", 2026, date(2026, 11, 15)),
    ],
)
def test_a_window_closes_at_midnight_in_vietnam(kind: str, year: int, last: date) -> None:
    window = regime_for(year, kind).kinds[kind].window(year)  # type: ignore[index]
    edge = datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=VIETNAM)
    for instant in (edge, edge.astimezone(UTC)):
        assert window.holds(law_date(instant))
        assert not window.holds(law_date(instant + timedelta(seconds=1)))


@pytest.mark.parametrize(
    ("topic", "day", "expected"),
    [
        ("paper", date(2011, 3, 4), "nd-110-2004"),
        ("paper", date(2011, 3, 5), "tt-01-2011"),
        ("paper", date(2020, 3, 4), "tt-01-2011"),
        ("paper", date(2020, 3, 5), "nd-30-2020"),
        ("authority", date(2015, 12, 31), "luat-11-2003"),
        ("authority", date(2025, 6, 30), "luat-77-2015"),
        ("authority", date(2025, 7, 1), "luat-72-2025"),
        ("signature", date(2018, 11, 14), "nd-26-2007"),
        ("signature", date(2024, 8, 14), "nd-130-2018"),
        ("signature", date(2024, 8, 15), "nd-68-2024"),
    ],
)
def test_the_law_of_an_act_is_that_of_its_day(topic: str, day: date, expected: str) -> None:
    """Law: Luật 20/2023/QH15."""
    found = act_rule(topic, day)  # type: ignore[arg-type]
    assert found is not None
    assert found.id == expected


def test_since_the_reform_there_is_no_district() -> None:
    """Law: Luật 11/2003/QH11; Luật 72/2025/QH15; Luật 77/2015/QH13."""
    before, after = act_rule("authority", date(2025, 6, 30)), act_rule("authority", date.max)
    assert before is not None
    assert after is not None
    assert "district" in before.levels
    assert "district" not in after.levels


def test_criteria_go_by_the_year_and_the_vote_by_the_day() -> None:
    before, after = applies(date(2023, 6, 30)), applies(date(2023, 7, 1))
    assert before.criteria == after.criteria
    assert before.vote is not None
    assert after.vote is not None
    assert (before.vote.id, after.vote.id) == ("phap-lenh-34-2007", "luat-10-2022")


def test_where_no_file_covers_a_day_nothing_is_told_to_apply() -> None:
    assert set(applies(date(1999, 1, 1)).record().values()) == {None}


@pytest.mark.parametrize("name", [one.id for one in regimes()])
def test_every_kind_of_a_regime_has_its_criteria_and_every_rule_its_citation(name: str) -> None:
    """Law: Giả định: không văn bản nào quy định về năm liên tục khi sáp nhập, chia tách."""
    found = regime(name)
    assert found.basis
    for rules in found.kinds.values():
        assert rules.criteria in criteria_sets()
        assert rules.authority.basis


@pytest.mark.parametrize(
    ("subjects", "needed"), [(25, 18), (10, 7), (100, 70), (101, 71), (1, 1), (3, 3)]
)
def test_seventy_percent_is_reached_in_integers(subjects: int, needed: int) -> None:
    """khoản 4 Điều 5 Thông tư 124/2021/TT-BCA: 16 of 25 fail, 18 pass."""
    share = regime_for(2024, "commune").kinds["commune"].share
    assert share is not None
    assert share.recognised.needs(subjects) == needed
    assert share.recognised.reached(needed, subjects)
    assert not share.recognised.reached(needed - 1, subjects)
    assert not share.enough_registered(subjects - 1, subjects)


def test_circular_23_counts_areas_alone() -> None:
    """Điều 6 Thông tư 23/2012/TT-BCA: 70 % of the residential areas; nothing asks how many
    must register."""
    share = regime_for(2015, "commune").kinds["commune"].share
    assert share is not None
    assert share.of == ("area",)
    assert share.recognised.needs(10) == 7
    assert share.enough_registered(7, 10)


def test_a_last_day_is_told_in_one_way() -> None:
    with pytest.raises(ValueError, match="either last or before"):
        LastDay.model_validate({"basis": ["Điều 9"], "confidence": "text"})


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_two_files_effective_on_one_day_are_refused_with_file_key_and_reason(
    tmp_path: Path,
) -> None:
    text = (REGIMES / "tt-124-2021.toml").read_text(encoding="utf-8")
    written(tmp_path, "tt-124-2021.toml", text)
    other = text.replace('id = "tt-124-2021"', 'id = "other"', 1)
    other = other.replace("from = 2022-01-01, to = 2025-06-30", "from = 2025-06-30")
    written(tmp_path, "other.toml", other)
    with pytest.raises(DefinitionError) as caught:
        load_regimes(sorted(tmp_path.glob("*.toml")))
    assert caught.value.source == "other.toml"
    assert caught.value.key == "effective (kinds.area)"
    assert caught.value.reason == "tt-124-2021.toml and other.toml both hold on 2025-06-30"


def test_a_regime_that_begins_the_day_after_stands_beside_it(tmp_path: Path) -> None:
    for name in ("tt-124-2021.toml", "two-tier-2025.toml"):
        written(tmp_path, name, (REGIMES / name).read_text(encoding="utf-8"))
    assert len(load_regimes(sorted(tmp_path.glob("*.toml")))) == 2


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("[denominator]", "[denominator]\ncolour = 1", "denominator.colour"),
        ("[kinds.area]", "[kinds.area]\nfee = 1", "kinds.area.fee"),
        ("[kinds.area]", "[kinds.moon]", "kinds.moon.[key]"),
        ('id = "tt-124-2021"', 'id = "tt-125-2021"', "id"),
        ('of = "registered"', 'of = "everybody"', "denominator.of"),
    ],
)
def test_a_regime_with_an_unknown_key_or_value_is_refused_with_its_key(
    tmp_path: Path, old: str, new: str, key: str
) -> None:
    text = (REGIMES / "tt-124-2021.toml").read_text(encoding="utf-8")
    written(tmp_path, "tt-124-2021.toml", text.replace(old, new, 1))
    with pytest.raises(DefinitionError) as caught:
        load_regimes(sorted(tmp_path.glob("*.toml")))
    assert (caught.value.source, caught.value.key) == ("tt-124-2021.toml", key)


def test_two_laws_of_one_topic_on_one_day_are_refused(tmp_path: Path) -> None:
    text = (LAW / "rules" / "acts.toml").read_text(encoding="utf-8")
    path = written(tmp_path, "acts.toml", text.replace("to = 2020-03-04", "to = 2020-03-05"))
    with pytest.raises(DefinitionError) as caught:
        load_acts(path)
    assert (caught.value.source, caught.value.key) == ("acts.toml", "rules (paper)")
    assert "tt-01-2011 and nd-30-2020 both hold on 2020-03-05" in caught.value.reason
