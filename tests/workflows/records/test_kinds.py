"""The kinds of records on file: sound, worded, and about units and roles there are."""

from __future__ import annotations

import re

import pytest

from engine.errors import NotFound
from workflows.assessment import criteria_sets
from workflows.records.kinds import feeding, kind, kinds
from workflows.units import KINDS
from workflows.wording import names

VIETNAMESE = re.compile("[\u1ea0-\u1ef9\u0103\u00e2\u00ea\u00f4\u01a1\u01b0]", re.IGNORECASE)


def test_every_kind_is_kept_at_units_and_by_roles_there_are() -> None:
    """Law: Nghị định 98/2023/NĐ-CP."""
    assert len(kinds()) > 15
    for told in kinds().values():
        assert set(told.at) <= set(KINDS), told.id
        assert set(told.enter) <= names()["roles"].keys(), told.id
        assert len({one.id for one in told.measures}) == len(told.measures), told.id
        assert not told.names or told.name, told.id


def test_every_kind_is_told_in_both_languages() -> None:
    for told in kinds().values():
        for words in (told.label, *(m.label for m in told.measures)):
            assert not VIETNAMESE.search(words.en.replace("đồng", "")), words.en


def test_kinds_speak_to_criteria_there_are() -> None:
    for told in kinds().values():
        for criteria, codes in told.feeds.items():
            assert set(codes) <= {c.code for c in criteria_sets()[criteria].criteria}, told.id
    assert "settled" in {one.id for one in feeding("tt-124-2021", "4.4")}


def test_no_kind_holds_a_person_but_as_a_count() -> None:
    """Incidents are counts and a reference: no measure is text, and nothing names anybody."""
    assert kind("settled").reference is not None
    with pytest.raises(NotFound, match="no_record_kind"):
        kind("informant")
