"""Two genuine files at B-LTA: a decision whose list is in a file of its own, and that list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.x509 import Certificate, load_der_x509_crl

from engine import clock
from engine.clock import law_date
from engine.papers import annexes
from engine.papers.archive import carried
from engine.papers.kinds import load_kinds
from engine.signing import evidence
from engine.signing import pdf as acts
from engine.signing.certificates import der, load_roots
from engine.signing.evidence import Evidence
from engine.signing.software import SoftwareSigner
from engine.signing.stamps import stamp
from engine.signing.timekeeper import Timekeeper
from tests.engine.signing.altering import keys
from tests.engine.signing.altering.keys import KEYS, STAMPED, holder
from tests.engine.signing.altering.manifest import genuine
from tests.engine.signing.altering.originals import ADDRESS, CODES, NUMBERS, ground, renderer
from tests.engine.signing.house import ISSUED, SIGNED
from tests.papers.conftest import ANNEX, ENCLOSING, sample
from workflows import statements
from workflows.lawfiles import LAW
from workflows.statement_keys import StatementKeys

KIND = "district_decision"
ROWS = 61
SIGNERS = ("lasting-chair", "lasting-agency", "time")
OF_LIST = SIGNERS[1:]


@cache
def values() -> dict[str, Any]:
    told = sample(KIND)
    areas = [told["areas"][0] | {"position": n, "name": f"Thôn {n}"} for n in range(1, ROWS + 1)]
    kind = load_kinds(LAW / "papers" / "kinds.toml")[KIND]
    return annexes.placed(kind, told | {"areas": areas}, CODES[KIND], ROWS - 1)


@cache
def first_annex() -> bytes:
    return renderer().render(ANNEX, values())


def annex(first: bytes, agency: str = "lasting-agency") -> bytes:
    """A list as the agency signs it when its paper is issued."""
    told = {"number": NUMBERS[KIND], "reason": ISSUED["reason"], "at": ISSUED["at"]}
    return acts.sign_annex(first, holder(agency), **told)


@cache
def decision() -> bytes:
    first = renderer().render(ENCLOSING, values(), [annexes.enclosed(values(), first_annex())])
    signed = acts.sign_person(first, holder("lasting-chair"), **SIGNED)
    strip = statements.strip(
        ground(KIND, carried(first)),
        number=NUMBERS[KIND],
        day=law_date(ISSUED["at"]),
        content=signed,
        at=ISSUED["at"],
        signer=StatementKeys(KEYS).signer(),
        address=ADDRESS,
    )
    told = ISSUED | {"number": NUMBERS[KIND], "strip": strip}
    return acts.issue(signed, holder("lasting-agency"), **told)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    with clock.fixed_at(moment):
        yield


def stamped(content: bytes, by: str = "time", later: timedelta = timedelta(0)) -> bytes:
    """The file with one more time stamp."""
    with at(STAMPED + later):
        return stamp(content, Timekeeper(_signer(by)), _roots(by)).pdf


def _signer(name: str) -> SoftwareSigner:
    return holder(name)


def _roots(by: str) -> Any:
    if by == "time":
        return load_roots(keys.roots_pem())
    return (holder(by).credential.chain[-1],)


def held(*signers: str, lists: str = "lasting") -> Evidence:
    """What proves that keys are good: their chains up to the root, and the lists of all the
    authorities in these."""
    chains = [holder(name).credential for name in signers]
    certificates = {one for own in chains for one in (own.certificate, *own.chain)}
    roots = {
        one for one in load_roots(keys.roots_pem()) if any(_is_by(c, one) for c in certificates)
    }
    names = {one.issuer for one in certificates} if signers else None
    kept = [
        piece
        for piece in keys.lists(lists)
        if names is None or load_der_x509_crl(piece).issuer in names
    ]
    return Evidence(tuple(sorted(map(der, certificates | roots))), tuple(kept))


def _is_by(one: Certificate, root: Certificate) -> bool:
    try:
        one.verify_directly_issued_by(root)
    except (ValueError, InvalidSignature):
        return False
    return True


def evidenced(content: bytes, added: Evidence) -> bytes:
    return evidence.embed(content, added, STAMPED)


def lasting(content: bytes, signers: Sequence[str] = SIGNERS) -> bytes:
    """A file taken up to B-LTA."""
    return stamped(evidenced(stamped(content), held(*signers)), later=timedelta(minutes=1))


def stages(name: str) -> tuple[bytes, bytes, bytes, bytes]:
    """One of the two as issued, B-T, B-LT and B-LTA."""
    whole = genuine(name)
    ends = [at + len(b"%%EOF\n") for at in _ends(whole)][-4:]
    return whole[: ends[0]], whole[: ends[1]], whole[: ends[2]], whole


def _ends(content: bytes) -> list[int]:
    found, at_ = [], content.find(b"%%EOF")
    while at_ >= 0:
        found.append(at_)
        at_ = content.find(b"%%EOF", at_ + 1)
    return found
