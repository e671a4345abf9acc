"""Names that the pages give to codes which the law files do not name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Flask

from web.catalogue import gettext, ngettext
from web.extensions import bureau, db, language
from web.text import day, words
from workflows.definitions import telling
from workflows.findings import lines
from workflows.queries.briefs import Brief, briefs
from workflows.resting import Shaken
from workflows.standing import Change, Target
from workflows.verification import Verification
from workflows.wording import names, of_province


def series_name(series: str) -> str:
    """What a number register is called."""
    names = {
        "decisions": gettext("Sổ quyết định"),
        "notices": gettext("Sổ thông báo"),
        "certificates": gettext("Sổ giấy công nhận"),
        "letters": gettext("Sổ công văn"),
    }
    return names.get(series, series)


def paper_title(brief: Brief) -> str:
    """A paper in one line, told apart from others of its kind by the areas it lists."""
    return f"{kind_label(brief.kind, brief.level)} · {paper_about(brief)}"


def kind_label(kind: str, level: str) -> str:
    """What a kind of paper is called where a unit of that level issues it: what was a
    district's is the province's once it has taken the district's place."""
    label = bureau().house.kinds[kind].label
    return words(of_province(label) if level == "province" else label)


def paper_about(brief: Brief) -> str:
    """What that adds to the name of the kind: the areas, and whose the paper is."""
    areas, more = ", ".join(brief.areas), brief.listed - len(brief.areas)
    if more:
        areas = ngettext(
            "%(areas)s và %(num)d khu khác", "%(areas)s và %(num)d khu khác", more, areas=areas
        )
    return " · ".join(part for part in (areas, brief.authority) if part)


def paper_name(paper_id: int) -> str:
    """The same for one paper by its id; one query."""
    return paper_title(briefs(db.session(), [paper_id])[paper_id])


def confidence(level: str) -> str:
    """How sure we are of a definition's rules."""
    return {
        "text": gettext("theo nguyên văn văn bản"),
        "secondary": gettext("theo nguồn gián tiếp, chưa thấy nguyên văn"),
        "assumed": gettext("có phần là giả định, cần người có thẩm quyền xác nhận"),
    }[level]


def unit_kind(kind: str) -> str:
    """What a kind of unit is called."""
    return str(names()["units"][kind][language()])


def verdict(code: str, changes: Sequence[Change] = ()) -> str:
    """What the check of a file comes to, in one sentence; whoever reads no more is to know of a
    correction too."""
    if code == "genuine" and any(change.act == "correction" for change in changes):
        return gettext("Văn bản thật, đang có hiệu lực, đã được đính chính")
    return {
        "genuine": gettext("Văn bản thật, đang có hiệu lực"),
        "not_issued": gettext("Chưa phải văn bản đã phát hành: đừng dùng"),
        "not_in_force": gettext("Văn bản thật nhưng không còn hiệu lực"),
        "lapsed": gettext("Đúng tệp đã phát hành, nhưng không còn chứng cứ thời gian cho chữ ký"),
        "other_paper": gettext("Văn bản thật, nhưng là một văn bản khác"),
        "altered": gettext("Tệp đã bị sửa: đừng dùng"),
        "unknown": gettext("Không phải văn bản của hệ thống này"),
        "unreadable": gettext("Không đọc được tệp này"),
        "busy": gettext("Chưa kiểm tra được: máy chủ đang mở tệp của người khác"),
    }[code]


def level_sentence(level: str) -> str:
    """What a level of signature (ETSI EN 319 142-1) means for whoever keeps the file."""
    return {
        "B-B": gettext("Chưa có dấu thời gian"),
        "B-T": gettext("Có dấu thời gian"),
        "B-LT": gettext("Có dấu thời gian và đủ bằng chứng về chứng thư số"),
        "B-LTA": gettext("Kiểm tra được lâu dài: đủ bằng chứng, có dấu thời gian lưu trữ"),
    }[level]


def stage_name(stage: str) -> str:
    """What a version of a paper's file is called."""
    return {
        "rendered": gettext("Dự thảo"),
        "signed": gettext("Đã ký"),
        "issued": gettext("Đã ban hành"),
        "timestamped": gettext("Thêm dấu thời gian"),
        "evidenced": gettext("Thêm bằng chứng về chứng thư số"),
        "archived": gettext("Thêm dấu thời gian lưu trữ"),
        "annex_rendered": gettext("Phụ lục, dự thảo"),
        "annex_issued": gettext("Phụ lục, đã ban hành"),
        "annex_timestamped": gettext("Phụ lục, thêm dấu thời gian"),
        "annex_evidenced": gettext("Phụ lục, thêm bằng chứng về chứng thư số"),
        "annex_archived": gettext("Phụ lục, thêm dấu thời gian lưu trữ"),
    }[stage]


def reasons(result: Verification) -> Mapping[str, list[str]]:
    """Why an answer about a file is no, as sentences under the answer's name."""
    return lines(result.reasons, language())


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


def ground(one: Shaken) -> str:
    """What a paper rests on that fell, and what became of it."""
    if one.fallen_kind:
        kind, number = words(bureau().house.kinds[one.fallen_kind].label), one.fallen_number
        paper = gettext("%(kind)s số %(number)s", kind=kind, number=number)
        return f"{paper}, {fallen(one.fallen_state)}"
    if one.fallen_state == "revoked":
        places = {"year": one.year, "number": one.fallen_number}
        return gettext("kết quả năm %(year)s, đã bị thu hồi theo quyết định %(number)s", **places)
    return gettext("kết quả năm %(year)s, đã sửa thành chưa đạt", year=one.year)


def office_words(rule: str) -> str:
    """``clerk@commune`` in words."""
    return telling.office(rule, language())


def condition_words(group: str, name: str) -> str:
    """A guard or an effect of a definition in words."""
    return telling.condition(group, name, language())


def verdict_name(verdict: str) -> str:
    """What would have become of a past case under a draft."""
    return {
        "same": gettext("Kết quả như cũ"),
        "other_end": gettext("Kết thúc ở bước khác"),
        "refused": gettext("Bị dừng vì không đủ điều kiện"),
        "lapsed": gettext("Hết hạn trước khi làm xong"),
        "waits": gettext("Được chờ lâu hơn"),
    }[verdict]


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
        "admin-2": gettext("Quản trị hệ thống (người thứ hai)"),
    }


def attach(app: Flask) -> None:
    """Makes these known to the templates."""
    app.jinja_env.globals.update(
        series_name=series_name,
        paper_title=paper_title,
        kind_label=kind_label,
        paper_about=paper_about,
        confidence=confidence,
        unit_kind=unit_kind,
        verdict=verdict,
        level_sentence=level_sentence,
        stage_name=stage_name,
        reasons=reasons,
        act_name=act_name,
        changed=changed,
        acting=acting,
        fallen=fallen,
        ground=ground,
        office_words=office_words,
        condition_words=condition_words,
        verdict_name=verdict_name,
    )
