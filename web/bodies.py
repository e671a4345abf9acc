"""The bodies that the API takes: JSON objects, read once, told apart from what is none."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from flask import request

JSON = "application/json"
LONGEST_BODY = 2 * 2**20


class Bad(Exception):
    """A request that cannot be answered as it was sent: its status, a code, its places.
    ``told`` names the sentence where the code has several."""

    def __init__(self, status: int, code: str, told: str = "", **places: object) -> None:
        super().__init__(code)
        self.status, self.code, self.told, self.places = status, code, told or code, places


def read_object(*members: str) -> dict[str, Any]:
    """The object in the body; raises ``Bad`` when there is none, or naming a member that is
    not among these, if any are told."""
    if request.mimetype != JSON:
        raise Bad(415, "not_json")
    if (request.content_length or 0) > LONGEST_BODY:
        raise Bad(400, "bad_body", "body_too_long")
    given = _whole()
    strange = [name for name in given if members and name not in members]
    if strange:
        raise Bad(400, "bad_body", name=str(strange[0])[:60])
    return given


def _whole() -> dict[str, Any]:
    """The object in the body, if it can be written again as JSON in UTF-8: not nested without
    end, no half of a pair of surrogates, no number that is none."""
    try:
        given = request.get_json(silent=True)
        json.dumps(given, ensure_ascii=False, allow_nan=False).encode()
    except (RecursionError, ValueError):
        raise Bad(400, "bad_body", "body_unreadable") from None
    if not isinstance(given, dict):
        raise Bad(400, "bad_body", "body_unreadable")
    return given


def byte_strings(asked: Mapping[str, Any], name: str) -> list[bytes]:
    """The byte strings in a member of the body; raises ``Bad`` naming it."""
    given = asked.get(name)
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise Bad(400, "bad_body", name=name)
    try:
        return [base64.b64decode(one, validate=True) for one in given]
    except ValueError:
        raise Bad(400, "bad_body", name=name) from None
