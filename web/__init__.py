"""The web floor: the only Flask of the product. Importing it loads nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from web.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The site, with the settings of the environment when none are given.

    Raises ``web.settings.Unsafe`` when production must not start, ``DefinitionError`` or
    ``FontMissing`` when nothing may.
    """
    from web.application import build

    return build(settings)
