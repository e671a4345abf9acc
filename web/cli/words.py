"""What the command line says, in two languages, from ``words.toml``."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import click

LANGUAGES = ("vi", "en")
VARIABLE = "BINHXET_LANG"
FILE = Path(__file__).with_name("words.toml")

_META = "binhxet.language"
_OF_ALL: list[str] = []


@cache
def words() -> dict[str, Any]:
    """The whole file: tables ``help``, ``option``, ``text``, ``refusal`` and ``problem``."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def language() -> str:
    """The language of this call: ``--lang``, else ``BINHXET_LANG``, else Vietnamese."""
    context = click.get_current_context(silent=True)
    chosen = context.meta.get(_META) if context else None
    chosen = chosen or (_OF_ALL[-1] if _OF_ALL else os.environ.get(VARIABLE))
    return chosen if chosen in LANGUAGES else "vi"


def choose(chosen: str) -> None:
    """Sets the language of this call."""
    click.get_current_context().meta[_META] = chosen


@contextmanager
def of_all_threads() -> Iterator[None]:
    """While this lasts, threads without a call of their own speak the language of this one."""
    _OF_ALL.append(language())
    try:
        yield
    finally:
        _OF_ALL.pop()


def word(table: str, key: str, **places: object) -> str:
    """The text of that key with its places filled; raises ``KeyError`` when there is none."""
    text: str = words()[table][key][language()]
    return text.format(**places)


def text(key: str, **places: object) -> str:
    return word("text", key, **places)
