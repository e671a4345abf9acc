"""What in a batch of papers is not as usual: what they share is told once, the rest by paper.

Three things are looked at. What papers of one kind and authority print alike (who signs,
grounds, articles, recipients): the usual is what most of the batch prints, and what a paper
prints otherwise is a difference of that paper; where the usual is not what the law's words
and the offices of today give, that is told of the batch. The figures of the listed areas:
a vote hardly above half, few at the meeting. And what the files of the nominations tell
beside: remarks, explained mismatches, files sent back, objections, a name of other days, a
last day for deciding that has passed, a ground that fell.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.house import House
from workflows import lateness
from workflows.contexts import pieces
from workflows.contexts.words import filled, grounds_name, places, told_of, words
from workflows.lateness import Late
from workflows.names import unstopped
from workflows.people import holders_of
from workflows.queries import ceremonies as queries
from workflows.queries.ceremonies import Frozen, Listed, Row
from workflows.units import Unit, districts_around

OWN = frozenset(
    {
        "addressees",
        "annex",
        "area",
        "areas",
        "commune",
        "decision",
        "effect_on",
        "errata",
        "objection",
        "reason",
        "reasons",
        "replaces",
        "target",
    }
)
"""What each paper has of its own: it is shown as what the paper is about, and told beside it
where a list of areas does not say it all."""

SIGNATORY = ("capacity", "head_title", "title", "name")

CLOSE_VOTE = (55, 100)
"""At most so large a part of all households in favour is told as close. Ours, not the law's."""

FEW_PRESENT = (2, 3)
"""Fewer of the households at the meeting are told as few. Ours, not the law's."""

LONGEST_TEXT = 300

Lines = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is not the usual one: what is printed instead of what."""

    name: str
    printed: Lines
    usual: Lines


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know of a paper before it is signed; ``code`` names its sentence."""

    code: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Common:
    """What the papers of one kind and authority share, and where that departs from the law's
    words of today."""

    kind: str
    authority: str
    count: int
    facts: Sequence[tuple[str, Lines]]
    departures: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class Review:
    """What to look at: the common part once, the rest by paper."""

    common: Sequence[Common] = ()
    differences: Mapping[int, Sequence[Difference]] = field(default_factory=dict)
    remarks: Mapping[int, Sequence[Remark]] = field(default_factory=dict)
    own: Mapping[int, Sequence[Remark]] = field(default_factory=dict)
    """What a paper says of another one, or of why it says no: never the usual, and not odd."""

    def odd(self, paper_id: int) -> bool:
        """Whether anything of a paper is out of the ordinary."""
        return bool(self.differences.get(paper_id) or self.remarks.get(paper_id))


Group = tuple[str, int]


def review(session: Session, house: House, ceremony_id: int, shown: Sequence[Row]) -> Review:
    """The common part of the whole ceremony, and what is unusual of the rows shown."""
    groups: dict[Group, list[Frozen]] = {}
    for one in queries.frozen(session, ceremony_id):
        groups.setdefault((one.kind, one.authority_id), []).append(one)
    listed = queries.listed(session, [row.paper_id for row in shown])
    law = _law(session, groups, {one.paper_id: one.definition_id for one in listed}, shown)
    units = {row.authority_id: row.authority for row in shown}
    usual = {group: _usual(papers) for group, papers in groups.items()}
    return Review(
        [
            _common(group, units[group[1]], len(papers), usual[group], law.get(group, {}))
            for group, papers in groups.items()
            if group[1] in units
        ],
        {row.paper_id: _differences(row, usual[row.kind, row.authority_id]) for row in shown},
        _remarks(session, house, shown, listed),
        {row.paper_id: list(own_words(row.values)) for row in shown},
    )


# ------------------------------------------------------------------ what is printed alike


def _usual(papers: Sequence[Frozen]) -> dict[str, Any]:
    """What more than half of the papers print; what has no such value is each one's own."""
    names = dict.fromkeys(name for one in papers for name in one.values if name not in OWN)
    found = {}
    for name in names:
        counted = Counter(_canonical(one.values.get(name)) for one in papers)
        ((value, count),) = counted.most_common(1)
        if 2 * count > len(papers):
            found[name] = json.loads(value)
    return found


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _differences(row: Row, usual: Mapping[str, Any]) -> list[Difference]:
    return [
        _difference(name, row.values.get(name), value)
        for name, value in usual.items()
        if row.values.get(name) != value
    ]


def _difference(name: str, printed: Any, usual: Any) -> Difference:
    """Of lists only the lines that the other has not."""
    ours, theirs = lines(printed), lines(usual)
    if isinstance(printed, list) and isinstance(usual, list) and set(ours) != set(theirs):
        kept = set(ours) & set(theirs)
        ours = tuple(one for one in ours if one not in kept)
        theirs = tuple(one for one in theirs if one not in kept)
    return Difference(name, ours, theirs)


def lines(value: Any) -> Lines:
    """A printed value as people read it, one line for each item of a list."""
    if isinstance(value, list):
        return tuple(line for item in value for line in lines(item))
    if isinstance(value, Mapping):
        names = [name for name in SIGNATORY if name in value] or list(value)
        told = " · ".join(dict.fromkeys(str(value[n]) for n in names if value[n] != ""))
        return (told,) if told else ()
    return () if value in ("", None) else (str(value),)


def _common(
    group: Group, authority: str, count: int, usual: Mapping[str, Any], law: Mapping[str, Any]
) -> Common:
    departures = [
        _difference(name, usual[name], value)
        for name, value in law.items()
        if name in usual and usual[name] != value
    ]
    told = [(name, lines(usual[name])) for name in law if name in usual]
    return Common(group[0], authority, count, told, departures)


def _law(
    session: Session,
    groups: Mapping[Group, Sequence[Frozen]],
    definitions: Mapping[int, str],
    shown: Sequence[Row],
) -> dict[Group, dict[str, Any]]:
    """What each kind would print if it were drafted today, as far as no nomination tells it.
    Queries grow with the authorities, of which a person has one or two, never with rows."""
    wanted = {group[1] for group in groups}
    units = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(wanted)))}
    signing = {unit.id: _signatory(session, unit) for unit in units.values()}
    found: dict[Group, dict[str, Any]] = {}
    for row in shown:
        group = (row.kind, row.authority_id)
        if group not in found:
            definition = definitions.get(row.paper_id, "")
            unit = units[row.authority_id]
            districts = districts_around(session, unit, clock.today())
            called = str(row.values.get("noun", ""))
            told = _worded(row.kind, unit, definition, called, districts=districts)
            found[group] = signing[row.authority_id] | told
    return found


def _signatory(session: Session, unit: Unit) -> dict[str, Any]:
    held = holders_of(session, f"{unit.kind}_chair", unit.id, clock.today())
    own = [one for one in held if one.capacity in pieces.OWN_NAME]
    told: dict[str, Any] = {"authority": pieces.authority(unit)}
    for one in (*own, *held)[:1]:
        told["signatory"] = {
            "capacity": one.capacity,
            "head_title": words()["authority"]["head_title"],
            "title": one.title,
            "name": one.person.name,
        }
    return told


def _worded(
    kind: str, unit: Unit, definition_id: str, called: str, *, districts: bool
) -> dict[str, Any]:
    """What the law's words give a kind, for those parts that name no area."""
    told, names = told_of(kind, districts), places(unit, listed=called)
    found: dict[str, Any] = {}
    if "grounds" in told:
        found["grounds"] = list(told["grounds"])
    elif name := grounds_name(definition_id):
        use = "title" if kind == "refusal_notice" else "decision"
        found["grounds"] = list(words()["grounds"][name][use])
    if "executors" in told:
        found["proposal"] = words()["appraisers"][unit.kind]["proposal"].format_map(names)
    if kind != "refusal_notice":  # which goes to the area it names
        parts = ("measures", "executors", "recipients")
        found |= {name: filled(told[name], names) for name in parts if name in told}
    return found


# ------------------------------------------------------------------ what is one paper's own


def own_words(values: Mapping[str, Any]) -> Iterator[Remark]:
    """What a paper with these values says of another one, or says no for, in the order of the
    paper."""
    for name, code in (("replaces", "replaces"), ("target", "acts_on")):
        if (other := values.get(name)) and other["number"]:
            yield Remark(code, other)
    yield from (Remark("erratum", one) for one in values.get("errata", ()))
    for reason in (values.get("reason"), *values.get("reasons", ())):
        if text := _text(_reason(reason)):
            yield Remark("reason", {"reason": text})
    if "effect_on" in values:
        day = values["effect_on"]
        yield Remark("effect_on", {"day": day}) if day else Remark("effect_at_issue", {})


def _reason(told: Any) -> str:
    """A reason as it is printed: by itself, or beside the criterion that is not met."""
    if not isinstance(told, Mapping):
        return str(told or "")
    return ": ".join(
        part for part in (f"{told['code']} {told['text']}".strip(), told["reason"]) if part
    )


# ------------------------------------------------------------------ figures and files


def _remarks(
    session: Session, house: House, shown: Sequence[Row], listed: Sequence[Listed]
) -> dict[int, list[Remark]]:
    by_paper: dict[int, list[Listed]] = {}
    for one in listed:
        by_paper.setdefault(one.paper_id, []).append(one)
    files = _files(session, house, listed)
    undone = [row.paper_id for row in shown if row.outcome != "done"]
    late = lateness.ahead(session, house, undone, clock.today())
    return {
        row.paper_id: [
            *(_fallen(house, by_paper.get(row.paper_id, ())) if row.outcome != "done" else ()),
            *(_late(one) for one in late.get(row.paper_id, ())),
            *_figures(row.values.get("areas", ())),
            *_named_otherwise(row.values, by_paper.get(row.paper_id, ())),
            *(
                remark
                for one in by_paper.get(row.paper_id, ())
                for remark in files.get(one.subject_id, ())
            ),
        ]
        for row in shown
    }


def _fallen(house: House, listed: Sequence[Listed]) -> Iterator[Remark]:
    """What the paper cannot be signed or sealed with: it would be refused only then."""
    for one in listed:
        if house.definition(one.digest).by_state[one.state].closed:
            yield Remark("fell", {"area": one.area})


def _late(told: Late) -> Remark:
    params = {"year": told.year, "last": told.last.strftime("%d/%m/%Y"), "clause": told.clause}
    return Remark("late_decision", params)


def _figures(areas: Iterable[Mapping[str, Any]]) -> Iterator[Remark]:
    for area in areas:
        households, yes = int(area.get("households", 0)), int(area.get("yes", 0))
        if not households:
            continue
        part, whole = CLOSE_VOTE
        told = {"area": area["name"], "households": households}
        if whole * yes <= part * households:
            yield Remark("close_vote", told | {"yes": yes, "percent": 100 * yes // households})
        part, whole = FEW_PRESENT
        present = area.get("present")
        if present is not None and whole * present < part * households:
            yield Remark("few_present", told | {"present": present})


def _named_otherwise(values: Mapping[str, Any], listed: Sequence[Listed]) -> Iterator[Remark]:
    """Areas that are printed by another name than they have today; what took the place of one
    stands behind its name."""
    printed = [area["name"] for area in values.get("areas", ())] or [values.get("area")]
    for name, one in zip(printed, listed, strict=False):
        itself = one.area, words()["former"].partition("{now}")[0].format(name=one.area)
        if name is not None and name != itself[0] and not name.startswith(itself[1]):
            yield Remark("renamed", {"area": name, "now": one.area})


def _files(session: Session, house: House, listed: Sequence[Listed]) -> dict[int, list[Remark]]:
    """What the files of the nominations tell beside their figures."""
    back = {
        transition.id
        for digest in {one.digest for one in listed}
        for transition in house.definition(digest).transitions
        if transition.tone == "back" and not transition.automatic
    }
    areas = {one.subject_id: one.area for one in listed}
    actions = back | {"record_appraisal", "record_count", "record_objection"}
    found: dict[int, list[Remark]] = {}
    returns: Counter[int] = Counter()
    for subject, action, data in queries.telling(session, list(areas), actions):
        told = found.setdefault(subject, [])
        told += _recorded(areas[subject], action, data)
        returns[subject] += action in back and action != "record_objection"
    for subject, count in returns.items():
        if count:
            found[subject].append(Remark("returned", {"area": areas[subject], "count": count}))
    return found


def _recorded(area: str, action: str, data: Mapping[str, Any]) -> Iterator[Remark]:
    if action == "record_appraisal" and (text := _text(data.get("remarks"))):
        yield Remark("appraisal_remarks", {"area": area, "text": text})
    if action == "record_count" and (text := _text(data.get("mismatch_note"))):
        yield Remark("mismatch", {"area": area, "text": text})
    if action == "record_objection":
        yield Remark("objection", {"area": area})


def _text(value: Any) -> str:
    text = unstopped(" ".join(str(value or "").split()))
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT].rstrip() + "…"
