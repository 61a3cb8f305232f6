"""The schedule: what is due goes in order and never early, what is cancelled never."""

import asyncio
from dataclasses import dataclass

import pytest

from helpers.fake_llm import schedule
from helpers.fake_llm.schedule import Schedule, punctual_loop


@dataclass(eq=False)
class Due:
    """Something that can be due."""

    name: str
    ticket: int = 0


def run(scenario, handle=None):
    """What happens in turn, as (name, time), until something called "over" does.

    `scenario(schedule)` sets it going; `handle(schedule, request)` is what requests do besides.
    """

    async def main():
        happened, over = [], asyncio.Event()

        def note(thing):
            happened.append((thing.name, times.now()))
            if thing.name == "over":
                over.set()

        def arrive(request):
            note(request)
            if handle is not None:
                handle(times, request)

        times = Schedule(arrive, note)
        scenario(times)
        await over.wait()
        return happened

    with asyncio.Runner(loop_factory=punctual_loop) as runner:
        return runner.run(main())


def test_jobs_are_done_in_the_order_of_their_deadlines_and_never_early():
    """Whatever the order they were given in."""
    deadlines = {"third": 0.03, "first": 0.01, "over": 0.04, "second": 0.02}
    happened = run(lambda times: [times.at(at, Due(name)) for name, at in deadlines.items()])
    assert [name for name, _ in happened] == ["first", "second", "third", "over"]
    assert all(at >= deadlines[name] for name, at in happened)


def test_what_is_cancelled_or_put_off_is_not_done_at_its_old_time():
    """The newest deadline of a job counts."""

    def scenario(times):
        cancelled, later = Due("cancelled"), Due("later")
        for job in (cancelled, later):
            times.at(0.01, job)
            times.cancel(job)
        times.at(0.03, later)
        times.at(0.02, Due("between"))
        times.at(0.04, Due("over"))

    assert [name for name, _ in run(scenario)] == ["between", "later", "over"]


def test_many_cancelled_deadlines_are_cleared_away(monkeypatch):
    """Clients that give up must not fill the memory with what they no longer wait for."""
    monkeypatch.setattr(schedule, "STALE", 10)
    sizes = []

    def scenario(times):
        times.at(0.01, Due("over"))
        for i in range(100):
            job = Due(str(i))
            times.at(60.0, job)
            times.cancel(job)
            sizes.append(len(times._due))

    assert [name for name, _ in run(scenario)] == ["over"]
    assert max(sizes) <= 12


def test_what_is_due_goes_before_what_has_arrived():
    """The first of many requests makes something due at once: the others wait for it."""

    def scenario(times):
        for name in ("first", "second", "over"):
            times.receive(Due(name))

    def handle(times, request):
        if request.name == "first":
            times.at(times.now(), Due("job"))

    assert [name for name, _ in run(scenario, handle)] == ["first", "job", "second", "over"]


def test_requests_read_in_one_turn_have_arrived_together():
    """Whatever work the first of them makes before the second is read."""
    arrivals = []

    def scenario(times):
        for _ in range(3):
            arrivals.append(times.arrived())
        times.at(0.0, Due("over"))

    run(scenario)
    assert len(set(arrivals)) == 1


def test_an_error_in_one_request_does_not_stop_the_others(capsys):
    """It is reported on standard error."""

    def scenario(times):
        times.receive(Due("broken"))
        times.receive(Due("over"))

    def handle(times, request):
        if request.name == "broken":
            raise RuntimeError("this one is wrong")

    assert [name for name, _ in run(scenario, handle)] == ["broken", "over"]
    assert "RuntimeError: this one is wrong" in capsys.readouterr().err


@pytest.mark.timed
def test_timers_are_finer_than_a_millisecond():
    """Half of 20 deadlines are met within half a millisecond, where epoll alone would not."""
    deadlines = [0.01 + 0.0033 * i for i in range(20)]

    def scenario(times):
        for i, at in enumerate(deadlines):
            times.at(at, Due(str(i)))
        times.at(deadlines[-1] + 0.01, Due("over"))

    late = sorted(at - due for (_, at), due in zip(run(scenario)[:-1], deadlines, strict=True))
    assert late[10] < 0.0005
