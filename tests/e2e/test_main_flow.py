"""One nomination through every office to its certificate, in a browser without JavaScript."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from engine import history
from tests.databases import KINDS
from tests.e2e.conftest import PIN, Served, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module", params=KINDS)
def served_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Desk:
    """What people do: sign in, find the file, fill in the form, press the button."""

    def __init__(self, page: Page, served: Served) -> None:
        self.page, self.served = page, served
        self.file = ""

    def come(self, username: str, day: str, hour: str = "09:00") -> None:
        self.served.work()
        self.served.at(day, hour)
        sign_in(self.page, self.served, username)

    def move(self, action: str, **values: str) -> None:
        """Makes a move of the nomination."""
        self.page.goto(self.file)
        self.page.click(f'.move-list a[href$="/moves/{action}"]')
        for name, value in values.items():
            self.fill(name, value)
        self.send()

    def table(self, action: str, cells: dict[str, str], **values: str) -> None:
        """Makes a move whose form has a table: the same cells in every row."""
        self.page.goto(f"{self.file}/moves/{action}")
        ids = self.page.locator('input[type="radio"][value="yes"][name$=".met"]').evaluate_all(
            "radios => radios.map(radio => radio.name)"
        )
        assert ids
        for name in ids:
            self.page.check(f'input[name="{name}"][value="yes"]')
            for column, value in cells.items():
                self.fill(name.removesuffix(".met") + f".{column}", value)
        for name, value in values.items():
            self.fill(name, value)
        self.send()

    def fill(self, name: str, value: str) -> None:
        if self.page.locator(f'input[type="radio"][name="{name}"]').count():
            self.page.check(f'input[type="radio"][name="{name}"][value="{value}"]')
        else:
            self.page.fill(f'[name="{name}"]', value)

    def send(self) -> None:
        self.page.click('button[value="send"]')
        expect(self.page.locator(".flash-success")).to_contain_text("Xong:")

    def paper(self, action: str) -> None:
        """Makes a move of the paper that waits on top of the inbox."""
        self.page.goto(f"{self.served.address}/inbox")
        self.page.locator('a.work-item[href*="/papers/"]').first.click()
        self.page.click(f'.move-list a[href$="/moves/{action}"]')
        self.send()

    def batch(self, action: str) -> None:
        """Signs or issues everything that waits, with one PIN."""
        self.page.goto(f"{self.served.address}/inbox")
        form = self.page.locator(f'form[action$="/papers/{action}"]')
        form.locator('input[name="pin"]').fill(PIN)
        form.locator("button").click()
        expect(self.page.locator(".outcome h2")).to_contain_text("1 trên 1")

    def draft(self, kind: str) -> None:
        """Puts what is ready into a paper of the kind."""
        self.page.goto(f"{self.served.address}/inbox")
        self.page.locator(f'section[aria-labelledby="ready-{kind}"] form button').click()
        expect(self.page.locator(".flash-success")).to_be_visible()


def test_from_self_assessment_to_a_certified_signed_decision(
    served: Served, browser: Browser, tmp_path: Path
) -> None:
    context = browser.new_context(
        java_script_enabled=False,
        viewport={"width": 360, "height": 780},
        locale="vi-VN",
        reduced_motion="reduce",
    )
    desk = Desk(context.new_page(), served)
    _at_the_hamlet(desk)
    _at_the_commune(desk)
    _at_the_district(desk)
    desk.come("clerk", "2026-11-06")
    desk.move(
        "announce",
        announced_on="2026-11-06",
        occasion="Ngày hội toàn dân bảo vệ an ninh Tổ quốc",
        announcement_place="Nhà văn hóa thôn",
    )
    expect(desk.page.locator(".status-name")).to_have_text("Đã công bố")
    _check_in_public(desk, tmp_path)
    assert served.do(history.verify) == []
    context.close()


def _at_the_hamlet(desk: Desk) -> None:
    desk.come("hamlet", "2026-09-08", "08:00")
    desk.page.click("text=Mở hồ sơ năm 2026")
    desk.file = desk.page.url
    desk.move(
        "register",
        registered_on="2026-09-08",
        households_registered="20",
        resolution_number="03-NQ/CB",
        resolution_on="2026-09-07",
    )
    desk.come("hamlet", "2026-09-20")
    cells = {"fact": "Không có vụ việc nào", "source": "Sổ theo dõi", "dated": "2026-09-19"}
    desk.table("complete_self_assessment", cells)
    desk.come("hamlet", "2026-09-26")
    desk.move(
        "give_notice",
        meeting_at="2026-10-02T19:30",
        place="Nhà văn hóa thôn",
        means="Giấy mời đến từng hộ\nLoa truyền thanh",
        agenda="Trưởng thôn báo cáo\nBỏ phiếu kín",
    )
    desk.come("hamlet", "2026-10-02", "21:40")
    count = {"present": 18, "issued": 18, "returned": 18, "valid": 17, "invalid": 1}
    desk.move(
        "record_count",
        method="secret_ballot",
        **{name: str(value) for name, value in count.items()},
        yes="15",
        no="2",
        ended_at="2026-10-02T21:15",
        chair="Phạm Văn Mẫu 901",
        secretary="Mai Thị Mẫu 902",
        tellers="Trịnh Văn Mẫu 903\nLê Thị Mẫu 904\nNguyễn Văn Mẫu 905",
        witnesses="Hoàng Thị Mẫu 906\nVũ Văn Mẫu 907",
        front_representative="Mai Văn Mẫu 908",
    )
    desk.move("adopt_minutes")
    desk.come("hamlet", "2026-10-05")
    desk.move("submit", enclosures="Bản đăng ký\nBiên bản họp")


def _at_the_commune(desk: Desk) -> None:
    desk.come("police", "2026-10-07")
    desk.table("record_appraisal", {}, remarks="Hồ sơ đủ.")
    desk.come("committee", "2026-10-09")
    desk.move(
        "record_committee_opinion",
        opinion_form="meeting",
        held_on="2026-10-09",
        members="23",
        members_present="21",
        members_agreed="21",
    )
    desk.come("police", "2026-10-10")
    desk.draft("commune_decision")
    desk.come("chair", "2026-10-10", "15:00")
    desk.paper("approve_content")
    desk.come("clerk", "2026-10-11", "08:40")
    desk.paper("approve_format")
    desk.come("chair", "2026-10-11", "10:15")
    desk.batch("sign")
    desk.come("clerk", "2026-10-11", "10:30")
    desk.batch("issue")
    desk.come("clerk", "2026-10-12", "08:00")
    desk.move(
        "post_publicly",
        posting_place="Nhà văn hóa thôn",
        posted_on="2026-10-12",
        posted_until="2026-10-22",
    )
    desk.come("clerk", "2026-10-23")
    desk.move("forward_to_district")


def _at_the_district(desk: Desk) -> None:
    desk.come("district-police", "2026-10-28")
    desk.move("record_district_appraisal", favourable="yes", assessment="Đúng trình tự.")
    desk.come("district-police", "2026-10-29")
    desk.draft("district_decision")
    desk.come("district-chair", "2026-10-29", "14:00")
    desk.paper("approve_content")
    desk.come("district-clerk", "2026-10-30", "08:15")
    desk.paper("approve_format")
    desk.come("district-chair", "2026-10-30", "09:00")
    desk.batch("sign")
    desk.come("district-clerk", "2026-10-30", "09:20")
    desk.batch("issue")
    desk.come("district-chair", "2026-11-02", "09:00")
    desk.batch("sign")
    desk.come("district-clerk", "2026-11-02", "09:30")
    desk.batch("issue")


def _check_in_public(desk: Desk, folder: Path) -> None:
    """Anybody finds each issued paper at its printed address, and its file is genuine."""
    page = desk.page
    page.goto(desk.file)
    papers = page.locator('a.work-item[href*="/papers/"]').evaluate_all(
        "links => links.map(link => link.href)"
    )
    addresses = []
    for paper in papers:
        page.goto(paper)
        link = page.locator('a[href^="/p/"]')
        if link.count():
            addresses.append(str(link.get_attribute("href")))
    assert len(addresses) == 3  # the commune's decision, the district's, the certificate
    for address in addresses:
        page.goto(desk.served.address + address)
        expect(page.locator(".verdict h2")).to_have_text("Văn bản thật, đang có hiệu lực")
        assert page.locator(".answer-good").count() == 4
        assert not re.search(r"Mẫu \d", page.locator("main").inner_text())
        file = folder / "paper.pdf"
        file.write_bytes(desk.served.app.test_client().get(f"{address}/file").data)
        page.goto(f"{desk.served.address}/verify")
        page.set_input_files("#file", file)
        page.click(".verify-form button")
        expect(page.locator(".verdict h2")).to_have_text("Văn bản thật, đang có hiệu lực")
    file.write_bytes(file.read_bytes() + b"\n")
    page.goto(f"{desk.served.address}/verify")
    page.set_input_files("#file", file)
    page.click(".verify-form button")
    expect(page.locator(".verdict h2")).to_have_text("Tệp đã bị sửa: đừng dùng")
