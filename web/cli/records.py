"""Commands that answer questions: a file's four answers, the chains, the reports, the vote."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from web.cli.frame import Group, answer, argument, command, leave, option, table
from web.cli.inputs import NUMBER
from web.cli.refusals import No
from web.cli.words import text

history = Group("history")
report = Group("report")
vote = Group("vote")


@command(
    "verify",
    argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
    answers=True,
)
def verify(file: Path, as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows.verification import verify as ask

    office = open_office()
    found = ask(office.session, office.bureau.desk, file.read_bytes())
    told = found.record()
    answer(told, as_json, lambda: _four_answers(told))
    leave(found.ok)


def change_line(change: dict[str, Any]) -> str:
    """What a later paper did to this one."""
    told = {name: change[name] or "" for name in ("number", "issued_on", "effect_on", "reason")}
    return "    " + text(f"changed_{change['act']}", **told)


def _four_answers(told: dict[str, Any]) -> list[str]:
    def line(question: str, holds: bool) -> str:
        return f"{'✓' if holds else '✗'} {text(question)}"

    signatures = told["signatures"]
    return [
        line("is_issued", told["issued"]),
        line("is_unchanged", told["unchanged"]),
        line("is_signed", bool(signatures) and all(one["valid"] for one in signatures)),
        *(
            f"    {one['role']}: {one['name']}, {one['time']}, {one['level']} "
            f"{' '.join(one['problems'])}".rstrip()
            for one in signatures
        ),
        line("is_in_force", told["in_force"]),
        *(change_line(change) for change in told["changes"]),
        *([text("is_logged", index=told["log_index"])] if told["logged"] else []),
        f"{text('verdict_' + told['verdict'])} [{told['verdict']}]",
    ]


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
