"""A record from what people type: days as the pages print them, and as programs write them."""

from __future__ import annotations

from datetime import date

import pytest

from engine.errors import Refused
from workflows.records.book import Record
from workflows.records.kinds import kind
from workflows.records.reading import read, texts_of

SETTLED = kind("settled")
TOLD = {"name": "commune_police", "source": "Sổ", "measures.cases": "3"}


@pytest.mark.parametrize("day", ["19/08/2026", "19/8/2026", "2026-08-19", " 19-08-2026 "])
def test_a_day_is_read_as_it_is_printed(day: str) -> None:
    entry = read(SETTLED, 1, {**TOLD, "from": day, "to": "2026", "source_on": day})
    assert (entry.starts_on, entry.source_on) == (date(2026, 8, 19), date(2026, 8, 19))
    assert entry.ends_on == date(2026, 12, 31)


@pytest.mark.parametrize("day", ["31/02/2026", "08/19/2026", "19/08/26", "nay"])
def test_what_is_no_day_is_refused_at_its_place(day: str) -> None:
    with pytest.raises(Refused) as caught:
        read(SETTLED, 1, {**TOLD, "from": day, "to": "2026"})
    (refusal,) = caught.value.refusals
    assert (refusal.code, refusal.field) == ("record_date_unreadable", "from")


def test_a_record_s_days_are_shown_as_they_may_be_typed() -> None:
    days = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 6, 30)}
    record = Record(kind="settled", name="", reference="", source="", note="", **days)
    texts = texts_of(SETTLED, record)
    assert (texts["from"], texts["to"]) == ("2026", "30/06/2026")
    entry = read(SETTLED, 1, {**TOLD, "from": texts["from"], "to": texts["to"]})
    assert (entry.starts_on, entry.ends_on) == (days["starts_on"], days["ends_on"])
