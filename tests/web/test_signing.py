"""Signatures over HTTP: the contract's two calls, their refusals, and what the pages tell."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from engine.signing.authority import Issued
from engine.signing.certificates import der
from engine.signing.inspection import inspect
from engine.signing.software import SoftwareSigner
from tests.databases import Databases
from tests.engine.signing.tokens import PIN
from tests.web import world
from tests.web.conftest import post
from tests.web.room import Room, room
from tests.web.test_api import fits
from web.openapi import PREFIX, SCHEMAS
from workflows.keys import Keyring, RemoteKeyring, TokenKeyring
from workflows.people import Appointment
from workflows.verification import verify


@pytest.fixture
def here(database_url: str, tmp_path: Path) -> Iterator[Room]:
    with room(database_url, tmp_path) as made:
        yield made


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _sent(issued: Issued) -> list[str]:
    chain = (issued.credential.certificate, *issued.credential.chain)
    return [_text(der(one)) for one in chain]


def _call(here: Room, method: str, path: str, by: str = "chair", body: Any = None) -> TestResponse:
    secret = _text(f"{by}:{world.PASSWORD}".encode())
    with here.stage.now():
        return here.app.test_client().open(
            f"{PREFIX}{path}",
            method=method,
            json=body,
            headers={"Authorization": f"Basic {secret}", "Accept-Language": "en"},
        )


def _begin(here: Room, issued: Issued, by: str = "chair", **more: Any) -> TestResponse:
    wish = {"certificates": _sent(issued)} | more
    return _call(here, "POST", f"/papers/{here.paper}/signing", by, wish)


def _finish(here: Room, session: str, signature: bytes, by: str = "chair") -> TestResponse:
    body = {"signature": _text(signature)}
    return _call(here, "PUT", f"/papers/{here.paper}/signing/{session}", by, body)


def _signature(here: Room, offer: Any, issued: Issued, by: str = "chair") -> bytes:
    """What the program beside the token does with an offer."""
    file = _call(here, "GET", f"/papers/{here.paper}/signing/{offer['session']}/file", by)
    assert file.mimetype == "application/pdf"
    assert len(file.data) == offer["document"]["size"]
    attributes = base64.b64decode(offer["signed_attributes"])
    seen = inspect(file.data, attributes, issued.credential)
    assert (seen.digest.hex(), seen.covered.hex()) == (
        offer["digest"],
        offer["document"]["digest"],
    )
    return SoftwareSigner(issued.credential, issued.key).sign(attributes)


def _refused(answer: TestResponse, status: int, code: str) -> None:
    """The refusal is that one."""
    told = json.loads(answer.data)
    fits(told, SCHEMAS["Problem"])
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), told
    assert told["code"] == code


def test_a_paper_is_signed_and_sealed_by_the_contract(here: Room) -> None:
    for by, issued, act, number in (
        ("chair", here.person("chair"), "sign", None),
        ("clerk", here.seal(), "issue", "01/QĐ-UBND"),
    ):
        waiting = _call(here, "GET", "/papers", by).json
        fits(waiting, SCHEMAS["WaitingPapers"])
        assert [(one["id"], one["action"]) for one in waiting["papers"]] == [(here.paper, act)]
        offer = _begin(here, issued, by).json
        fits(offer, SCHEMAS["SigningOffer"])
        assert (offer["action"], offer["digest_algorithm"], offer["number"]) == (
            act,
            "sha256",
            number,
        )
        signature = _signature(here, offer, issued, by)
        done = _finish(here, offer["session"], signature, by).json
        fits(done, SCHEMAS["Outcome"])
        assert (done["action"], done["again"]) == (act, False)
        again = _finish(here, offer["session"], signature, by).json
        assert (again["version"], again["again"]) == (done["version"], True)
    with here.stage.now():
        assert verify(here.session, here.bureau.desk, here.content()).verdict == "genuine"


def test_each_refusal_leaves_the_paper_as_it_was(here: Room) -> None:
    chair, other = here.person("chair"), here.person("district_chair")
    before = here.whole()
    _refused(_begin(here, other), 422, "certificate_of_another")
    _refused(_begin(here, here.seal()), 422, "wrong_kind")
    _refused(_begin(here, here.person("police"), "police", action="sign"), 403, "not_yours")
    offer = _begin(here, chair).json
    signature = _signature(here, offer, chair)
    session = offer["session"]
    _refused(_finish(here, session, signature[:-1]), 422, "signature_mismatch")
    _refused(_finish(here, session, signature, "clerk"), 403, "session_of_another")
    _refused(_finish(here, "no-such-code", signature), 404, "no_such_session")
    file = f"/papers/{here.paper}/signing/{session}/file"
    _refused(_call(here, "GET", file, "clerk"), 403, "session_of_another")
    here.stage.at = here.stage.at.replace(minute=40)
    _refused(_finish(here, session, signature), 422, "session_expired")
    _refused(_call(here, "GET", file), 422, "session_expired")
    assert here.whole() == before


def test_an_appointment_ended_meanwhile_signs_nothing(here: Room) -> None:
    chair = here.person("chair")
    offer = _begin(here, chair).json
    signature = _signature(here, offer, chair)
    before = here.whole()
    yesterday = here.stage.today - timedelta(days=1)
    person = here.stage.people["chair"]
    here.session.execute(
        update(Appointment).where(Appointment.person_id == person).values(ends_on=yesterday)
    )
    here.stage.session.commit()
    _refused(_finish(here, offer["session"], signature), 403, "not_your_unit")
    assert here.whole() == before


def test_a_paper_moved_meanwhile_is_not_signed(here: Room) -> None:
    chair = here.person("chair")
    offer = _begin(here, chair).json
    signature = _signature(here, offer, chair)
    here.stage.act("chair", here.paper, "discard", reason="Sai danh sách")
    before = here.whole()
    _refused(_finish(here, offer["session"], signature), 409, "not_from_here")
    assert here.whole() == before


def test_what_cannot_be_read_is_told(here: Room) -> None:
    before = here.whole()
    wishes: list[tuple[Any, str]] = [
        ({}, "certificates"),
        ({"certificates": "x"}, "certificates"),
        ({"certificates": [1]}, "certificates"),
        ({"certificates": ["not base64!"]}, "certificates"),
        ({"certificates": [], "action": "discard"}, "action"),
        ({"certificates": [], "action": 7}, "action"),
        ({"certificates": [], "pin": "1"}, "pin"),
        ([], "JSON"),
    ]
    for wish, name in wishes:
        answer = _call(here, "POST", f"/papers/{here.paper}/signing", body=wish)
        _refused(answer, 400, "bad_body")
        assert name in answer.json["detail"], wish
    for body in ({}, {"signature": 1}, {"signature": "%"}, {"x": ""}, "text"):
        answer = _call(here, "PUT", f"/papers/{here.paper}/signing/x", body=body)
        _refused(answer, 400, "bad_body")
    none = _call(here, "POST", f"/papers/{here.paper}/signing", body={"certificates": []})
    _refused(none, 422, "certificate_unreadable")
    assert here.whole() == before


def test_a_browser_needs_its_token_to_begin(here: Room) -> None:
    client = here.app.test_client()
    with here.stage.now():
        post(client, "/sign-in", username="chair", password=world.PASSWORD)
        address = f"{PREFIX}/papers/{here.paper}/signing"
        answer = client.post(address, json={"certificates": _sent(here.person("chair"))})
    _refused(answer, 400, "no_csrf_token")


def test_the_pages_say_how_and_show_the_same_digest(here: Room) -> None:
    client = here.app.test_client()
    page = f"/papers/{here.paper}/moves/sign"
    with here.stage.now():
        post(client, "/sign-in", username="chair", password=world.PASSWORD)
        inbox, form = client.get("/inbox").text, client.get(page).text
    assert f"binhxet token-agent sign {here.paper} --server" in form
    assert "--user chair" in form
    assert "Xem lại tất cả rồi ký một lượt" in inbox
    for text in (inbox, form):
        assert 'name="pin"' not in text
    chair = here.person("chair")
    offer = _begin(here, chair).json
    with here.stage.now():
        form = client.get(page).text
        assert offer["document"]["digest"] in form
        seen = client.get(offer["document"]["file"])
        assert (seen.status_code, len(seen.data)) == (200, offer["document"]["size"])
        sent = post(client, page, page, version="1", key="k", pin="246810")
    assert sent.status_code == 422
    assert "token-agent" in sent.text
    assert here.stage.state(here.paper) == "format_approved"


def test_a_pin_sent_where_keys_are_elsewhere_is_refused(here: Room) -> None:
    before = here.whole()
    body = {"action": "sign", "pin": "246810", "version": here.version}
    answer = _call(here, "POST", f"/papers/{here.paper}/moves", body=body)
    _refused(answer, 422, "use_token")
    assert here.whole() == before


def test_the_setting_chooses_the_keys(databases: Databases, tmp_path: Path) -> None:
    from tests.web.conftest import make_site
    from web.extensions import bureau, db

    url = databases.copy("sqlite")
    kinds = {}
    for signer in ("software", "deferred", "pkcs11"):
        app = make_site(url, tmp_path, signer=signer, pkcs11_module=Path("/some/module.so"))
        with app.app_context():
            kinds[signer] = type(bureau().desk.keys)
            db.engine.dispose()
    databases.drop(url)
    assert kinds == {"software": Keyring, "deferred": RemoteKeyring, "pkcs11": TokenKeyring}


def test_a_server_with_tokens_of_its_own_signs_with_a_pin(here: Room) -> None:
    from dataclasses import replace

    issued = here.person("chair")
    place = here.tokens.make(f"person:{here.stage.people['chair']}", issued)
    with here.app.app_context():
        made = here.bureau
        keys = TokenKeyring(made.desk.keys.folder, module=place.module)
        here.app.extensions["bureau"] = replace(made, desk=replace(made.desk, keys=keys))
    before = here.whole()
    address = f"/papers/{here.paper}/moves"
    body = {"action": "sign", "version": here.version}
    _refused(_call(here, "POST", address, body=body | {"pin": "0000"}), 422, "wrong_pin")
    assert here.whole() == before
    assert _call(here, "POST", address, body=body | {"pin": PIN}).json["state"] == "signed"
