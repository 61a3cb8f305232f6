"""Storms of retries: their arrivals, their budget, and what becomes of the server afterwards."""

import asyncio
import gc
import random
import threading
from dataclasses import replace

import pytest

from helpers import FakeLLM
from helpers.agents import ModelError
from helpers.storms import RetryBudget, Scene, storm
from helpers.visit import Visit

PATIENCE = 30.0  # seconds, against hanging alone
# In the quick size a storm takes four seconds; the full one is four times as large and as long.
FACTORS = [pytest.param(1, id="quick"), pytest.param(4, id="full", marks=pytest.mark.soak)]
CALM = Scene(before=0.2, outage=0.0, after=0.4, look=0.2, latency=0.02)
ENDLESS = replace(CALM, before=PATIENCE)
# What a storm asks its server: three calls as it begins, four while it rages, three as it ends.
CALLS = "behaviour mark behave  behave behave mark stats  stats mark behave".split()
OUTAGE = 3  # the number of the call that begins it


def naive(factor):
    """Again nearly at once, and for ever."""

    def wait(attempt, error, budget):
        return 0.05 * factor

    return wait


def jitter(factor):
    """Exponential backoff with full jitter, for ever."""

    def wait(attempt, error, budget):
        return random.uniform(0, 0.05 * factor * 2**attempt)

    return wait


def budgeted(factor):
    """The same, as long as there is something in the budget."""
    backoff = jitter(factor)

    def wait(attempt, error, budget):
        return backoff(attempt, error, budget) if budget.take() else None

    return wait


def three_attempts(factor):
    """The same, but twice at most."""
    backoff = jitter(factor)

    def wait(attempt, error, budget):
        return backoff(attempt, error, budget) if attempt < 2 else None

    return wait


def weather(policy, factor, **changes):
    """The storm with this policy."""
    with FakeLLM() as llm:
        scene = Scene(**changes).slower(factor)
        return asyncio.run(storm(policy(factor), llm, scene=scene))


class Held:
    """A handle on a fake LLM whose call of this number, from 0 up, waits until it may go on.

    calls: the names of all calls so far. at_work: of those that are not over yet.
    """

    def __init__(self, llm, number):
        self.base_url, self.url = llm.base_url, llm.url
        self.calls, self.at_work = [], []
        self._number = number
        self._reached, self._may_go_on = threading.Event(), threading.Event()
        for name in ("behaviour", "mark", "journal", "stats", "behave"):
            setattr(self, name, self._calling(name, getattr(llm, name)))

    def _calling(self, name, call):
        def made(**settings):
            self.calls.append(name)
            self.at_work.append(name)
            if len(self.calls) == self._number + 1:
                self._reached.set()
                assert self._may_go_on.wait(PATIENCE)
            answer = call(**settings)
            self.at_work.remove(name)
            return answer

        return made

    async def reached(self):
        """Wait until that call is made."""
        assert await asyncio.to_thread(self._reached.wait, PATIENCE)

    def go_on(self):
        """Let it go on."""
        self._may_go_on.set()


class Begun(RetryBudget):
    """A budget that tells when the first question has come."""

    def __init__(self):
        super().__init__()
        self.event = asyncio.Event()

    def asked(self):
        super().asked()
        self.event.set()


async def raging(llm):
    """An endless storm that has begun."""
    begun = Begun()
    task = asyncio.create_task(storm(naive(1), llm, scene=ENDLESS, budget=begun))
    await asyncio.wait_for(begun.event.wait(), PATIENCE)
    return task


async def a_turn_for_everybody():
    """Whatever stands in line, in the loop and for its threads, has had its turn, many times."""
    for _ in range(100):
        await asyncio.to_thread(int)


def left_nothing(llm, before):
    """No task, no settings other than these, and nobody on this server: the next one is let in."""
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert llm.behaviour() == before
    Visit(llm, "the next one", {}).end()


def is_well(seen):
    """Nearly all have an answer, by the clients and by the server's journal."""
    journal = 100 * seen.server["answered"] / (seen.scene.rate * seen.scene.look)
    return min(seen.answers_at_the_end, journal) > 80


def is_down(seen):
    """Nobody has an answer, though they go on asking."""
    return seen.answers_at_the_end < 5 and seen.requests_at_the_end > 200


@pytest.mark.timed
@pytest.mark.parametrize("factor", FACTORS)
def test_a_plain_outage_does_no_harm(factor):
    """Who has room for everybody, and clients without a timeout, is well again at once."""
    seen = weather(naive, factor, limited=False, timeout=None)
    assert is_well(seen), seen.server


@pytest.mark.timed
@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("policy", [naive, jitter])
def test_retries_keep_a_server_down_that_works_for_clients_who_have_left(factor, policy):
    """All its work is for who waits no more, who therefore asks again; jitter only spreads that."""
    seen = weather(policy, factor)
    assert is_down(seen), seen.server


@pytest.mark.timed
@pytest.mark.parametrize("factor", FACTORS)
def test_a_retry_budget_ends_the_storm(factor):
    """The same server is well again when retries are a fifth of the questions at most."""
    seen = weather(budgeted, factor)
    assert is_well(seen), seen.server
    assert seen.given_up > 0


@pytest.mark.timed
@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("hang", [None, 1.5], ids=["refuses", "hangs"])
def test_a_short_queue_ends_the_storm(factor, hang):
    """A place in it is worth waiting for, so all work is for who still waits, however naive.

    Where a server hangs, what it has begun is soon over, and the next in the line are still there.
    """
    seen = weather(naive, factor, hang=hang, queue=7)
    assert is_well(seen), seen.server


@pytest.mark.timed
@pytest.mark.parametrize("factor", FACTORS)
def test_three_attempts_are_enough_where_an_outage_refuses_at_once(factor):
    """Those clients are gone before it ends: nobody is left to keep the server down."""
    seen = weather(three_attempts, factor)
    assert is_well(seen), seen.server
    assert seen.requests_at_the_end < 120


@pytest.mark.timed
@pytest.mark.parametrize("factor", FACTORS)
def test_three_attempts_are_three_times_the_load_where_a_server_hangs(factor):
    """Nobody is refused, so each question makes all its attempts, and the line never ends."""
    seen = weather(three_attempts, factor, hang=1.5)
    assert is_down(seen), seen.server


def test_a_policy_is_told_the_attempt_and_the_error():
    """From 0 up, and an error of the kinds that a client meets; None gives up at once."""
    told = []

    def wait(attempt, error, budget):
        told.append((attempt, error))
        return None if attempt else 0.0

    with FakeLLM(script=["503", "503", "500"]) as llm:
        seen = asyncio.run(storm(wait, llm, scene=CALM))
    # Whose turn each of the errors was is left to chance, so there may be none that met two.
    assert (seen.name, seen.given_up) == ("wait", sum(attempt == 1 for attempt, _ in told))
    assert {attempt for attempt, _ in told} <= {0, 1}
    assert sum(isinstance(error, ModelError) for _, error in told) >= 3
    assert {503, 500} <= {getattr(error, "status", None) for _, error in told}


def test_the_server_has_its_own_settings_again():
    """Whatever the storm did to them, and whatever a policy raises, which is raised again."""

    def wait(attempt, error, budget):
        raise KeyError("a typing mistake")

    with FakeLLM(latency=0.3, capacity=3) as llm:
        before = llm.behaviour()
        asyncio.run(storm(naive(1), llm, scene=CALM))
        assert llm.behaviour() == before
        llm.behave(script=["503"])
        with pytest.raises(KeyError, match="a typing mistake"):
            asyncio.run(storm(wait, llm, scene=CALM))
        assert llm.behaviour() == before


def test_two_storms_on_one_server_are_refused():
    """The second, also with the same policy; and the server has its own settings again."""
    policy = naive(1)

    async def both(llm):
        return await asyncio.gather(
            storm(policy, llm, scene=CALM), storm(policy, llm, scene=CALM), return_exceptions=True
        )

    with FakeLLM(latency=0.3) as llm:
        before = llm.behaviour()
        seen = asyncio.run(both(llm))
        assert sorted(type(each).__name__ for each in seen) == ["RuntimeError", "Storm"]
        assert "storm(wait) still uses" in str(next(e for e in seen if isinstance(e, Exception)))
        assert llm.behaviour() == before


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_a_storm_that_is_cancelled_while_it_asks_its_server_leaves_nothing(number):
    """Its call is over first, and what has begun is ended, also for a loop that cancels all."""

    async def cancelled(llm):
        before, held = llm.behaviour(), Held(llm, number)
        task = asyncio.create_task(storm(naive(1), held, scene=CALM))
        await held.reached()
        try:
            task.cancel()
            await a_turn_for_everybody()
            for each in asyncio.all_tasks() - {asyncio.current_task()}:
                each.cancel()  # as asyncio.run does at its end
            await a_turn_for_everybody()
            assert held.at_work == [CALLS[number]] and not task.done()
        finally:
            held.go_on()
        with pytest.raises(asyncio.CancelledError):
            await task
        left_nothing(llm, before)
        assert len(held.calls) <= len(CALLS)  # otherwise there is a call that nobody is tried at

    with FakeLLM(latency=0.3, capacity=3) as llm:
        asyncio.run(cancelled(llm))


def test_a_storm_that_is_cancelled_while_it_rages_leaves_nothing():
    """Though its clients wait for answers, or for their next attempt."""

    async def cancelled(llm):
        before = llm.behaviour()
        task = await raging(llm)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        left_nothing(llm, before)

    with FakeLLM(latency=0.3, capacity=3) as llm:
        asyncio.run(cancelled(llm))


def test_a_policy_that_raises_while_the_outage_begins_does_not_leave_it_behind():
    """The server has its own settings again when it has those of the outage, and not before."""

    async def raises(llm):
        before, held, raised = llm.behaviour(), Held(llm, OUTAGE), asyncio.Event()

        def wait(attempt, error, budget):
            raised.set()
            raise KeyError("a typing mistake")

        llm.behave(script=["503"])
        task = asyncio.create_task(storm(wait, held, scene=CALM, before=0.0))
        await held.reached()
        try:
            await asyncio.wait_for(raised.wait(), PATIENCE)
            await a_turn_for_everybody()
            assert held.at_work == [CALLS[OUTAGE]] and not task.done()
        finally:
            held.go_on()
        with pytest.raises(KeyError, match="a typing mistake"):
            await task
        left_nothing(llm, before)

    with FakeLLM(latency=0.3, capacity=3) as llm:
        asyncio.run(raises(llm))


@pytest.mark.parametrize("first", [0, 1])
def test_memory_is_searched_again_only_after_the_last_of_several_storms(first):
    """Whichever of them is over first, the other goes on without pauses."""

    async def one_after_the_other(*llms):
        storms = [await raging(llm) for llm in llms]
        frozen = [gc.get_freeze_count() > 0]
        for task in (storms[first], storms[1 - first]):
            task.cancel()
            await asyncio.wait([task])
            frozen.append(gc.get_freeze_count() > 0)
        assert frozen == [True, True, False]

    with FakeLLM() as llm, FakeLLM() as other:
        asyncio.run(one_after_the_other(llm, other))


def test_a_storm_has_the_name_that_it_is_given():
    """Otherwise its policy's; and a budget of one's own is asked, also one that looks empty."""

    class Asked(list):
        def asked(self):
            self.append("a question")

    budget = Asked()
    with FakeLLM() as llm:
        seen = asyncio.run(storm(naive(1), llm, scene=CALM, name="three", budget=budget))
    assert seen.name == "three" and budget


def test_questions_come_whatever_becomes_of_the_others():
    """As many as the rate says, although nobody is answered."""
    with FakeLLM() as llm:
        seen = asyncio.run(
            storm(lambda attempt, error, budget: None, llm, scene=CALM, outage=0.4, before=0.0)
        )
    due = seen.scene.rate * seen.scene.seconds
    in_time = sum(when <= seen.scene.seconds for when in seen.asked)  # they come until it has ended
    assert 0.5 * due < in_time <= due + 2


def test_a_slower_scene_has_as_many_questions_a_second():
    """All times are as many times as long, and so are the slots."""
    quick, slow = Scene(queue=7), Scene(queue=7).slower(4)
    assert slow.rate == quick.rate and slow.seconds == 4 * quick.seconds
    assert (slow.slots, slow.queue, slow.timeout) == (24, 28, 2.0)
    assert Scene(timeout=None).slower(4).timeout is None
    assert Scene(hang=0.5).slower(4).hang == 2.0 and quick.slower(4).hang is None


def test_a_budget_has_a_share_of_each_question_and_a_cap():
    """A quiet month does not save up a storm."""
    budget = RetryBudget(share=0.5, most=2.0)
    assert not budget.take()
    for _ in range(3):
        budget.asked()
    assert budget.take() and not budget.take()
    for _ in range(1000):
        budget.asked()
    assert [budget.take() for _ in range(3)] == [True, True, False]
