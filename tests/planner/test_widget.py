"""The sliders: what they stand for, and that the page follows them."""

import pytest

from helpers.planner import Job, Planner


def test_moving_a_slider_moves_the_advice(machine):
    """And an emptied field is no limit."""
    planner = Planner(machine, Job(peak=20, latency=2, capacity=8))
    assert "No model is enough" in planner.page.value
    planner.controls["capacity"].value = None
    assert "Threads is enough" in planner.page.value
    planner.controls["peak"].value = 400
    assert "Async is enough" in planner.page.value and "your peak: 400" in planner.page.value


@pytest.mark.parametrize(
    "job",
    [
        Job(),
        Job(peak=0.02, latency=0.01, deadline=0.05),
        Job(peak=2_000, latency=60, tail=2.5, deadline=300, cpu_share=0.95),
        Job(per_day=5, rate=0.5, capacity=3, team="knows async"),
    ],
)
def test_the_sliders_stand_where_the_job_has_them(machine, job):
    """Also where it lies beyond what they usually reach."""
    assert Planner(machine, job).job == job


def test_an_emptied_field_for_queries_a_day_is_no_error(machine):
    """Nothing is computed from it."""
    planner = Planner(machine)
    page = planner.page.value
    planner.controls["per_day"].value = None
    assert planner.job.per_day == 1 and planner.page.value == page


def test_every_control_has_a_name_that_can_be_read_out(machine):
    """ipywidgets' own sliders have none."""
    labels = [control.label for control in Planner(machine).controls.values()]
    assert all(labels) and len(set(labels)) == len(labels)


def test_its_repr_says_what_to_do(machine):
    """It stands where a notebook is shown without running."""
    assert repr(Planner(machine)) == "Planner: run this cell to use it"
