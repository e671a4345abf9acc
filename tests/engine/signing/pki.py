"""A certificate authority of another make (certomancer), with every fault a certificate can
have, served on loopback: OCSP, revocation lists, time stamps. Its clock is set by the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from certomancer.integrations.animator import Animator, AnimatorArchStore
from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig, PKIArchitecture
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import Certificate
from werkzeug.serving import WSGIRequestHandler, make_server

from engine.signing.certificates import load_der
from engine.signing.revocation import Online
from engine.signing.signer import Credential
from engine.signing.software import SoftwareSigner
from engine.signing.timeserver import TimeServer
from tests.serving import serving

ARCH = "pki"
PERSON = {"serial-number": "person-7", "common-name": "Nguyễn Thị Thưởng", "title": "Chủ tịch"}
AGENCY = {"organization-identifier": "authority-3", "common-name": "UBND xã Nga An"}
KEYS = ("root", "persons", "agencies", "gone", "ocsp", "tsa", "person", "agency")

HELD = datetime(2026, 11, 3, tzinfo=UTC)
LATER_REVOKED = datetime(2027, 1, 1, tzinfo=UTC)
FIVE_YEARS = ("2024-01-01", "2029-01-01")


def _dates(begin: str, end: str) -> dict[str, str]:
    return {"valid-from": f"{begin}T00:00:00+0000", "valid-to": f"{end}T00:00:00+0000"}


def _revoked(since: datetime, reason: str) -> dict[str, Any]:
    return {"revocation": {"revoked-since": since.isoformat(), "reason": reason}}


def _authority(label: str, **more: Any) -> dict[str, Any]:
    profile = {"id": "simple-ca", "params": {"crl-repo": label, **more.pop("params", {})}}
    made = {"issuer": "root", "validity": _dates("2020-01-01", "2060-01-01")}
    return {**made, "profiles": [profile], **more}


def _leaf(entity: str, issuer: str, **more: Any) -> dict[str, Any]:
    made = {"subject": entity, "subject-key": entity, "issuer": issuer}
    made |= {"validity": _dates(*FIVE_YEARS), "profiles": ["digsig-commitment"]}
    return {**made, **more}


def _usage(*uses: str) -> list[dict[str, Any]]:
    smart = {"schema": "key-usage", "params": list(uses)}
    return [{"id": "key_usage", "critical": True, "smart-value": smart}]


def _purpose(*purposes: str, critical: bool = True) -> list[dict[str, Any]]:
    return [{"id": "extended_key_usage", "critical": critical, "value": list(purposes)}]


def _stamper(*purpose: str, critical: bool = True) -> dict[str, Any]:
    extensions = [*_usage("digital_signature"), *_purpose(*purpose, critical=critical)]
    return {**_leaf("tsa", "root"), "profiles": [], "extensions": extensions}


CERTIFICATES: dict[str, Any] = {
    "root": {**_authority("root"), "subject": "root"},
    "persons": _authority("persons", params={"ocsp-service": "persons", "max-path-len": 0}),
    "agencies": _authority("agencies"),
    "gone": _authority("gone", **_revoked(HELD, "ca_compromise")),
    "ocsp": {
        "issuer": "persons",
        "validity": _dates("2020-01-01", "2060-01-01"),
        "profiles": ["ocsp-responder"],
    },
    "good": _leaf("person", "persons"),
    "seal": _leaf("agency", "agencies"),
    "revoked": _leaf("person", "persons", **_revoked(HELD, "key_compromise")),
    "revoked-seal": _leaf("agency", "agencies", **_revoked(HELD, "superseded")),
    "revoked-later": _leaf("person", "persons", **_revoked(LATER_REVOKED, "superseded")),
    "held": _leaf("person", "persons", **_revoked(HELD, "certificate_hold")),
    "expired": _leaf("person", "persons", validity=_dates("2020-01-01", "2025-01-01")),
    "login": _leaf("person", "persons", profiles=[], extensions=_usage("digital_signature")),
    "of-gone": _leaf("person", "gone"),
    "other": _leaf("other", "persons", **{"subject-key": "person"}),
    "tsa": _stamper("time_stamping"),
    "tsa-of-all-trades": _stamper("time_stamping", "client_auth"),
    "tsa-not-critical": _stamper("time_stamping", critical=False),
    "tsa-ended": {**_stamper("time_stamping"), "validity": _dates("2020-01-01", "2025-01-01")},
}
STAMPERS = tuple(label for label in CERTIFICATES if label.startswith("tsa"))


def _list(label: str) -> dict[str, Any]:
    return {"for-issuer": label, "signing-key": label, "simulated-update-schedule": "P1D"}


@dataclass
class Pki:
    """The authority and its servers at ``url``."""

    url: str
    keys: Path
    architecture: PKIArchitecture
    animator: Animator

    def set_time(self, at: datetime) -> None:
        self.animator.fixed_time = at

    def certificate(self, label: str) -> Certificate:
        return load_der(self.architecture.get_cert(CertLabel(label)).dump())

    @property
    def roots(self) -> tuple[Certificate, ...]:
        return (self.certificate("root"),)

    def signer(self, label: str) -> SoftwareSigner:
        told = CERTIFICATES[label]
        key = load_pem_private_key((self.keys / f"{told['subject-key']}.pem").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        chain = () if told["issuer"] == "root" else (self.certificate(told["issuer"]),)
        return SoftwareSigner(Credential(self.certificate(label), chain), key)

    def time_server(self, label: str = "tsa") -> TimeServer:
        return TimeServer(f"{self.url}/{ARCH}/tsa/{label}", seconds=5)

    def online(self) -> Online:
        return Online(lambda: {"127.0.0.1"})


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""


def _made(folder: Path, url: str) -> PKIArchitecture:
    for name in KEYS:
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        (folder / f"{name}.pem").write_bytes(pem)
    authorities = ("root", "persons", "agencies", "gone")
    named = {name: {"common-name": f"{name} MẪU"} for name in (*authorities, "ocsp", "tsa")}
    other = {**PERSON, "serial-number": "person-8"}
    told = {
        "keyset": ARCH,
        "entity-defaults": {"country-name": "VN", "organizational-unit-name": "MẪU / DEMO"},
        "entities": {**named, "person": PERSON, "agency": AGENCY, "other": other},
        "certs": CERTIFICATES,
        "services": {
            "ocsp": {
                "persons": {
                    "for-issuer": "persons",
                    "responder-cert": "ocsp",
                    "signing-key": "ocsp",
                }
            },
            "crl-repo": {label: _list(label) for label in authorities},
            "time-stamping": {
                label: {"signing-key": "tsa", "signing-cert": label} for label in STAMPERS
            },
        },
    }
    keyset = {"path-prefix": str(folder), "keys": {k: {"path": f"{k}.pem"} for k in KEYS}}
    config = {"keysets": {ARCH: keyset}, "pki-architectures": {ARCH: told}}
    made = CertomancerConfig(config, key_search_dir=str(folder), external_url_prefix=url)
    return made.get_pki_arch(ArchLabel(ARCH))


@contextmanager
def served(folder: Path) -> Iterator[Pki]:
    """The authority with its servers on a free port of loopback."""
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True, request_handler=_Quiet)
    url = f"http://127.0.0.1:{server.server_port}"
    architecture = _made(folder, url)
    store = AnimatorArchStore({ArchLabel(ARCH): architecture})
    server.app = Animator(store, with_web_ui=False, allow_time_override=False)
    with serving(server):
        yield Pki(url, folder, architecture, server.app)
