"""Commands about enrolled certificates: whose they are, said by two people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from web.cli.frame import Group, answer, argument, command, option, table
from web.cli.inputs import NUMBER, as_user
from web.cli.words import text

if TYPE_CHECKING:
    from workflows.enrolments import CertificateEnrolment

group = Group("certificates")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@command(
    "certificates enrol",
    argument("file", type=FILE),
    as_user(),
    option("--person", metavar="USER", default=""),
    option("--unit", metavar="CODE", default=""),
    option("--basis", required=True),
    group=group,
    answers=True,
)
def enrol(file: Path, user: str, person: str, unit: str, basis: str, as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows import enrolling

    office = open_office()
    by = office.person(user)
    whose = enrolling.whose(office.session, username=person, unit=unit)
    with file.open("rb") as opened:
        content = opened.read(enrolling.LARGEST_FILE + 1)
    id_ = enrolling.enter(office.session, office.bureau.desk, by, whose, content, basis)
    answer({"id": id_}, as_json, lambda: [text("certificate_entered", id=id_)])


@command(
    "certificates confirm",
    argument("id_", metavar="ID", type=NUMBER),
    as_user(),
    group=group,
    answers=True,
)
def confirm(id_: int, user: str, as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows import enrolling

    office = open_office()
    enrolling.confirm(office.session, office.person(user), id_)
    _answer("in_force", id_, as_json)


@command(
    "certificates end",
    argument("id_", metavar="ID", type=NUMBER),
    as_user(),
    option("--reason", required=True),
    group=group,
    answers=True,
)
def end(id_: int, user: str, reason: str, as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows import enrolling

    office = open_office()
    enrolling.end(office.session, office.person(user), id_, reason)
    _answer("ended", id_, as_json)


def _answer(state: str, id_: int, as_json: bool) -> None:
    answer({"id": id_, "state": state}, as_json, lambda: [text(f"certificate_{state}", id=id_)])


@command("certificates list", group=group, answers=True)
def listing(as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows import enrolling

    told = [_told(row) for row in enrolling.listed(open_office().session)]
    names = ("id", "state", "reference", "holder", "fingerprint", "subject")
    answer(told, as_json, lambda: table([[str(one[name]) for name in names] for one in told]))


def _told(row: CertificateEnrolment) -> dict[str, Any]:
    holder = row.person.name if row.person else row.unit.title if row.unit else ""
    times = {"entered_at": row.entered_at, "confirmed_at": row.confirmed_at}
    times |= {"ended_at": row.ended_at, "valid_until": row.valid_until}
    return {
        "id": row.id,
        "state": row.state,
        "reference": row.reference,
        "holder": holder,
        "fingerprint": row.fingerprint,
        "issuer": row.issuer,
        "serial": row.serial,
        "subject": row.subject,
        "basis": row.basis,
        "entered_by": row.entered_by,
        "confirmed_by": row.confirmed_by,
        "ended_by": row.ended_by,
        "reason": row.reason,
        **{name: at.isoformat() if at else None for name, at in times.items()},
    }
