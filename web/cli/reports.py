"""Commands that make reports, and write them as files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from web.cli.frame import answer, command, option
from web.cli.records import report as group
from web.cli.refusals import No
from web.cli.words import language, text

if TYPE_CHECKING:
    from web.cli.office import Office
    from workflows.reports.parts import Report
    from workflows.units import Unit

FORMATS = ("json", "xlsx", "pdf", "docx")
YEAR = click.IntRange(1900, 2999)

__all__ = ["group"]


def years(*, both: bool = True) -> list[Any]:
    """``--from``, ``--to``, ``--unit``, ``--on``, ``--format`` and ``--out``, as every report has
    them; without ``both`` the last year is the first where it is not named."""
    return [
        option("--from", "first", type=YEAR, required=True, metavar="Y"),
        option("--to", "last", type=YEAR, required=both, metavar="Y"),
        option("--unit", required=True, metavar="CODE"),
        option("--on", "borne_on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE"),
        option("--format", "form", type=click.Choice(FORMATS)),
        option("--out", type=click.Path(path_type=Path), metavar="FILE"),
    ]


Answer = Callable[..., None]


def _of_kind(kind: str) -> Answer:
    def make(
        first: int,
        last: int | None,
        unit: str,
        borne_on: datetime | None,
        form: str | None,
        out: Path | None,
        as_json: bool,
    ) -> None:
        from web.cli.office import open_office

        office = open_office()
        found = unit_of(office, unit, borne_on)
        write(office, kind, (first, last or first), found, form, out, as_json=as_json)

    return make


annual = command("report annual", *years(both=False), group=group, answers=True)(_of_kind("annual"))
decade = command("report decade", *years(), group=group, answers=True)(_of_kind("decade"))


def unit_of(office: Office, code: str, borne_on: datetime | None) -> Unit:
    """The unit that bore the code on that day, or bears it now; raises ``No``."""
    from workflows.units import by_code

    found = by_code(office.session, code, on=borne_on.date() if borne_on else None)
    if found is None:
        raise No("unknown_unit", unit=code)
    return found


def write(
    office: Office,
    kind: str,
    span: tuple[int, int],
    unit: Unit,
    form: str | None,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    """Answers with the report, or writes it to a file and says where."""
    from workflows.reports import files
    from workflows.reports.composing import compose
    from workflows.reports.passages import Scope

    if span[1] < span[0]:
        raise click.UsageError(text("years_reversed"))
    scope = Scope(kind, unit.id, *span)
    made = compose(office.session, scope, language())
    if form in (None, "json"):
        answer(files.told(made), as_json or form == "json", lambda: _lines(made))
        return
    path = out or Path(files.name(made, unit, str(form)))
    _write(office, made, unit, str(form), path)
    written = {"file": str(path), "size": path.stat().st_size}
    answer(written, as_json, lambda: [text("written", **written)])


def _write(office: Office, made: Report, unit: Unit, form: str, path: Path) -> None:
    from workflows.reports import files

    settings = office.settings
    content = files.content(
        made,
        unit,
        form,
        office.bureau.desk.renderer,
        settings.base_url.rstrip("/"),
        specimen=settings.specimen,
        language=language(),
    )
    try:
        path.write_bytes(content)
    except OSError as error:
        raise No("not_written", file=path, reason=error.strerror) from None


def _lines(made: Report) -> list[str]:
    lines = [f"{made.title}, {made.place}, {made.years}"]
    for section in made.sections:
        lines += ["", f"{section.number}. {section.heading}", *section.paragraphs]
        for told in section.tables:
            lines.append(f"  {told.caption}")
            lines += ["    " + " | ".join(cell.text for cell in row) for row in told.rows]
            lines += [f"    {one}" for one in told.remarks]
    return lines
