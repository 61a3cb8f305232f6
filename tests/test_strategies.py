"""The strategies: what they have in common, and in what they differ, counted without a clock."""

import asyncio
import inspect
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import strategies

ALL = [
    strategies.serial,
    strategies.threads,
    strategies.batches,
    strategies.gather,
    strategies.limited,
    strategies.workers,
]


class Counter:
    """An `ask` for both kinds of strategy that notes the most that were under way at once."""

    def __init__(self, fail_at=None):
        self.level = self.most = self.calls = 0
        self.lock, self.fail_at = threading.Lock(), fail_at

    def enter(self, question):
        with self.lock:
            self.level, self.calls = self.level + 1, self.calls + 1
            self.most = max(self.most, self.level)
        if question == self.fail_at:
            raise LookupError(question)

    def leave(self):
        with self.lock:
            self.level -= 1

    def ask(self, question):
        self.enter(question)
        self.leave()
        return question * 2

    async def ask_async(self, question):
        self.enter(question)
        try:
            for _ in range(1 + question % 3):
                await asyncio.sleep(0)
        finally:
            self.leave()
        return question * 2


def use(strategy, questions, limit, counter=None):
    """Run a strategy of either kind to its end."""
    counter = counter or Counter()
    if inspect.iscoroutinefunction(strategy):
        return asyncio.run(strategy(counter.ask_async, questions, limit))
    return strategy(counter.ask, questions, limit)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 99), max_size=20), st.integers(1, 9), st.sampled_from(ALL))
def test_every_strategy_answers_all_in_order(questions, limit, strategy):
    """One answer for each question, in the order of the questions."""
    assert use(strategy, questions, limit) == [q * 2 for q in questions]


@pytest.mark.parametrize(
    ("strategy", "most"),
    [
        (strategies.serial, 1),
        (strategies.limited, 4),
        (strategies.workers, 4),
        (strategies.gather, 12),
    ],
)
def test_the_limit_is_kept_and_used(strategy, most):
    """Never more under way than the limit, and as many as it allows."""
    counter = Counter()
    use(strategy, list(range(12)), 4, counter)
    assert counter.most == most


@pytest.mark.parametrize("strategy", [strategies.threads, strategies.batches])
def test_a_pool_fills_its_limit_and_no_more(strategy):
    """Four threads meet at a barrier of four: fewer would never get past it."""
    meeting, counter = threading.Barrier(4), Counter()

    def ask(question):
        counter.enter(question)
        meeting.wait(10)
        counter.leave()
        return question

    assert strategy(ask, list(range(12)), 4) == list(range(12))
    assert counter.most == 4


@pytest.mark.parametrize(
    ("strategy", "patience", "met"),
    [(strategies.threads, 30.0, True), (strategies.batches, 0.05, False)],
)
def test_a_batch_waits_for_its_slowest_and_a_pool_does_not(strategy, patience, met):
    """The first question waits until the last has begun: in a pool it can, in a batch it cannot."""
    last_began = threading.Event()

    def ask(question):
        if question == 9:
            last_began.set()
        return last_began.wait(patience if question == 0 else 0)

    assert strategy(ask, list(range(10)), 2)[0] is met


@pytest.mark.parametrize("strategy", ALL)
def test_the_first_failure_comes_out(strategy):
    """An exception of one question is raised: by workers in the group of their tasks."""
    expected = ExceptionGroup if strategy is strategies.workers else LookupError
    with pytest.raises(expected) as caught:
        use(strategy, list(range(8)), 3, Counter(fail_at=2))
    (error,) = getattr(caught.value, "exceptions", [caught.value])
    assert isinstance(error, LookupError) and error.args == (2,)


def test_workers_cancel_their_siblings_and_gather_does_not():
    """After a failure the task group has ended the others; gather leaves them running."""
    levels = {}

    async def main(strategy):
        counter = Counter(fail_at=0)

        async def ask(question):
            counter.enter(question)
            try:
                await asyncio.Event().wait()
            finally:
                counter.leave()

        expected = ExceptionGroup if strategy is strategies.workers else LookupError
        with pytest.raises(expected):
            await strategy(ask, list(range(5)), 5)
        levels[strategy.__name__] = counter.level - 1  # the failed one never left

    for strategy in (strategies.workers, strategies.gather):
        asyncio.run(main(strategy))
    assert levels == {"workers": 0, "gather": 4}


def test_workers_make_no_more_tasks_than_the_limit():
    """A thousand questions, and never more than five tasks beside the main one."""
    most = 0

    async def main():
        async def ask(question):
            nonlocal most
            most = max(most, len(asyncio.all_tasks()))
            await asyncio.sleep(0)

        await strategies.workers(ask, list(range(1000)), 5)

    asyncio.run(main())
    assert most == 6
