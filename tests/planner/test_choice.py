"""Which model is chosen, and the words that say so."""

import pytest

from helpers.planner import MODELS, Job, advice, plan, simplest


@pytest.mark.parametrize(
    ("wanted", "model"),
    [
        (Job(peak=0.2, latency=1), "serial"),
        (Job(peak=20, latency=2), "threads"),
        (Job(peak=400, latency=3), "async"),
        (Job(peak=15, latency=0.9, cpu_share=0.08), "processes"),
    ],
)
def test_the_simplest_that_is_enough(machine, wanted, model):
    """From a plain loop to processes, as the job grows."""
    assert simplest(wanted, machine).model == model
    assert advice(wanted, machine).startswith(f"{model.capitalize()} is enough")


def test_a_plan_has_every_model_from_the_simplest_on(machine):
    """Those before the simplest that is enough are not."""
    choices = plan(Job(peak=400, latency=3), machine)
    assert [choice.model for choice in choices] == list(MODELS)
    assert [choice.enough for choice in choices] == [False, False, True, True]


def test_nothing_is_enough_past_the_providers_wall(machine):
    """The advice names the wall and what to change."""
    job = Job(peak=100, latency=2, capacity=20)
    assert simplest(job, machine) is None
    assert "the wall is the provider's capacity. Change the job" in advice(job, machine)


def test_a_deadline_may_ask_for_more_than_the_rate_does(machine):
    """One at a time would hold this peak, but keeps half of the queries waiting too long."""
    job = Job(peak=0.9, latency=1.0, tail=0.0, deadline=3)
    assert simplest(job, machine).model == "threads"


def test_a_new_team_is_told_what_threads_would_do(machine):
    """A team that knows async is not."""
    assert "threads would do up to 167 a second" in advice(Job(peak=400, latency=3), machine)
    assert "threads" not in advice(Job(peak=400, latency=3, team="knows async"), machine)
