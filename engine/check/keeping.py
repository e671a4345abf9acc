"""What an effect keeps is so: an outcome is kept where it is reached, and all of it is.

An effect that keeps an outcome counts as the outcome itself. A move that carries it leads to a
state of that outcome, or, where a higher level keeps it once more, on from one; and then all
safeguards of the outcome hold after the move (see ``safeguards``). An effect that reads what
made the move, or relies on a guard, stands on no other move. And what a paper's event decides
is kept by whatever answers it: a state that was of the outcome before would not show the lack.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.binding import OPENING, EffectRule
from engine.check.case import Case, event_of
from engine.check.paths import Steps, Watch, shifts
from engine.check.problem import Problem, Story
from engine.definition import SYSTEM, Transition


def problems(case: Case) -> Iterator[Problem]:
    """Outcomes that nothing keeps, outcomes kept elsewhere, and effects on moves that lack
    what they rely on."""
    yield from _unrecorded(case)
    yield from _unasked(case)
    yield from _hurried(case)
    yield from _groundless(case)
    yield from _undrafted(case)
    for move in case.definition.transitions:
        key = f"transitions.{move.id}.effects"
        for name in move.effects:
            if rule := case.binding.effect_rules.get(name):
                yield from _unfounded(case, move, name, rule)
                if story := _elsewhere(case, move, rule):
                    told = {"name": name, "outcome": rule.outcome, "state": move.target}
                    yield case.problem("recorded_elsewhere", key, story, transition=move.id, **told)
        opens = case.binding.openings.get(case.definition.meta.subject) if move.opens else None
        if opens and opens not in move.effects:
            yield case.problem("opening_without_effect", key, transition=move.id, name=opens)
        answered = case.binding.event_effects.get(move.on or "", Steps())
        for name in sorted(answered.difference(move.effects)):
            told = {"transition": move.id, "event": move.on, "name": name}
            yield case.problem("event_without_effect", key, (), **told)


def kept_outside(case: Case) -> Iterator[tuple[Transition, str]]:
    """Each move that keeps an outcome and leads to a state without one, with that outcome."""
    for move in case.definition.transitions:
        rules = (case.binding.effect_rules.get(name) for name in move.effects)
        outcomes = {rule.outcome for rule in rules if rule and rule.outcome}
        if move.target in case.definition.by_state and not _outcome(case, move):
            yield from ((move, outcome) for outcome in sorted(outcomes))


def _outcome(case: Case, move: Transition) -> str | None:
    """The outcome of the state that the move leads to."""
    found = case.definition.by_state.get(move.target)
    return found.outcome if found else None


def _unrecorded(case: Case) -> Iterator[Problem]:
    """Outcomes that a path reaches with nothing written down; voids undo what was."""
    named = {
        outcome: ", ".join(sorted(effects))
        for outcome, effects in case.binding.outcome_effects.items()
    }
    gains = {
        move.id: frozenset(
            named[outcome]
            for outcome, effects in case.binding.outcome_effects.items()
            if effects.intersection(move.effects)
        )
        for move in case.definition.transitions
    }
    needed = {
        state.id: frozenset({named[state.outcome]} if state.outcome in named else ())
        for state in case.definition.states
    }
    yield from lacking(case, "outcome_unrecorded", gains, needed)


def _unasked(case: Case) -> Iterator[Problem]:
    """Outcomes that a path reaches without what the kind of subject calls for."""
    called = case.binding.called_for(case.definition.id)
    needed = {
        state.id: called.get(state.outcome or "", Steps()) for state in case.definition.states
    }
    guards = {move.id: frozenset(move.guards) for move in case.definition.transitions}
    yield from lacking(case, "guard_of_kind_unasked", guards, needed)


def _hurried(case: Case) -> Iterator[Problem]:
    """Moves to what only time brings about, by people or before the time is up."""
    for move in case.definition.transitions:
        outcome = _outcome(case, move)
        guard = case.binding.lapses.get(outcome or "")
        if guard is None:
            continue
        told = {"transition": move.id, "outcome": outcome}
        if move.by != (SYSTEM,):
            yield case.problem("outcome_by_people", f"transitions.{move.id}.by", (), **told)
        if guard not in move.guards:
            key = f"transitions.{move.id}.guards"
            yield case.problem("outcome_without_guard", key, (), **told, guard=guard)


def lacking(
    case: Case, code: str, gains: Mapping[str, Steps], needed: Mapping[str, Steps]
) -> Iterator[Problem]:
    """For each state, everything it needs that some path to it lacks: what moves do is in
    ``gains``, and what they void is undone."""
    definition = case.definition
    for state in definition.states:
        for name in sorted(needed[state.id]):
            reached = Watch(definition, shifts(definition, gains, name))
            if (state.id, False) in reached:
                yield case.problem(
                    code,
                    f"states.{state.id}",
                    reached.story((state.id, False)),
                    outcome=state.outcome,
                    name=name,
                    state=state.id,
                )


def _groundless(case: Case) -> Iterator[Problem]:
    """Guards that a path meets with nothing done that could satisfy them: a move for nobody."""
    effects = {move.id: frozenset(move.effects) for move in case.definition.transitions}
    for guard, name in sorted(case.binding.grounds.items()):
        reached = Watch(case.definition, shifts(case.definition, effects, name))
        for move in case.definition.transitions:
            if guard in move.guards and (story := reached.before(move)):
                key = f"transitions.{move.id}.guards"
                told = {"transition": move.id, "guard": guard, "name": name}
                yield case.problem("guard_without_ground", key, story, **told)


def _undrafted(case: Case) -> Iterator[Problem]:
    """Moves that go on with a paper which a path has not drafted, or not again since it was
    given up: a subject would wait for it forever. That the draft was voided takes no paper away."""
    for kind, name in sorted(case.binding.drafted_by.items()):
        answering = {
            move.id: move for move in case.definition.transitions if event_of(move)[0] == kind
        }
        shifts = {name: False for name, move in answering.items() if move.tone != "forward"}
        shifts |= {move.id: True for move in case.definition.transitions if name in move.effects}
        reached = Watch(case.definition, shifts)
        for move in answering.values():
            if move.tone == "forward" and (story := reached.before(move)):
                key = f"transitions.{move.id}.on"
                told = {"transition": move.id, "event": move.on, "name": name}
                yield case.problem("paper_not_drafted", key, story, **told)


def _unfounded(case: Case, move: Transition, name: str, rule: EffectRule) -> Iterator[Problem]:
    """What the effect relies on and the move lacks."""
    key = f"transitions.{move.id}"
    made_by = OPENING if move.opens else move.act or event_of(move)[1]
    if rule.made_by and made_by not in rule.made_by:
        yield case.problem(
            "effect_out_of_place",
            f"{key}.effects",
            transition=move.id,
            name=name,
            ground=", ".join(sorted(rule.made_by)),
        )
    for guard in sorted(rule.guards.difference(move.guards)):
        yield case.problem(
            "effect_without_guard", f"{key}.guards", transition=move.id, name=name, guard=guard
        )
    lacks = rule.any_guards and not set(rule.any_guards) & set(move.guards)
    if lacks and not move.automatic:
        guards = ", ".join(rule.any_guards)
        yield case.problem(
            "effect_without_any_guard",
            f"{key}.guards",
            transition=move.id,
            name=name,
            guards=guards,
        )


def _elsewhere(case: Case, move: Transition, rule: EffectRule) -> Story:
    """The shortest story that makes the move and leads where the outcome it keeps is not: to
    a state of another one, or to one without where no state of this outcome was reached before,
    by a move that nothing voided since."""
    outcome = rule.outcome
    if outcome is None or _outcome(case, move) == outcome:
        return ()
    definition = case.definition
    gains = {
        one.id: frozenset({outcome} if _outcome(case, one) == outcome else ())
        for one in definition.transitions
    }
    reached = {} if _outcome(case, move) else shifts(definition, gains, outcome)
    return Watch(definition, reached).after(move)
