"""Signing in and out, and what a browser has to show to be let through."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from engine import clock
from tests.web import world
from tests.web.conftest import TODAY, Site, make_site, post, token_of
from web.extensions import db
from web.sign_in import local
from workflows import sign_ins


def test_the_right_password_leads_to_the_inbox(site: Site) -> None:
    client = site.client()
    answer = post(client, "/sign-in", username="hamlet", password=world.PASSWORD)
    assert answer.status_code == 303
    assert answer.location == "/inbox"
    head = client.get("/inbox").text.partition("</summary>")[0]
    assert "who-office" in head and "Trưởng thôn" in head


@pytest.mark.parametrize("username", ["hamlet", "nobody"])
def test_a_wrong_password_and_an_unknown_name_are_told_the_same(site: Site, username: str) -> None:
    answer = post(site.client(), "/sign-in", username=username, password="wrong")
    assert answer.status_code == 422
    assert "Tên đăng nhập hoặc mật khẩu không đúng." in answer.text
    assert "wrong" not in answer.text


def test_guessing_has_to_wait_and_may_go_on_later(site: Site) -> None:
    client = site.client()
    for _ in range(sign_ins.PER_PAIR):
        assert post(client, "/sign-in", username="hamlet", password="x").status_code == 422
    blocked = post(client, "/sign-in", username="hamlet", password=world.PASSWORD)
    assert blocked.status_code == 429
    other = post(client, "/sign-in", username="police", password=world.PASSWORD)
    assert other.status_code == 303
    with clock.fixed_at(clock.now() + sign_ins.WINDOW + timedelta(seconds=1)):
        fresh = site.client()
        later = post(fresh, "/sign-in", username="hamlet", password=world.PASSWORD)
        assert later.status_code == 303


def test_the_session_is_new_at_each_sign_in_and_dead_after_signing_out(site: Site) -> None:
    client = site.client()
    client.get("/sign-in")
    before = client.get_cookie("binhxet")
    post(client, "/sign-in", username="hamlet", password=world.PASSWORD)
    first = client.get_cookie("binhxet")
    assert before and first and before.value != first.value
    post(client, "/sign-out", page="/inbox")
    assert client.get("/inbox").status_code == 302
    thief = site.client()
    thief.set_cookie("binhxet", first.value)
    assert thief.get("/inbox").status_code == 302


def test_signing_in_again_ends_the_session_before(site: Site) -> None:
    client = site.signed_in("hamlet")
    old = client.get_cookie("binhxet")
    post(client, "/sign-in", page="/sign-in", username="police", password=world.PASSWORD)
    thief = site.client()
    assert old
    thief.set_cookie("binhxet", old.value)
    assert thief.get("/inbox").status_code == 302


def test_a_session_ends_with_the_working_day(site: Site) -> None:
    client = site.signed_in("hamlet")
    with clock.fixed_at(clock.vietnam(TODAY, time(9, 0)) + sign_ins.LIFETIME):
        assert client.get("/inbox").status_code == 302


def test_a_form_without_its_token_or_from_elsewhere_is_not_taken(site: Site) -> None:
    client = site.client()
    form = {"username": "hamlet", "password": world.PASSWORD}
    assert client.post("/sign-in", data=form).status_code == 400
    form["csrf_token"] = token_of(client)
    foreign = client.post("/sign-in", data=form, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 400
    assert client.post("/sign-in", data=form, headers={"Origin": "http://localhost"}).location


def test_an_unknown_host_is_not_served(site: Site) -> None:
    client = site.client()
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("/nominations/3", "/nominations/3"),
        ("/nominations?q=a", "/nominations?q=a"),
        ("//evil.example", ""),
        ("/\\evil.example", ""),
        ("https://evil.example/inbox", ""),
        ("/a\nSet-Cookie: x", ""),
        ("javascript:alert(1)", ""),
        (None, ""),
    ],
)
def test_only_our_own_addresses_are_gone_back_to(address: str | None, kept: str) -> None:
    assert local(address) == kept


def test_one_is_sent_back_to_where_one_wanted_to_go(site: Site) -> None:
    client = site.client()
    sent = client.get("/nominations?q=nga")
    assert sent.location == "/sign-in?next=/nominations?q%3Dnga"
    answer = post(
        client,
        "/sign-in",
        username="hamlet",
        password=world.PASSWORD,
        next="/nominations?q=nga",
    )
    assert answer.location == "/nominations?q=nga"


def test_what_cannot_be_unpacked_is_left_behind(site: Site) -> None:
    subject = site.open()
    for carried in ("[" * 50_000, "no json", "[]"):
        answer = post(
            site.client(),
            "/sign-in",
            username="hamlet",
            password=world.PASSWORD,
            next=f"/nominations/{subject}/moves/register",
            carry=carried,
        )
        assert answer.status_code == 303


def test_a_forwarded_address_counts_only_behind_a_proxy_of_ours(
    district_url: str, tmp_path: Path
) -> None:
    for proxies, waits in ((0, 429), (1, 303)):
        app = make_site(district_url, tmp_path, proxies=proxies)
        with app.app_context():
            for _ in range(sign_ins.PER_ADDRESS):
                sign_ins.tried(db.session(), "sign_in", "stranger", "127.0.0.1")
        client = app.test_client()
        answer = client.post(
            "/sign-in",
            data={
                "csrf_token": token_of(client),
                "username": "police",
                "password": world.PASSWORD,
            },
            headers={"X-Forwarded-For": "198.51.100.7"},
        )
        assert answer.status_code == waits
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def test_only_the_demonstration_shows_its_names(site: Site) -> None:
    assert world.PASSWORD not in site.client().get("/sign-in").text


def test_what_no_database_can_be_asked_for_is_no_name_and_no_address(site: Site) -> None:
    assert sign_ins.spelled(" Police ") == "police"
    assert sign_ins.spelled("police\0") == ""
    client = site.client()
    assert client.get("/areas?q=%00").status_code == 400
    assert client.get("/p/%00").status_code == 400
