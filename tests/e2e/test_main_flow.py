"""One nomination through every office to its certificate, in a browser without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from engine import history
from tests.databases import KINDS
from tests.e2e.conftest import PIN, Served
from tests.e2e.hands import Browsing, Hand, Reading

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

GENUINE = "Văn bản thật, đang có hiệu lực"


@pytest.fixture(scope="module", params=KINDS)
def served_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def hand(served: Served, served_kind: str, request: pytest.FixtureRequest) -> Iterator[Hand]:
    """A real browser over one database; over the other the same pages, read and not drawn."""
    if served_kind != "sqlite":
        yield Reading(served)
        return
    browser: Browser = request.getfixturevalue("browser")
    context = browser.new_context(
        java_script_enabled=False,
        viewport={"width": 360, "height": 780},
        locale="vi-VN",
        reduced_motion="reduce",
    )
    yield Browsing(context.new_page(), served)
    context.close()


class Desk:
    """What people do: sign in, find the file, fill in the form, press the button."""

    def __init__(self, hand: Hand, served: Served) -> None:
        self.hand, self.served = hand, served
        self.file = ""

    def come(self, username: str, day: str, hour: str = "09:00") -> None:
        self.served.work()
        self.served.at(day, hour)
        self.hand.come(username)

    def move(self, action: str, **values: str) -> None:
        """Makes a move of the nomination."""
        self.hand.open(self.file)
        self.hand.press(f'.move-list a[href$="/moves/{action}"]')
        for name, value in values.items():
            self.hand.fill(name, value)
        self.send()

    def table(self, action: str, cells: dict[str, str], **values: str) -> None:
        """Makes a move whose form has a table: the same cells in every row."""
        self.hand.open(f"{self.file}/moves/{action}")
        names = self.hand.all('input[type="radio"][value="yes"][name$=".met"]', "name")
        assert names
        for name in names:
            self.hand.fill(name, "yes")
            for column, value in cells.items():
                self.hand.fill(name.removesuffix(".met") + f".{column}", value)
        for name, value in values.items():
            self.hand.fill(name, value)
        self.send()

    def send(self) -> None:
        self.hand.press('button[value="send"]')
        self.hand.says(".flash-success", "Xong:")

    def paper(self, action: str) -> None:
        """Makes a move of the paper that waits on top of the inbox."""
        self.hand.press('a.work-item[href*="/papers/"]')
        self.hand.press(f'.move-list a[href$="/moves/{action}"]')
        self.send()

    def batch(self, action: str) -> None:
        """Signs or issues everything that waits in the inbox, with one PIN."""
        form = f'form[action$="/papers/{action}"]'
        assert len(self.hand.all(form, "action")) == 1
        self.hand.fill("pin", PIN)
        self.hand.press(f"{form} button")
        self.hand.says(".outcome h2", "1 trên 1")

    def draft(self, kind: str) -> None:
        """Puts what is ready into a paper of the kind."""
        self.hand.press(f'section[aria-labelledby="ready-{kind}"] form button')
        self.hand.says(".flash-success", "Đã lập dự thảo")


def test_from_self_assessment_to_a_certified_signed_decision(
    served: Served, hand: Hand, tmp_path: Path
) -> None:
    desk = Desk(hand, served)
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
    hand.says(".status-name", "Đã công bố", only=True)
    _check_in_public(desk, tmp_path)
    assert served.do(history.verify) == []


def _at_the_hamlet(desk: Desk) -> None:
    desk.come("hamlet", "2026-09-08", "08:00")
    desk.hand.says("button.btn-big", "Mở hồ sơ năm 2026", only=True)
    desk.hand.press("button.btn-big")
    desk.hand.says(".status-name", "Đang lập bản đăng ký", only=True)
    desk.file = desk.hand.path
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
    hand = desk.hand
    hand.open(desk.file)
    addresses = []
    for paper in hand.all('a.work-item[href*="/papers/"]', "href"):
        hand.open(paper)
        addresses += hand.all('a[href^="/p/"]', "href")[:1]
    assert len(addresses) == 3  # the commune's decision, the district's, the certificate
    file = folder / "paper.pdf"
    for address in addresses:
        hand.open(address)
        hand.says(".verdict h2", GENUINE, only=True)
        assert len(hand.all(".answer-good", "class")) == 4
        assert not re.search(r"Mẫu \d", hand.text())
        file.write_bytes(desk.served.app.test_client().get(f"{address}/file").data)
        _check(hand, file)
        hand.says(".verdict h2", GENUINE, only=True)
    file.write_bytes(file.read_bytes() + b"\n")
    _check(hand, file)
    hand.says(".verdict h2", "Tệp đã bị sửa: đừng dùng", only=True)


def _check(hand: Hand, file: Path) -> None:
    hand.open("/verify")
    hand.fill("file", file)
    hand.press(".verify-form button")
