"""check() against slow but obvious answers, on random definitions.

Every graph counts here: with loops, forgotten states, exits out of final states, papers
whose events do and undo steps.
"""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given

from engine.definition import START, SYSTEM, Definition, role_of
from tests.engine.sketches import STEPS, World, closure, definitions, of, worlds

ALONE = World()


@given(definitions())
def test_unreachable_is_what_no_chain_of_moves_leads_to(definition: Definition) -> None:
    pairs = closure(definition)
    told = {problem.params["state"] for problem in of(ALONE.check(definition), "unreachable_state")}
    assert told == {state for state in definition.by_state if (START, state) not in pairs}


@given(definitions())
def test_each_state_without_an_end_in_reach_leads_to_a_problem_that_says_so(
    definition: Definition,
) -> None:
    pairs = closure(definition)
    ends = [state.id for state in definition.states if state.final]
    stuck = {
        state
        for state in definition.by_state
        if (START, state) in pairs and not any((state, end) in pairs for end in ends)
    }
    problems = list(of(ALONE.check(definition), "dead_end", "trap"))
    told = {problem.params["state"] for problem in problems}
    assert told <= stuck
    assert all(any((state, place) in pairs for place in told) for state in stuck)
    # And each place is told once: no two of them lead to one another.
    assert not any((a, b) in pairs for a in told for b in told if a != b)
    for problem in problems:
        exits = definition.leaving(problem.params["state"])
        assert (problem.code == "trap") == bool(exits)
        loop = set(problem.params.get("loop", problem.params["state"]).split(", "))
        assert loop == {state for state in stuck if (problem.params["state"], state) in pairs}


@given(definitions())
def test_a_story_about_a_state_is_a_shortest_way_there(definition: Definition) -> None:
    lengths = shortest(ALONE, definition)
    for problem in of(ALONE.check(definition), "dead_end", "trap", "waiting_on_nobody"):
        state = problem.params["state"]
        if state in lengths:
            assert ALONE.replay(definition, problem.story)[0] == state
            places = str(problem.params.get("loop", state)).split(", ")
            assert len(problem.story) == min(lengths[place] for place in places)
        else:
            assert problem.story == ()


@given(definitions())
def test_a_final_state_left_is_shown_by_leaving_it(definition: Definition) -> None:
    problems = list(of(ALONE.check(definition), "final_with_exit"))
    exits = {
        (state, move.id)
        for state in definition.by_state
        for move in definition.leaving(state)
        if definition.by_state[state].final
    }
    assert {(p.params["state"], p.params["transition"]) for p in problems} == exits
    lengths = shortest(ALONE, definition)
    for problem in problems:
        state, story = problem.params["state"], problem.story
        if state in lengths:
            assert ALONE.replay(definition, story[:-1])[0] == state
            assert story[-1] == problem.params["transition"]
            assert len(story) == lengths[state] + 1


@given(worlds())
def test_a_required_step_is_missed_exactly_where_some_path_misses_it(
    drawn: tuple[World, Definition],
) -> None:
    world, definition = drawn
    paths = world.paths(definition)
    expected: dict[tuple[str, str], int] = {}
    for (state, steps, debts), length in paths.items():
        owed = {step for _, step in debts}
        for step in STEPS:
            if outcome(definition, state) and (step not in steps or step in owed):
                best = expected.get((state, step), length)
                expected[state, step] = min(best, length)
    problems = of(world.check(definition), *(f"recognised_without_{step}" for step in STEPS))
    told = {(p.params["state"], p.params["step"]): p.story for p in problems}
    assert {place: len(story) for place, story in told.items()} == expected
    for (state, step), story in told.items():
        at, steps, debts = world.replay(definition, story)
        assert at == state
        assert step not in steps or step in {owed for _, owed in debts}


@given(worlds())
def test_one_office_with_two_duties_is_told_with_the_shortest_story(
    drawn: tuple[World, Definition],
) -> None:
    world, definition = drawn
    problems = {p.params["role"]: p for p in of(world.check(definition), "maker_is_checker")}
    roles = {role_of(rule) for one in (definition, *world.flows) for m in one.transitions
             for rule in m.by} - {SYSTEM}  # fmt: skip
    for role in roles:
        parts = {move.id: held(world, definition, role, move.id) for move in definition.transitions}
        together = clashing(frozenset().union(*parts.values()), definition.id)
        assert (role in problems) == together
        if together:
            length = first_clash(definition, parts)
            story = problems[role].story
            assert len(story) == (length or 0)
            if story:
                world.replay(definition, story)
                seen = frozenset().union(*(parts[name] for name in story))
                assert clashing(seen, definition.id)


@given(worlds())
def test_an_end_without_an_answer_is_shown_by_moves_that_lead_to_where_it_is_missed(
    drawn: tuple[World, Definition],
) -> None:
    world, definition = drawn
    flows = {flow.id: flow for flow in world.flows}
    for problem in of(world.check(definition), "paper_end_unanswered"):
        state, event = problem.params["state"], problem.params["event"]
        kind, _, end = event.partition(":")
        assert flows[kind].by_state[end].final
        assert all(move.on != event for move in definition.leaving(state))
        if problem.story:
            assert world.replay(definition, problem.story)[0] == state
            entry = problem.key.split(".")[1]
            assert entry in problem.story


@given(worlds())
def test_where_a_paper_can_end_at_once_its_subject_must_answer(
    drawn: tuple[World, Definition],
) -> None:
    world, definition = drawn
    told = {
        (problem.key, problem.params["event"])
        for problem in of(world.check(definition), "paper_end_unanswered")
    }
    for flow in world.flows:
        for first in {move.target for move in flow.leaving(START)}:
            if flow.by_state[first].final:
                continue
            ends = {m.target for m in flow.leaving(first) if flow.by_state[m.target].final}
            for entry in definition.transitions:
                answered = {move.on for move in definition.leaving(entry.target)}
                if entry.on == f"{flow.id}:{first}":
                    missed = {f"{flow.id}:{end}" for end in ends} - answered
                    assert {(f"transitions.{entry.id}.on", event) for event in missed} <= told


Duty = tuple[str, str]
"""A duty, and the workflow it belongs to."""


def outcome(definition: Definition, state: str) -> bool:
    return state != START and definition.by_state[state].outcome == "recognised"


def shortest(world: World, definition: Definition) -> Mapping[str, int]:
    """The fewest moves that lead to each state."""
    lengths: dict[str, int] = {}
    for (state, _, _), length in world.paths(definition).items():
        lengths[state] = min(length, lengths.get(state, length))
    return lengths


def held(world: World, definition: Definition, role: str, name: str) -> frozenset[Duty]:
    """The duties a role exercises in one move and in the paper whose event it answers."""
    move = definition.by_transition[name]
    kind = (move.on or "").partition(":")[0]
    flows = [flow for flow in world.flows if flow.id == kind]
    moves = [(definition, move), *((flow, m) for flow in flows for m in flow.transitions)]
    return frozenset(
        (made.duty, where.id)
        for where, made in moves
        if made.duty and role in {role_of(rule) for rule in made.by}
    )


def clashing(duties: frozenset[Duty], own: str) -> bool:
    return any(
        first[0] != second[0] and not (first[1] == second[1] != own)
        for first in duties
        for second in duties
    )


def first_clash(definition: Definition, parts: Mapping[str, frozenset[Duty]]) -> int | None:
    """How many moves the shortest path makes that gives one role two duties."""
    edge: set[tuple[str, frozenset[Duty]]] = {(START, frozenset())}
    seen: set[tuple[str, frozenset[Duty]]] = set()
    length = 0
    while edge:
        if any(clashing(duties, definition.id) for _, duties in edge):
            return length
        seen |= edge
        edge = {
            (move.target, duties | parts[move.id])
            for state, duties in edge
            for move in definition.leaving(state)
        } - seen
        length += 1
    return None
