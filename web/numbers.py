"""Whole numbers from outside: in addresses, forms and queries, none larger than a column holds."""

from __future__ import annotations

from typing import Final

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from web.bounds import LARGEST, LONGEST

PAGES: Final = 10_000


class BoundedConverter(IntegerConverter):
    """``<int:…>`` of an address that a database knows; anything longer is no address here."""

    regex = rf"[0-9]{{1,{LONGEST}}}"

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=LARGEST)


def attach(app: Flask) -> None:
    """Makes every ``<int:…>`` of the site a bounded one. Before the first address is added."""
    app.url_map.converters["int"] = BoundedConverter


def whole(text: str) -> int:
    """The number that a form or a query holds, from 0 to ``LARGEST``.

    Raises ``ValueError`` for anything else, as the ``type`` of werkzeug's ``get`` expects it.
    """
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST):
        raise ValueError(text)
    number = int(text)
    if number > LARGEST:
        raise ValueError(text)
    return number


def page(text: str) -> int:
    """The number of a page of a list, from 1; as a ``type`` like ``whole``."""
    return min(max(whole(text), 1), PAGES)
