"""Pages for the other subjects: what a commune's title needs is shown beside its nomination."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests.web.conftest import Site, post
from tests.web.world import YEAR
from workflows.cycles import open_year
from workflows.regimes import regime


def open_communes(session: Session) -> None:
    open_year(session, regime("two-tier-2025"), YEAR, kinds=["commune"])


def test_a_commune_opens_its_own_from_the_inbox_and_sees_its_subjects(site: Site) -> None:
    committee = site.signed_in("committee")
    assert "/nominations" in committee.get("/inbox").text
    assert 'name="area_id"' not in committee.get("/inbox").text
    site.do(open_communes)
    page = committee.get("/inbox").text
    start = page.index('name="area_id" value="') + len('name="area_id" value="')
    answer = post(
        committee, "/nominations", page="/inbox", area_id=page[start : page.index('"', start)]
    )
    assert answer.status_code == 303
    shown = committee.get(answer.headers["Location"]).text
    assert "Xã Nga An" in shown
    assert "Đối tượng thuộc xã" in shown
    assert "khoản 4 Điều 5 Thông tư 124/2021/TT-BCA" in shown
    for kind in ("Khu dân cư", "Cơ quan", "Doanh nghiệp", "Cơ sở giáo dục"):
        assert kind in shown
