"""Storms of retries: their arrivals, their budget, and what becomes of the server afterwards."""

import asyncio
import random

import pytest

from helpers import FakeLLM
from helpers.agents import ModelError
from helpers.storms import RetryBudget, Scene, storm

# In the quick size a storm takes four seconds; the full one is four times as large and as long.
FACTORS = [pytest.param(1, id="quick"), pytest.param(4, id="full", marks=pytest.mark.soak)]
CALM = Scene(before=0.2, outage=0.0, after=0.4, look=0.2, latency=0.02)


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
def test_a_short_queue_ends_the_storm(factor):
    """A place in it is worth waiting for, so all work is for who still waits, however naive."""
    seen = weather(naive, factor, queue=7)
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


@pytest.mark.timed
@pytest.mark.parametrize("factor", FACTORS)
def test_a_short_queue_ends_a_storm_where_a_server_hangs(factor):
    """What it has begun is soon over, and the next in the line are still there."""
    seen = weather(naive, factor, hang=1.5, queue=7)
    assert is_well(seen), seen.server


def test_a_policy_is_told_the_attempt_and_the_error():
    """From 0 up, and an error of the kinds that a client meets; None gives up at once."""
    told = []

    def wait(attempt, error, budget):
        told.append((attempt, error))
        return None if attempt else 0.0

    with FakeLLM(script=["503", "503", "500"]) as llm:
        seen = asyncio.run(storm(wait, llm, scene=CALM))
    assert (seen.name, seen.given_up) in {("wait", 0), ("wait", 1)}  # whose turn each one was
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
    assert 0.5 * due < len(seen.asked) <= due + 2


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
