"""Ceremonies as programs see them: what is to be done, begun and stopped, and what came of it.

The server knows by itself what was done; the program beside the token tells what was not,
and why, by the code of the refusal: no sentence of a program is shown to anybody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from engine.errors import Refusal
from web import access, ceremony_answers
from web.bodies import JSON, Bad, byte_strings, read_object
from web.extensions import bureau, db
from workflows import admission, ceremonies, deferred, wording
from workflows.ceremonies import Held
from workflows.ceremony_rows import FAILED, LEFT_OUT
from workflows.conducting import ENDING
from workflows.queries import ceremonies as queries

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


def named(asked: Mapping[str, Any]) -> str | None:
    """The code of a ceremony in a body, if it names one."""
    code = asked.get("ceremony")
    if not (code is None or isinstance(code, str)):
        raise Bad(400, "bad_body", name="ceremony")
    return code[:40] if code else None


def ceremony(code: str) -> Response:
    return _told(access.ceremony(code))


def act_in_ceremony(code: str) -> Response:
    held, session = access.ceremony(code), db.session()
    asked = read_object("do", "certificates", "why")
    wish = asked.get("do")
    if wish == "start":
        certificates = byte_strings(asked, "certificates")
        deferred.start(session, bureau().desk, held, certificates)
    elif wish == "stop":
        why = asked.get("why")
        known = why if isinstance(why, str) and why in ENDING else ceremonies.STOPPED
        ceremonies.halt(session, held.id, known)
        ceremonies.settle(session, held.id)
    else:
        raise Bad(400, "bad_body", name="do")
    return _told(access.ceremony(code))


def tell_ceremony(code: str, id: int) -> Response:
    held, session = access.ceremony(code), db.session()
    given = read_object("code").get("code")
    if not isinstance(given, str) or not given:
        raise Bad(400, "bad_body", name="code")
    if given == LEFT_OUT:
        admission.tell(session, held, id, LEFT_OUT)
    else:
        admission.tell(session, held, id, FAILED, [_known(given)])
    return _told(access.ceremony(code))


def _known(code: str) -> Refusal:
    """A refusal that a program tells of. One that is none of ours, or whose sentence has places,
    is told as a fault of the token, and nothing that is not ours is kept. Raises ``Bad`` for
    what is no code at all."""
    if not CODE.fullmatch(code):
        raise Bad(400, "bad_body", name="code")
    told = wording.refusals().get(code)
    if told is None or "{" in told["vi"]:
        return Refusal("token_failed", {"reason": code if told else "?"})
    return Refusal(code)


def _told(held: Held) -> Response:
    rows = queries.rows(db.session(), held.id, limit=ceremonies.MOST)
    return Response(
        json.dumps(
            ceremony_answers.ceremony(bureau().house, held, rows, _language()), ensure_ascii=False
        )
        + "\n",
        content_type=JSON,
    )


def _language() -> str:
    return request.accept_languages.best_match(["vi", "en"], "vi") or "vi"


VIEWS = (ceremony, act_in_ceremony, tell_ceremony)
