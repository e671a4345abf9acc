"""What people read when something is not possible: what, why, and what to do instead."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask import Flask, Response, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError

from engine.errors import Away, EngineError, Forbidden, Refusal
from web.access import note_refusal
from web.api import no_such_call
from web.catalogue import gettext
from web.extensions import db
from web.openapi import PREFIX
from web.security import MEGABYTE
from web.text import named

log = logging.getLogger("binhxet.problems")


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence, and the clause it rests on."""

    sentence: str
    clause: str = ""


def attach(app: Flask) -> None:
    """Hangs the pages on the kinds of refusal."""
    app.register_error_handler(EngineError, _refused)
    app.register_error_handler(CSRFError, _old_form)
    app.register_error_handler(SecurityError, _unknown_host)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _fault)


def _page(status: int, title: str, reasons: list[Reason]) -> tuple[Response, int] | tuple[str, int]:
    if wants_json():
        detail = " ".join(reason.sentence for reason in reasons)
        return jsonify(title=title, detail=detail, status=status), status
    return render_template("problem.html", status=status, title=title, reasons=reasons), status


def wants_json() -> bool:
    """Whether the one who asks is a program."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json"


def _refused(error: EngineError) -> tuple[Response, int] | tuple[str, int]:
    db.session.rollback()
    if isinstance(error, Forbidden):
        note_refusal(error)
    titles = {
        403: gettext("Việc này không thuộc quyền của bạn"),
        404: gettext("Không tìm thấy"),
        409: gettext("Hồ sơ đã ở bước khác"),
        422: gettext("Chưa thực hiện được"),
        503: gettext("Hệ thống đang trục trặc"),
    }
    reasons = [Reason(named(refusal), refusal.clause or "") for refusal in error.refusals]
    return _page(error.status, titles.get(error.status, titles[422]), reasons)


def _old_form(error: CSRFError) -> tuple[Response, int] | tuple[str, int]:
    log.warning("form without a good token endpoint=%s why=%s", request.endpoint, error.description)
    reason = gettext(
        "Trang này mở đã lâu hoặc bạn vừa đăng nhập lại. Quay lại, tải lại trang rồi gửi."
    )
    return _page(400, gettext("Trang đã cũ"), [Reason(reason)])


def _unknown_host(error: SecurityError) -> Response:
    """A host that is not ours gets no page: nothing of ours could be linked to from it."""
    log.warning("unknown host address=%s", request.remote_addr)
    return Response(f"{error.code}\n", error.code or 400, mimetype="text/plain")


def _http(error: HTTPException) -> Response | tuple[Response, int] | tuple[str, int]:
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    if request.path.startswith(f"{PREFIX}/"):
        return no_such_call(error)  # no rule matched, so the blueprint did not hear of it
    told = {
        404: (
            gettext("Không tìm thấy"),
            gettext("Địa chỉ này không có, hoặc giấy tờ đã được chuyển đi nơi khác."),
        ),
        405: (gettext("Không làm được theo cách này"), gettext("Hãy đi từ trang chủ.")),
        413: _too_much(),
    }
    title, reason = told.get(
        error.code,
        (gettext("Yêu cầu không hợp lệ"), gettext("Hãy quay lại trang trước và thử lại.")),
    )
    return _page(error.code, title, [Reason(reason)])


def _too_much() -> tuple[str, str]:
    """Why a form was not read: its files are too large together, or it has too many inputs."""
    most = request.max_content_length or 0
    if request.content_length is not None and request.content_length <= most:
        return gettext("Biểu mẫu quá dài"), gettext(
            "Biểu mẫu có quá nhiều ô hoặc quá nhiều chữ nên chưa gửi được. Hãy tải lại trang, "
            "rút gọn rồi gửi."
        )
    return gettext("Tệp quá lớn"), gettext(
        "Cả lần gửi không quá %(size)s MB. Bấm nút quay lại của trình duyệt thì những gì bạn gõ "
        "vẫn còn; bỏ bớt tệp, bấm “Lưu nháp”, rồi thêm các tệp còn lại.",
        size=most // MEGABYTE,
    )


def _fault(error: Exception) -> tuple[Response, int] | tuple[str, int]:
    """A mistake of ours, or a database that is full or gone: nothing was written, and the log
    says where it was."""
    db.session.rollback()
    log.exception("fault at %s %s", request.method, request.endpoint, exc_info=error)
    if isinstance(error, OperationalError):
        return _refused(Away(Refusal("database_away")))
    reason = gettext(
        "Máy chủ gặp trục trặc; chưa có gì thay đổi. Thử lại sau ít phút; nếu vẫn không được, "
        "báo cho quản trị viên."
    )
    return _page(500, gettext("Có trục trặc phía máy chủ"), [Reason(reason)])
