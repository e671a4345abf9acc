"""Who may open which address: the table, both ways, and what it means at the door."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from werkzeug.routing import Rule

from tests.web.conftest import Site, post, token_of
from web import access

WRITTEN = Path(__file__).with_name("routes.txt")


def _address(rule: Rule) -> str:
    values = {
        "id": 1,
        "result_id": 1,
        "subject_id": 1,
        "unit_id": 1,
        "record_id": 1,
        "register_id": 1,
        "report": "decade",
        "section": "place",
        "task_id": 1,
        "appointment_id": 1,
        "enrolment_id": 1,
        "nomination_id": 1,
        "paper_id": 1,
        "action": "sign" if "any" in str(rule) else "register",
        "act": "revocation",
        "sha256": "0" * 64,
        "filename": "binhxet.css",
        "suffix": "xlsx",
        "code": "vi",
        "definition_id": "outgoing",
        "session": "none",
        "form": "xlsx",
        "draft_id": 1,
        "part": "states",
        "item": "draft",
        "digest": "0" * 64,
    }
    built = rule.build({name: values[name] for name in rule.arguments})
    assert built is not None
    return built[1]


def test_every_endpoint_is_in_the_table_and_the_table_has_no_other(site: Site) -> None:
    endpoints = {rule.endpoint for rule in site.app.url_map.iter_rules()}
    assert endpoints == set(access.RULES)


def test_the_table_is_the_one_that_was_agreed_on() -> None:
    assert access.table() == WRITTEN.read_text(encoding="utf-8")


def test_a_stranger_gets_no_further_than_the_public_pages(site: Site) -> None:
    client = site.client()
    token = token_of(client)
    for rule in site.app.url_map.iter_rules():
        if access.RULES[rule.endpoint] in (access.PUBLIC, access.OWN_TOKEN):
            continue
        if "GET" in (rule.methods or ()):
            answer = client.get(_address(rule))
            assert answer.status_code == 302, rule
            assert answer.location.startswith("/sign-in?next="), rule
        else:
            answer = client.post(_address(rule), data={"csrf_token": token})
            assert answer.status_code == 401, rule


def test_a_program_without_a_name_gets_no_further_either(site: Site) -> None:
    client = site.client()
    for rule in site.app.url_map.iter_rules():
        if access.RULES[rule.endpoint] == access.OWN_TOKEN and "GET" in (rule.methods or ()):
            assert client.get(_address(rule)).status_code == 401, rule


@pytest.mark.parametrize("username", ["hamlet", "chair", "district-clerk", "auditor"])
def test_only_administrators_reach_what_administrators_change(site: Site, username: str) -> None:
    client = site.signed_in(username)
    for address in (
        "/admin/people",
        "/admin/years",
        "/admin/people/1/end",
        "/admin/failures/1/retry",
        "/admin/drafts",
        "/admin/drafts/1/text",
        "/admin/drafts/1/states/draft",
        "/admin/drafts/1/release",
        "/admin/drafts/1/drop",
    ):
        answer = post(client, address, page="/inbox")
        assert answer.status_code == 403, (username, address)


def test_a_hamlet_head_reads_his_own_file_and_nobody_elses(site: Site) -> None:
    own, other = site.open(), site.open("16144-02", "hamlet-16144-02")
    client = site.signed_in("hamlet")
    assert client.get(f"/nominations/{own}").status_code == 200
    assert client.get(f"/nominations/{other}").status_code == 403
    assert client.get(f"/nominations/{other}/moves/register").status_code == 403
    assert client.get("/nominations/99999").status_code == 404


@pytest.mark.parametrize(
    ("username", "status"),
    [
        ("police", 200),
        ("clerk", 200),
        ("district-chair", 200),
        ("province-chair", 200),
        ("auditor", 200),
        ("police-16096", 403),
        ("hamlet-16144-02", 403),
        ("admin", 403),
    ],
)
def test_a_file_is_read_along_its_own_line_of_offices(
    site: Site, username: str, status: int
) -> None:
    subject = site.open()
    assert site.signed_in(username).get(f"/nominations/{subject}").status_code == status


def test_the_list_holds_only_what_may_be_read(site: Site) -> None:
    site.open()
    site.open("16144-02", "hamlet-16144-02")
    site.open("16096-01", "hamlet-16096-01")
    counts = {
        who: site.signed_in(who).get("/nominations").text.count('class="work-item')
        for who in ("hamlet", "police", "police-16096", "district-chair", "auditor", "admin")
    }
    assert counts == {
        "hamlet": 1,
        "police": 2,
        "police-16096": 1,
        "district-chair": 3,
        "auditor": 3,
        "admin": 0,
    }


def test_the_auditor_changes_nothing(site: Site) -> None:
    subject = site.open()
    client = site.signed_in("auditor")
    answer = post(
        client, f"/nominations/{subject}/moves/register", page="/inbox", version="1", key="k"
    )
    assert answer.status_code == 403
    page = client.get(f"/nominations/{subject}").text
    assert 'class="btn btn-move' not in page


def test_a_refused_authorisation_is_logged_without_what_was_typed(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    subject = site.open()
    client = site.signed_in("police-16096")
    with caplog.at_level(logging.WARNING, "binhxet.access"):
        post(
            client,
            f"/nominations/{subject}/moves/register",
            page="/inbox",
            resolution_number="bí mật",
        )
    (line,) = [r.getMessage() for r in caplog.records if r.name == "binhxet.access"]
    assert "code=not_your_unit" in line
    assert f"path=/nominations/{subject}/moves/register" in line
    assert "bí mật" not in line


def test_an_ended_appointment_opens_nothing_from_the_next_day(site: Site) -> None:
    from datetime import timedelta

    from sqlalchemy import update

    from engine import clock
    from tests.web import world
    from tests.web.conftest import TODAY
    from workflows.people import Appointment

    subject = site.open()
    client = site.signed_in("police")
    assert client.get(f"/nominations/{subject}").status_code == 200

    def end(session):  # type: ignore[no-untyped-def]
        person = world.person_id(session, "police")
        yesterday = TODAY - timedelta(days=1)
        session.execute(
            update(Appointment).where(Appointment.person_id == person).values(ends_on=yesterday)
        )
        session.commit()

    site.do(end)
    assert clock.today() == TODAY
    assert client.get(f"/nominations/{subject}").status_code == 403
