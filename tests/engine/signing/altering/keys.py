"""The fixed keys of the altered files: ours, a second agency's, and strangers' of two kinds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import load_pem_x509_certificates

from engine import clock
from engine.signing.authority import Authority, Issued, revocation_list
from engine.signing.signer import Credential
from engine.signing.software import SoftwareSigner
from tests.engine.signing.house import LATER, SINCE, YEARS, agency, person
from workflows.statement_keys import FILE, StatementKeys

FOLDER = Path(__file__).resolve().parents[3] / "fixtures" / "altered"
KEYS = FOLDER / "pki"
ROOTS = KEYS / "roots.pem"
STATEMENTS = KEYS / FILE

LASTING = KEYS / "time.pem"
STAMPED = LATER + timedelta(hours=1)

PERSON, AGENCY, OTHER_AGENCY = "person:9001", "unit:9003", "unit:9004"


def create() -> None:
    """Makes the keys anew, with everything that depends on them."""
    KEYS.mkdir(parents=True, exist_ok=True)
    ours = _authority("Bình Xét", "KIỂM THỬ")
    ROOTS.write_bytes(ours.roots_pem())
    _keep("chair", person(ours, reference=PERSON))
    _keep("agency", agency(ours, reference=AGENCY))
    other = {"reference": OTHER_AGENCY, "name": "Ủy ban nhân dân xã Nga Bạch"}
    _keep("other-agency", agency(ours, **other))
    # Anybody can set up an authority that calls itself and its holders as ours does.
    forger = _authority("Bình Xét", "KIỂM THỬ")
    _keep("forged-chair", person(forger, reference=PERSON))
    _keep("forged-agency", agency(forger, reference=AGENCY))
    demonstration = _authority("Bình Xét", "MẪU / DEMO")
    _keep("demo-chair", person(demonstration, reference=PERSON))
    _keep("demo-agency", agency(demonstration, reference=AGENCY))
    stranger = _authority("Some Company CA", "COMPANY")
    named = {"reference": "4711", "name": "Jane Doe", "title": "Director"}
    _keep("stranger", person(stranger, organisation="Some Company", **named))


def create_lasting() -> None:
    """The keys of papers that were taken up the levels, whose lists are kept too; the root is
    added to ours. Each file once only: what was stamped with them stays provable."""
    ours = _authority("Bình Xét lâu dài", "KIỂM THỬ")
    ROOTS.write_bytes(ROOTS.read_bytes() + ours.roots_pem())
    _keep("lasting-chair", person(ours, reference=PERSON))
    _keep("lasting-agency", agency(ours, reference=AGENCY))
    _keep("time", ours.time_authority(name="Dấu thời gian KIỂM THỬ", since=SINCE, years=YEARS))
    _keep_lists("lasting", ours)
    stranger = _authority("Some Company Time", "COMPANY")
    _keep("stranger-time", stranger.time_authority(name="Some TSA", since=SINCE, years=YEARS))
    _keep_lists("stranger", stranger)


def _keep_lists(name: str, authority: Authority) -> None:
    for place, issuer in enumerate(authority.issuers):
        told = revocation_list(issuer, STAMPED)
        (KEYS / f"{name}-{place}.crl").write_bytes(told)


def lists(name: str) -> tuple[bytes, ...]:
    """What authorities say they have revoked: nothing."""
    return tuple(path.read_bytes() for path in sorted(KEYS.glob(f"{name}-*.crl")))


def create_statement_key() -> None:
    """The key that signs what is printed on the genuine papers."""
    with clock.fixed_at(clock.vietnam(SINCE)):
        StatementKeys(KEYS).create()


def _authority(name: str, mark: str) -> Authority:
    return Authority.create(mark=mark, name=name, since=SINCE, years=YEARS)


def _keep(name: str, issued: Issued) -> None:
    key = issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = (issued.credential.certificate, *issued.credential.chain)
    pem = [key, *(certificate.public_bytes(Encoding.PEM) for certificate in chain)]
    (KEYS / f"{name}.pem").write_bytes(b"".join(pem))


@cache
def holder(name: str) -> SoftwareSigner:
    """One of the keys, with its certificates."""
    pem = (KEYS / f"{name}.pem").read_bytes()
    key = load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the keys of the fixtures are elliptic")
    certificate, *chain = load_pem_x509_certificates(pem)
    return SoftwareSigner(Credential(certificate, tuple(chain)), key)


def roots_pem() -> bytes:
    """The bundle of roots that tells ours from all others."""
    return ROOTS.read_bytes()


Told = Mapping[str, Any]
