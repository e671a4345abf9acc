"""The same papers in typst, the fastest typesetter that comes as a Python package: what a
design of its own for it would cost. No part of the product."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

from engine.papers import fonts

FOLDER = Path(__file__).parent / "typst"


class Typeset:
    """One compiler for each kind, kept."""

    def __init__(self, templates: Path) -> None:
        files = fonts.files()
        family = "Tinos" if "Tinos" in files["regular"].name else "Liberation Serif"
        border = templates / "assets" / "certificate-border.svg"
        self._told = {"font": family, "border": str(border)}
        faces = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(files["regular"].parent)],
        )
        self._compilers = {
            path.stem: typst.Compiler(str(path), root="/", font_paths=faces)
            for path in FOLDER.glob("*.typ")
        }

    def paper(self, kind: str, values: Mapping[str, Any]) -> bytes:
        """A paper of a kind, archival and tagged as ours are."""
        told = json.dumps({**values, **self._told}, ensure_ascii=False)
        made = self._compilers[kind].compile(
            format="pdf", sys_inputs={"told": told}, pdf_standards=["a-3a"], timestamp=0
        )
        if not isinstance(made, bytes):
            raise TypeError("one file was asked for")
        return made
