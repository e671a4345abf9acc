"""Commands about records: their kinds, those that stand, entering and withdrawing them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from web.cli.frame import Group, answer, argument, command, option, table
from web.cli.inputs import NUMBER, JsonObject, as_user, texts
from web.cli.words import language, text

group = Group("records")
YEAR = click.IntRange(1900, 2999)


@command("records kinds", group=group, answers=True)
def listing(as_json: bool) -> None:
    from workflows.records.kinds import kinds

    told = [
        {
            "id": one.id,
            "label": one.label[language()],
            "at": list(one.at),
            "enter": list(one.enter),
            "period": one.period,
            "measures": {m.id: m.label[language()] for m in one.measures},
        }
        for one in kinds().values()
    ]
    rows = [[one.id, one.period, one.label[language()]] for one in kinds().values()]
    answer(told, as_json, lambda: table(rows))


@command(
    "records list",
    option("--unit", required=True, metavar="CODE"),
    option("--on", "borne_on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE"),
    option("--kind", metavar="KIND"),
    option("--from", "first", type=YEAR, metavar="Y"),
    option("--to", "last", type=YEAR, metavar="Y"),
    option("--below", is_flag=True),
    option("--out", type=click.Path(path_type=Path), metavar="FILE"),
    group=group,
    answers=True,
)
def standing(
    unit: str,
    borne_on: datetime | None,
    kind: str | None,
    first: int | None,
    last: int | None,
    below: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    from sqlalchemy import select

    from web.cli.office import open_office
    from web.cli.reports import unit_of
    from workflows.records import export, kinds
    from workflows.records.listing import Wanted
    from workflows.records.listing import standing as records
    from workflows.units import Unit

    office = open_office()
    place = unit_of(office, unit, borne_on)
    asked = kinds.kind(kind).id if kind else ""
    found = records(office.session, Wanted(place.id, asked, first, last, below))
    if out is not None:
        ids = {record.unit_id for record in found}
        units = office.session.scalars(select(Unit).where(Unit.id.in_(ids)))
        names = {one.id: one.heading for one in units}
        out.write_bytes("".join(export.table(found, names, language())).encode())
        size = out.stat().st_size
        answer(
            {"file": str(out), "size": size},
            as_json,
            lambda: [text("written", file=out, size=size)],
        )
        return
    told = [_told(one) for one in found]
    rows = [[str(one[k]) for k in ("id", "kind", "from", "to", "name", "figures")] for one in told]
    answer(told, as_json, lambda: table(rows))


def _told(record: Any) -> dict[str, Any]:
    from workflows.records.kinds import kind
    from workflows.records.reading import FIGURE, texts_of

    texts = texts_of(kind(record.kind), record)
    figures = {k.removeprefix(FIGURE): v for k, v in texts.items() if k.startswith(FIGURE)}
    return {
        "id": record.id,
        "kind": record.kind,
        "name": record.name,
        "from": record.starts_on,
        "to": record.ends_on,
        "reference": record.reference,
        "figures": figures,
        "source": record.source,
        "source_on": record.source_on,
        "confidence": record.confidence,
        "note": record.note,
    }


@command(
    "records enter",
    argument("kind", metavar="KIND"),
    option("--unit", required=True, metavar="CODE"),
    option("--on", "borne_on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE"),
    as_user(),
    option("--data", type=JsonObject(), required=True, metavar="JSON"),
    option("--corrects", type=NUMBER, metavar="ID"),
    group=group,
    answers=True,
)
def enter(
    kind: str,
    unit: str,
    borne_on: datetime | None,
    user: str,
    data: dict[str, Any],
    corrects: int | None,
    as_json: bool,
) -> None:
    from web.cli.office import open_office
    from web.cli.reports import unit_of
    from workflows.records import entering, kinds
    from workflows.records.reading import FIGURE, INPUTS, read

    office = open_office()
    place = unit_of(office, unit, borne_on)
    figures = data.pop("figures", {})
    if not isinstance(figures, dict):
        raise click.UsageError(f"figures: {text('not_an_object')}")
    told = texts(data, INPUTS) | {
        FIGURE + name: number for name, number in texts(figures, figures).items()
    }
    entry = read(kinds.kind(kind), place.id, told)
    made = entering.enter(office.session, office.actor(user), entry, corrects)
    answer({"id": made}, as_json, lambda: [text("record_entered", id=made)])


@command(
    "records withdraw",
    argument("id_", metavar="ID", type=NUMBER),
    as_user(),
    option("--reason", required=True, metavar="TEXT"),
    group=group,
    answers=True,
)
def withdraw(id_: int, user: str, reason: str, as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows.records import entering

    office = open_office()
    made = entering.withdraw(office.session, office.actor(user), id_, reason)
    answer({"id": made}, as_json, lambda: [text("record_entered", id=made)])
