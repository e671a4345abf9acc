"""Whole numbers from outside: in addresses, forms and queries, none larger than a column holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from engine.errors import Refusal, Refused
from web.bounds import LARGEST, LONGEST

PAGES: Final = 10_000
SHOWN: Final = 40
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2999


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


def given(values: Mapping[str, str], name: str) -> int | None:
    """The number under a name, nothing where it is left empty; raises ``Refused``
    (``not_a_whole_number``): another one than was asked for would be shown in its place."""
    text = values.get(name, "").strip()
    if not text:
        return None
    try:
        return whole(text)
    except ValueError:
        told = {"value": text[:SHOWN]}
        raise Refused(Refusal("not_a_whole_number", told, field=name)) from None


def year(values: Mapping[str, str], name: str) -> int | None:
    """``given``, of a year that a calendar has; raises ``Refused`` (``year_out_of_range``)."""
    found = given(values, name)
    if found is not None and not FIRST_YEAR <= found <= LAST_YEAR:
        told = {"value": found, "first": FIRST_YEAR, "last": LAST_YEAR}
        raise Refused(Refusal("year_out_of_range", told, field=name))
    return found


def page(text: str) -> int:
    """The number of a page of a list, from 1; as a ``type`` like ``whole``."""
    return min(max(whole(text), 1), PAGES)
