"""Which lists and answers say nothing of a certificate, because it had ended before.

An authority may leave a certificate out of its lists once it has ended (RFC 5280, 3.3), and
need not know of it any more when it is asked (RFC 6960, 4.4.4): that it is not named then is no
proof that it was good. Unless the authority says since when it keeps the ended ones: in a list
by ``expiredCertsOnCRL`` (ITU-T X.509, 9.5.2.8), in an answer by ``archiveCutoff``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from asn1crypto import core, ocsp
from cryptography import x509
from cryptography.x509 import Certificate

from engine.signing.evidence import Evidence

_KEPT_SINCE = x509.ObjectIdentifier("2.5.29.60")


def kept(evidence: Evidence, path: Sequence[Certificate]) -> Evidence:
    """The evidence without what is silent of a certificate below the root of a path, the
    holder's first. What cannot be read stays: it is for others to refuse."""
    below = path[:-1]
    return replace(
        evidence,
        crls=tuple(one for one in evidence.crls if all(_lists(one, each) for each in below)),
        ocsps=tuple(one for one in evidence.ocsps if all(_answers(one, each) for each in below)),
    )


def _lists(piece: bytes, one: Certificate) -> bool:
    """Whether a list names a certificate, or would have to; or is about others."""
    try:
        told = x509.load_der_x509_crl(piece)
        if told.issuer != one.issuer:
            return True
        if told.get_revoked_certificate_by_serial_number(one.serial_number) is not None:
            return True
        return _reaches(told.last_update_utc, _list_kept_since(told), one)
    except ValueError:
        return True


def _list_kept_since(told: x509.CertificateRevocationList) -> datetime | None:
    for each in told.extensions:
        if each.oid == _KEPT_SINCE and isinstance(each.value, x509.UnrecognizedExtension):
            since: datetime = core.GeneralizedTime.load(each.value.value, strict=True).native
            return since
    return None


def _answers(piece: bytes, one: Certificate) -> bool:
    """The same of an answer; whatever says that a certificate was revoked counts."""
    try:
        told = ocsp.OCSPResponse.load(piece).response_data["responses"]
        return all(
            each["cert_id"]["serial_number"].native != one.serial_number
            or each["cert_status"].name != "good"
            or _reaches(each["this_update"].native, each.archive_cutoff_value, one)
            for each in told
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return True


def _reaches(
    made: datetime, since: datetime | core.GeneralizedTime | None, one: Certificate
) -> bool:
    """Whether what was made then still has to know of a certificate."""
    kept_since = since.native if isinstance(since, core.GeneralizedTime) else since
    ended = one.not_valid_after_utc
    return made <= ended or (kept_since is not None and kept_since <= ended)
