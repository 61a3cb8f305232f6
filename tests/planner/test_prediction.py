"""What each model would give: walls where they are, p95 from arrival, and what it costs."""

from dataclasses import replace

import pytest

from helpers.benchmark import Row
from helpers.planner import MODELS, Job, batch, highest_rate
from helpers.planner.prediction import predict, simplest_by_rate


def test_each_model_ends_at_a_wall_of_its_own(machine):
    """One at a time, the threads that there are, one core, all cores."""
    job = Job(latency=1.0)
    walls = {model: highest_rate(job, model, machine) for model in MODELS}
    assert walls["serial"] == (pytest.approx(1 / 1.0025), "one at a time")
    assert walls["threads"] == (pytest.approx(500 / 1.0025), "500 threads")
    assert walls["async"] == (pytest.approx(1 / 0.00025), "one core (the GIL)")
    assert walls["processes"] == (pytest.approx(2 / 0.00025), "the cores")


def test_the_providers_wall_counts_where_it_comes_first(machine):
    """Its rate is a rate, and its capacity is one by Little's law."""
    capacity = highest_rate(Job(latency=2.0, capacity=3), "async", machine)
    assert capacity == (1.5, "the provider's capacity")
    rate = highest_rate(Job(latency=1.0, rate=4), "threads", machine)
    assert rate == (4, "the provider's rate")


def test_your_own_cpu_brings_the_gil_nearer_and_only_processes_help(machine):
    """A tenth of a second of it allows ten a second on one core, and twenty on two."""
    job = Job(latency=0.9, cpu_share=0.1)
    for model in ("threads", "async"):
        held = highest_rate(job, model, machine)
        assert held == (pytest.approx(10, rel=0.02), "one core (the GIL)")
    assert highest_rate(job, "processes", machine).rate == pytest.approx(20, rel=0.02)


def test_a_model_that_does_not_exist_is_named(machine):
    """With those that do."""
    for function in (predict, highest_rate):
        with pytest.raises(ValueError, match="model is 'magic'; it takes one of serial, threads"):
            function(Job(), "magic", machine)


def test_a_deadline_counts_from_arrival(machine):
    """A model that holds the rate but answers too late is not enough."""
    serial = predict(Job(peak=0.9, latency=1.0, tail=0.0, deadline=3), "serial", machine)
    assert serial.p95 > 3 and not serial.enough
    assert "past the deadline" in serial.why


def test_what_cannot_hold_the_peak_has_no_p95(machine):
    """Its queue grows for as long as the peak lasts, so a dash stands for the time."""
    serial = predict(Job(peak=5, latency=1.0), "serial", machine)
    assert serial.p95 == float("inf") and serial.p95_in_words == "–"
    assert (serial.in_flight, serial.enough) == (1, False)
    assert "the wall is one at a time" in serial.why


def test_in_flight_is_about_what_littles_law_says(machine):
    """20 a second of 2 s are 40 on average; the most of a sample is some more."""
    for model in ("threads", "async"):
        assert 40 < predict(Job(peak=20, latency=2, tail=0), model, machine).in_flight < 80


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.123, "0.12 s"), (3.07, "3.1 s"), (99.7, "100 s"), (1234.0, "1,200 s")]
)
def test_p95_is_told_with_two_digits_and_no_powers_of_ten(machine, seconds, words):
    """A job with replies of minutes has one like any other."""
    prediction = replace(predict(Job(), "async", machine), p95=seconds)
    assert prediction.p95_in_words == words


def test_cores_are_rented_in_quarters_with_some_to_spare(machine):
    """A quarter at least; 0.5 busy cores leave three tenths unused in three quarters."""
    small = predict(Job(peak=1, latency=1.0), "async", machine)
    busy = predict(Job(peak=10, latency=0.95, cpu_share=0.05), "async", machine)
    assert (small.cores, busy.cores) == (0.25, 0.75)
    memory = busy.memory / 1024 * 0.005
    assert busy.cost == pytest.approx(24 * (0.75 * 0.04 + memory))


def test_memory_is_that_of_every_process_and_of_what_is_in_flight(machine):
    """Two processes on two cores have twice the memory at rest."""
    job = Job(peak=20, latency=2)
    alone, both = (predict(job, model, machine) for model in ("async", "processes"))
    assert alone.memory == pytest.approx(26 + 0.018 * alone.in_flight)
    assert both.memory == pytest.approx(2 * 26 + 0.018 * both.in_flight)


def test_a_batch_is_predicted_with_its_last_and_its_95th_of_a_hundred(machine):
    """400 of 0.2 s by 50 are eight rounds; memory is that of 50 in flight."""
    seconds, p95, memory, spare = batch(Row("a", "async", 50, 400, 0.2), machine)
    assert 1.6 < p95 <= seconds < 1.7
    assert memory == pytest.approx(26 + 48 * 0.018)
    assert spare


def test_a_batch_says_where_the_cpu_has_no_time_to_spare(machine):
    """A thousand tasks of 0.2 s keep one core busy for longer than their replies take."""
    assert not batch(Row("b", "async", 1_000, 1_000, 0.2), machine).spare


def test_the_simplest_by_rate_needs_no_simulation(machine):
    """It is the first that holds the peak, and none where the provider does not."""
    assert simplest_by_rate(Job(peak=0.5, latency=1), MODELS, machine) == "serial"
    assert simplest_by_rate(Job(peak=100, latency=1), MODELS, machine) == "threads"
    assert simplest_by_rate(Job(peak=100, rate=5), MODELS, machine) is None
