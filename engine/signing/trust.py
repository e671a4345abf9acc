"""Whether a certificate may sign at an instant: time, chain to a root, purpose, kind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime

from cryptography.x509 import Certificate
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    InvalidCertificateError,
    PathBuildingError,
    ValidationError,
)

from engine.signing.certificates import Kind, identity, to_asn1
from engine.signing.signer import Credential

PURPOSE = frozenset({"non_repudiation"})


def problems(
    credential: Credential, roots: Sequence[Certificate], at: datetime, *, kind: Kind
) -> tuple[str, ...]:
    """Why a credential may not sign as a person or an agency at ``at``; empty if it may.

    Codes: ``wrong_kind``, ``not_yet_valid``, ``expired``, ``wrong_key_usage``,
    ``untrusted``. Nothing is fetched.
    """
    found = [] if identity(credential.certificate).kind == kind else ["wrong_kind"]
    return (*found, *chain_problems(credential, roots, at))


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
    leaf, *above = to_asn1((credential.certificate, *credential.chain))
    validator = CertificateValidator(leaf, above, context(roots, at))
    try:
        asyncio.run(validator.async_validate_path())
        asyncio.run(validator.async_validate_usage(key_usage=set(PURPOSE)))
    except InvalidCertificateError:
        yield "wrong_key_usage"
    except (PathBuildingError, ValidationError):
        yield "untrusted"
