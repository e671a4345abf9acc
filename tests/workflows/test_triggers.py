"""What was taken over from elsewhere stays as it was, until a decision takes its place; what
papers rest on stays at all."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from tests.engine.test_kept import AT_ONCE, passed
from tests.workflows.places import Country
from tests.workflows.test_resting_lineage import issued, nominated
from workflows.cycles import Cycle
from workflows.enrolments import CertificateEnrolment
from workflows.lineage import UnitAct, UnitLineage
from workflows.people import Appointment, AppointmentEnding, Person
from workflows.quoted import Quoted
from workflows.recount import recount
from workflows.results import Result
from workflows.units import Unit

YEAR = 2012

UNLAWFUL = (
    *(
        f"UPDATE results SET {change} WHERE nomination_id IS NULL"  # noqa: S608
        for change in (
            "recognised = FALSE, level = NULL",
            "level = 'district'",
            "counts_until = '2013-01-01'",
            "decision_number = 'x'",
            "decided_on = NULL",
        )
    ),
    "DELETE FROM results WHERE nomination_id IS NULL",
    *(
        f"UPDATE results SET {change} WHERE nomination_id IS NOT NULL"  # noqa: S608
        for change in ("year = 1999", "area_id = 1", "source = 'x'", "nomination_id = NULL")
    ),
)

GROUNDS = (
    "UPDATE cycles SET criteria_id = 'x'",
    "UPDATE cycles SET ends_on = '2999-01-01'",
    "UPDATE units SET kind = 'school' WHERE kind = 'area'",
    "UPDATE unit_spans SET starts_on = '1999-01-01'",
    "UPDATE unit_lineage SET kind = 'split'",
    *(
        f"UPDATE appointments SET {change}"  # noqa: S608
        for change in ("person_id = 2", "role = 'x'", "title = 'x'")
    ),
    *(
        f"UPDATE appointments SET ends_on = {day} WHERE ends_on IS NOT NULL"  # noqa: S608
        for day in ("NULL", "'2999-01-01'")
    ),
    "UPDATE appointment_endings SET ends_on = '2999-01-01'",
    *(
        f"DELETE FROM {table}"  # noqa: S608
        for table in (
            *("cycles", "unit_spans", "unit_lineage", "unit_acts", "quoted_figures"),
            *("appointments", "appointment_endings", "certificate_enrolments"),
        )
    ),
    "UPDATE unit_acts SET number = 'x'",
    "UPDATE quoted_figures SET quoted = '99'",
    "UPDATE certificate_enrolments SET fingerprint = 'x'",
    "UPDATE certificate_enrolments SET ended_at = NULL, ended_by = NULL, reason = ''",
)
GROUND_TABLES = (
    *("cycles", "unit_lineage", "unit_acts", "quoted_figures"),
    *("appointment_endings", "certificate_enrolments"),
)


def taken_over(session: Session, area: int) -> Result:
    row = Result(area_id=area, year=YEAR, recognised=True, level="commune", source="sổ cũ")
    session.add(row)
    session.flush()
    return row


def test_results_are_not_rewritten(session: Session, country: Country) -> None:
    nominated(session, country.areas[0], YEAR)
    row = taken_over(session, country.areas[1])
    filled = {"decision_number": "1/QĐ", "decided_on": date(YEAR, 11, 5)}
    session.execute(update(Result).where(Result.id == row.id).values(filled))
    connection = session.connection()
    at_once = AT_ONCE[connection.dialect.name].format(table="results")
    assert [*passed(connection, [*UNLAWFUL, at_once])] == []


def test_folding_anew_leaves_what_no_paper_told(session: Session, country: Country) -> None:
    own, known = country.areas[:2]
    row = taken_over(session, known)
    subjects = [
        nominated(session, own, YEAR),
        nominated(session, known, YEAR, counted=False),
    ]
    recount(session, subjects)
    assert session.scalars(select(Result.id)).all() == [row.id]
    issued(session, "commune_decision", country.commune, subjects[1])
    recount(session, subjects)
    session.refresh(row)
    assert (row.nomination_id, row.source) == (subjects[1], "sổ cũ")
    assert row.decision_number
    assert session.scalars(select(Result.id)).all() == [row.id]


def test_what_papers_rest_on_stays(session: Session, country: Country) -> None:
    area, other = country.areas[:2]
    day, at = date(YEAR, 1, 1), datetime(YEAR, 1, 1, tzinfo=UTC)
    held = Appointment(person=Person(name="x"), unit_id=area, role="r", title="t", starts_on=day)
    branch = {"predecessor_id": area, "successor_id": other, "kind": "replace"}
    year = {"year": YEAR, "definition_id": "d", "criteria_id": "c"}
    session.add_all(
        [held, UnitLineage(**branch, effective_on=day), Cycle(**year, starts_on=day, ends_on=day)]
    )
    session.flush()
    told = {"ends_on": day, "basis": "b", "entered_by": held.person_id, "entered_at": at}
    session.add(AppointmentEnding(appointment_id=held.id, **told))
    session.add(UnitAct(kind="rename", effective_on=day, fingerprint="f"))
    session.add(Quoted(unit_id=area, year=YEAR, quoted="50", source="s", denominator=2))
    session.add(_ended(held.person_id, other, at))
    held.ends_on = day  # an office may end
    session.get_one(Unit, area).name = "Khu khác"  # and a unit change its name
    session.flush()
    connection = session.connection()
    for table in GROUND_TABLES:
        assert connection.scalar(text(f"SELECT COUNT(*) FROM {table}")), table  # noqa: S608
    at_once = AT_ONCE[connection.dialect.name]
    statements = [*GROUNDS, *(at_once.format(table=table) for table in GROUND_TABLES)]
    assert [*passed(connection, statements)] == []


def _ended(person: int, unit: int, at: datetime) -> CertificateEnrolment:
    """The certificate of an agency, believed until it was lost."""
    certificate = {"fingerprint": "f", "issuer": "i", "serial": "1", "subject": "s"}
    entered = {"valid_until": at, "basis": "b", "entered_by": person, "entered_at": at}
    ended = {"ended_by": person, "ended_at": at, "reason": "lost"}
    return CertificateEnrolment(unit_id=unit, **certificate, **entered, **ended)
