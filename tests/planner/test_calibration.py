"""What a client costs, worked out from two runs; once from real ones."""

import os
from dataclasses import replace

import pytest

from helpers import FakeLLM
from helpers.benchmark import Row
from helpers.planner import MODELS, calibrate
from helpers.planner.calibration import cost_from
from tests.benchmark.made_up import result

LIGHT = Row("light", "threads", 2, 20, 0.03)
HEAVY = Row("heavy", "threads", 62, 600, 0.03)


def light_and_heavy(*, p50, light_memory, seconds, cpu, heavy_memory):
    """The two results that a calibration reads."""
    light = replace(result(LIGHT), p50_from_start=p50, memory=light_memory)
    heavy = replace(result(HEAVY, seconds), cpu=cpu, memory=heavy_memory)
    return light, heavy


def test_a_cost_is_read_off_a_run_that_waits_and_one_that_does_not():
    """600 requests in 0.9 s of a saturated client, and 60 more in flight for 4.8 MB."""
    runs = light_and_heavy(p50=0.033, light_memory=20.0, seconds=0.9, cpu=0.7, heavy_memory=24.8)
    cost = cost_from(*runs)
    assert cost.cpu == pytest.approx(0.9 / 600)
    assert cost.extra == pytest.approx(0.033 - 0.03 - 0.0015)
    assert (cost.base, cost.each) == (20.0, pytest.approx(0.08))


def test_cpu_in_other_threads_than_ours_counts_too():
    """A process may use more than a second of CPU in a second."""
    runs = light_and_heavy(p50=0.033, light_memory=20, seconds=0.9, cpu=1.2, heavy_memory=24.8)
    assert cost_from(*runs).cpu == pytest.approx(1.2 / 600)


def test_no_cost_is_below_nothing():
    """Where noise says so, it is nothing."""
    runs = light_and_heavy(p50=0.030, light_memory=20, seconds=0.9, cpu=0.7, heavy_memory=19.0)
    assert (cost_from(*runs).extra, cost_from(*runs).each) == (0, 0)


def test_each_model_has_the_client_that_it_runs_with(machine):
    """A plain loop and threads share one, tasks and processes of tasks the other."""
    clients = [machine.client(model) for model in MODELS]
    assert clients == [machine.threads, machine.threads, machine.tasks, machine.tasks]


@pytest.mark.timed
def test_this_machine_can_be_calibrated():
    """Tasks need less CPU and less memory for a request in flight than threads do."""
    with FakeLLM() as llm:
        machine = calibrate(llm)
    assert 0 < machine.tasks.cpu < machine.threads.cpu < 0.1
    assert machine.tasks.each < machine.threads.each
    assert machine.cores == os.cpu_count()
