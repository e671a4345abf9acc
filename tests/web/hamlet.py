"""What a hamlet does with its nomination, beside the pages: from the registration on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.web.conftest import REGISTRATION, TODAY, Site
from workflows.assessment import criteria_set

ROWS = tuple(criterion.row for criterion in criteria_set("tt-124-2021").criteria)

NOTICE = {"place": "Nhà văn hóa", "means": ["Giấy mời"], "agenda": ["Bỏ phiếu"]}

COUNT = {
    "method": "secret_ballot",
    "present": 18,
    "issued": 18,
    "returned": 18,
    "valid": 17,
    "invalid": 1,
    "yes": 15,
    "no": 2,
    "chair": "Phạm Văn Mẫu 1",
    "secretary": "Phạm Văn Mẫu 2",
    "tellers": ["Phạm Văn Mẫu 3", "Phạm Văn Mẫu 4", "Phạm Văn Mẫu 5"],
    "witnesses": ["Phạm Văn Mẫu 6", "Phạm Văn Mẫu 7"],
    "front_representative": "Phạm Văn Mẫu 8",
}


def day(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


def findings(**cells: Any) -> dict[str, dict[str, Any]]:
    """Every criterion met, with its proof."""
    proof = {"met": True, "fact": "Không có", "source": "Sổ theo dõi", "dated": day(0)}
    return dict.fromkeys(ROWS, proof | cells)


def to_called(site: Site, code: str = "16144-01", head: str = "hamlet") -> int:
    """A nomination whose residents are called together in four days."""
    subject = site.open(code, head)
    site.move(subject, head, "register", **REGISTRATION)
    site.move(subject, head, "complete_self_assessment", findings=findings())
    site.move(subject, head, "give_notice", meeting_at=f"{day(4)}T19:30", **NOTICE)
    return subject


def count(site: Site, subject: int, head: str = "hamlet", **told: Any) -> None:
    """Records the count of that meeting; on the day after it at the earliest."""
    figures = COUNT | {"ended_at": f"{day(4)}T21:15"} | told
    site.move(subject, head, "record_count", **figures)


def submit(site: Site, subject: int, head: str = "hamlet", **told: Any) -> None:
    """Adopts the minutes and hands everything in."""
    site.move(subject, head, "adopt_minutes")
    site.move(subject, head, "submit", **({"enclosures": ["Biên bản"]} | told))
