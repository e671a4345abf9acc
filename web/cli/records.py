"""Commands that answer questions: a file's four answers, the chains, the reports, the vote."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from web.cli.frame import Group, answer, argument, command, leave, option, table
from web.cli.inputs import NUMBER
from web.cli.refusals import No
from web.cli.words import language, text

if TYPE_CHECKING:
    from workflows.verification import Verification

history = Group("history")
report = Group("report")
vote = Group("vote")


@command(
    "verify",
    argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
    option("--paper", metavar="CODE", default=""),
    answers=True,
)
def verify(file: Path, paper: str, as_json: bool) -> None:
    found = _verified(file, paper)
    told = found.record(language())
    answer(told, as_json, lambda: _four_answers(told))
    leave(found.ok)


def _verified(file: Path, paper: str) -> Verification:
    """The answers; a file larger than any paper is not even read."""
    from web.cli.office import open_office
    from workflows.verification import LARGEST, refused
    from workflows.verification import verify as ask

    if file.stat().st_size > LARGEST:
        return refused("too_large")
    office = open_office()
    return ask(office.session, office.bureau.desk, file.read_bytes(), code=paper)


def _four_answers(told: dict[str, Any]) -> list[str]:
    def line(question: str, holds: bool) -> str:
        return f"{'✓' if holds else '✗'} {text(question)}"

    signatures = told["signatures"]
    return [
        line("is_issued", told["issued"]),
        *_why(told, "issued"),
        line("is_unchanged", told["unchanged"]),
        *_why(told, "unchanged"),
        line("is_signed", bool(signatures) and all(one["valid"] for one in signatures)),
        *_why(told, "signatures"),
        *(
            f"    {one['role']}: {one['name']}, {one['time']}, {one['level']} "
            f"{' '.join(one['problems'])}".rstrip()
            for one in signatures
        ),
        line("is_in_force", told["in_force"]),
        *_why(told, "in_force"),
        *([text("is_logged", index=told["log_index"])] if told["logged"] else []),
        f"{text('verdict_' + told['verdict'])} [{told['verdict']}]",
    ]


def _why(told: dict[str, Any], name: str) -> list[str]:
    """The reasons against one of the answers."""
    return [f"    {one['detail']}" for one in told["reasons"] if one["answers"] == name]


@command("history verify", group=history, answers=True)
def verify_history(as_json: bool) -> None:
    from sqlalchemy import func, select

    from engine.history import Event
    from engine.history import verify as recheck
    from engine.subjects import Subject
    from web.cli.office import open_office

    office = open_office()
    breaks = recheck(office.session)
    subjects = office.session.scalar(select(func.count()).select_from(Subject)) or 0
    events = office.session.scalar(select(func.count()).select_from(Event)) or 0
    told = {
        "whole": not breaks,
        "subjects": subjects,
        "events": events,
        "breaks": [
            {"subject": one.subject_id, "version": one.version, "code": one.code} for one in breaks
        ],
    }
    answer(
        told,
        as_json,
        lambda: [
            *(f"{one.subject_id}: {one.version} [{one.code}]" for one in breaks),
            text(
                "chains_whole" if told["whole"] else "chains_broken",
                subjects=subjects,
                events=events,
            ),
        ],
    )
    leave(not breaks)


@command(
    "report recognition",
    option("--from", "first", type=click.IntRange(1900, 2999), required=True, metavar="Y"),
    option("--to", "last", type=click.IntRange(1900, 2999), required=True, metavar="Y"),
    option("--unit", metavar="CODE"),
    group=report,
    answers=True,
)
def recognition(first: int, last: int, unit: str | None, as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows.streaks import AT_LEAST, yearly_table
    from workflows.units import by_code

    if last < first:
        raise click.UsageError(text("years_reversed"))
    office = open_office()
    found = by_code(office.session, unit) if unit else None
    if unit and found is None:
        raise No("unknown_unit", unit=unit)
    told = yearly_table(office.session, first, last, found.id if found else None)
    heads = [text("year"), text("registered"), text("recognised"), "%"]
    heads += [f"≥ {years}" for years in AT_LEAST]
    answer(told, as_json, lambda: table([heads, *(_year(row) for row in told)]))


def _year(row: dict[str, Any]) -> list[str]:
    cells = [row["year"], row["registered"], row["recognised"], row["percent"] or "–"]
    return [str(cell) for cell in [*cells, *row["streaks"].values()]]


@command(
    "vote rule",
    option("--on", type=click.DateTime(["%Y-%m-%d"]), required=True, metavar="DATE"),
    option("--households", type=NUMBER, required=True, metavar="N"),
    option("--yes", "yes", type=NUMBER, required=True, metavar="Y"),
    option("--present", type=NUMBER, metavar="P"),
    option("--matter", metavar="M"),
    group=vote,
    answers=True,
)
def rule(
    on: datetime, households: int, yes: int, present: int | None, matter: str | None, as_json: bool
) -> None:
    from workflows.voting import SELF_MANAGEMENT, decide, rule_on

    found = rule_on(on.date(), matter or SELF_MANAGEMENT)
    verdict = decide(found, households, yes, present)
    told = {
        "passes": verdict.passes,
        "needs": verdict.needs,
        "next": verdict.next,
        "clause": verdict.clause,
        "rule": found.id,
    }
    answer(
        told,
        as_json,
        lambda: [
            f"{text(f'vote_{verdict.next}', needs=verdict.needs, yes=yes)} [{verdict.next}]",
            verdict.clause,
        ],
    )
    leave(verdict.passes)
