"""From a template and frozen values to HTML, without rows, without guesses.

The environment is sandboxed, escapes every value, and refuses what is not there: a key that
a template asks for and the values lack is an error that names it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.papers import fonts
from engine.papers.freeze import freeze, thaw
from engine.papers.schema import Schemas

COMMON_STYLE = "_decree30.css"
PHRASES = "_words.html"

_IMPORT = re.compile(r'^@import "(\w+\.css)";\n', re.MULTILINE)
_ASSET = re.compile(r"paper:asset/([\w.-]+)")


class Unprintable(ValueError):
    """The values hold letters the typeface lacks; ``letters`` are they."""

    def __init__(self, letters: str) -> None:
        named = ", ".join(f"U+{ord(letter):04X}" for letter in letters)
        super().__init__(f"the typeface lacks {named}")
        self.letters = letters


class _Missing(StrictUndefined):
    """A missing key, which names itself however it is used: also when it is formatted."""

    def __format__(self, spec: str) -> str:
        self._fail_with_undefined_error()


@lru_cache(maxsize=256)
def _taken_in(source: str) -> tuple[str | None, ...]:
    """The templates a text extends, imports or includes. Kept by the text: every start of
    every process asks this about the same few files again and again."""
    return tuple(meta.find_referenced_templates(ImmutableSandboxedEnvironment().parse(source)))


@cache
def _environment(folder: Path) -> ImmutableSandboxedEnvironment:
    """What compiles the templates of a folder, and keeps them compiled for the process."""
    made = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        undefined=_Missing,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["text_width"] = fonts.width
    return made


class Templates:
    """The paper templates of one folder, named without their suffix."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.schemas = Schemas(folder)
        self._env = _environment(folder)

    def html(self, template: str, values: Mapping[str, Any]) -> str:
        """The page of a template with these values.

        Raises ``TypeError`` for values that are not plain, ``jinja2.UndefinedError`` naming
        a missing key, ``jinja2.TemplateNotFound``, ``Unprintable``.
        """
        return self.page(template, freeze(values))

    def page(self, template: str, frozen: str) -> str:
        """The same of values that are frozen already."""
        page = self._env.get_template(f"{template}.html").render(thaw(frozen))
        # Both spaces are one glyph: whichever came first would be read back for all of them.
        page = page.replace("\u00a0", " ")
        if letters := fonts.unprintable(page):
            raise Unprintable(letters)
        return page

    def phrase(self, name: str, *args: str | int) -> str:
        """One wording of the papers (a macro of ``_words.html``), for whoever writes a
        date or a count after the paper was laid out."""
        module = self._env.get_template(PHRASES).make_module()
        return str(getattr(module, name)(*args)).strip()

    def stylesheet(self, template: str) -> str:
        """The name of the style sheet of a template: its own, or the common one."""
        own = f"{template}.css"
        return own if (self.folder / own).is_file() else COMMON_STYLE

    def style(self, name: str) -> str:
        """The text of a style sheet, with those it imports in their places: nothing is fetched
        when a paper is laid out."""
        source = (self.folder / name).read_text(encoding="utf-8")
        return _IMPORT.sub(lambda found: self.style(found[1]), source)

    def digest(self, template: str) -> str:
        """SHA-256 over the template, all it extends, imports and includes, its style sheets,
        their pictures, and the schema of its values: what must be the same for a paper to
        look the same and to carry the same."""
        names = self._reached(f"{template}.html") | self._styles(self.stylesheet(template))
        for name in tuple(names):
            source = (self.folder / name).read_text(encoding="utf-8")
            names |= {f"assets/{asset}" for asset in _ASSET.findall(source)}
        whole = hashlib.sha256()
        for name in sorted(names):
            content = (self.folder / name).read_bytes()
            whole.update(f"{name}\0{len(content)}\0".encode() + content)
        whole.update(self.schemas.digest(template))
        return whole.hexdigest()

    def _styles(self, name: str) -> set[str]:
        source = (self.folder / name).read_text(encoding="utf-8")
        return {name}.union(*map(self._styles, _IMPORT.findall(source)))

    def _reached(self, name: str) -> set[str]:
        source = (self.folder / name).read_text(encoding="utf-8")
        reached = {name}
        for other in _taken_in(source):
            if other is None:
                raise ValueError(f"{name} takes in a template by a name not known before")
            reached |= self._reached(other)
        return reached
