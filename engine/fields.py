"""What a move's inputs may be: from anything a form, a file or an API sent to plain values.

Text is NFC and can be printed, dates are ISO, counts are integers; nothing unknown gets in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from engine.clock import VIETNAM
from engine.definition import FieldDef
from engine.errors import Refusal
from engine.texts import Unfit, read_text, visible

RowIds = Callable[[str], Sequence[str]]
TEXT_LIMIT = 500
PARAGRAPH_LIMIT = 8000
LIST_LIMIT = 60
FILE_NAME_LIMIT = 200
YEARS = range(1900, 2101)
"""Beyond these a date is a slip of the hand, and sums of dates would leave the calendar."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


def clean(
    fields: Sequence[FieldDef],
    raw: Mapping[str, Any],
    *,
    columns: Mapping[str, FieldDef],
    rows: RowIds,
) -> tuple[dict[str, Any], list[Refusal]]:
    """The plain values of the fields, and a refusal for each input that cannot be read.

    ``rows(name)`` gives the row ids of a table's source. Values that are empty and not
    required come out as ``None`` (or an empty list or table).
    """
    values: dict[str, Any] = {}
    refusals: list[Refusal] = []
    known = {definition.id for definition in fields}
    refusals += [Refusal("unknown_field", {"name": n}, field=n) for n in raw if n not in known]
    for definition in fields:
        if definition.type == "table":
            value, bad = _table(definition, raw.get(definition.id), columns, rows)
        else:
            value, bad = _single(definition, raw.get(definition.id), definition.id)
        values[definition.id] = value
        refusals += bad
    return values, refusals


def _table(
    definition: FieldDef, raw: Any, columns: Mapping[str, FieldDef], rows: RowIds
) -> tuple[dict[str, Any], list[Refusal]]:
    given = raw if isinstance(raw, Mapping) else {}
    wanted = list(rows(definition.rows or ""))
    values: dict[str, Any] = {}
    refusals = [
        Refusal("unknown_field", {"name": str(n)}, field=f"{definition.id}.{n}")
        for n in given
        if n not in wanted
    ]
    for row in wanted:
        cells = given.get(row)
        cells = cells if isinstance(cells, Mapping) else {}
        values[row] = {}
        refusals += [
            Refusal("unknown_field", {"name": str(n)}, field=f"{definition.id}.{row}.{n}")
            for n in cells
            if n not in definition.columns
        ]
        for name in definition.columns:
            place = f"{definition.id}.{row}.{name}"
            value, bad = _single(columns[name], cells.get(name), place)
            values[row][name] = value
            refusals += bad
    return values, refusals


def _single(definition: FieldDef, raw: Any, place: str) -> tuple[Any, list[Refusal]]:
    nothing: list[Any] | None = [] if definition.type in ("names", "files") else None
    if _empty(raw):
        return nothing, [Refusal("required", field=place)] if definition.required else []
    try:
        return _READERS[definition.type](definition, raw), []
    except Unfit as bad:
        return nothing, [Refusal(bad.code, bad.params, field=place)]


def _empty(raw: Any) -> bool:
    """Whether nothing was told: also where all of it shows nothing."""
    if isinstance(raw, list):
        return all(isinstance(one, str) and _empty(one) for one in raw)
    return raw is None or (isinstance(raw, str) and not visible(raw).strip())


def _text(definition: FieldDef, raw: Any) -> str:
    lines = definition.type == "paragraph"
    limit = definition.maximum or (PARAGRAPH_LIMIT if lines else TEXT_LIMIT)
    return read_text(raw, longest=limit, shortest=definition.minimum or 0, lines=lines)


def _integer(definition: FieldDef, raw: Any) -> int:
    if isinstance(raw, str) and re.fullmatch(r"\s*-?\d{1,9}\s*", raw, re.ASCII):
        raw = int(raw)
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise Unfit("not_a_count")
    if definition.minimum is not None and raw < definition.minimum:
        raise Unfit("too_small", limit=definition.minimum)
    if definition.maximum is not None and raw > definition.maximum:
        raise Unfit("too_large", limit=definition.maximum)
    return raw


def _date(_definition: FieldDef, raw: Any) -> str:
    try:
        day = read_day(raw)
    except ValueError:
        raise Unfit("not_a_date") from None
    if day.year not in YEARS:
        raise Unfit("not_a_date")
    return day.isoformat()


def read_day(raw: Any) -> date:
    """A day as people write it here (31/12/2026) or as ISO 8601 has it; raises
    ``ValueError``."""
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    text = str(raw).strip()
    written = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text, re.ASCII)
    if written:
        day, month, year = (int(part) for part in written.groups())
        return date(year, month, day)
    return date.fromisoformat(text)


def _moment(_definition: FieldDef, raw: Any) -> str:
    """A wall-clock time in Vietnam when no zone is given, kept with its offset."""
    try:
        moment = raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw).strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=VIETNAM)
        moment = moment.astimezone(VIETNAM)
    except (ValueError, OverflowError):
        raise Unfit("not_a_moment") from None
    if moment.year not in YEARS:
        raise Unfit("not_a_moment")
    return moment.isoformat(timespec="minutes")


def _yes_no(_definition: FieldDef, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    answers = {
        "yes": True,
        "true": True,
        "1": True,
        "no": False,
        "false": False,
        "0": False,
    }
    try:
        return answers[str(raw).strip().lower()]
    except KeyError:
        raise Unfit("not_yes_or_no") from None


def _choice(definition: FieldDef, raw: Any) -> str:
    for choice in definition.choices:
        if choice.id == raw:
            return choice.id
    raise Unfit("not_a_choice")


def _names(definition: FieldDef, raw: Any) -> list[str]:
    lines = raw.splitlines() if isinstance(raw, str) else raw
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise Unfit("not_a_list")
    names = [read_text(" ".join(visible(line).split()), longest=TEXT_LIMIT) for line in lines]
    names = [name for name in names if name]
    _count(definition, names)
    if len({name.casefold() for name in names}) < len(names):
        raise Unfit("named_twice")
    return names


def _files(definition: FieldDef, raw: Any) -> list[dict[str, str]]:
    """Uploaded files, kept by digest: ``{"sha256", "name"}`` each."""
    if not isinstance(raw, list):
        raise Unfit("not_a_list")
    files = []
    for item in raw:
        if not isinstance(item, Mapping) or not _DIGEST.fullmatch(str(item.get("sha256", ""))):
            raise Unfit("not_a_file")
        name = visible(str(item.get("name", "")))[:FILE_NAME_LIMIT]
        name = read_text(name, longest=FILE_NAME_LIMIT, printed=False)
        files.append({"sha256": str(item["sha256"]), "name": name})
    _count(definition, files)
    return files


def _count(definition: FieldDef, items: Sequence[object]) -> None:
    if definition.minimum is not None and len(items) < definition.minimum:
        raise Unfit("too_few", limit=definition.minimum)
    if len(items) > (definition.maximum or LIST_LIMIT):
        raise Unfit("too_many", limit=definition.maximum or LIST_LIMIT)


_READERS: Mapping[str, Callable[[FieldDef, Any], Any]] = {
    "text": _text,
    "paragraph": _text,
    "integer": _integer,
    "date": _date,
    "moment": _moment,
    "yes_no": _yes_no,
    "choice": _choice,
    "names": _names,
    "files": _files,
}
