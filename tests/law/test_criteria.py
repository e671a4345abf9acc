"""The criteria of each circular, article by article, and what was not found of them."""

from __future__ import annotations

import pytest

from workflows.assessment import criteria_set, criteria_sets, rows

MISSING = ("chưa tìm thấy", "not found")

ARTICLES = {
    "tt-124-2021": ("Điều 4", ["4.1", "4.2", "4.3", "4.4", "4.5"]),
    "tt-124-2021-commune": ("Điều 5", ["5.1", "5.2", "5.3", "5.4"]),
    "tt-124-2021-agency": ("Điều 6", ["6.1", "6.2", "6.3", "6.4", "6.5"]),
    "tt-124-2021-school": ("Điều 7", ["7.1", "7.2", "7.3", "7.4", "7.5", "7.6"]),
}


@pytest.mark.parametrize("name", ARTICLES)
def test_circular_124_has_all_its_criteria_and_they_were_read(name: str) -> None:
    article, codes = ARTICLES[name]
    found = criteria_set(name)
    assert [one.code for one in found.criteria] == codes
    assert found.basis[0].endswith(article)
    assert found.confidence == found.window.confidence == "text"
    assert not any(word in row.label for row in rows(found) for word in MISSING)


def test_the_forbidden_cases_have_their_letters() -> None:
    def letters(name: str, code: str) -> list[str]:
        (criterion,) = (one for one in criteria_set(name).criteria if one.code == code)
        return [point.code for point in criterion.points]

    assert letters("tt-124-2021", "4.3") == ["a", "b", "c", "d", "đ", "e", "g"]
    assert letters("tt-124-2021", "4.4") == ["a", "b", "c", "d"]
    assert letters("tt-124-2021-agency", "6.3") == ["a", "b", "c", "d", "đ", "e", "g", "h"]
    assert letters("tt-124-2021-school", "7.3") == ["a", "b", "c", "đ", "e", "g"]


PLACEHOLDERS = {
    "tt-23-2012": ["5.2", "5.3", "5.4", "5.5"],
    "tt-23-2012-commune": [],
    "tt-23-2012-agency": ["7"],
    "tt-23-2012-school": ["8.2"],
}


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_circular_23_has_placeholders_exactly_where_its_text_was_not_found(name: str) -> None:
    found = criteria_set(name)
    vague = [one.code for one in found.criteria if MISSING[0] in one.text.vi]
    assert vague == [one.code for one in found.criteria if MISSING[1] in one.text.en]
    assert vague == PLACEHOLDERS[name]
    assert found.window.confidence == "assumed"


def test_every_set_is_told_in_both_languages() -> None:
    for found in criteria_sets().values():
        for row in rows(found):
            assert row.label != row.label_en
