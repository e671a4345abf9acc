"""What each act does to the units, and every reason why it may not.

Names and codes are given back and used again; a unit is neither. What an order names it
names as of the day of the act, after the orders before it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from engine.errors import Refusal
from engine.texts import Unfit, read_text
from workflows.territory.atlas import Atlas, Branch, Span
from workflows.territory.categories import names
from workflows.territory.faults import ANY_PARENT, PARENTS, code_faults, parent_faults
from workflows.territory.orders import Order, Ref, Target
from workflows.units import KINDS


class Wrong(Exception):
    """One reason that leaves nothing more to ask."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


@cache
def forms() -> Mapping[str, tuple[str, ...]]:
    """What units of each kind are called (law/units/forms.toml)."""
    path = files("workflows") / "law" / "units" / "forms.toml"
    return {kind: tuple(told) for kind, told in tomllib.loads(path.read_text("utf-8")).items()}


@dataclass(slots=True)
class Doing:
    """An order while it is carried out on a copy of the atlas."""

    atlas: Atlas
    order: Order
    number: int
    reasons: list[Refusal] = field(default_factory=list)

    @property
    def on(self) -> date:
        return self.order.deed.effective_on

    def refuse(self, code: str, key: str, /, **params: Any) -> None:
        self.reasons.append(Refusal(code, params, field=key))

    def add(self, refusals: Iterable[Refusal], key: str) -> None:
        self.reasons += [Refusal(one.code, one.params, field=key) for one in refusals]

    def unit(self, ref: Ref, key: str) -> int:
        """The unit meant, alive on the day; raises ``Wrong``."""
        if isinstance(ref, int):
            return self._alive(ref, key)
        kind, _, code = ref.rpartition(":")
        found = self.atlas.bearers(code, self.on, kind or None)
        if len(found) > 1:
            raise Wrong(Refusal("unit_code_of_several", {"code": ref}, field=key))
        if found:
            return found[0]
        code_on = {"code": ref, "on": self.on.isoformat()}
        raise Wrong(Refusal("unit_not_then", code_on, field=key))

    def _alive(self, unit: int, key: str) -> int:
        if self.atlas.at(unit, self.on) is None:
            known = self.atlas.spans.get(unit)
            params = {"code": known[-1].name if known else unit, "on": self.on.isoformat()}
            raise Wrong(Refusal("unit_not_then", params, field=key))
        return unit

    def changeable(self, unit: int, key: str) -> None:
        """Nothing later is recorded of the unit: acts come in the order of their days."""
        if self.atlas.last(unit).starts_on > self.on or self.atlas.last(unit).ends_on:
            params = {"unit": self.atlas.last(unit).name, "on": self.on.isoformat()}
            raise Wrong(Refusal("spans_overlap", params, field=key))

    def new(self, target: Target, kind: str | None, key: str) -> int:
        """The unit that a target describes, begun on the day."""
        parent = None if target.parent is None else self.unit(target.parent, f"{key}.parent")
        kind = target.kind or kind or ""
        told = {"name": target.name, "form": target.form, "code": target.code, "kind": kind}
        for name, value in told.items():
            formless = name == "form" and kind in KINDS and kind not in forms()
            if not value and not formless:
                self.refuse("required", f"{key}.{name}")
        if kind and kind not in KINDS:
            self.refuse("unit_kind_unknown", f"{key}.kind", kind=kind)
        self._check_form(kind, target.form, key)
        self._check_category(kind, target.category, key)
        span = Span(
            self.on,
            None,
            target.name or "",
            target.form or "",
            target.code or "",
            kind,
            parent,
            self.number,
            target.category or "",
        )
        return self.atlas.fresh(span)

    def _check_form(self, kind: str, form: str | None, key: str) -> None:
        known = forms().get(kind)
        if form and known and form not in known:
            self.refuse("unit_form_unknown", f"{key}.form", form=form, known=", ".join(known))

    def _check_category(self, kind: str, category: str | None, key: str) -> None:
        known = names(kind)
        if category and category not in known:
            told = ", ".join(f"{one} ({name})" for one, name in known.items()) or "–"
            params = {"category": category, "known": told}
            self.refuse("unit_category_unknown", f"{key}.category", **params)

    def alter(self, unit: int, target: Target, key: str) -> None:
        """What the target tells anew about an existing unit."""
        self.changeable(unit, key)
        last = self.atlas.last(unit)
        told: dict[str, Any] = {
            name: value
            for name in ("name", "form", "code", "category")
            if (value := getattr(target, name)) and value != getattr(last, name)
        }
        if target.parent is not None:
            parent = self.unit(target.parent, f"{key}.parent")
            if parent != last.parent:
                told["parent"] = parent
        self._check_form(last.kind, target.form, key)
        self._check_category(last.kind, target.category, key)
        self._once_a_day(unit, told, key)
        if told:
            self.atlas.change(unit, self.on, self.number, **told)

    def _once_a_day(self, unit: int, told: Mapping[str, Any], key: str) -> None:
        """What already changed on this day does not change again on it."""
        spans = self.atlas.spans[unit]
        if spans[-1].starts_on < self.on:
            return
        before = spans[-2] if len(spans) > 1 else None
        for name in told:
            if before is None or getattr(before, name) != getattr(spans[-1], name):
                code = "two_parents" if name == "parent" else "changed_twice"
                self.refuse(code, f"{key}.{name}", unit=spans[-1].name, on=self.on.isoformat())

    def end(self, unit: int, key: str) -> None:
        """The unit ends; nothing may be left below it."""
        self.changeable(unit, key)
        if self.atlas.last(unit).starts_on == self.on:
            name, on = self.atlas.last(unit).name, self.on.isoformat()
            raise Wrong(Refusal("unit_ends_before_it_begins", {"unit": name, "on": on}, field=key))
        left = self.atlas.children(unit, self.on)
        if left:
            told = ", ".join(self.atlas.last(child).name for child in left[:5])
            self.refuse(
                "children_left", key, unit=self.atlas.last(unit).name, count=len(left), names=told
            )
        self.atlas.end(unit, self.on)

    def adopt(self, child: int, parent: int, key: str) -> None:
        self.changeable(child, key)
        self.atlas.change(child, self.on, self.number, parent=parent)

    def link(self, before: int, after: int, kind: str, key: str) -> None:
        """Lineage, unless it would lead back."""
        if before == after or after in self.atlas.comes_from(before):
            self.refuse("lineage_circle", key, unit=self.atlas.last(after).name)
            return
        self.atlas.link(before, after, Branch(self.on, kind, self.number))

    def check(self, units: Iterable[int], key: str) -> None:
        """The code and the parent of what came out are right on and after the day."""
        for unit in units:
            last = self.atlas.last(unit)
            self.add(code_faults(self.atlas, unit, last), f"{key}.code")
            self.add(parent_faults(self.atlas, last), f"{key}.parent")


def carry_out(atlas: Atlas, order: Order, number: int) -> list[Refusal]:
    """Does what the order says to the atlas; every reason why it may not be, each with the
    key of the order it is about. With reasons the atlas is spoilt: keep a copy."""
    doing = Doing(atlas, order, number)
    doing.reasons += [*_letters(order), *_deed(doing)]
    try:
        _ACTS[order.act](doing)
    except Wrong as wrong:
        doing.reasons.append(wrong.refusal)
    return doing.reasons


def _letters(order: Order) -> Iterator[Refusal]:
    """What is typed is of letters alone, on one line: it enters papers, lists and sheets."""
    texts = {f"deed.{name}": getattr(order.deed, name) for name in ("number", "issuer", "source")}
    for index, target in enumerate(order.into):
        names = ("name", "form", "code")
        texts |= {f"into.{index}.{name}": getattr(target, name) or "" for name in names}
    for key, text in texts.items():
        try:
            read_text(text, longest=len(text))
        except Unfit as unfit:
            yield Refusal(unfit.code, unfit.params, field=key)


def _deed(doing: Doing) -> Iterator[Refusal]:
    """The paper was not issued after it took effect, nor by a unit that was not there."""
    deed = doing.order.deed
    issued = deed.issued_on
    if issued and issued > deed.effective_on:
        params = {"issued_on": issued.isoformat(), "on": deed.effective_on.isoformat()}
        yield Refusal("issued_after_effect", params, field="deed.issued_on")
    if deed.issuer_unit is None:
        return
    refused = authority_fault(doing.atlas, deed.issuer_unit, issued or deed.effective_on)
    if refused:
        yield Refusal(refused.code, refused.params, field="deed.issuer_unit")


def authority_fault(atlas: Atlas, ref: Ref, on: date) -> Refusal | None:
    """Why nobody could decide at this unit on that day, if so."""
    if isinstance(ref, int):
        there = atlas.at(ref, on) is not None
    else:
        kind, _, code = ref.rpartition(":")
        there = bool(atlas.bearers(code, on, kind or None))
    if there:
        return None
    name = atlas.spans[ref][-1].name if isinstance(ref, int) and ref in atlas.spans else ref
    return Refusal("authority_not_then", {"unit": name, "on": on.isoformat()})


def _create(doing: Doing) -> None:
    if not doing.order.into:
        doing.refuse("required", "into")
    made = [doing.new(one, None, f"into.{i}") for i, one in enumerate(doing.order.into)]
    doing.check(made, "into")


def _change(doing: Doing) -> None:
    """Rename, move and recode: one thing or several of one or more units, nothing else. What
    a unit is called and what it is (its category) go together."""
    wanted = {"rename": ("name", "form", "category"), "move": ("parent",), "recode": ("code",)}
    own = wanted[doing.order.act]
    if len(doing.order.into) != 1 or not doing.order.units:
        raise Wrong(Refusal("required", field="into" if doing.order.units else "units"))
    (target,) = doing.order.into
    told = ("name", "form", "code", "parent", "category")
    given = [name for name in told if getattr(target, name) is not None]
    if not set(given) & set(own) or not set(given) <= set(own):
        raise Wrong(Refusal("required", field=f"into.0.{own[0]}"))
    for index, ref in enumerate(doing.order.units):
        unit = doing.unit(ref, f"units.{index}")
        before = doing.atlas.last(unit)
        doing.alter(unit, target, "into.0")
        if doing.atlas.last(unit) == before:
            doing.refuse("nothing_changes", f"units.{index}", unit=before.name)
        doing.check([unit], "into.0")


def _merge(doing: Doing) -> None:
    """Several become one, new or one that goes on; what stood below them goes with them."""
    units = _distinct(doing, doing.order.units)
    if len(doing.order.into) != 1:
        raise Wrong(Refusal("required", field="into"))
    (target,) = doing.order.into
    kind = doing.atlas.last(units[0]).kind if units else None
    survivor = None if target.unit is None else doing.unit(target.unit, "into.0.unit")
    gone = [unit for unit in units if unit != survivor]
    if not gone or len(gone) + (survivor is not None) < 2:
        raise Wrong(Refusal("merge_of_one", field="units"))
    into = doing.new(target, kind, "into.0") if survivor is None else survivor
    if survivor is not None:
        doing.alter(survivor, target, "into.0")
    for index, unit in enumerate(units):
        if unit != into:
            _absorb(doing, unit, into, f"units.{index}")
    doing.check([into], "into.0")


def _absorb(doing: Doing, unit: int, into: int, key: str) -> None:
    one, other = doing.atlas.last(unit), doing.atlas.last(into)
    if one.kind != other.kind:
        doing.refuse("kinds_differ", key, unit=one.name, other=other.name)
        return
    doing.link(unit, into, "merge", key)
    for child in doing.atlas.children(unit, doing.on):
        doing.adopt(child, into, key)
    doing.end(unit, key)


def _split(doing: Doing) -> None:
    """One becomes several, or gives up a part and goes on; each child is given to a part."""
    if len(doing.order.units) != 1:
        raise Wrong(Refusal("split_of_several", field="units"))
    whole = doing.unit(doing.order.units[0], "units.0")
    kind = doing.atlas.last(whole).kind
    parts = [_part(doing, one, kind, f"into.{i}") for i, one in enumerate(doing.order.into)]
    if len(set(parts)) < 2:
        raise Wrong(Refusal("split_into_one", field="into"))
    for index, part in enumerate(parts):
        if part != whole:
            doing.link(whole, part, "split", f"into.{index}")
    _share(doing, whole, parts)
    if whole not in parts:
        doing.end(whole, "units.0")
    doing.check(parts, "into")


def _part(doing: Doing, target: Target, kind: str, key: str) -> int:
    if target.unit is None:
        return doing.new(target, kind, key)
    unit = doing.unit(target.unit, f"{key}.unit")
    if doing.atlas.last(unit).kind != kind:
        name = doing.atlas.last(unit).name
        doing.refuse("kinds_differ", key, unit=name, other=kind)
    doing.alter(unit, target, key)
    return unit


def _share(doing: Doing, whole: int, parts: list[int]) -> None:
    by_code = {doing.atlas.last(part).code: part for part in parts}
    children = {doing.atlas.last(c).code: c for c in doing.atlas.children(whole, doing.on)}
    for code, part in doing.order.children.items():
        if code not in children:
            doing.refuse("no_such_child", f"children.{code}", code=code)
        elif part not in by_code:
            doing.refuse("no_such_part", f"children.{code}", code=part)
        elif by_code[part] != whole:
            doing.adopt(children[code], by_code[part], f"children.{code}")


def _end(doing: Doing) -> None:
    """One ends; another may take its place, and with it what was its own to do and whatever
    below it may stand under the other."""
    if len(doing.order.units) != 1 or len(doing.order.into) > 1:
        raise Wrong(Refusal("required", field="units"))
    unit = doing.unit(doing.order.units[0], "units.0")
    for target in doing.order.into:
        if target.unit is None:
            raise Wrong(Refusal("required", field="into.0.unit"))
        after = doing.unit(target.unit, "into.0.unit")
        doing.link(unit, after, "replace", "into.0.unit")
        _inherit(doing, unit, after)
    doing.end(unit, "units.0")


def _inherit(doing: Doing, unit: int, after: int) -> None:
    kind = doing.atlas.last(after).kind
    for child in doing.atlas.children(unit, doing.on):
        if kind in PARENTS.get(doing.atlas.last(child).kind, ANY_PARENT):
            doing.adopt(child, after, "units.0")


def _distinct(doing: Doing, refs: Iterable[Ref]) -> list[int]:
    found: list[int] = []
    for index, ref in enumerate(refs):
        unit = doing.unit(ref, f"units.{index}")
        if unit in found:
            doing.refuse("unit_named_twice", f"units.{index}", unit=doing.atlas.last(unit).name)
        else:
            found.append(unit)
    return found


_ACTS: Mapping[str, Callable[[Doing], None]] = {
    "create": _create,
    "merge": _merge,
    "split": _split,
    "rename": _change,
    "move": _change,
    "recode": _change,
    "end": _end,
}
