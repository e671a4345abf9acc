"""Whether a certificate may sign at an instant: time, chain to a root, purpose, kind, and
whether it was revoked by then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from cryptography.x509 import Certificate
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    InvalidCertificateError,
    PathBuildingError,
    RevokedError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)

from engine.signing import plainly, timely, tokens
from engine.signing.certificates import Identity, Kind, identity, load_der, parsed, to_asn1
from engine.signing.evidence import NONE, Evidence
from engine.signing.finished import finished
from engine.signing.signer import Credential

PURPOSE = frozenset({"non_repudiation"})
STAMPING = frozenset({"time_stamping"})
REVOKED = frozenset({"revoked", "on_hold", "authority_revoked"})
UNKNOWN = "revocation_unknown"
_MOST_KEPT = 4096

_ALL = RevocationCheckingPolicy.from_legacy("require")
_HOLDER = replace(_ALL, intermediate_ca_cert_rule=RevocationCheckingRule.NO_CHECK)
"""Of whom evidence must tell: of every certificate below the root, or of the holder's alone."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class _Kept(dict[_Key, _Value]):
    """What was found once and depends on nothing but its key; begun anew when it grows large."""

    def keep(self, key: _Key, value: _Value) -> _Value:
        if len(self) >= _MOST_KEPT:
            self.clear()
        self[key] = value
        return value


_PATHS: _Kept[tuple[Credential, tuple[Certificate, ...]], tuple[Certificate, ...]] = _Kept()
_TOLD: _Kept[tuple[Credential, tuple[Certificate, ...], datetime, str], str] = _Kept()


def problems(
    credential: Credential,
    roots: Sequence[Certificate],
    at: datetime,
    *,
    kind: Kind,
    holder: Identity | None = None,
) -> tuple[str, ...]:
    """Why a credential may not sign as a person or an agency at ``at``; empty if it may.
    ``holder`` is who holds it, if that is not for the certificate alone to say.

    Codes: ``wrong_kind``, ``not_yet_valid``, ``expired``, ``wrong_key_usage``,
    ``untrusted``. Nothing is fetched.
    """
    said = holder or identity(credential.certificate)
    found = [] if said.kind == kind else ["wrong_kind"]
    return (*found, *chain_problems(credential, roots, at))


def revoked(
    credential: Credential,
    roots: Sequence[Certificate],
    at: datetime,
    evidence: Evidence,
    *,
    strict: bool,
) -> tuple[str, ...]:
    """Why a credential may not be used by what evidence tells: ``revoked``, ``on_hold``,
    ``authority_revoked``, and when ``strict`` also ``revocation_unknown``."""
    status = revocation(credential, roots, at, evidence) if evidence else UNKNOWN
    return (status,) if status in REVOKED or (strict and status == UNKNOWN) else ()


def context(roots: Sequence[Certificate], at: datetime) -> ValidationContext:
    """What pyHanko needs to judge certificates at an instant, with no network."""
    return ValidationContext(
        trust_roots=to_asn1(roots),
        moment=at,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )


def chain_problems(
    credential: Credential, roots: Sequence[Certificate], at: datetime
) -> Iterator[str]:
    """The same, whoever the holder is."""
    certificate = credential.certificate
    if at < certificate.not_valid_before_utc:
        yield "not_yet_valid"
    elif at > certificate.not_valid_after_utc:
        yield "expired"
    else:
        yield from _path_problems(credential, roots, at)


def _path_problems(
    credential: Credential, roots: Sequence[Certificate], at: datetime
) -> Iterator[str]:
    try:
        _judged(credential, context(roots, at), key_usage=PURPOSE)
    except InvalidCertificateError:
        yield "wrong_key_usage"
    except (PathBuildingError, ValidationError):
        yield "untrusted"


def ended_before(
    credential: Credential, roots: Sequence[Certificate], claimed: datetime, known: datetime
) -> bool:
    """Whether a certificate that was within its term, like all above it, when a signature says
    it was made, had ended when that signature is first known to have existed. Whoever has the
    key by then can claim any time (ETSI EN 319 102-1, 5.2.8: OUT_OF_BOUNDS_NO_POE)."""
    below = path(credential, roots, claimed)[:-1]
    return bool(below) and min(one.not_valid_after_utc for one in below) < known


def time_problems(
    credential: Credential,
    roots: Sequence[Certificate],
    at: datetime,
    evidence: Evidence = NONE,
) -> Iterator[str]:
    """Why a time authority's certificate is not believed at an instant: ``not_for_time``,
    ``not_yet_valid``, ``expired``, ``untrusted``, or what the evidence says of it."""
    certificate = credential.certificate
    if not tokens.only_stamps(certificate):
        yield "not_for_time"
    elif at < certificate.not_valid_before_utc:
        yield "not_yet_valid"
    elif at > certificate.not_valid_after_utc:
        yield "expired"
    elif path(credential, roots, at) == ():
        yield "untrusted"
    else:
        yield from revoked(credential, roots, at, evidence, strict=False)


def path(
    credential: Credential, roots: Sequence[Certificate], at: datetime
) -> tuple[Certificate, ...]:
    """The certificates from the holder's up to a root, both included; none without one."""
    key = (credential, tuple(roots))
    known = _PATHS.get(key)
    # Nothing but the terms of its certificates depends on the instant.
    if known and all(c.not_valid_before_utc <= at <= c.not_valid_after_utc for c in known):
        return known
    try:
        found = _judged(credential, context(roots, at))
    except (InvalidCertificateError, PathBuildingError, ValidationError):
        return ()
    return _PATHS.keep(key, tuple(load_der(one.dump()) for one in reversed([*found])))


def on_path(credential: Credential, roots: Sequence[Certificate], at: datetime) -> Credential:
    """The same certificate with what leads from it to a root, and nothing beside."""
    return Credential(credential.certificate, path(credential, roots, at)[1:-1])


def revocation(
    credential: Credential, roots: Sequence[Certificate], at: datetime, evidence: Evidence
) -> str:
    """What evidence says about every certificate below the root at an instant: nothing if all
    were good, else ``revoked``, ``on_hold``, ``authority_revoked``, or ``revocation_unknown``.

    Lists and answers made after the instant count, as long as they have to know of a certificate
    (see ``timely``): they tell when it was revoked.
    A hold that was lifted again before they were made they do not tell. Nothing else than the
    arguments decides, so what was answered once is answered again.
    """
    key = (credential, tuple(roots), at, evidence.digest)
    if (known := _TOLD.get(key)) is None:
        plain = plainly.good(path(credential, roots, at), at, evidence)
        known = _TOLD.keep(key, "" if plain else _revocation(credential, roots, at, evidence))
    return known


def _revocation(
    credential: Credential, roots: Sequence[Certificate], at: datetime, evidence: Evidence
) -> str:
    """Where nothing is known of an authority on the way, a holder who was revoked still is."""
    evidence = timely.kept(evidence, path(credential, roots, at))
    found = _told(credential, roots, at, evidence, _ALL)
    if found != UNKNOWN:
        return found
    holder = _told(credential, roots, at, evidence, _HOLDER)
    return holder if holder in REVOKED else UNKNOWN


def _told(
    credential: Credential,
    roots: Sequence[Certificate],
    at: datetime,
    evidence: Evidence,
    of: RevocationCheckingPolicy,
) -> str:
    asked = ValidationContext(
        trust_roots=to_asn1(roots),
        other_certs=[parsed(one) for one in evidence.certificates],
        crls=evidence.crls,
        ocsps=evidence.ocsps,
        moment=at,
        allow_fetching=False,
        revinfo_policy=CertRevTrustPolicy(of, retroactive_revinfo=True),
    )
    try:
        _judged(credential, asked)
    except RevokedError as error:
        if not error.is_ee_cert:
            return "authority_revoked"
        return "on_hold" if error.reason.native == "certificate_hold" else "revoked"
    except (InvalidCertificateError, PathBuildingError, ValidationError, ValueError):
        return UNKNOWN
    return ""


def _judged(
    credential: Credential,
    asked: ValidationContext,
    *,
    key_usage: frozenset[str] = frozenset(),
) -> ValidationPath:
    """pyHanko's path, having judged it; raises its errors."""
    leaf, *above = to_asn1((credential.certificate, *credential.chain))
    validator = CertificateValidator(leaf, above, asked)
    return finished(_ask(validator, set(key_usage)))


async def _ask(validator: CertificateValidator, key_usage: set[str]) -> ValidationPath:
    found = await validator.async_validate_path()
    if key_usage:
        await validator.async_validate_usage(key_usage=key_usage)
    return found
