"""A record from texts, as a page's form or a command gives them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from engine.errors import Refusal, Refused
from workflows.exchange.values import written_day
from workflows.records.book import UNSAID, Record
from workflows.records.entering import Entry
from workflows.records.kinds import Kind
from workflows.records.numbers import Number, retyped, typed

FIGURE = "measures."
TIMES = ("year", "from", "to", "on")
INPUTS = (*TIMES, "name", "reference", "source", "source_on", "confidence", "note")
"""What an entry is read from, besides its figures."""


def read(told: Kind, unit_id: int, texts: Mapping[str, str]) -> Entry:
    """The entry in these texts: ``year``; or ``from`` and ``to``, each a year or a day; or
    ``on``, a day; ``measures.<id>`` for its numbers. A day is 19/08/2026 or 2026-08-19.

    Raises ``Refused`` with every text that cannot be read.
    """
    wrong: list[Refusal] = []
    starts_on, ends_on = _time(told, texts, wrong)
    measures = _numbers(told, texts, wrong)
    source_on = _day(texts.get("source_on", ""), "source_on", wrong, needed=False)
    if wrong or starts_on is None or ends_on is None:
        raise Refused(*wrong)
    name, reference, source, note = (
        " ".join(texts.get(key, "").split()) for key in ("name", "reference", "source", "note")
    )
    said = (name, reference, source_on, note, texts.get("confidence") or UNSAID)
    return Entry(told.id, unit_id, starts_on, ends_on, source, measures, *said)


def texts_of(told: Kind, record: Record) -> dict[str, str]:
    """A record as the texts that ``read`` makes it of, to be corrected in a form."""
    texts = {"name": record.name, "reference": record.reference, "source": record.source}
    texts |= {"confidence": record.confidence, "note": record.note}
    texts |= {"year": str(record.starts_on.year)}
    texts |= {"on": record.starts_on.isoformat()}
    texts |= {"from": _shown(record.starts_on, 1, 1), "to": _shown(record.ends_on, 12, 31)}
    texts["source_on"] = record.source_on.isoformat() if record.source_on else ""
    for one in record.measures:
        measure = told.measure(one.measure)
        if measure is not None:
            number = Number(one.value, one.high, one.mark)
            texts[FIGURE + one.measure] = retyped(number, measure.decimals)
    return texts


def _shown(day: date, month: int, monthday: int) -> str:
    return str(day.year) if (day.month, day.day) == (month, monthday) else f"{day:%d/%m/%Y}"


def _time(
    told: Kind, texts: Mapping[str, str], wrong: list[Refusal]
) -> tuple[date | None, date | None]:
    if texts.get("on") and (told.period == "day" or not texts.get("year")):
        on = _day(texts["on"], "on", wrong)
        return on, on
    if told.period == "day":
        return _day("", "on", wrong), None
    if told.period == "span" and (texts.get("from") or texts.get("to")):
        starts = _edge(texts.get("from", ""), "from", (1, 1), wrong)
        return starts, _edge(texts.get("to", ""), "to", (12, 31), wrong)
    year = "from" if told.period == "span" and not texts.get("year") else "year"
    starts = _edge(texts.get("year", ""), year, (1, 1), wrong)
    return starts, date(starts.year, 12, 31) if starts else None


def _edge(text: str, field: str, month_day: tuple[int, int], wrong: list[Refusal]) -> date | None:
    """A year's first or last day, or a day of its own."""
    bare = text.strip()
    if bare.isascii() and bare.isdigit() and len(bare) == 4 and bare >= "1900":
        return date(int(bare), *month_day)
    return _day(bare, field, wrong)


def _day(text: str, field: str, wrong: list[Refusal], *, needed: bool = True) -> date | None:
    if not text.strip() and not needed:
        return None
    try:
        return written_day(text)
    except ValueError:
        code = "record_date_unreadable" if text.strip() else "record_field_missing"
        wrong.append(Refusal(code, field=field))
        return None


def _numbers(told: Kind, texts: Mapping[str, str], wrong: list[Refusal]) -> dict[str, Number]:
    found = {}
    for key, text in texts.items():
        if not key.startswith(FIGURE) or not text.strip():
            continue
        measure = told.measure(key.removeprefix(FIGURE))
        if measure is None:
            measure_id = key.removeprefix(FIGURE)[:40]
            wrong.append(Refusal("record_measure_unknown", {"measure": measure_id}, field=key))
            continue
        try:
            found[measure.id] = typed(text, measure.decimals)
        except ValueError:
            wrong.append(Refusal("record_number_unreadable", field=key))
    return found
