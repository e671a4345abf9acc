"""The two languages of the screens: Vietnamese is the source, English a catalogue.

The catalogue is read as text when the first English page is asked for, so there is nothing
to compile and nothing to forget. ``python -m web.catalogue`` tells which texts lack English.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import flask_babel
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.support import NullTranslations, Translations
from flask_babel import Domain

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "web" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
SOURCES = {"web/*.py": "python", "templates/pages/**/*.html": "jinja2"}
HEADER = "# English for the screens. The Vietnamese texts are the source: they stand in the code."
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""A fixed date in the file's head: writing it anew changes nothing but texts."""

KEYWORDS = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
}

Message = str | tuple[str, ...]


def gettext(text: str, **values: object) -> str:
    """The text in the language of the page, its places filled."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The text for so many in the language of the page."""
    return str(flask_babel.ngettext(one, many, num, **values))


class PoDomain(Domain):  # type: ignore[misc]
    """Translations straight from the ``.po`` files of a folder; the source language as it is."""

    def __init__(self, folder: Path, language: Callable[[], str]) -> None:
        super().__init__([str(folder)])
        self._language = language

    def get_translations(self) -> NullTranslations:
        """The texts in the language of the page."""
        name = self._language()
        if name not in self.cache:
            path = Path(self.translation_directories[0]) / name / "LC_MESSAGES" / "messages.po"
            self.cache[name] = load(path) if path.exists() else Translations()
        translations: NullTranslations = self.cache[name]
        return translations


def load(path: Path) -> Translations:
    """The translations in one ``.po`` file."""
    packed = io.BytesIO()
    write_mo(packed, read(path))
    packed.seek(0)
    return Translations(packed)


def read(path: Path = FILE) -> Catalog:
    """The catalogue in a ``.po`` file."""
    with path.open("rb") as file:
        return read_po(file, locale="en")


def used(root: Path = ROOT) -> Iterator[tuple[Message, str]]:
    """Every text the pages translate, with the file it stands in."""
    for pattern, method in SOURCES.items():
        for path in sorted(root.glob(pattern)):
            found = extract_from_file(
                "jinja2.ext:babel_extract" if method == "jinja2" else method,
                path,
                keywords=KEYWORDS,
                options={"newstyle_gettext": "true", "trimmed": "true"},
            )
            for _line, message, _comments, _context in found:
                yield _plain(message), str(path.relative_to(root))


def _plain(message: object) -> Message:
    if isinstance(message, tuple):
        return tuple(str(part) for part in message[:2])
    return str(message)


def problems(root: Path = ROOT, path: Path = FILE) -> list[str]:
    """What is wrong with the catalogue: texts without English, texts nobody uses any more,
    and translations that lose or invent a placeholder."""
    catalogue = read(path)
    known = {message.id: message for message in catalogue if message.id}
    wanted: dict[Message, str] = dict(used(root))
    found = [
        f"{place}: no English for {text!r}" for text, place in wanted.items() if text not in known
    ]
    found += [f"nobody uses {text!r}" for text in known if text not in wanted]
    for text, message in known.items():
        ids = _texts(text)
        strings = _texts(message.string)
        if not strings or not all(strings):
            found.append(f"{path.name}: empty English for {text!r}")
        elif _places(strings[-1]) != _places(ids[-1]):
            found.append(f"{path.name}: other placeholders in the English of {text!r}")
    return found


def _texts(text: object) -> list[str]:
    parts = text if isinstance(text, list | tuple) else [text]
    return [str(part or "") for part in parts]


def _places(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)", text))


def renew(root: Path = ROOT, path: Path = FILE) -> None:
    """Writes the catalogue anew: texts in use in order of place, their English kept."""
    old = {message.id: message.string for message in read(path)} if path.exists() else {}
    new = Catalog(
        locale="en", header_comment=HEADER, project="binhxet", version="1", creation_date=EPOCH
    )
    new.revision_date, new.fuzzy = EPOCH, False
    for text, place in used(root):
        empty: Message = ("", "") if isinstance(text, tuple) else ""
        new.add(text, old.get(text, empty), locations=[(place, 0)])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, new, width=100, omit_header=False, include_lineno=False)


if __name__ == "__main__":
    if "--renew" in sys.argv:
        renew()
    told = problems()
    sys.stdout.write("".join(f"{line}\n" for line in told))
    raise SystemExit(bool(told))
