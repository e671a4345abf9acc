"""Puts the site together: settings, law, extensions, checks, pages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from jinja2 import StrictUndefined

from web import (
    access,
    additions,
    admin,
    adoptions,
    amendments,
    api,
    ceremonies,
    certificates,
    definitions,
    drafts,
    extensions,
    health,
    inbox,
    labels,
    nominations,
    numbers,
    offline,
    papers,
    problems,
    public,
    records,
    registers,
    rehearsals,
    reports,
    security,
    sign_in,
    taken_over,
    takeover,
    text,
    units,
    uploads,
    years,
)
from web.identity import current
from web.keys import equip
from web.settings import Settings, load, require_start
from workflows import models
from workflows.bureau import Bureau
from workflows.bureau import build as build_bureau

if TYPE_CHECKING:
    from engine.jobs import Queue

ROOT = Path(__file__).resolve().parent.parent
BLUEPRINTS = (
    public.blueprint,
    offline.blueprint,
    health.blueprint,
    sign_in.blueprint,
    inbox.blueprint,
    nominations.blueprint,
    papers.blueprint,
    amendments.blueprint,
    ceremonies.blueprint,
    records.blueprint,
    reports.blueprint,
    registers.blueprint,
    admin.blueprint,
    years.blueprint,
    units.blueprint,
    takeover.blueprint,
    taken_over.blueprint,
    definitions.blueprint,
    adoptions.blueprint,
    drafts.blueprint,
    additions.blueprint,
    rehearsals.blueprint,
    certificates.blueprint,
    api.blueprint,
)


def build(settings: Settings | None = None) -> Flask:
    """See ``web.create_app``."""
    chosen = settings or load()
    if chosen.env == "production":
        require_start(chosen)
    app = Flask(
        "web",
        root_path=str(ROOT / "web"),
        template_folder=str(ROOT / "templates" / "pages"),
        static_folder=str(ROOT / "web" / "static"),
    )
    numbers.attach(app)
    app.config.update(
        SECRET_KEY=chosen.secret,
        SQLALCHEMY_DATABASE_URI=chosen.database_url,
        BOOTSTRAP_SERVE_LOCAL=True,
        JSON_AS_ASCII=False,
        TESTING=chosen.env == "test",
        PROPAGATE_EXCEPTIONS=False,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    app.extensions["settings"] = chosen
    app.extensions["models"] = models.metadata  # every table is known before the first query
    app.extensions["bureau"] = _bureau(chosen)
    security.configure(app)
    extensions.attach(app)
    access.guard(app)
    text.attach(app)
    labels.attach(app)
    problems.attach(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    _dress(app)
    return app


def _bureau(chosen: Settings) -> Bureau:
    bureau = build_bureau(
        blob_folder=chosen.blob_folder,
        keys_folder=chosen.keys_folder,
        specimen=chosen.specimen,
        wake=_bell(chosen),
    )
    equipped = equip(bureau, chosen)
    # A release that cannot be read stops the start; one that is unsound by now is told.
    equipped.house.shelf.known()
    return equipped


def _bell(chosen: Settings) -> Callable[[Sequence[int]], None]:
    """Rings for the worker. The queue, and with it the driver of every database that it could
    be kept in, is loaded at the first ring."""

    @cache
    def queue() -> Queue:
        from engine.jobs import make_queue

        return make_queue(chosen.queue_url, chosen.secret)

    return lambda tasks: queue().wake(tasks)


def _dress(app: Flask) -> None:
    """What every template may use."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        me=current,
        language=extensions.language,
        house=lambda: extensions.bureau().house,
        settings=extensions.settings,
        sizes=uploads.SIZES,
        api_version="1",
    )
    app.url_defaults(_versioned)


def _versioned(endpoint: str, values: dict[str, Any]) -> None:
    """A file's address changes with its content, so browsers may keep it for ever."""
    if endpoint == "static" and "filename" in values:
        values.setdefault("v", _digest(values["filename"]))


@cache
def _digest(filename: str) -> str:
    path = ROOT / "web" / "static" / filename
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
