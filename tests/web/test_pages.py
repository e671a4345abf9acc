"""Every page: whole, light, safe, and read in as many queries for fifty areas as for five."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import html5lib
import pytest
from flask import url_for
from flask.testing import FlaskClient
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from tests.databases import Databases
from tests.web import world
from tests.web.conftest import REGISTRATION, Site, make_site, post
from web.extensions import db

LARGEST_PAGE = 100_000

PAGES = {
    "": ("/", "/?q=nga an", "/?year=2016", "/areas/4", "/verify", "/sign-in", "/no-such-page"),
    "hamlet": ("/inbox", "/nominations", "/nominations/{file}", "/registers"),
    "police": ("/inbox", "/inbox?q=thon 1", "/inbox/others", "/nominations?state=draft"),
    "chair": ("/inbox", "/nominations/{file}", "/nominations/{file}/diagram?zoom=150"),
    "auditor": ("/inbox", "/nominations?q=ba dinh", "/admin/failures", "/admin/people"),
    "admin": (
        "/inbox",
        "/admin/workflows",
        "/admin/workflows/district-certification",
        "/admin/workflows/outgoing",
        "/admin/people?q=hamlet",
        "/admin/failures",
        "/admin/history",
    ),
}

FORMS = (
    "/nominations/{file}/moves/complete_self_assessment",
    "/nominations/{file}/moves/withdraw",
)


def _every(site: Site, subject: int) -> Iterator[tuple[FlaskClient, str]]:
    for username, addresses in PAGES.items():
        client = site.signed_in(username) if username else site.client()
        for address in addresses:
            yield client, address.format(file=subject)
    client = site.signed_in("hamlet")
    for address in FORMS:
        yield client, address.format(file=subject)


@pytest.fixture
def file(site: Site) -> int:
    subject = site.open()
    site.move(subject, "hamlet", "register", **REGISTRATION)
    return subject


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_is_sound_html_of_modest_size(site: Site, file: int, language: str) -> None:
    for client, address in _every(site, file):
        client.set_cookie("language", language)
        answer = client.get(address)
        assert answer.status_code in (200, 404), address
        assert len(answer.data) < LARGEST_PAGE, address
        html5lib.HTMLParser(strict=True).parse(answer.text)
        assert f'<html lang="{language}">' in answer.text
        ids = re.findall(r'\sid="([^"]+)"', answer.text)
        assert len(ids) == len(set(ids)), (address, [i for i in ids if ids.count(i) > 1])


def test_no_page_needs_more_than_its_own_policy_allows(site: Site, file: int) -> None:
    for client, address in _every(site, file):
        answer = client.get(address)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script(?![^>]*\ssrc=)", answer.text), address
        assert "<style" not in answer.text, address
        assert not re.search(r'<(?!svg|/)[^>]*\sstyle="', answer.text), address
        assert not re.search(r'\son[a-z]+="', answer.text), address
        assert "http://" not in re.sub(r'xmlns="[^"]*"', "", answer.text), address


def test_signed_in_pages_are_not_kept_and_every_page_is_guarded(site: Site, file: int) -> None:
    for client, address in _every(site, file):
        headers = client.get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        if client.get_cookie("binhxet") and not address.startswith(("/?", "/verify", "/no-")):
            assert headers["Cache-Control"] == "no-store", address


def test_a_file_of_the_looks_brings_nobody_s_session(site: Site) -> None:
    """Whoever keeps it, or gets it late, is not made somebody else by it."""
    client = site.signed_in("chair")
    with site.app.test_request_context():
        addresses = [url_for("static", filename="binhxet.css")]
        addresses.append(url_for("bootstrap.static", filename="css/bootstrap.min.css"))
    for address in addresses:
        with client.get(address) as answer:
            assert answer.status_code == 200
            assert "Set-Cookie" not in answer.headers
    assert "Set-Cookie" in client.get("/inbox").headers


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    answer = post(site.client(), "/sign-in", username="hamlet", password=world.PASSWORD)
    (cookie,) = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith("binhxet=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The statements sent to the database meanwhile."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_looking_changes_nothing(site: Site, file: int) -> None:
    with site.app.app_context():
        engine = db.engine
    for client, address in list(_every(site, file)):
        with statements(engine) as seen:
            client.get(address)
        writing = [s for s in seen if not s.lstrip().startswith(("SELECT", "WITH", "BEGIN"))]
        assert writing == [], address


@pytest.fixture
def sizes(databases: Databases, database_kind: str, tmp_path: Path) -> Iterator[tuple[Site, Site]]:
    """The same district with five and with fifty areas, a nomination open in each."""
    sites, urls = [], []
    for build, count in ((world.build, 5), (world.build_large, 50)):
        url = databases.copy(database_kind, build)
        site = Site(make_site(url, tmp_path / str(count)))
        for number in range(1, count + 1):
            code = f"16144-{number:02}"
            who = "hamlet" if number == 1 else f"hamlet-{code}"
            subject = site.open(code, who)
            site.move(subject, who, "register", **REGISTRATION)
        sites.append(site)
        urls.append(url)
    yield sites[0], sites[1]
    for site, url in zip(sites, urls, strict=True):
        with site.app.app_context():
            db.engine.dispose()
        databases.drop(url)


READ_IN_FEW_QUERIES = {
    "": ("/", "/?q=thon", "/places/3"),
    "hamlet": ("/inbox", "/nominations/1"),
    "police": ("/inbox", "/nominations?q=thon", "/nominations.csv"),
    "chair": ("/inbox",),
    "district-chair": ("/inbox",),
    "district-police": ("/inbox/others",),
    "province-chair": ("/inbox",),
    "auditor": ("/nominations",),
    "admin": ("/admin/people",),
}


def _queries(site: Site) -> dict[tuple[str, str], int]:
    counts = {}
    with site.app.app_context():
        engine = db.engine
    for username, addresses in READ_IN_FEW_QUERIES.items():
        client = site.signed_in(username) if username else site.client()
        for address in addresses:
            with statements(engine) as seen:
                assert client.get(address).status_code == 200, address
            counts[username, address] = len(seen)
    return counts


def test_no_page_asks_the_database_more_often_for_more_areas(sizes: tuple[Site, Site]) -> None:
    few, many = (_queries(site) for site in sizes)
    assert few == many
    assert max(many.values()) <= 22


def test_postgresql_keeps_the_statements_of_a_page_prepared(
    databases: Databases, tmp_path: Path
) -> None:
    url = databases.copy("postgresql", world.build)
    site = Site(make_site(url, tmp_path))
    client = site.signed_in("chair")
    for _ in range(8):
        assert client.get("/inbox").status_code == 200
    with site.app.app_context():
        kept = db.session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
        db.session.remove()
        db.engine.dispose()
    databases.drop(url)
    assert any("FROM waiting" in statement for statement in kept)


def test_the_inbox_says_who_has_it_and_how_to_reach_them(site: Site, file: int) -> None:
    page = site.signed_in("police").get("/inbox").text
    assert "Đang chờ người khác" in page
    assert "Lê Văn Mẫu 11" in page
    assert 'href="tel:0000000011"' in page


def test_a_hamlet_head_without_a_file_is_offered_one(site: Site) -> None:
    client = site.signed_in("hamlet")
    page = client.get("/inbox").text
    assert "Mở hồ sơ năm 2026" in page
    area = re.search(r'name="area_id" value="(\d+)"', page)
    assert area
    answer = post(client, "/nominations", "/inbox", area_id=area.group(1), year="2026", key="k1")
    assert answer.status_code == 303
    again = post(client, "/nominations", "/inbox", area_id=area.group(1), year="2026", key="k1")
    assert again.location == answer.location
    assert "Mở hồ sơ năm 2026" not in client.get("/inbox").text


def test_names_are_found_without_their_marks(site: Site, file: int) -> None:
    client = site.signed_in("auditor")
    assert "Thôn 1" in client.get("/nominations?q=nga an thon 1").text
    empty = client.get("/nominations?year=1999").text
    assert '<option value="1999" selected>' in empty
    assert "Năm 1999 chưa có hồ sơ nào." in empty
    assert "Thôn 1" in client.get("/nominations?q=NGÃ ẤN").text
    assert "Không có hồ sơ nào khớp" in client.get("/nominations?q=ba dinh").text


def test_a_search_that_finds_nothing_says_so_in_its_heading(site: Site) -> None:
    assert "Không tìm thấy “zzzz”</h2>" in site.client().get("/?q=zzzz").text


def test_what_the_pages_print_is_found(site: Site) -> None:
    subject = site.open()
    head, visitor = site.signed_in("hamlet"), site.client()
    for printed in ("xã nga an", "xa nga an", "Thôn 1, xã Nga An", "Thôn 1 · xã"):
        assert "Thôn 1" in visitor.get(f"/?q={printed}").text.partition("found-title")[2]
        for page in ("/nominations", "/inbox"):
            assert f"/nominations/{subject}" in head.get(f"{page}?q={printed}").text
            assert f"/nominations/{subject}" not in head.get(f"{page}?q=phường {printed}").text
    admin = site.signed_in("admin")
    assert "Chủ tịch" in admin.get("/admin/people?q=xã nga an").text
    assert "hamlet-16144-02" in admin.get("/admin/people?q=hamlet 16144 02").text


def test_a_search_without_a_hit_still_says_how_much_waits(
    site: Site, file: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.open("16144-02", "hamlet-16144-02")
    client = site.signed_in("hamlet")
    for address in ("/inbox", "/inbox?q=khong co", "/inbox?page=9"):
        assert "1 việc đang chờ bạn" in client.get(address).text
    monkeypatch.setattr("workflows.queries.inbox.MOST_COUNTED", 0)
    assert "hơn 0 việc đang chờ bạn" in client.get("/inbox").text


def test_the_list_can_be_taken_along_as_a_table(site: Site, file: int) -> None:
    answer = site.signed_in("police").get("/nominations.csv")
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    lines = answer.text.lstrip("\ufeff").splitlines()
    assert lines[0].startswith("Năm,")
    assert lines[1].startswith("2026,xã Nga An,Thôn 1,")


def test_the_language_is_remembered(site: Site) -> None:
    client = site.client()
    answer = client.get("/language/en?next=/verify")
    assert answer.location == "/verify"
    assert '<html lang="en">' in client.get("/verify").text
    assert client.get("/language/vi?next=https://evil.example").location == "/"


def test_the_watchers_are_told(site: Site) -> None:
    site.open()
    client = site.client()
    assert client.get("/healthz").text == "ok\n"
    told = {"database": True, "fonts": True, "store": True}
    for migrated, status in ((True, 200), (False, 503)):
        ready = client.get("/readyz")
        assert ready.status_code == status
        assert ready.json == {"ready": migrated, "migrations": migrated, **told}
        with site.app.app_context(), db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    metrics = client.get("/metrics").text
    assert "binhxet_outbox_open 0" in metrics
    assert 'binhxet_subjects{kind="nomination",state="draft"} 1' in metrics


@pytest.mark.parametrize(
    ("fault", "status", "told"),
    [
        (RuntimeError("the disk is gone"), 500, "Máy chủ gặp trục trặc"),
        (OperationalError("INSERT", {}, Exception("disk is full")), 503, "Cơ sở dữ liệu đang hỏng"),
    ],
)
def test_a_fault_of_ours_is_told_plainly_and_logged(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
    status: int,
    told: str,
) -> None:
    from workflows.queries import public

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise fault

    monkeypatch.setattr(public, "years", broken)
    answer = site.client().get("/")
    assert (answer.status_code, told in answer.text) == (status, True)
    assert "disk" not in answer.text
    assert any("fault at GET public.home" in r.getMessage() for r in caplog.records)


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30, "9" * 5000], ids=lambda n: str(n)[:12])
def test_a_number_larger_than_any_column_is_not_found_or_left_aside(
    site: Site, file: int, number: int | str
) -> None:
    visitor, head = site.client(), site.signed_in("hamlet")
    for address in ("/nominations/{}", "/papers/{}", "/papers/{}/file", "/registers/{}"):
        assert head.get(address.format(number)).status_code == 404
    assert visitor.get(f"/places/{number}").status_code == 404
    for query in ("year", "commune", "page"):
        assert head.get(f"/nominations?{query}={number}").status_code == 200
    assert visitor.get(f"/?year={number}").status_code == 200
    assert head.get(f"/inbox?page={number}").status_code == 200
    areas = {"area_id": number, "year": 2026}, {"area_id": 1, "year": number}
    answers = [post(head, "/nominations", **form) for form in areas]
    answers.append(post(head, "/papers", kind="commune_decision", nomination=number))
    assert all(answer.status_code in (400, 403, 404, 422) for answer in answers)
    move = f"/nominations/{file}/moves/complete_self_assessment"
    assert post(head, move, version=number).status_code in (409, 422)


def test_the_numbers_beside_the_communes_are_told_under_them(site: Site) -> None:
    page = site.client().get("/?year=2016").text
    assert page.index('class="plain places"') < page.index("Con số bên cạnh tên xã")
