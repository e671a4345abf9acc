"""The page on which certificates are entered, confirmed and ended, each by whom it is up to."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.signing.authority import Authority
from engine.signing.certificates import der
from tests.web.conftest import Site, post
from workflows.enrolments import CertificateEnrolment
from workflows.keys import ROOTS

PAGE = "/admin/certificates"


@pytest.fixture
def certificate(site: Site) -> bytes:
    """A person's certificate by an authority that the site trusts; it names nobody of ours."""
    since = date(clock.today().year, 1, 1)
    authority = Authority.create(mark="MẪU", name="Kiểm thử", since=since)
    folder = site.app.extensions["settings"].keys_folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ROOTS).write_bytes(authority.roots_pem() + _pem(authority))
    issued = authority.person(
        reference="CCCD:038066000001",
        name="Mẫu",
        title="Chủ tịch",
        organisation="UBND",
        since=since,
        algorithm="ec",
    )
    return der(issued.credential.certificate)


def _pem(authority: Authority) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return authority.persons.credential.certificate.public_bytes(Encoding.PEM)


def _sent(content: bytes, **changed: Any) -> dict[str, Any]:
    told = {"username": "chair", "unit": "", "basis": "Biên bản 03/BB-UBND"}
    return told | {"certificate": (BytesIO(content), "chair.cer")} | changed


def _state(site: Site) -> list[str]:
    def work(session: Session) -> list[str]:
        return [row.state for row in session.scalars(select(CertificateEnrolment))]

    found: list[str] = site.do(work)
    return found


def test_one_enters_another_confirms_and_the_holder_may_end(site: Site, certificate: bytes) -> None:
    admin = site.signed_in("admin")
    wrong = post(admin, PAGE, PAGE, **_sent(b"nothing", basis=""))
    assert (wrong.status_code, _state(site)) == (422, [])
    assert post(admin, PAGE, PAGE, **_sent(certificate)).status_code == 303
    assert "CCCD:038066000001" in admin.get(PAGE).text
    assert post(admin, f"{PAGE}/1/confirm", PAGE).status_code == 403
    assert f"{PAGE}/1/confirm" not in admin.get(PAGE).text
    assert "CCCD" not in site.signed_in("district-clerk").get(PAGE).text
    clerk = site.signed_in("clerk")
    assert f"{PAGE}/1/confirm" in clerk.get(PAGE).text
    assert post(clerk, f"{PAGE}/1/confirm", PAGE).status_code == 303
    assert _state(site) == ["in_force"]
    chair = site.signed_in("chair")
    for reason in ("", "\u200b", "Mất\0"):
        assert post(chair, f"{PAGE}/1/end", PAGE, reason=reason).status_code == 422
    assert post(chair, f"{PAGE}/1/end", PAGE, reason="Mất thiết bị").status_code == 303
    assert _state(site) == ["ended"]
    assert "Mất thiết bị" in site.signed_in("auditor").get(PAGE).text
