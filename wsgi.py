"""The site for any WSGI server: ``wsgi:app``."""

from __future__ import annotations

import gc

from web import create_app

app = create_app()

# What the site is made of never goes: the collector need not look through it at every turn.
gc.collect()
gc.freeze()
