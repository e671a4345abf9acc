"""Empty sheets to fill in, with a line or two that show how."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from engine.errors import Refusal, Refused
from workflows.exchange import headings, ods, separated
from workflows.exchange.sheet import FORMATS


def template(kind: str, name: str, language: str = "vi") -> bytes:
    """A file of the format that its name asks for; raises ``Refused`` (``format_unknown``)."""
    layout = headings.layouts()[kind]
    top = headings.headings(kind, language)
    examples: Sequence[Sequence[str]] = [list(map(str, line)) for line in layout["examples"]]
    match PurePath(name).suffix.lower():
        case ".xlsx":
            from workflows.exchange import xlsx  # a large library, seldom asked

            return xlsx.write(layout["title"], top, examples)
        case ".ods":
            return ods.write(layout["title"], top, examples)
        case ".csv":
            return separated.write(top, examples)
    raise Refused(Refusal("format_unknown", {"file": name, "formats": ", ".join(FORMATS)}))
