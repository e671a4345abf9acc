"""Which sections a report has and what each shows, as data (``workflows/law/reports``)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from pydantic import Field

from engine.definition import Confidence, Frozen, Words
from engine.errors import DefinitionError, NotFound, Refusal, Refused
from workflows.lawfiles import LAW, read
from workflows.records.kinds import kinds

Show = Literal["records", "yearly", "units", "by_kind", "overdue", "disagreements"]


class Block(Frozen):
    """Figures that a section shows; ``kinds`` of records, in their order."""

    show: Show
    kinds: tuple[str, ...] = ()


class SectionDef(Frozen):
    """A section: its heading, whether people write in it, and its figures."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)
    number: str
    heading: Words
    level: int = Field(ge=1, le=3)
    text: bool = True
    blocks: tuple[Block, ...] = ()


class Signatories(Frozen):
    """Who signs: for a people's committee, of a residential area, anywhere else."""

    committee: Words
    area: Words
    other: Words


class Layout(Frozen):
    """A report. Figures of ``years_after`` its last year tell how things stand when it is
    written; its yearly table begins ``years_before`` its first."""

    id: str
    title: Words
    basis: tuple[str, ...] = Field(min_length=1)
    confidence: Confidence
    edit: tuple[str, ...] = Field(min_length=1)
    signatory: Signatories
    recipients: tuple[Words, ...] = Field(min_length=1)
    most_years: int = Field(ge=1, le=60)
    years_after: int = Field(ge=0, le=1, default=0)
    years_before: int = Field(ge=0, le=1, default=0)
    target_percent: int = Field(ge=1, le=100)
    sections: tuple[SectionDef, ...] = Field(min_length=1)

    def section(self, section_id: str) -> SectionDef | None:
        """The section of that id, if people write in it."""
        return next((s for s in self.sections if s.id == section_id and s.text), None)

    def check_years(self, first: int, last: int) -> None:
        """Raises ``Refused`` (``report_years_wrong``)."""
        if not 1900 <= first <= last <= 2999 or last - first >= self.most_years:
            raise Refused(Refusal("report_years_wrong", {"most": self.most_years}))


@cache
def layouts() -> Mapping[str, Layout]:
    """Every report on file, by id; raises ``DefinitionError``."""
    found = {}
    for path in sorted((LAW / "reports").glob("*.toml")):
        told = read(Layout, path)
        for section in told.sections:
            for block in section.blocks:
                for kind in block.kinds:
                    if kind not in kinds():
                        raise DefinitionError(path.name, section.id, f"no kind {kind}")
        found[told.id] = told
    return found


def layout(report: str) -> Layout:
    """The report of that id; raises ``NotFound`` (``no_report``)."""
    try:
        return layouts()[report]
    except KeyError:
        raise NotFound(Refusal("no_report", {"report": report})) from None
