"""The planner's model: queues as theory has them, walls where they are, and words that say so. No clock, no sockets."""

import pytest

from helpers.benchmark.benchmark import Row
from helpers.planner.planner import (
    MODELS,
    Client,
    Job,
    Machine,
    advice,
    arrivals,
    batch,
    highest_rate,
    latencies,
    plan,
    predict,
    simplest,
    simulate,
)
from helpers.planner.widget import Plan, Planner, choice_map

MACHINE = Machine(Client(0.0015, 0.001, 20, 0.08), Client(0.00025, 0.001, 26, 0.018), cores=2)


def waited(passages):
    """Mean seconds before a slot."""
    return sum(p.began - p.arrived for p in passages) / len(passages)


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_a_queue_for_one_slot_waits_as_long_as_theory_says(load):
    """Random arrivals, equal service: load x service / 2 (1 - load), by Pollaczek and Khinchine."""
    count = 40_000
    passages = simulate(arrivals(count, load), [1.0] * count, slots=1)
    assert waited(passages) == pytest.approx(load / 2 / (1 - load), rel=0.1)


@pytest.mark.parametrize(("slots", "capacity"), [(5, None), (None, 5), (5, 50), (50, 5)])
def test_slots_and_the_providers_capacity_bound_a_batch(slots, capacity):
    """100 of 1 s, 5 at a time: 20 s, whichever of the two is the narrow one."""
    passages = simulate([0.0] * 100, [1.0] * 100, slots=slots or 100, capacity=capacity)
    assert max(p.ended for p in passages) == pytest.approx(20)


def test_the_providers_rate_spaces_requests():
    """100 at once at 50 a second: the last starts after 99 intervals."""
    passages = simulate([0.0] * 100, [1.0] * 100, slots=100, rate=50)
    assert max(p.ended for p in passages) == pytest.approx(99 / 50 + 1)


@pytest.mark.parametrize(("cores", "seconds"), [(1, 10), (2, 5)])
def test_cpu_is_shared_by_all_and_more_cores_share_it(cores, seconds):
    """100 queries with 0.1 s of CPU each."""
    passages = simulate([0.0] * 100, [0.0] * 100, slots=100, cpu=0.1, cores=cores)
    assert max(p.ended for p in passages) == pytest.approx(seconds, rel=0.05)


def test_latencies_have_the_mean_that_was_asked_for():
    """With and without a tail; the tail is above it."""
    assert latencies(3, 2.0, 0.0) == [2.0] * 3
    drawn = latencies(50_000, 2.0, 0.8)
    assert sum(drawn) / len(drawn) == pytest.approx(2.0, rel=0.05) and max(drawn) > 8


def test_walls():
    """Each model ends at its own wall, or the provider's where that comes first."""
    job = Job(latency=1.0)
    walls = {model: highest_rate(job, model, MACHINE) for model in MODELS}
    assert walls["serial"] == (pytest.approx(1 / 1.0025, rel=0.01), "one at a time")
    assert walls["threads"][1] == "500 threads" and walls["async"][1] == "one core (the GIL)"
    assert walls["processes"][0] == pytest.approx(2 * walls["async"][0])
    assert highest_rate(Job(latency=1.0, capacity=3), "async", MACHINE) == (
        3.0,
        "the provider's capacity",
    )
    assert highest_rate(Job(latency=1.0, rate=4), "threads", MACHINE) == (4, "the provider's rate")


@pytest.mark.parametrize(
    ("wanted", "model"),
    [
        (Job(peak=0.2, latency=1), "serial"),
        (Job(peak=20, latency=2), "threads"),
        (Job(peak=400, latency=3), "async"),
        (Job(peak=15, latency=0.9, cpu_share=0.08), "processes"),
    ],
)
def test_the_simplest_that_is_enough(wanted, model):
    """From a plain loop to processes, as the job grows."""
    assert simplest(wanted, MACHINE).model == model
    assert advice(wanted, MACHINE).startswith(f"{model.capitalize()} is enough")


def test_nothing_is_enough_past_the_providers_wall():
    """The advice names the wall and what to change."""
    job = Job(peak=100, latency=2, capacity=20)
    assert simplest(job, MACHINE) is None
    assert "the wall is the provider's capacity. Change the job" in advice(job, MACHINE)


def test_a_deadline_counts_from_arrival():
    """A model that holds the rate but answers too late is not enough."""
    job = Job(peak=0.9, latency=1.0, tail=0.0, deadline=3)
    serial = predict(job, "serial", MACHINE)
    assert serial.p95 > 3 and not serial.enough and "past the deadline" in serial.why
    assert simplest(job, MACHINE).model == "threads"


def test_a_new_team_is_told_what_threads_would_do():
    """A team that knows async is not."""
    job = Job(peak=400, latency=3)
    assert "threads would do up to 167 a second" in advice(job, MACHINE)
    assert "threads" not in advice(Job(peak=400, latency=3, team="knows async"), MACHINE)


def test_a_batch_says_whether_the_cpu_has_time_to_spare():
    """50 tasks of 0.2 s have; a thousand have not."""
    seconds, p95, memory, spare = batch(Row("a", "async", 50, 400, 0.2), MACHINE)
    assert 1.6 < p95 <= seconds < 1.7 and memory == pytest.approx(26 + 48 * 0.018) and spare
    assert not batch(Row("b", "async", 1_000, 1_000, 0.2), MACHINE)[3]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"peak": 0}, "peak is 0; it takes a number above 0"),
        ({"tail": 4}, "tail is 4; it takes a number from 0 to 3"),
        ({"cpu_share": 1}, "cpu_share is 1; it takes a share from 0 to below 1"),
        ({"rate": -1}, "rate is -1; it takes a number above 0, or None"),
        ({"team": "b"}, "team is 'b'; it takes one of new to async, knows async"),
    ],
)
def test_a_wrong_setting_is_named(settings, says):
    """With what it got and what it takes."""
    with pytest.raises(ValueError, match=says):
        Job(**settings)
    with pytest.raises(ValueError, match="model is 'magic'; it takes one of serial, threads"):
        predict(Job(), "magic", MACHINE)


def test_moving_a_slider_moves_the_advice():
    """And an emptied field is no limit."""
    planner = Planner(MACHINE, Job(peak=20, latency=2, capacity=8))
    assert "No model is enough" in planner.page.value
    planner.controls["capacity"].value = None
    assert "Threads is enough" in planner.page.value
    planner.controls["peak"].value = 400
    assert "Async is enough" in planner.page.value and "your peak: 400" in planner.page.value


def test_a_plan_reads_the_same_in_a_terminal():
    """The same advice and the same models as on the page."""
    job = Job(peak=20)
    text, page = str(Plan(job, MACHINE)), Plan(job, MACHINE)._repr_html_()
    assert advice(job, MACHINE) in text and all(
        p.model in text and p.model in page for p in plan(job, MACHINE)
    )


def test_the_map_says_in_words_what_it_shows():
    """Slanted borders: at a low rate a long latency needs another model than a short one."""
    chart = choice_map(Job(), MACHINE)
    columns = {row[0]: row[1:] for row in chart.rows}
    short, long = list(columns.values())[0], list(columns.values())[-1]
    assert short != long and "serial" in short and "async" in long
    assert "serial at 0.1/s" in chart.alt
