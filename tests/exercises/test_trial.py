"""A trial under way, and the evidence that it leaves to the judges."""

import asyncio
import threading

import aiohttp
import pytest

from helpers import FakeLLM, questions
from helpers.agents import ModelError
from helpers.exercises.calls import REFUSED, ask_model, errors_are_results, result_in_words
from helpers.exercises.trial import Trial
from helpers.trace import Stopped


@pytest.fixture(scope="module")
def llm():
    """One server for all tests here."""
    with FakeLLM(latency=0.0, search_latency=0.0) as one:
        yield one


@pytest.fixture
def stop():
    """Set when the time is up."""
    return threading.Event()


@pytest.fixture
def trial(llm, stop):
    """A trial with an empty journal."""
    llm.reset()
    return Trial(llm, stop)


def test_the_agents_answers_are_known_again(trial):
    """Whole or as a text, each to its own question, from both kinds of agent."""
    first, second = questions(2, kind="lookup")

    async def ask_second():
        async with trial.ask_async() as ask:
            return await ask(second)

    with trial.ask() as ask:
        answer = ask(first)
    other = asyncio.run(ask_second())
    evidence = trial.evidence(None, since=0)
    assert evidence.is_answer(first, answer) and evidence.is_answer(second, other.text)
    assert not evidence.is_answer(first, other) and not evidence.is_answer("else", answer)


def test_the_most_at_one_instant_are_counted(trial):
    """By the agents' side, whatever the server sees of it."""

    async def ask_five():
        async with trial.ask_async() as ask:
            await asyncio.gather(*(ask(question) for question in questions(5, kind="lookup")))

    asyncio.run(ask_five())
    assert trial.evidence(None, since=0).most_asked == 5


def test_when_the_time_is_up_an_agent_takes_no_further_step(trial, stop):
    """Its recorder is the switch: it raises before the step, so no request is sent."""
    stop.set()
    with trial.ask() as ask, pytest.raises(Stopped):
        ask("Anything?")
    assert trial.evidence(None, since=0).journal == []


def test_a_step_that_has_begun_is_recorded_to_its_end(trial, stop):
    """Only starts are refused, or a trace would hold steps without an end."""
    trial.record_or_stop(1, "model", "start")
    stop.set()
    trial.record_or_stop(1, "model", "ok")
    assert [span.state for span in trial.trace.spans()] == ["ok"]


def test_the_checks_own_questions_are_unseen(trial, llm):
    """What the model replies is found out at once, and its latency is then what it was."""
    llm.behave(latency=5.0)
    (text,) = trial.replies(["Why?"])
    assert text and llm.behaviour()["latency"] == 5.0
    assert trial.evidence(None, since=0).journal == []
    llm.behave(latency=0.0)


def test_evidence_holds_what_the_call_has_set(trial):
    """And nothing of it can be set anew."""
    trial.questions = questions(1)
    trial.expected = ["x"]
    trial.observed = "seen"
    evidence = trial.evidence(42, since=0)
    assert (evidence.returned, evidence.observed, evidence.expected) == (42, "seen", ["x"])
    with pytest.raises(AttributeError):
        evidence.returned = 43


def test_a_request_that_is_given_up_is_noted_before_the_next_begins(trial):
    """`let_go` waits until the server knows of it, and not for one that goes on."""

    async def give_up():
        async with aiohttp.ClientSession() as session:
            asked = ask_model(trial, session, "Why?", tokens=5_000, tag="long")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asked, 0.2)
            await trial.let_go()

    trial.llm.behave(tokens_per_second=10)
    asyncio.run(give_up())
    (entry,) = trial.evidence(None, since=0).seen()
    assert (entry["tag"], entry["outcome"]) == ("long", "disconnected")


def test_a_model_that_refuses_is_an_error(trial):
    """Of the kind that the agents raise, too."""

    async def ask():
        async with aiohttp.ClientSession() as session:
            await ask_model(trial, session, "Why?", tokens=REFUSED, tag="broken")

    with pytest.raises(ModelError):
        asyncio.run(ask())


def test_an_error_may_be_the_result_of_a_call():
    """Where an exercise asks for an exception; what was not written yet is no result."""
    with errors_are_results() as came:
        came.value = int("x")
    assert result_in_words(came.value) == "the exception ValueError"
    with errors_are_results() as came:
        came.value = 42
    assert result_in_words(came.value) == "int 42"
    with pytest.raises(NotImplementedError), errors_are_results():
        raise NotImplementedError
