"""The people, agencies and acts of the signing tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from engine.signing.authority import Algorithm, Authority, Issued
from engine.signing.certificates import Roots
from engine.signing.findings import SignatureReport
from engine.signing.software import SoftwareSigner
from engine.signing.validate import validate

MARK = "MẪU / DEMO"
SINCE, YEARS = date(2020, 1, 1), 40
AT = datetime(2026, 11, 5, 2, 30, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
SIGNED: dict[str, Any] = {"at": AT, "reason": "Ký ban hành", "mark": "CHỮ KÝ MẪU"}
ISSUED: dict[str, Any] = {
    "at": LATER,
    "number": "15/QĐ-UBND",
    "date_text": "ngày 05 tháng 11 năm 2026",
    "reason": "Phát hành",
    "mark": "MẪU",
}


@dataclass(frozen=True)
class House:
    authority: Authority
    chair: SoftwareSigner
    agency: SoftwareSigner

    @property
    def roots(self) -> Roots:
        return Roots.common([self.authority.root])

    def judge(self, pdf: bytes, at: datetime | None = None) -> list[SignatureReport]:
        return validate(pdf, self.roots, at)

    @staticmethod
    def authority_named(name: str) -> Authority:
        return Authority.create(mark=MARK, name=name, since=SINCE, years=YEARS)


@dataclass(frozen=True)
class Stages:
    rendered: bytes
    signed: bytes
    issued: bytes


def person(authority: Authority, *, algorithm: Algorithm = "ec", **changed: Any) -> Issued:
    told: dict[str, Any] = {
        "reference": "person-7",
        "name": "Nguyễn Thị Thưởng",
        "title": "Chủ tịch",
        "organisation": "Ủy ban nhân dân xã Nga An",
        "since": SINCE,
        "years": YEARS,
    }
    return authority.person(algorithm=algorithm, **(told | changed))


def agency(authority: Authority, *, algorithm: Algorithm = "ec", **changed: Any) -> Issued:
    told: dict[str, Any] = {
        "reference": "authority-3",
        "name": "Ủy ban nhân dân xã Nga An",
        "since": SINCE,
        "years": YEARS,
    }
    return authority.agency(algorithm=algorithm, **(told | changed))


def signer(issued: Issued) -> SoftwareSigner:
    return SoftwareSigner(issued.credential, issued.key)
