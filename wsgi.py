"""The site for any WSGI server: ``wsgi:app``."""

from __future__ import annotations

from web import create_app

app = create_app()
