"""What is cheap is never old; what is costly is worked out seldom."""

from __future__ import annotations

from web.keeping import CHEAP, TIMES, Keeping


class FakeWatch:
    """Seconds that pass only when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def _asked(keeping: Keeping, watch: FakeWatch, takes: float, value: str) -> str:
    def make() -> str:
        watch.seconds += takes
        return value

    return keeping.answer("key", make)


def test_a_cheap_answer_is_asked_anew() -> None:
    watch = FakeWatch()
    keeping = Keeping(watch)
    assert [_asked(keeping, watch, CHEAP / 2, value) for value in "ab"] == ["a", "b"]


def test_a_costly_answer_is_kept_in_proportion_to_its_cost() -> None:
    watch = FakeWatch()
    keeping = Keeping(watch)
    assert _asked(keeping, watch, 2.0, "a") == "a"
    watch.seconds += 2.0 * TIMES - 0.1
    assert _asked(keeping, watch, 2.0, "b") == "a"
    watch.seconds += 0.2
    assert _asked(keeping, watch, 2.0, "c") == "c"
    assert keeping.answer("another key", lambda: "d") == "d"
