"""A stage for every kind of unit: a commune with a school, an agency and an enterprise, under a
regime, with a cycle for each kind. What is signed is made up, as in ``staging``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.commands import Outcome
from engine.db import writing
from tests.unguarded import unguard
from tests.workflows.officials import HOUSEHOLDS, appoint
from tests.workflows.staging import Stage, stage
from workflows.assessment import criteria_set
from workflows.cycles import Cycle
from workflows.regimes import Regime, regime
from workflows.units import Unit

UNITS = {
    "school": ("trường", "Trường THCS Mẫu", "lower_secondary"),
    "agency": ("cơ quan", "Trạm Y tế Mẫu", "civil"),
    "enterprise": ("công ty", "Công ty Mẫu", "large"),
}


@dataclass
class Play(Stage):
    """The stage, with the units of other kinds by name."""

    units: dict[str, int] = field(default_factory=dict)

    @property
    def law(self) -> Regime:
        return regime(self.regime)

    def kind_of(self, subject_unit: int) -> str:
        unit = self.session.get(Unit, subject_unit)
        assert unit is not None
        return unit.kind

    def begin(self, unit: int, who: str) -> int:
        """A nomination opened and registered on the day of the stage."""
        subject = self.open(unit, who)
        day = self.today.isoformat()
        told: dict[str, Any] = {
            "registered_on": day,
            "resolution_number": "03-NQ/CB",
            "resolution_on": day,
        }
        if self.kind_of(unit) == "area":
            told["households_registered"] = HOUSEHOLDS
        else:
            told |= {"plan_number": "05/KH-UBND", "plan_on": day}
        self.act(who, subject, "register", **told)
        return subject

    def rows(self, kind: str) -> list[str]:
        rules = self.law.kinds[kind]  # type: ignore[index]
        return [one.row for one in criteria_set(rules.criteria).criteria]

    def assessed(self, subject: int, kind: str, who: str) -> Outcome:
        proof = {
            "met": True,
            "fact": "Không có vụ việc.",
            "source": "Sổ theo dõi của Công an xã",
            "dated": self.today.isoformat(),
        }
        findings = {row: dict(proof) for row in self.rows(kind)}
        return self.act(who, subject, "complete_self_assessment", findings=findings)

    def meeting(self, kind: str, **data: Any) -> dict[str, Any]:
        told = self.law.kinds[kind].meeting  # type: ignore[index]
        assert told is not None
        names = ("Mẫu Một", "Mẫu Hai", "Mẫu Ba", "Mẫu Bốn", "Mẫu Năm")
        roles = zip(told.roles, names, strict=False)
        return {
            "met_on": self.today.isoformat(),
            "place": "Nhà văn hóa",
            "chair": "Người Chủ Trì",
            "secretary": "Người Thư Ký",
            "roles": {role.id: {"name": name} for role, name in roles},
            "present": 9,
            "agreed": 9,
        } | data

    def to_submitted(self, unit: int | None = None, who: str = "head") -> int:
        """Registered in March, assessed in October, met and submitted once the window closed."""
        unit = self.country.areas[0] if unit is None else unit
        kind = self.kind_of(unit)
        self.today = date(self.year, 3, 10)
        subject = self.begin(unit, who)
        window = self.law.kinds[kind].window(self.year)  # type: ignore[index]
        self.today = window.ends_on - timedelta(days=5)
        self.assessed(subject, kind, who)
        self.today = window.ends_on + timedelta(days=1)
        self.act(who, subject, "record_meeting", **self.meeting(kind))
        self.act(who, subject, "submit")
        return subject

    def appraised(self, subject: int, kind: str, who: str, **cells: Any) -> Outcome:
        verdicts: dict[str, Any] = {row: {"met": True} for row in self.rows(kind)}
        verdicts[self.rows(kind)[0]] |= cells
        return self.act(who, subject, "record_appraisal", verdicts=verdicts)

    def to_announced(self, unit: int, who: str, level: str) -> int:
        """The whole way, decided by that level."""
        kind, subject = self.kind_of(unit), self.to_submitted(unit, who)
        prefix = "" if level == "commune" else f"{level}_"
        self.appraised(subject, kind, f"{prefix}police")
        if kind == "area":
            self.act("committee", subject, "record_committee_opinion", **self.opinion())
        else:
            self.act(f"{prefix}police", subject, "propose_recognition")
        self.decide(subject, level)
        return subject

    def decide(self, subject: int, level: str) -> int:
        """The decision and the certificate, and the announcement."""
        prefix = "" if level == "commune" else f"{level}_"
        offices = {"chair": f"{prefix}chair", "clerk": f"{prefix}clerk"}
        paper = self.issue(f"{prefix}police", f"{level}_decision", [subject], **offices)
        (certificate,) = self.papers(subject, "certificate")
        self.sign_and_seal(certificate, **offices)
        self.act(
            f"{prefix}clerk",
            subject,
            "announce",
            announced_on=self.today.isoformat(),
            occasion="Hội nghị tổng kết",
            announcement_place="Hội trường",
        )
        return paper


def play(session: Session, law: str, year: int, *, districts: bool = True) -> Play:
    """The stage under a regime, in a year. Without districts the commune is moved under the
    province, as since the reform."""
    found = regime(law)
    base = stage(session, regime=law, criteria="tt-124-2021", today=date(year, 3, 10))
    made = Play(**{name: getattr(base, name) for name in base.__dataclass_fields__})
    with writing(session):
        # The stage made a cycle with the window of other criteria.
        unguard(session.connection(), "cycles")
        session.delete(session.get_one(Cycle, (year, "security", "area")))
        session.flush()
        for kind, rules in found.kinds.items():
            window = rules.window(year)
            session.add(
                Cycle(
                    year=year,
                    kind=kind,
                    definition_id=rules.definition,
                    criteria_id=rules.criteria,
                    starts_on=window.starts_on,
                    ends_on=window.ends_on,
                )
            )
        if not districts:
            commune = session.get_one(Unit, made.country.commune)
            commune.parent_id = made.country.province
            for district in session.scalars(select(Unit).where(Unit.kind == "district")):
                district.ends_on = date(2025, 6, 30)
        for number, (kind, (form, name, category)) in enumerate(UNITS.items(), start=1):
            add_unit(made, kind, f"S{number}", made.country.commune, form, name, category)
    return made


def add_unit(
    made: Play, kind: str, code: str, parent: int, form: str, name: str, category: str
) -> int:
    """A unit with its head in office."""
    unit = Unit(
        kind=kind,
        parent_id=parent,
        name=name,
        form=form,
        code=code,
        category=category,
        starts_on=date(2000, 1, 1),
    )
    made.session.add(unit)
    made.session.flush()
    made.units[kind if kind not in made.units else code] = unit.id
    made.people[f"{kind} head" if code.startswith("S") else f"{code} head"] = appoint(
        made.session, f"{code} head", "unit_head", unit.id, "Người đứng đầu"
    )
    return unit.id
