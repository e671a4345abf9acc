"""Administrators change a definition: on a copy, in a form or in its text, and two of them."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from engine.history import Event
from engine.releases import DefinitionRelease
from engine.subjects import Subject
from tests.web import world
from tests.web.conftest import REGISTRATION, Site, at, post
from web.extensions import bureau
from workflows.definitions.drafts import DefinitionDraft

ID = "district-certification"


def second_admin(site: Site) -> FlaskClient:
    """Another administrator: nobody releases what they edited."""
    site.do(world.second_admin)
    return site.signed_in("admin-2")


def begun(site: Site, client: FlaskClient) -> str:
    """The address of a new draft."""
    with site.app.app_context():
        digest = bureau().house.named(ID).digest
    answer = post(client, "/admin/drafts", "/admin/workflows", digest=digest)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def draft(site: Site) -> tuple[int, str]:
    """The version and the text of the one draft."""
    row = site.do(lambda s: s.scalars(select(DefinitionDraft)).one())
    return row.version, row.text


def sent(client: FlaskClient, address: str, **data: Any) -> TestResponse:
    return post(client, address, "/admin/workflows", **data)


def test_a_change_goes_from_a_copy_to_a_release(site: Site) -> None:
    site.open()
    client = site.signed_in("admin")
    address = begun(site, client)
    page = client.get(address).text
    assert "Đúng đắn" in page
    assert "Chưa có gì khác." in page
    form = client.get(f"{address}/states/submitted").text
    assert 'value="5"' in form
    assert f'action="{address}/states/submitted"' in form
    told = {"vi": "Chờ công an xã", "en": "Awaiting", "measure": "working_days", "version": 1}
    wrong = sent(client, f"{address}/states/submitted", **told, days="năm")
    assert (wrong.status_code, 'id="days-error"' in wrong.text) == (422, True)
    assert sent(client, f"{address}/states/submitted", **told, days="9").status_code == 303
    version, text = draft(site)
    seen = client.get(address).text
    assert "<del>Thời hạn: 5 ngày làm việc kể từ ngày tới bước này.</del>" in seen
    assert "<ins>Thời hạn: 9 ngày làm việc kể từ ngày tới bước này.</ins>" in seen
    assert "-due = { working_days = 5 }" in seen
    assert "due = {working_days = 9}" in text.replace("{ ", "{").replace(" }", "}")
    release = {"from": "2026-03-03", "basis": "Quyết định 9/QĐ-UBND", "version": version}
    barred = sent(client, f"{address}/release", **release)
    assert (barred.status_code, "không được tự ban hành" in barred.text) == (422, True)
    other = second_admin(site)
    early = sent(other, f"{address}/release", **(release | {"from": "2026-03-02"}))
    assert (early.status_code, "sớm nhất từ ngày 03/03/2026" in early.text) == (422, True)
    made = sent(other, f"{address}/release", **release)
    assert made.status_code == 303, made.text
    shown = other.get(made.location).text
    assert "9 ngày làm việc" in shown
    assert "Quyết định 9/QĐ-UBND" in shown
    row = site.do(lambda s: s.scalars(select(DefinitionRelease)).one())
    assert (row.definition_id, row.effective_from) == (ID, date(2026, 3, 3))
    assert sent(other, f"{address}/release", **release).status_code == 409
    assert sent(client, f"{address}/text", text="x", version=version).status_code == 409
    brought_over(site, other, site.do(lambda s: s.scalar(select(Subject.definition_digest))), row)


def brought_over(site: Site, admin: FlaskClient, old: str, new: DefinitionRelease) -> None:
    """The live case is shown before it comes along, and comes only on a ticked box."""
    page = f"/admin/workflows/{ID}/cases/{old}"
    assert f'value="{new.digest}"' in admin.get(page).text
    assert "Chuyển hồ sơ từ ngày ấy" in admin.get(f"{page}?to={new.digest}").text
    with at(1):
        _confirmed(site, site.signed_in("admin-2"), page, new)


def _confirmed(site: Site, admin: FlaskClient, page: str, new: DefinitionRelease) -> None:
    first, choice = site.signed_in("admin"), f"{page}?to={new.digest}"
    assert sent(first, page, to=new.digest, act="ask").status_code == 303
    assert "Bạn đã đề nghị" in first.get(choice).text
    assert sent(first, page, to=new.digest, confirm="yes").status_code == 422
    assert "chuyển 1 hồ sơ" in admin.get(choice).text
    assert site.signed_in("auditor").get(page).status_code == 403
    assert sent(admin, page, to=new.digest).status_code == 422
    assert sent(admin, page, to=new.digest, confirm="yes").status_code == 303
    assert site.do(lambda s: s.scalars(select(Subject.definition_digest)).all()) == [new.digest]
    assert "Không hồ sơ, văn bản nào" in admin.get(f"{page}?to={new.digest}").text


def test_two_who_type_at_once_lose_nothing(site: Site) -> None:
    client, other = site.signed_in("admin"), second_admin(site)
    address = begun(site, client)
    saved = sent(client, f"{address}/autosave", text="mine = 1\n", version=1)
    assert saved.get_json() == {"saved": "Đã lưu bản thảo.", "version": 2}
    late = sent(other, f"{address}/autosave", text="theirs = 1\n", version=1)
    assert late.status_code == 409
    assert "Người khác đã lưu" in late.get_json()["refused"]
    page = sent(other, f"{address}/text", text="theirs = 1\n", version=1)
    assert page.status_code == 409
    for kept in ("theirs = 1", "mine = 1", 'name="version" value="2"'):
        assert kept in page.text
    assert sent(other, f"{address}/text", text="theirs = 1\n", version=2).status_code == 303
    assert draft(site) == (3, "theirs = 1\n")
    page_text = client.get(address).text
    assert "Thiếu “states”." in page_text


def test_an_unsound_draft_tells_its_story_and_draws_it(site: Site) -> None:
    client = site.signed_in("admin")
    address = begun(site, client)
    version, text = draft(site)
    broken = text.replace('from = ["minuted"]\nto = "submitted"',
                          'from = ["minuted", "registered"]\nto = "submitted"')  # fmt: skip
    assert broken != text
    assert sent(client, f"{address}/text", text=broken, version=version).status_code == 303
    page = client.get(address).text
    assert "Chưa đúng đắn" in page
    assert "Mở hồ sơ đăng ký → Nộp bản đăng ký" in page
    drawn = client.get(f"{address}?problem=1").text
    assert "✓" in drawn
    assert re.search(r'<svg[^>]*class="workflow"', drawn)


def test_a_draft_is_tried_against_the_cases_there_were(site: Site) -> None:
    subject = site.open()
    site.move(subject, "hamlet", "register", **REGISTRATION)
    before = site.do(lambda s: s.scalar(select(func.count(Event.id))))
    client = site.signed_in("admin")
    address = begun(site, client)
    assert "Kết quả như cũ" in client.get(f"{address}/rehearsal").text
    version, _ = draft(site)
    told = {
        "vi": "Nộp", "en": "Register", "by": ["clerk@commune"], "version": version,
        "guards": ["registration_in_order"], "fields": ["registered_on"],
    }  # fmt: skip
    assert sent(client, f"{address}/transitions/register", **told).status_code == 303
    page = client.get(f"{address}/rehearsal").text
    assert "ở bước thứ 2, “Nộp”" in page
    assert "Văn thư" in page
    after = site.do(lambda s: s.scalar(select(func.count(Event.id))))
    assert after == before


def test_a_state_and_its_moves_are_added_and_taken_out_again(site: Site) -> None:
    client = site.signed_in("admin")
    address = begun(site, client)
    _, before = draft(site)
    told = {"vi": "Chờ xác minh", "en": "Awaiting a visit", "after": "submitted", "version": 1}
    told["by"] = ["commune_appraiser@commune"]
    empty = sent(client, f"{address}/new/states", **(told | {"vi": "", "after": "nowhere"}))
    assert (empty.status_code, 'id="after-error"' in empty.text) == (422, True)
    assert sent(client, f"{address}/new/states", **told).status_code == 303
    assert "Chưa đúng đắn" in client.get(address).text  # nothing leads there yet
    move = {"vi": "Đi xác minh", "en": "Visit", "sources": ["submitted"], "version": 2,
            "target": "awaiting_a_visit", "by": ["commune_appraiser@commune"]}  # fmt: skip
    assert sent(client, f"{address}/new/transitions", **move).status_code == 303
    back = {"vi": "Về", "en": "Back", "sources": ["awaiting_a_visit"], "target": "submitted"}
    back |= {"by": ["commune_appraiser@commune"], "version": 3}
    assert sent(client, f"{address}/new/transitions", **back).status_code == 303
    assert "Đúng đắn" in client.get(address).text
    assert "Bỏ phần này" in client.get(f"{address}/states/awaiting_a_visit").text
    kept = sent(client, f"{address}/states/submitted/remove", version=4)
    assert kept.status_code == 422
    assert sent(client, f"{address}/states/awaiting_a_visit/remove", version=4).status_code == 303
    version, after = draft(site)
    assert (version, "".join(after.split())) == (5, "".join(before.split()))
    renamed = {"vi": "Đã nộp", "en": "Handed in", "version": 5}
    assert "Bỏ phần sửa" not in client.get(f"{address}/states/submitted").text
    assert sent(client, f"{address}/states/submitted", **renamed).status_code == 303
    assert "Bỏ phần sửa" in client.get(f"{address}/states/submitted").text
    assert sent(client, f"{address}/states/submitted/restore", version=6).status_code == 303
    version, after = draft(site)
    assert (version, "".join(after.split())) == (7, "".join(before.split()))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_definition_is_handed_out_as_bpmn_and_as_its_text(site: Site, language: str) -> None:
    client = site.signed_in("auditor")
    client.set_cookie("language", language)
    answer = client.get(f"/admin/workflows/{ID}/bpmn")
    assert answer.mimetype == "application/xml"
    assert fromstring(answer.data).tag.endswith("definitions")  # noqa: S314 - our own
    assert f'id = "{ID}"' in client.get(f"/admin/workflows/{ID}/toml").text
    page = client.get(f"/admin/workflows/{ID}").text
    assert ("Chỉ làm được khi:" if language == "vi" else "Only if:") in page
    assert client.get(f"/admin/workflows/{ID}?digest={'0' * 64}").status_code == 404


def test_a_dropped_draft_is_gone(site: Site) -> None:
    client = site.signed_in("admin")
    address = begun(site, client)
    named = draft(site)[1].replace(f'id = "{ID}"', 'id = "other"', 1)
    sent(client, f"{address}/text", text=named, version="1")
    page = client.get(address).text
    assert "Đúng đắn:" not in page
    assert ID in page[page.index('id="check"') : page.index('id="changes"')]
    sent(client, f"{address}/text", text="a=" + 4000 * "[", version="2")
    assert draft(site)[1].endswith("[")
    assert "nhiều tầng" in client.get(address).text
    assert f"{address}/drop" in client.get("/admin/workflows").text
    assert sent(client, f"{address}/drop").status_code == 303
    assert client.get(address).status_code == 404
