"""What the administrator keeps: failures and appointments; nothing of any file."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from engine import clock, outbox
from engine.db import writing
from tests.web import world
from tests.web.conftest import Site, at, post
from workflows.cycles import CycleOpening
from workflows.people import Appointment, AppointmentEnding

NEW = {
    "username": "police",
    "role": "commune_committee",
    "unit": "16144",
    "title": "Ủy viên Ban Chỉ đạo",
    "capacity": "",
    "starts_on": "2026-03-03",
    "ends_on": "",
    "basis": "Quyết định 12/QĐ-UBND",
}


def test_a_failure_is_shown_with_its_reason_and_tried_again(site: Site) -> None:
    def fail(session: Session) -> None:
        with writing(session):
            session.execute(
                insert(outbox.Task).values(
                    name="render",
                    ids={"paper": 7},
                    created_at=clock.now(),
                    due_at=clock.now(),
                    attempts=8,
                    last_error="OSError: [Errno 28] No space left on device",
                    failed_at=clock.now(),
                )
            )

    site.do(fail)
    client = site.signed_in("admin")
    assert "No space left on device" in client.get("/admin/failures").text
    assert post(client, "/admin/failures/1/retry", "/inbox").status_code == 303
    task = site.do(lambda s: s.scalars(select(outbox.Task)).one())
    assert (task.attempts, task.failed_at) == (0, None)
    assert post(client, "/admin/failures/99/retry", "/inbox").status_code == 404


def _roles(site: Site, username: str) -> set[str]:
    def work(session: Session) -> set[str]:
        person = world.person_id(session, username)
        query = select(Appointment.role).where(Appointment.person_id == person)
        return set(session.scalars(query))

    found: set[str] = site.do(work)
    return found


def test_an_appointment_is_recorded_with_its_basis_and_begins_on_its_day(site: Site) -> None:
    client = site.signed_in("admin")
    assert post(client, "/admin/people", "/inbox", **NEW).status_code == 303
    assert _roles(site, "police") == {"commune_appraiser", "commune_committee"}
    assert "Ủy viên Ban Chỉ đạo" not in site.signed_in("police").get("/inbox").text
    with at(1):
        assert "Ủy viên Ban Chỉ đạo" in site.signed_in("police").get("/inbox").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "nobody"},
        {"unit": "nơi không có"},
        {"unit": "16144-01"},
        {"role": "emperor"},
        {"basis": ""},
        {"basis": "\u200b"},
        {"title": "\u2060 \u00ad"},
        {"title": "Trưởng 🏠"},
        {"title": "Trưởng\0"},
        {"title": "Trưởng \u202ebạn"},
        {"starts_on": "hôm nay"},
        {"ends_on": "2026-01-01"},
    ],
)
def test_an_appointment_that_makes_no_sense_is_refused(site: Site, wrong: dict[str, str]) -> None:
    client = site.signed_in("admin")
    assert post(client, "/admin/people", "/inbox", **(NEW | wrong)).status_code == 422
    assert _roles(site, "police") == {"commune_appraiser"}


def test_a_refused_appointment_keeps_what_was_typed_and_names_each_fault(
    site: Site,
) -> None:
    client = site.signed_in("admin")
    wrong = {"username": "nobody", "starts_on": "mai", "basis": "", "capacity": "TL."}
    page = post(client, "/admin/people", "/inbox", **(NEW | wrong)).text
    for typed in ('value="nobody"', 'value="mai"', 'value="TL." selected', NEW["title"]):
        assert typed in page
    for name in ("username", "starts_on", "basis"):
        assert f'id="{name}-error"' in page
    assert 'id="unit-error"' not in page


def test_days_are_read_as_people_write_them(site: Site) -> None:
    client = site.signed_in("admin")
    told = NEW | {"starts_on": "2/3/2026", "ends_on": "31/12/2026"}
    assert post(client, "/admin/people", "/inbox", **told).status_code == 303
    assert "đến 31/12/2026" in client.get("/admin/people?q=police").text


def test_a_form_sent_twice_makes_one_appointment(site: Site) -> None:
    client = site.signed_in("admin")
    assert post(client, "/admin/people", "/inbox", **NEW).status_code == 303
    again = post(client, "/admin/people", "/inbox", **NEW)
    assert again.status_code == 422
    assert "đang giữ đúng chức vụ" in again.text
    count = site.do(
        lambda s: s.scalar(
            select(func.count()).where(
                Appointment.person_id == world.person_id(s, "police"),
                Appointment.role == NEW["role"],
            )
        )
    )
    assert count == 1


def test_an_administrator_does_not_appoint_themself(site: Site) -> None:
    client = site.signed_in("admin")
    answer = post(client, "/admin/people", "/inbox", **(NEW | {"username": "admin"}))
    assert answer.status_code == 422
    assert "tự bổ nhiệm" in answer.text
    assert _roles(site, "admin") == {"admin"}


@pytest.mark.parametrize(
    ("told", "refused"),
    [
        ({"username": "auditor"}, True),
        ({"username": "auditor", "starts_on": "2009-01-01", "ends_on": ""}, True),
        ({"username": "auditor", "starts_on": "2009-01-01", "ends_on": "2009-12-31"}, False),
        ({"role": "admin", "unit": "38"}, True),
        ({"role": "auditor", "unit": "38"}, True),
    ],
)
def test_who_administers_or_audits_holds_no_other_role_meanwhile(
    site: Site, told: dict[str, str], refused: bool
) -> None:
    answer = post(site.signed_in("admin"), "/admin/people", "/inbox", **(NEW | told))
    assert answer.status_code == (422 if refused else 303)
    assert ("không giữ vai trò nào khác" in answer.text) is refused


def _office(site: Site, username: str) -> int:
    found: int = site.do(
        lambda s: s.scalars(
            select(Appointment.id).where(Appointment.person_id == world.person_id(s, username))
        ).one()
    )
    return found


def _end(site: Site, username: str, ends_on: str, basis: str = "Quyết định 9") -> TestResponse:
    address = f"/admin/people/{_office(site, username)}/end"
    told = {"ends_on": ends_on, "basis": basis, "q": username}
    return post(site.signed_in("admin"), address, "/inbox", **told)


def test_ending_an_appointment_keeps_it_in_the_book(site: Site) -> None:
    early = _end(site, "clerk", "2009-01-01", "Quyết định 7")
    assert early.status_code == 422
    assert 'value="2009-01-01"' in early.text
    assert 'value="Quyết định 7"' in early.text
    bare = _end(site, "clerk", "2026-03-02", "")
    assert (bare.status_code, "-error" in bare.text) == (422, True)
    assert _end(site, "clerk", "2026-03-02").status_code == 303
    page = site.signed_in("admin").get("/admin/people?q=clerk").text
    assert "đến 02/03/2026" in page
    assert "ghi 09:00 02/03/2026; căn cứ: Quyết định 9" in page
    with at(1):
        page = site.signed_in("clerk").get("/inbox").text
        assert "Hôm nay không giữ chức vụ nào" in page


def test_an_office_only_grows_shorter_and_is_not_opened_again(site: Site) -> None:
    assert _end(site, "clerk", "2026-12-31").status_code == 303
    for later in ("2027-12-31", "2026-12-31"):
        assert "chỉ ghi được ngày sớm hơn" in _end(site, "clerk", later).text
    assert _end(site, "clerk", "2026-03-02").status_code == 303
    with at(1):
        assert "không mở lại được" in _end(site, "clerk", "2026-03-10").text
        assert "không mở lại được" in _end(site, "clerk", "2026-03-01").text
    days = site.do(lambda s: s.scalars(select(AppointmentEnding.ends_on)).all())
    assert [day.isoformat() for day in days] == ["2026-12-31", "2026-03-02"]


def test_an_office_does_not_end_before_what_was_done_in_it(site: Site) -> None:
    site.open()
    assert "với chức vụ này ngày 02/03/2026" in _end(site, "hamlet", "2026-03-01").text
    assert _end(site, "hamlet", "2026-03-02").status_code == 303


def test_nobody_ends_their_own_office(site: Site) -> None:
    answer = _end(site, "admin", "2026-12-31")
    assert (answer.status_code, "Không tự ghi thôi" in answer.text) == (422, True)


def test_people_are_found_without_marks(site: Site) -> None:
    page = site.signed_in("admin").get("/admin/people?q=le van mau ba dinh").text
    assert "xã Ba Đình" in page
    assert "xã Nga An" not in page


def test_the_law_of_a_day_is_shown_with_its_citation_and_confidence(site: Site) -> None:
    ministry = "điểm d khoản 1 Điều 9 Thông tư 124/2021/TT-BCA"  # no workflow here, and why
    told = {
        ("2024-05-01", "school"): ["tt-124-2021-school", "19/11/2024", "nd-30-2020", ministry],
        ("2012-05-01", "area"): ["de-an-375", "tt-01-2011", "theo nguồn gián tiếp"],
        ("2012-05-01", "commune"): ["Không có tệp quy định nào", "phap-lenh-34-2007"],
    }
    admin = site.signed_in("admin")
    for (on, kind), expected in told.items():
        page = admin.get(f"/admin/laws?on={on}&kind={kind}")
        assert page.status_code == 200
        assert [text for text in expected if text not in page.text] == []
    assert admin.get("/admin/laws?kind=moon").status_code == 404


def test_a_year_is_opened_by_somebody_who_is_told_beside_it(site: Site) -> None:
    client, asked = site.signed_in("admin"), {"regime": "two-tier-2025", "kinds": ["area"]}
    for year, told in (("x", "x"), ("2020", "không áp dụng")):
        answer = post(client, "/admin/years", "/inbox", **asked, year=year)
        assert answer.status_code == 422
        assert told in answer.text
    assert post(client, "/admin/years", "/inbox", **asked, year="2027").status_code == 303
    page = client.get("/admin/years").text
    assert "01/11/2026 – 31/10/2027" in page
    assert "đã được mở" in post(client, "/admin/years", "/inbox", **asked, year="2027").text
    kept = site.do(lambda s: s.scalars(select(CycleOpening)).one())
    assert (kept.year, kept.kind) == (2027, "area")
    assert kept.person_id == site.do(lambda s: world.person_id(s, "admin"))
