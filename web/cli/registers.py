"""Commands about the number registers: which there are, and one of them printed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from web.cli.frame import Group, answer, argument, command, option, table
from web.cli.inputs import NUMBER, on_day
from web.cli.refusals import No
from web.cli.words import text

group = Group("registers")


@command("registers list", option("--unit", metavar="CODE"), on_day(), group=group, answers=True)
def listing(unit: str | None, borne_on: datetime | None, as_json: bool) -> None:
    from web.cli.office import open_office
    from web.cli.reports import unit_of
    from workflows.queries import books
    from workflows.register_print import volumes

    office = open_office()
    found = unit_of(office, unit, borne_on) if unit else None
    told = [
        {
            "id": book.id,
            "authority_name": book.authority,
            "series": book.series,
            "year": book.year,
            "last": book.last,
            "volumes": len(volumes(book)),
        }
        for book in books.registers(office.session, [found.id] if found else None)
    ]
    names = ("id", "year", "authority_name", "series", "last")
    answer(told, as_json, lambda: table([[str(one[name]) for name in names] for one in told]))


@command(
    "registers print",
    argument("id_", metavar="ID", type=NUMBER),
    argument("file", metavar="FILE", type=click.Path(path_type=Path)),
    option("--volume", type=click.IntRange(1, 9999), default=1, show_default=True),
    group=group,
    answers=True,
)
def printed(id_: int, file: Path, volume: int, as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows import register_print

    office = open_office()
    book = register_print.book(office.session, id_)
    if file.suffix.lower() == ".csv":
        content = "".join(register_print.table(office.session, book)).encode()
    else:
        told = register_print.values(
            office.session, book, volume, specimen=office.settings.specimen
        )
        content = office.bureau.desk.renderer.render(register_print.TEMPLATE, told)
    try:
        file.write_bytes(content)
    except OSError as error:
        raise No("not_written", file=file, reason=error.strerror) from None
    written = {"id": id_, "file": str(file), "size": len(content)}
    answer(written, as_json, lambda: [text("written", file=file, size=len(content))])
