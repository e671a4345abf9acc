"""The page that checks a printed code without a network: served, or one file for keeping."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, render_template
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from engine.errors import NotFound, Refusal
from web.extensions import bureau, db
from workflows.trust import export

blueprint = Blueprint("offline", __name__)

ROOT = Path(__file__).resolve().parent
PAGES = ROOT.parent / "templates" / "pages"
FRESH = 300
"""For how many seconds a bundle may be handed on by those between us and its reader."""

OWN_CAMERA = "camera=(self), microphone=(), geolocation=()"


@cache
def words() -> Mapping[str, Any]:
    """What the page says, in both languages at once: it is read by whoever gets it."""
    return tomllib.loads((ROOT / "offline.toml").read_text("utf-8"))


def page_file(bundle: Mapping[str, Any]) -> str:
    """The page as one file with the bundle inside; needs nothing else, from nowhere."""
    environment = Environment(
        loader=FileSystemLoader(PAGES), undefined=StrictUndefined, autoescape=True
    )
    static = ROOT / "static"
    return environment.get_template("public/offline_file.html").render(
        words=words()["label"],
        told=_script_data(words()["text"]),
        bundle=_script_data(bundle),
        style=Markup((static / "offline.css").read_text("utf-8")),  # noqa: S704 - our own file
        script=Markup((static / "offline.js").read_text("utf-8")),  # noqa: S704 - our own file
    )


def _script_data(value: Any) -> Markup:
    """JSON that may stand inside a script element: nothing in it can end the element."""
    told = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return Markup(told)  # noqa: S704 - escaped above, for where it stands


@blueprint.get("/offline")
def page() -> Response:
    """The page; it fetches the bundle from here once."""
    shown = render_template(
        "public/offline.html", words=words()["label"], told=_script_data(words()["text"])
    )
    response = Response(shown, mimetype="text/html")
    response.headers["Permissions-Policy"] = OWN_CAMERA
    return response


@blueprint.get("/offline.html")
def file() -> Response:
    """The same as one file, to be kept."""
    told = page_file(export(db.session(), bureau().desk))
    response = Response(told, mimetype="text/html")
    response.headers.set("Content-Disposition", "attachment", filename="kiem-tra-van-ban.html")
    return response


@blueprint.get("/trust.json")
def trust() -> Response:
    """The trust bundle of now."""
    response = jsonify(export(db.session(), bureau().desk))
    response.headers["Cache-Control"] = f"public, max-age={FRESH}"
    return response


@blueprint.get("/schemas/<kind>.json")
def schema(kind: str) -> Response:
    """The schema of the data that a kind of paper carries."""
    schemas = bureau().desk.templates.schemas
    if kind not in schemas.kinds:
        raise NotFound(Refusal("no_such_file", {"sha256": ""}))
    response = jsonify(schemas.of(kind))
    response.mimetype = "application/schema+json"
    return response
