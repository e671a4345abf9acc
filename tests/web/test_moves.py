"""The form of a move: built from the law, sent, refused, overtaken, kept."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.history import Event
from tests.unguarded import unguard
from tests.web import hamlet
from tests.web.conftest import REGISTRATION, Site, at, post, token_of
from web import security, uploads
from workflows.assessment import criteria_set
from workflows.drafts import Draft

PDF = b"%PDF-1.7\nnot much of a paper\n%%EOF\n"


def hidden(page: str) -> dict[str, str]:
    """The hidden inputs and chosen controls of the form on a page, as a browser sends them."""
    form = page[page.index('class="move-form"') :]
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    pairs += re.findall(r'name="([^"]+)" value="([^"]*)" checked', form)
    return {name: html.unescape(value) for name, value in pairs}


def send(client: FlaskClient, address: str, values: Mapping[str, Any], page: str = "") -> Any:
    """Fills the form at the address and sends it."""
    shown = page or client.get(address).text
    return client.post(address, data={**hidden(shown), "do": "send", **values})


def history(site: Site, subject: int) -> list[str]:
    def work(session: Session) -> list[str]:
        query = select(Event.action).where(Event.subject_id == subject).order_by(Event.version)
        return list(session.scalars(query))

    found: list[str] = site.do(work)
    return found


@pytest.fixture
def opened(site: Site) -> int:
    return site.open()


def address(subject: int, action: str = "register") -> str:
    return f"/nominations/{subject}/moves/{action}"


def test_a_good_form_makes_the_move_and_says_what_comes_next(site: Site, opened: int) -> None:
    client = site.signed_in("hamlet")
    answer = send(client, address(opened), REGISTRATION)
    assert answer.status_code == 303, answer.text
    page = client.get(answer.location).text
    assert "Xong: Nộp bản đăng ký." in page
    assert history(site, opened) == ["open_registration", "register"]


def test_a_refused_form_says_why_beside_each_input_and_keeps_the_rest(
    site: Site, opened: int
) -> None:
    client = site.signed_in("hamlet")
    wrong = REGISTRATION | {"households_registered": "hai mươi", "registered_on": "31/02/2026"}
    answer = send(client, address(opened), wrong | {"resolution_number": "07-NQ/CB <b>"})
    assert answer.status_code == 422
    assert 'id="households_registered-error"' in answer.text
    assert 'id="registered_on-error"' in answer.text
    assert 'href="#households_registered"' in answer.text
    assert 'value="hai mươi"' in answer.text
    assert 'value="31/02/2026"' in answer.text
    assert 'value="07-NQ/CB &lt;b&gt;"' in answer.text
    assert history(site, opened) == ["open_registration"]
    mended = send(client, address(opened), REGISTRATION, page=answer.text)
    assert mended.status_code == 303


def test_the_same_form_sent_twice_is_done_once(site: Site, opened: int) -> None:
    client = site.signed_in("hamlet")
    page = client.get(address(opened)).text
    first = send(client, address(opened), REGISTRATION, page=page)
    second = send(client, address(opened), REGISTRATION, page=page)
    assert (first.status_code, second.status_code) == (303, 303)
    # Gone back to and changed, it is another: it is not taken for done, and nothing is lost.
    changed = {**REGISTRATION, "households_registered": "19"}
    third = send(client, address(opened), changed, page=page)
    assert third.status_code == 409
    assert "Bạn đã gửi trang này rồi, với nội dung khác" in third.text
    assert 'value="19"' in third.text
    assert history(site, opened) == ["open_registration", "register"]


def test_whoever_comes_late_sees_what_changed_and_loses_nothing(site: Site, opened: int) -> None:
    site.move(opened, "hamlet", "register", **REGISTRATION)
    client = site.signed_in("hamlet")
    page = client.get(address(opened, "withdraw")).text
    site.move(
        opened,
        "hamlet",
        "withdraw",
        reason="Thôn nhập với thôn khác từ tháng sau",
    )
    answer = send(client, address(opened, "withdraw"), {"reason": "Lý do đã gõ dở"}, page=page)
    assert answer.status_code == 409
    assert "Có người vừa xử lý hồ sơ này trước bạn" in answer.text
    assert "Rút hồ sơ" in answer.text
    assert "Lý do đã gõ dở" in answer.text
    # Nothing asks for it to be sent again, and whoever does loses nothing by it.
    assert "gửi lần nữa" not in answer.text
    assert 'value="send"' not in answer.text
    again = send(
        client, address(opened, "withdraw"), {"reason": "Lý do đã gõ dở"}, page=answer.text
    )
    assert again.status_code == 409
    assert "Lý do đã gõ dở" in again.text
    assert history(site, opened) == ["open_registration", "register", "withdraw"]


def test_a_move_that_is_no_longer_possible_is_a_conflict(site: Site, opened: int) -> None:
    site.move(opened, "hamlet", "register", **REGISTRATION)
    answer = site.signed_in("hamlet").get(address(opened))
    assert answer.status_code == 409
    assert "Hồ sơ đã ở bước khác" in answer.text


def test_a_move_of_somebody_else_is_forbidden_even_to_look_at(site: Site, opened: int) -> None:
    answer = site.signed_in("clerk").get(address(opened))
    assert answer.status_code == 403
    assert "Việc này không thuộc quyền của bạn" in answer.text


def test_a_move_that_does_not_exist_is_not_found(site: Site, opened: int) -> None:
    assert site.signed_in("hamlet").get(address(opened, "fly")).status_code == 404


def test_a_draft_is_saved_and_waits(site: Site, opened: int) -> None:
    client = site.signed_in("hamlet")
    answer = send(client, address(opened), {"resolution_number": "09-NQ/CB", "do": "save"})
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "Bản nháp đã lưu lúc 09:00" in page
    assert 'value="09-NQ/CB"' in page
    assert history(site, opened) == ["open_registration"]
    send(client, address(opened), REGISTRATION, page=page)
    assert site.do(lambda s: s.scalar(select(func.count()).select_from(Draft))) == 0


def test_what_is_typed_is_saved_while_it_is_typed(site: Site, opened: int) -> None:
    client = site.signed_in("hamlet")
    values = hidden(client.get(address(opened)).text) | {"resolution_number": "1-NQ"}
    answer = client.post(f"{address(opened)}/draft", data=values)
    assert answer.json == {"saved": "Đã lưu nháp lúc 09:00"}
    assert 'value="1-NQ"' in client.get(address(opened)).text
    for action in ("register", "record_count"):  # from here, and not from here
        draft, police = f"{address(opened, action)}/draft", site.signed_in("police")
        assert post(police, draft, "/inbox", version="1", key="k").status_code == 403, action
    assert site.do(lambda s: s.scalar(select(func.count()).select_from(Draft))) == 1


def test_a_form_without_the_version_it_was_made_from_is_to_be_loaded_again(
    site: Site, opened: int
) -> None:
    client = site.signed_in("hamlet")
    answer = send(client, address(opened), {**REGISTRATION, "version": ""})
    assert (answer.status_code, "Hãy tải lại trang" in answer.text) == (422, True)
    assert REGISTRATION["resolution_number"] in answer.text
    assert "trước bạn" not in answer.text
    answer = send(client, address(opened), {**REGISTRATION, "key": "a\0b"})
    assert (answer.status_code, "Mã của lần gửi" in answer.text) == (422, True)
    assert "\0" not in answer.text


def test_a_draft_is_its_writers_own(site: Site, opened: int) -> None:
    client = site.signed_in("hamlet")
    send(client, address(opened), {"resolution_number": "09-NQ/CB", "do": "save"})
    other = site.open("16144-02", "hamlet-16144-02")
    page = site.signed_in("hamlet-16144-02").get(address(other)).text
    assert "09-NQ/CB" not in page


def test_an_old_token_keeps_what_was_typed(site: Site, opened: int) -> None:
    client = site.signed_in("hamlet")
    values = hidden(client.get(address(opened)).text) | {"csrf_token": "old"}
    answer = client.post(address(opened), data={**values, **REGISTRATION, "do": "send"})
    assert answer.status_code == 400
    assert 'value="03-NQ/CB"' in answer.text
    assert history(site, opened) == ["open_registration"]
    assert send(client, address(opened), REGISTRATION, page=answer.text).status_code == 303


def test_a_session_that_ended_brings_what_was_typed_along(site: Site, opened: int) -> None:
    client = site.signed_in("hamlet")
    page = client.get(address(opened)).text
    post(client, "/sign-out", page="/inbox")
    answer = send(client, address(opened), REGISTRATION, page=page)
    assert answer.status_code == 401
    carry = re.search(r'name="carry" value="([^"]*)"', answer.text)
    assert carry
    back = post(
        client,
        "/sign-in",
        username="hamlet",
        password="binhxet-demo",
        next=address(opened),
        carry=html.unescape(carry.group(1)),
    )
    assert back.location == address(opened)
    assert 'value="03-NQ/CB"' in client.get(back.location).text


def _assessed(site: Site, client: FlaskClient, subject: int, **more: Any) -> Any:
    """Fills in the self-assessment with everything met."""
    where = address(subject, "complete_self_assessment")
    page = client.get(where).text
    values: dict[str, Any] = {}
    for name in re.findall(r'name="(findings\.[^"]+\.met)" value="yes"', page):
        row = name.removesuffix(".met")
        values |= {
            name: "yes",
            f"{row}.fact": "Không có vụ việc nào",
            f"{row}.source": "Sổ theo dõi của thôn",
            f"{row}.dated": "2026-02-20",
        }
    assert values
    return send(client, where, values | more, page=page)


def test_a_table_is_filled_in_row_by_row(site: Site, opened: int) -> None:
    site.move(opened, "hamlet", "register", **REGISTRATION)
    client = site.signed_in("hamlet")
    with at(1):
        client = site.signed_in("hamlet")
        assert _assessed(site, client, opened).status_code == 303
    assert history(site, opened)[-1] == "complete_self_assessment"
    page = client.get(f"/nominations/{opened}").text
    (criterion, *_) = criteria_set("tt-124-2021").criteria
    assert f"<dt>{criterion.code}. {criterion.text.vi[:40]}" in page


def test_a_missing_cell_is_named_where_it_is_missing(site: Site, opened: int) -> None:
    site.move(opened, "hamlet", "register", **REGISTRATION)
    client = site.signed_in("hamlet")
    page = client.get(address(opened, "complete_self_assessment")).text
    row = re.search(r'name="(findings\.[^".]+)\.met"', page)
    assert row
    answer = _assessed(site, client, opened, **{f"{row.group(1)}.met": ""})
    assert answer.status_code == 422
    assert f'href="#{row.group(1)}.met"' in answer.text
    assert "Sổ theo dõi của thôn" in answer.text


def _with_file(site: Site, client: FlaskClient, subject: int, name: str, content: bytes) -> Any:
    page = client.get(address(subject, "complete_self_assessment")).text
    row = re.search(r'name="(findings\.[^".]+)\.files"', page)
    assert row
    return _assessed(
        site, client, subject, **{f"{row.group(1)}.files": (io.BytesIO(content), name)}
    )


def test_a_file_is_kept_and_handed_out_only_as_an_attachment(site: Site, opened: int) -> None:
    site.move(opened, "hamlet", "register", **REGISTRATION)
    client = site.signed_in("hamlet")
    assert _with_file(site, client, opened, "sổ.pdf", PDF).status_code == 303
    page = client.get(f"/nominations/{opened}").text
    link = re.search(r'href="(/nominations/\d+/files/[0-9a-f]{64})"', page)
    assert link
    answer = client.get(link.group(1))
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    other = site.open("16144-02", "hamlet-16144-02")
    elsewhere = link.group(1).replace(f"/{opened}/", f"/{other}/", 1)
    assert site.signed_in("police").get(elsewhere).status_code == 404
    assert site.signed_in("hamlet-16144-02").get(link.group(1)).status_code == 403


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.pdf", b"<html><script>", "không phải PDF"),
        ("a.pdf", b"MZ\x90\x00", "không phải PDF"),
        ("a.pdf", b"%PDF-" + b"0" * 1000, "lớn hơn 10 MB"),
        ("a.pdf", b"", "không có nội dung"),
    ],
)
def test_what_is_no_picture_or_paper_is_not_taken(
    site: Site, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, told: str
) -> None:
    assert uploads.LARGEST == 10 * 2**20
    monkeypatch.setattr(uploads, "LARGEST", 1000)
    subject = site.open()
    site.move(subject, "hamlet", "register", **REGISTRATION)
    client = site.signed_in("hamlet")
    answer = _with_file(site, client, subject, name, content)
    assert answer.status_code == 422
    assert told in answer.text
    assert "Sổ theo dõi của thôn" in answer.text


def test_a_file_that_is_not_taken_hides_nothing_else_that_is_wrong(site: Site) -> None:
    subject = site.open()
    site.move(subject, "hamlet", "register", **REGISTRATION)
    client = site.signed_in("hamlet")
    page = client.get(address(subject, "complete_self_assessment")).text
    cell = {"findings.4_1.files": (io.BytesIO(b"MZ"), "a.exe"), "findings.4_2.dated": "hôm qua"}
    answer = send(client, address(subject, "complete_self_assessment"), cell, page=page)
    assert answer.status_code == 422
    assert "không phải PDF" in answer.text
    for place in ("findings.4_2.dated", "findings.4_3.met", "findings.4_3.fact"):
        assert f'href="#{place}"' in answer.text


def test_a_form_may_be_as_large_as_it_says_and_is_refused_by_what_is_too_much(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = site.open()
    site.move(subject, "hamlet", "register", **REGISTRATION)
    client = site.signed_in("hamlet")
    page = client.get(address(subject, "complete_self_assessment")).text
    assert "tất cả các tệp của một lần gửi không quá 60 MB" in page
    assert security.LARGEST_MOVE == 60 * security.MEGABYTE
    large = PDF + b"0" * 30_000
    site.app.config["MAX_CONTENT_LENGTH"] = 30_000
    monkeypatch.setattr(security, "LARGEST_MOVE", 60_000)
    assert _with_file(site, client, subject, "sổ.pdf", large).status_code == 303
    where = address(subject, "withdraw")
    refused = send(client, where, {"reason": "x", "more": (io.BytesIO(large * 2), "sổ.pdf")})
    assert refused.status_code == 413
    assert "Lưu nháp" in refused.text
    stranger = site.client().post(where, data={"more": (io.BytesIO(large), "sổ.pdf")})
    assert stranger.status_code == 413
    site.app.config["MAX_FORM_PARTS"] = 1
    refused = send(client, where, {"reason": "x", "more": (io.BytesIO(PDF), "sổ.pdf")})
    assert refused.status_code == 413
    assert "quá nhiều ô" in refused.text


def test_an_uploaded_file_survives_a_refusal_and_cannot_be_forged(
    site: Site,
) -> None:
    subject = site.open()
    site.move(subject, "hamlet", "register", **REGISTRATION)
    client = site.signed_in("hamlet")
    where = address(subject, "complete_self_assessment")
    page = client.get(where).text
    row = re.search(r'name="(findings\.[^".]+)\.files"', page)
    assert row
    kept = f"kept:{row.group(1)}.files"
    refused = send(client, where, {f"{row.group(1)}.files": (io.BytesIO(PDF), "sổ.pdf")}, page=page)
    assert refused.status_code == 422
    note = hidden(refused.text)[kept]
    again = _assessed(site, client, subject, **{kept: note})
    assert again.status_code == 303
    assert "sổ.pdf" in client.get(f"/nominations/{subject}").text
    other = site.open("16144-02", "hamlet-16144-02")
    site.move(other, "hamlet-16144-02", "register", **REGISTRATION)
    thief = site.signed_in("hamlet-16144-02")
    stolen = _assessed(site, thief, other, **{kept: note})
    assert stolen.status_code == 303
    assert "sổ.pdf" not in thief.get(f"/nominations/{other}").text


def test_last_years_findings_may_be_copied_and_are_marked(site: Site) -> None:
    from sqlalchemy import update

    from engine.db import writing
    from workflows.nominations import Nomination

    before = site.open()
    site.move(before, "hamlet", "register", **REGISTRATION)
    client = site.signed_in("hamlet")
    assert _assessed(site, client, before).status_code == 303

    def a_year_ago(session: Session) -> None:
        with writing(session):
            unguard(session.connection(), "nominations")
            session.execute(update(Nomination).values(year=2025))

    site.do(a_year_ago)
    now = site.open()
    site.move(now, "hamlet", "register", **REGISTRATION)
    where = address(now, "complete_self_assessment")
    assert "Chép từ năm 2025 rồi sửa" in client.get(where).text
    copied = client.get(f"{where}?from=last-year").text
    assert "Sổ theo dõi của thôn" in copied
    assert copied.count("chép từ năm trước</small>") > 4


def test_a_returned_file_says_why_and_is_filled_in_as_it_was(site: Site) -> None:
    subject = hamlet.to_called(site)
    with at(5):
        hamlet.count(site, subject)
        hamlet.submit(site, subject, enclosures=["Bản đăng ký", "Biên bản"])
        why = {"reasons": ["Thiếu nghị quyết của chi bộ"], "supplements": ["Nghị quyết 03"]}
        site.move(subject, "police", "return_to_submission", **why)
        head = site.signed_in("hamlet")
        assert "Bị trả lại" in head.get("/inbox").text
        form = head.get(address(subject, "submit")).text
        for page in (head.get(f"/nominations/{subject}").text, form):
            assert "Bị trả lại: Trả lại để bổ sung giấy tờ" in page
            assert page.index("Thiếu nghị quyết của chi bộ") < page.index("Nghị quyết 03")
        assert ">\nBản đăng ký\nBiên bản</textarea>" in form
        assert "Đã điền sẵn như lần trước" in form
        assert send(head, address(subject, "submit"), {"enclosures": "Tất cả"}).status_code == 303
        assert "Bị trả lại" not in head.get(f"/nominations/{subject}").text
        site.move(subject, "police", "return_to_self_assessment", **why)
        form = head.get(address(subject, "complete_self_assessment")).text
        assert form.count(">\nKhông có</textarea>") == len(hamlet.ROWS)


def test_a_count_entered_again_keeps_its_figures_and_its_photos(site: Site) -> None:
    subject = hamlet.to_called(site)
    with at(5):
        photo = {"sha256": "0" * 64, "name": "ảnh biên bản.jpg"}
        hamlet.count(site, subject, minutes_photo=[photo])
        site.move(subject, "hamlet", "recount", reason="Ghi nhầm số phiếu")
        client = site.signed_in("hamlet")
        form = client.get(address(subject, "record_count")).text
        assert 'name="yes" value="15"' in form
        assert "Giữ tệp: ảnh biên bản.jpg" in form
        assert "Bị trả lại" not in form + client.get("/inbox").text
        send(client, address(subject, "record_count"), {"yes": "14", "do": "save"}, page=form)
        assert 'name="yes" value="14"' in client.get(address(subject, "record_count")).text


def test_the_token_of_the_page_is_that_of_the_session(site: Site) -> None:
    client = site.signed_in("hamlet")
    mine, others = token_of(client, "/inbox"), token_of(site.signed_in("police"), "/inbox")
    answer = client.post("/sign-out", data={"csrf_token": others})
    assert answer.status_code == 400
    assert client.post("/sign-out", data={"csrf_token": mine}).status_code == 303


def test_the_next_step_stands_first_while_it_waits_and_the_meeting_can_be_put_off(
    site: Site,
) -> None:
    subject = hamlet.to_called(site)
    client = site.signed_in("hamlet")
    page = client.get(f"/nominations/{subject}").text
    listed = page[page.index('class="move-list"') : page.index('id="papers-title"')]
    assert "Ghi kết quả kiểm phiếu" in listed
    assert "Cuộc họp lúc 19:30 06/03/2026 chưa diễn ra" in listed
    assert listed.index("Ghi kết quả kiểm phiếu") < listed.index("Đổi ngày họp")
    assert listed.index("Đổi ngày họp") < listed.index("Rút hồ sơ")
    with at(5):
        held = site.signed_in("hamlet").get(f"/nominations/{subject}").text
        assert "chưa đến lúc" not in held
    assert "Không còn dùng" not in page
    answer = send(client, address(subject, "call_again"), {"reason": "Bão, phải hoãn họp"})
    assert answer.status_code == 303
    again = client.get(f"/nominations/{subject}").text
    assert again.count("Không còn dùng") == 1
    notice = re.search(r'href="(/papers/\d+)"', again[again.index('id="papers-title"') :])
    assert notice
    assert "Giấy này không còn dùng" in client.get(notice[1]).text


def test_forms_say_when_an_input_is_needed_and_what_the_law_will_ask(site: Site) -> None:
    subject = hamlet.to_called(site)
    with at(5):
        client = site.signed_in("hamlet")
        form = client.get(address(subject, "record_count")).text
        assert "Thôn có 20 hộ; cần ít nhất 11 hộ tán thành" in form
        assert "phải ghi khi bỏ phiếu kín" in form
        hamlet.count(site, subject)
        page = client.get(f"/nominations/{subject}").text
        assert "Tổng số hộ</dt><dd>20<" in page
        assert "Cần tán thành</dt><dd>11<" in page
        site.move(subject, "hamlet", "recount", reason="Ghi nhầm số phiếu")
        assert "Kết quả lấy ý kiến" not in client.get(f"/nominations/{subject}").text
    other = site.open("16144-02", "hamlet-16144-02")
    site.move(other, "hamlet-16144-02", "register", **REGISTRATION)
    where = address(other, "complete_self_assessment")
    form = site.signed_in("hamlet-16144-02").get(where).text
    assert "từ ngày 01/11/2025 đến hết ngày 31/10/2026" in form
    assert form.count("Tên sổ, báo cáo, biên bản… kèm số nếu có") == len(hamlet.ROWS)
    assert form.count("phải ghi khi đạt") == 2 * len(hamlet.ROWS)


def test_a_form_that_comes_after_the_meeting_was_put_off_is_a_conflict(site: Site) -> None:
    subject = hamlet.to_called(site)
    with at(5):
        client = site.signed_in("hamlet")
        page = client.get(address(subject, "record_count")).text
        site.move(subject, "hamlet", "call_again", reason="Ghi nhầm ngày họp")
        assert send(client, address(subject, "record_count"), {}, page=page).status_code == 409
