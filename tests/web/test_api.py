"""The API: described truthfully, open to nobody unnamed, refusing as problem+json."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from engine import clock
from engine.db import writing
from tests.web import world
from tests.web.conftest import REGISTRATION, Site, token_of
from web.openapi import MEANINGS, OPERATIONS, PREFIX, SCHEMAS, describe
from workflows import sign_ins
from workflows.people import Account

AREA = "16144-01"
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def _basic(username: str, password: str = world.PASSWORD) -> dict[str, str]:
    secret = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {secret}"}


def _get(site: Site, address: str, by: str = "hamlet") -> TestResponse:
    return site.client().get(f"{PREFIX}{address}", headers=_basic(by))


def _move(site: Site, address: str, by: str = "hamlet", **body: Any) -> TestResponse:
    return site.client().post(f"{PREFIX}{address}/moves", json=body, headers=_basic(by))


def fits(value: Any, schema: Mapping[str, Any], place: str = "answer") -> None:
    """Asserts that a value is what the schema says: the part of JSON Schema used here."""
    if "$ref" in schema:
        return fits(value, SCHEMAS[schema["$ref"].rpartition("/")[2]], place)
    if "anyOf" in schema:
        if value is not None:
            fits(value, schema["anyOf"][0], place)
        return None
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    allowed = tuple(TYPES[name] for name in names)
    assert isinstance(value, allowed), f"{place}: {value!r} is not {names}"  # type: ignore[arg-type]
    assert not (isinstance(value, bool) and "boolean" not in names), place
    if isinstance(value, int) and "minimum" in schema:
        assert value >= schema["minimum"], place
    if isinstance(value, list):
        for number, item in enumerate(value):
            fits(item, schema["items"], f"{place}[{number}]")
    if isinstance(value, dict) and "properties" in schema:
        assert set(schema["required"]) <= set(value), place
        assert set(value) <= set(schema["properties"]), place
        for name, inner in value.items():
            fits(inner, schema["properties"][name], f"{place}.{name}")
    return None


def _problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    told: dict[str, Any] = json.loads(answer.data)
    fits(told, SCHEMAS["Problem"])
    assert (told["status"], told["code"]) == (status, code)
    assert told["detail"]
    return told


# ------------------------------------------------------------------ the description


def test_the_description_is_open_and_of_version_3_1(site: Site) -> None:
    told = site.client().get(f"{PREFIX}/openapi.json").json
    assert told == json.loads(json.dumps(describe("http://127.0.0.1:8000", "binhxet")))
    assert told["openapi"] == "3.1.0"
    assert set(told["info"]) == {"title", "version"}


def test_the_description_and_the_routes_are_the_same(site: Site) -> None:
    routes = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix(PREFIX)))
        for rule in site.app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {
        (method.upper(), path)
        for path, methods in describe("", "binhxet")["paths"].items()
        for method in methods
    }
    assert described == routes == {(one.method, one.path) for one in OPERATIONS}


def test_every_reference_in_the_description_resolves_and_every_schema_is_used() -> None:
    whole = describe("", "binhxet")
    used = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(whole)))
    assert used == set(SCHEMAS)
    for methods in whole["paths"].values():
        for operation in methods.values():
            assert operation["operationId"]
            assert "200" in operation["responses"]
            assert all(one["description"] for one in operation["responses"].values())
    assert {status for one in OPERATIONS for status in one.refuses} <= set(MEANINGS)
    for name, schema in SCHEMAS.items():
        assert set(schema.get("required", ())) <= set(schema.get("properties", ())), name


# ------------------------------------------------------------------ who asks


def test_nobody_unnamed_gets_an_answer(site: Site) -> None:
    for operation in OPERATIONS:
        if operation.public:
            continue
        address = PREFIX + operation.path.replace("{id}", "1")
        client = site.client()
        answer = client.open(address, method=operation.method, headers={"Authorization": "x"})
        _problem(answer, 401, "not_signed_in")
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        _problem(client.open(address, method=operation.method), 401, "not_signed_in")


@pytest.mark.parametrize(
    ("username", "password"), [("hamlet", "wrong"), ("nobody", world.PASSWORD), ("", "")]
)
def test_a_wrong_name_or_password_is_refused(site: Site, username: str, password: str) -> None:
    answer = site.client().get(f"{PREFIX}/nominations", headers=_basic(username, password))
    _problem(answer, 401, "wrong_password")
    assert "WWW-Authenticate" in answer.headers


def test_guessing_has_to_wait_here_as_on_the_sign_in_page(site: Site) -> None:
    for _ in range(sign_ins.PER_PAIR):
        answer = site.client().get(f"{PREFIX}/nominations", headers=_basic("hamlet", "guess"))
        assert answer.status_code == 401
    answer = _get(site, "/nominations")
    _problem(answer, 429, "too_many_attempts")
    assert int(answer.headers["Retry-After"]) > 0
    page = site.client()
    form = {"username": "hamlet", "password": world.PASSWORD, "csrf_token": token_of(page)}
    assert page.post("/sign-in", data=form).status_code == 429
    with clock.fixed_at(clock.now() + sign_ins.WINDOW + timedelta(seconds=1)):
        assert _get(site, "/nominations").status_code == 200


def test_an_account_that_was_closed_is_closed_here(site: Site) -> None:
    def close(session: Any) -> None:
        with writing(session):
            session.execute(
                update(Account).where(Account.username == "hamlet").values(active=False)
            )

    assert _get(site, "/nominations").status_code == 200
    site.do(close)
    _problem(_get(site, "/nominations"), 401, "wrong_password")


def test_the_session_of_the_site_is_enough_to_read_and_a_move_needs_its_token(
    site: Site,
) -> None:
    number = site.open()
    browser = site.signed_in("hamlet")
    address = f"{PREFIX}/nominations/{number}/moves"
    assert browser.get(address).status_code == 200
    body = {"action": "register", "data": REGISTRATION, "version": 1}
    _problem(browser.post(address, json=body), 400, "no_csrf_token")
    token = {"X-CSRFToken": _token(browser)}
    foreign = {**token, "Origin": "https://elsewhere.example"}
    _problem(browser.post(address, json=body, headers=foreign), 400, "no_csrf_token")
    assert browser.post(address, json=body, headers=token).status_code == 200


def _token(browser: FlaskClient) -> str:
    return token_of(browser, "/inbox")


def test_a_header_that_names_nobody_is_not_saved_by_the_cookie(site: Site) -> None:
    number = site.open()
    browser = site.signed_in("hamlet")
    for header in ("Basic x", "Bearer x", "nonsense", _basic("hamlet", "wrong")["Authorization"]):
        answer = browser.post(
            f"{PREFIX}/nominations/{number}/moves",
            json={"action": "register", "data": REGISTRATION},
            headers={"Authorization": header},
        )
        assert answer.status_code == 401
    assert _get(site, f"/nominations/{number}").json["version"] == 1


def test_a_form_cannot_pretend_to_be_a_program(site: Site) -> None:
    """A browser that knows a password sends it along with a form of another site too."""
    number = site.open()
    answer = site.client().post(
        f"{PREFIX}/nominations/{number}/moves",
        data='{"action": "register"}',
        headers=_basic("hamlet"),
        content_type="text/plain",
    )
    _problem(answer, 415, "not_json")


# ------------------------------------------------------------------ nominations


def test_a_nomination_is_read_as_described(site: Site) -> None:
    number = site.open()
    site.move(number, "hamlet", "register", **REGISTRATION)
    answer = _get(site, f"/nominations/{number}")
    assert answer.mimetype == "application/json"
    told = answer.json
    fits(told, SCHEMAS["Nomination"])
    assert (told["id"], told["area"], told["cycle"]) == (number, AREA, world.YEAR)
    assert [event["version"] for event in told["history"]] == [1, 2]
    page = _get(site, "/nominations").json
    fits(page, SCHEMAS["NominationPage"])
    assert [one["id"] for one in page["nominations"]] == [number]
    moves = _get(site, f"/nominations/{number}/moves").json
    fits(moves, SCHEMAS["Moves"])
    assert any(move["open"] for move in moves["moves"])


def test_the_list_is_paged_and_filtered(site: Site) -> None:
    numbers = [site.open()]
    numbers += [site.open(f"16144-0{index}", f"hamlet-16144-0{index}") for index in (2, 3)]
    site.open("16096-01", "hamlet-16096-01")
    seen: list[int] = []
    address = "/nominations?limit=2"
    for _ in range(2):
        page = _get(site, address, "police").json
        assert page["total"] == 3
        seen += [one["id"] for one in page["nominations"]]
        address = f"/nominations?limit=2&offset={page['next']}"
    assert seen == numbers
    assert page["next"] is None
    for question, count in (
        (f"year={world.YEAR}", 4),
        ("year=1999", 0),
        ("commune=16096", 1),
        ("state=nowhere", 0),
    ):
        assert _get(site, f"/nominations?{question}", "auditor").json["total"] == count
    for question in ("limit=0", "limit=201", "offset=-1", "year=now", "commune=none", "limit=٣"):
        _problem(_get(site, f"/nominations?{question}"), 400, "bad_parameter")


def test_nobody_reads_what_is_not_theirs(site: Site) -> None:
    number = site.open()
    for name in ("hamlet-16144-02", "police-16096", "admin"):
        for address in (f"/nominations/{number}", f"/nominations/{number}/moves"):
            _problem(_get(site, address, name), 403, "not_your_unit")
        _problem(
            _move(site, f"/nominations/{number}", name, action="register"), 403, "not_your_unit"
        )
        assert _get(site, "/nominations", name).json["total"] == 0
    for name in ("hamlet", "police", "district-police", "auditor"):
        assert _get(site, f"/nominations/{number}", name).status_code == 200
    _problem(_get(site, "/nominations/4711"), 404, "no_such_subject")
    _problem(_move(site, "/nominations/4711", action="register"), 404, "no_such_subject")


def test_a_move_is_made_once_a_key(site: Site) -> None:
    number = site.open()
    body = {"action": "register", "version": 1, "data": REGISTRATION, "key": "program-1"}
    first = _move(site, f"/nominations/{number}", **body)
    assert first.status_code == 200
    fits(first.json, SCHEMAS["Outcome"])
    assert (first.json["version"], first.json["again"]) == (2, False)
    unfit = _move(site, f"/nominations/{number}", **{**body, "key": "a\0b"})
    _problem(unfit, 422, "key_unfit")
    again = _move(site, f"/nominations/{number}", **body)
    assert again.json == {**first.json, "again": True}
    other = _move(site, f"/nominations/{number}", **{**body, "data": {}})
    _problem(other, 409, "key_used_elsewhere")
    assert _get(site, f"/nominations/{number}").json["version"] == 2


def test_a_digest_is_no_right_to_a_file(site: Site) -> None:
    number = site.open()
    stolen = {"findings": {"4_1": {"files": [{"sha256": "0" * 64, "name": "x.pdf"}]}}}
    answer = _move(site, f"/nominations/{number}", action="register", version=1, data=stolen)
    _problem(answer, 422, "files_by_page_only")


def test_someone_moved_this_first(site: Site) -> None:
    number = site.open()
    site.move(number, "hamlet", "register", **REGISTRATION)
    answer = _move(site, f"/nominations/{number}", action="register", version=1, data=REGISTRATION)
    told = _problem(answer, 409, "stale")
    assert [(one["version"], one["action"]) for one in told["since"]] == [(2, "register")]
    address, body = f"{PREFIX}/nominations/{number}/moves", {"action": "withdraw"}
    reason = {"data": {"reason": "Thôn đã sáp nhập"}}
    for tag, status, code in (('"1"', 409, "stale"), ("*", 422, "version_needed")):
        headers = {**_basic("hamlet"), "If-Match": tag}
        _problem(site.client().post(address, json=body | reason, headers=headers), status, code)
    answer = _move(site, f"/nominations/{number}", action="register", data=REGISTRATION)
    _problem(answer, 409, "not_from_here")


def test_every_reason_is_told_at_once(site: Site) -> None:
    number = site.open()
    answer = _move(
        site, f"/nominations/{number}", action="register", data={"registered_on": "x", "new": 1}
    )
    told = _problem(answer, 422, answer.json["code"])
    reasons = {(one["code"], one["field"]) for one in told["refusals"]}
    assert {("not_a_date", "registered_on"), ("unknown_field", "new")} <= reasons
    assert ("required", "resolution_number") in reasons
    assert ("version_needed", "version") in reasons
    assert all(one["clause"] for one in told["refusals"] if one["code"] != "version_needed")
    assert told["detail"].count("Ô này phải điền") == told["detail"].count(": Ô này phải điền") > 1
    assert _get(site, f"/nominations/{number}").json["version"] == 1


def test_who_may_read_may_not_therefore_move(site: Site) -> None:
    number = site.open()
    for name in ("police", "auditor", "district-chair"):
        answer = _move(site, f"/nominations/{number}", name, action="register", data=REGISTRATION)
        _problem(answer, 403, "not_yours")
    _problem(_move(site, f"/nominations/{number}", action="dance"), 404, "unknown_action")


@pytest.mark.parametrize(
    "body",
    [
        [],
        "register",
        {},
        {"action": 7},
        {"action": "register", "version": "1"},
        {"action": "register", "version": True},
        {"action": "register", "version": -1},
        {"action": "register", "version": 2**63},
        {"action": "register\ud800"},
        {"action": "register", "key": "\udfff"},
        {"action": "register", "data": {"\ud800": 1}},
        {"action": "register", "\ud800": 1},
        {"action": "register", "data": {"households_registered": float("nan")}},
        {"action": "register", "data": []},
        {"action": "register", "key": 7},
        {"action": "register", "person_id": 1},
        {"action": "register", "evidence": {}},
        {"action": "register", "pin": "246810"},
    ],
)
def test_a_body_of_another_form_is_refused(site: Site, body: Any) -> None:
    number = site.open()
    answer = site.client().post(
        f"{PREFIX}/nominations/{number}/moves", json=body, headers=_basic("hamlet")
    )
    _problem(answer, 400, "bad_body")


def test_a_body_that_is_no_json_or_too_long_is_refused(site: Site) -> None:
    number = site.open()
    deep = b'{"action": "register", "data": {"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}}"
    long = b'{"action": "' + b"x" * 2_100_000 + b'"}'
    digits = b'{"action": "register", "version": ' + b"9" * 10_000 + b"}"
    for data in (b"", b"{", b"[]", b"\xff\xfe", deep, long, digits):
        answer = site.client().post(
            f"{PREFIX}/nominations/{number}/moves",
            data=data,
            content_type="application/json",
            headers=_basic("hamlet"),
        )
        told = _problem(answer, 400, "bad_body")
        assert "{" not in told["detail"]


def test_a_number_larger_than_any_column_is_no_address(site: Site) -> None:
    for number in (2**31, 2**63, 10**30, "9" * 5000):
        for address in (f"/nominations/{number}", f"/papers/{number}"):
            for end in ("", "/moves"):
                assert _get(site, address + end).status_code == 404
        _problem(_get(site, f"/nominations?year={number}"), 400, "bad_parameter")
        _problem(_get(site, f"/nominations?offset={number}"), 400, "bad_parameter")
    _problem(_get(site, f"/papers/{2**31 - 1}"), 404, "no_such_subject")


def test_an_address_or_a_method_that_is_none_is_told_as_a_problem(site: Site) -> None:
    _problem(_get(site, "/zzz"), 404, "bad_request")
    answer = site.client().delete(f"{PREFIX}/nominations/1")
    _problem(answer, 405, "bad_request")
    assert "GET" in answer.headers["Allow"]


def test_the_language_is_the_one_asked_for(site: Site) -> None:
    told = {
        language: site.client()
        .get(f"{PREFIX}/nominations", headers={"Accept-Language": language})
        .get_json(force=True)["detail"]
        for language in ("vi", "en", "fr")
    }
    assert "Basic" in told["en"]
    assert told["vi"] == told["fr"] != told["en"]


# ------------------------------------------------------------------ papers


def test_a_paper_that_is_not_there_is_not_found(site: Site) -> None:
    _problem(_get(site, "/papers/4711"), 404, "no_such_subject")
    _problem(_get(site, "/papers/4711/moves"), 404, "no_such_subject")
    _problem(_move(site, "/papers/4711", action="sign", pin="1"), 404, "no_such_subject")
