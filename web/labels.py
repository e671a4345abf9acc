"""Names that the pages give to codes which the law files do not name."""

from __future__ import annotations

from flask import Flask

from engine.definition import SYSTEM, Transition, role_of
from web.catalogue import gettext
from web.extensions import bureau
from web.text import day, role, words
from workflows.standing import Change, Target


def series_name(series: str) -> str:
    """What a number register is called."""
    names = {
        "decisions": gettext("Sổ quyết định"),
        "notices": gettext("Sổ thông báo"),
        "certificates": gettext("Sổ giấy công nhận"),
        "letters": gettext("Sổ công văn"),
    }
    return names.get(series, series)


def confidence(level: str) -> str:
    """How sure we are of a definition's rules."""
    return {
        "text": gettext("theo nguyên văn văn bản"),
        "secondary": gettext("theo nguồn gián tiếp, chưa thấy nguyên văn"),
        "assumed": gettext("có phần là giả định, cần người có thẩm quyền xác nhận"),
    }[level]


def verdict(code: str) -> str:
    """What the check of a file comes to, in one sentence."""
    return {
        "genuine": gettext("Văn bản thật, đang có hiệu lực"),
        "not_issued": gettext("Đây mới là dự thảo, chưa phát hành"),
        "not_in_force": gettext("Văn bản thật nhưng không còn hiệu lực"),
        "altered": gettext("Tệp đã bị sửa: đừng dùng"),
        "unknown": gettext("Không phải văn bản của hệ thống này"),
        "unreadable": gettext("Không đọc được: không phải tệp PDF hoặc tệp hỏng"),
    }[code]


def act_name(act: str) -> str:
    """What a later paper does, as a button says it."""
    return {
        "correction": gettext("Đính chính"),
        "replacement": gettext("Thay thế"),
        "revocation": gettext("Thu hồi"),
    }[act]


def changed(change: Change) -> str:
    """What a later paper did to this one, in one sentence."""
    told = {
        "correction": gettext("Đã được đính chính bởi %(paper)s số %(number)s, ngày %(day)s."),
        "replacement": gettext("Đã được thay thế bởi %(paper)s số %(number)s, ngày %(day)s."),
        "revocation": gettext("Đã bị thu hồi bởi %(paper)s số %(number)s, ngày %(day)s."),
    }[change.act]
    kind = words(bureau().house.kinds[change.kind].label)
    return told % {"paper": kind, "number": change.number, "day": day(change.issued_on)}


def acting(target: Target) -> str:
    """What this paper does to an earlier one, in one sentence."""
    told = {
        "correction": gettext("Văn bản này đính chính %(paper)s số %(number)s, ngày %(day)s."),
        "replacement": gettext("Văn bản này thay thế %(paper)s số %(number)s, ngày %(day)s."),
        "revocation": gettext("Văn bản này thu hồi %(paper)s số %(number)s, ngày %(day)s."),
    }[target.act]
    kind = words(bureau().house.kinds[target.kind].label)
    return told % {"paper": kind, "number": target.number, "day": day(target.issued_on)}


def fallen(state: str) -> str:
    """How a fallen paper is called where another one rests on it."""
    names = {"replaced": gettext("đã được thay thế"), "revoked": gettext("đã bị thu hồi")}
    return names[state]


def roles_of(transition: Transition) -> str:
    """Who makes a move, in words."""
    names = dict.fromkeys(role_of(rule) for rule in transition.by)
    return ", ".join(gettext("hệ thống") if name == SYSTEM else role(name) for name in names)


def sample_titles() -> dict[str, str]:
    """What the demonstration's sign-in names stand for."""
    return {
        "hamlet": gettext("Trưởng thôn"),
        "police": gettext("Công an xã (thẩm định)"),
        "committee": gettext("Phó Trưởng Ban Chỉ đạo xã"),
        "chair": gettext("Chủ tịch xã"),
        "clerk": gettext("Văn thư xã"),
        "district-police": gettext("Công an huyện (thẩm định)"),
        "district-chair": gettext("Chủ tịch huyện"),
        "district-clerk": gettext("Văn thư huyện"),
        "province-chair": gettext("Chủ tịch tỉnh"),
        "auditor": gettext("Thanh tra (chỉ xem)"),
        "admin": gettext("Quản trị hệ thống"),
    }


def attach(app: Flask) -> None:
    """Makes these known to the templates."""
    app.jinja_env.globals.update(
        series_name=series_name,
        confidence=confidence,
        verdict=verdict,
        roles_of=roles_of,
        act_name=act_name,
        changed=changed,
        acting=acting,
        fallen=fallen,
    )
