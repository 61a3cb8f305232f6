"""Strategies with sliders, buttons and a live chart.

    Panel(serial, threads, gather)

A run has its own worker thread (helpers.runs). A second thread draws, by setting a widget's text.
So a panel stays alive whatever a strategy does, and on every version of ipykernel, although these
run a widget's callbacks in different threads. All that a button does is a method, too: run, stop,
pin, reset, sweep, and `await panel.wait()`.
"""

import asyncio
import inspect
import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import ipywidgets as widgets
from IPython.display import display

from helpers.charts import compare, throughput
from helpers.measured import nobody_looks
from helpers.panel.cell import Picture, replace_panel
from helpers.panel.closing import close_all, parts
from helpers.panel.drawing import draw_run, draw_sweep
from helpers.panel.messages import BUSY, error_words, ready_words
from helpers.panel.output import Printed
from helpers.panel.screen import Screen
from helpers.panel.server import Server
from helpers.panel.settings import SETTINGS, SHOWN, SWEEP, Settings, check_names
from helpers.runs import LLM, Run, start
from helpers.sweeps import LIMITS, Sweep

# Seconds between two looks whether a run is over: a cell that waits is to notice it at once.
LOOK = 0.02
# Seconds for a run that nobody can stop, against hanging alone: a panel's runs take a few.
UNATTENDED = 60

_keys = itertools.count(1)
Live = TypeVar("Live", Run, Sweep)


class Panel(widgets.VBox):
    """Run strategies on a fake LLM, live.

    last: the latest run that is over. pinned: runs that are kept for comparison.
    controls: by name, shown or not. screen: the status line, the numbers and the chart.
    """

    def __init__(
        self,
        *strategies: Callable,
        llm: LLM | None = None,
        queries: int = 20,
        concurrency: int = 10,
        latency: float | None = None,
        kind: str | None = "lookup",
        controls: Sequence[str] = SHOWN,
        **named: Callable,
    ):
        """strategies: functions strategy(ask, questions, limit), `def` or `async def`.

        named: the same, by the names that they have in the panel.
        llm: the fake LLM to use; without one the panel has its own, which ends with it.
        kind: of the questions, as for `run`; None for all kinds in turn.
        latency: of a call to the model, in seconds; without it that of `llm`.
        controls: which to show, of "strategy", "concurrency", "queries", "latency", "tail",
        "capacity" (slots of the provider), "rate" (its requests a minute), "faults" (the share of
        replies that are 500), "prediction" and "sweep" (a button).

        An llm that cannot be steered keeps its own latency and so on: the controls of these are
        disabled. Raises ValueError, TypeError or TraitError that name the argument.
        """
        self.strategies = _by_name(strategies, named)
        check_names(controls)
        self.kind = kind
        self.last: Run | None = None
        self.pinned: list[Run] = []
        self._server = Server(llm)
        self._settings = self._make_settings(queries, concurrency, latency, asked=controls)
        self.screen = Screen(f"course{next(_keys)}")
        self._picture = Picture()
        self._live: Run | Sweep | None = None
        self._latest_sweep: Sweep | None = None
        self._guess: float | None = None
        self._starting = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._make_buttons(sweeps=SWEEP in controls)
        self._fields = self._make_fields(controls)
        super().__init__([self._fields, self.buttons, self.screen])
        self.add_class("course-panel")
        self.reset()

    def _make_settings(
        self, queries: int, concurrency: int, latency: float | None, asked: Sequence[str]
    ) -> Settings:
        settings = Settings(
            {"strategy": list(self.strategies), "queries": queries, "concurrency": concurrency},
            asked=asked,
            steerable=self._server.steerable,
        )
        settings.show(self._server.behaviour())
        if latency is not None and self._server.steerable:
            settings.set({"latency": latency})
        return settings

    def _make_fields(self, names: Sequence[str]) -> widgets.Box:
        shown = [name for name in SETTINGS if name in names]
        if len(self.strategies) == 1 and "strategy" in shown:
            shown.remove("strategy")
        return widgets.Box(
            [self.controls[name] for name in shown],
            layout={"flex_flow": "row wrap", "align_items": "center", "grid_gap": "2px 28px"},
        )

    def _make_buttons(self, *, sweeps: bool) -> None:
        self.run_button = _button("Run", self.run, button_style="primary")
        self.stop_button = _button("Stop", self.stop, disabled=True)
        self.sweep_button = _button(
            "Sweep", self.sweep, tooltip="Run the strategy at many concurrencies"
        )
        self.pin_button = _button(
            "Pin",
            self.pin,
            disabled=True,
            tooltip="Keep this run and draw the next ones over it",
        )
        self.reset_button = _button(
            "Reset", self.reset, tooltip="Forget the pinned runs and clear the chart"
        )
        shown = [self.run_button, self.stop_button, self.pin_button, self.reset_button]
        if sweeps:
            shown.insert(2, self.sweep_button)
        self.buttons = widgets.Box(shown, layout={"flex_flow": "row wrap", "margin": "6px 0 4px"})

    @property
    def controls(self) -> Mapping[str, Any]:
        """The controls by name, whether they are shown or not."""
        return self._settings.controls

    def __repr__(self) -> str:
        return f"Panel({', '.join(self.strategies)}): run this cell to use it"

    def _ipython_display_(self) -> None:
        replace_panel(self)
        self._server.open_ahead()
        display(self._repr_mimebundle_(), raw=True)
        self._picture.open()
        if nobody_looks():
            self._run_each()

    def _run_each(self) -> None:
        """Run every strategy once, as a learner would, and pin it.

        So a worked notebook, read where there is no kernel, has a picture and a table of them all.
        """
        for name in self.strategies:
            if self.run(strategy=name) is None or not self._idle.wait(UNATTENDED):
                raise RuntimeError(f"the panel cannot run {name}: {self.screen.status.value}")
            self.pin()
        self.reset()
        self._settings.set({"strategy": next(iter(self.strategies))})

    # What the buttons do; from a cell, a test, or any thread.

    def run(self, **settings: Any) -> Run | None:
        """Start a run and return it, live; None where that cannot be, and the panel says why.

        settings: values for the controls by name, such as strategy="threads", concurrency=20.
        """
        return self._begin(settings, self._start_run, self._follow_run)

    def sweep(self, limits: Sequence[int] = LIMITS, **settings: Any) -> Sweep | None:
        """Run the strategy at each of these concurrencies; else as `run`.

        One that was stopped goes on where it stopped, if it is asked for the same again.
        """
        return self._begin(settings, lambda: self._start_sweep(limits), self._follow_sweep)

    def stop(self) -> None:
        """Stop the run under way; without one nothing happens."""
        live = self._live
        if live is None or live.over:
            self._say("Nothing is running.")
            return
        self._say("Stopping.")
        live.stop()

    def pin(self) -> None:
        """Keep the last run, to compare the next ones with it."""
        if self.last is not None and self.last not in self.pinned:
            self.pinned.append(self.last)
            self._say(f"Pinned {self.last.name}; the next runs are drawn over it.")

    def reset(self) -> None:
        """Forget pinned runs and clear the chart; a run under way goes on."""
        self.pinned = []
        if self._idle.is_set():
            fields = self._fields.children
            self.screen.clear()
            self._say(ready_words([f.label for f in fields if getattr(f, "disabled", False)]))

    async def wait(self, timeout: float = 60.0) -> Run | None:
        """Wait for the run and its last picture; the notebook stays responsive meanwhile.

        Raises TimeoutError after `timeout` seconds; the run goes on then.
        """
        end = time.monotonic() + timeout
        while not self._idle.is_set():
            if time.monotonic() > end:
                raise TimeoutError(f"the run has not ended in {timeout} s; panel.stop() stops it")
            await asyncio.sleep(LOOK)
        return self.last

    def close(self) -> None:
        """Stop the run under way, end the panel's own fake LLM, and take the panel off the page."""
        # ipywidgets closes what is forgotten, and that may be a panel whose arguments were refused.
        if not hasattr(self, "buttons"):
            return
        if self._live is not None:
            self._live.stop()
        self._server.close()
        close_all([*self.controls.values(), self.sweep_button, *parts(self)])
        super().close()
        close_all([self.layout])

    # How a run or a sweep is started, and drawn in a thread of its own.

    def _begin(
        self,
        settings: Mapping[str, Any],
        begin: Callable[[], Live],
        follow: Callable[[Live, Printed], None],
    ) -> Live | None:
        """Move the controls, begin, and follow what was begun until it is over."""
        with self._starting:
            if not self._idle.is_set():
                self._say(BUSY)
                return None
            printed = Printed().open()
            try:
                self._settings.set(settings)
                live = begin()
            except Exception as error:
                printed.close()
                self._say(error_words(error), alert=True)
                return None
            self._live = live
            self._idle.clear()
            self._enable_buttons(running=True)
            thread = threading.Thread(
                target=self._draw, args=[live, follow, printed], name="chart", daemon=True
            )
            thread.start()
            return live

    def _start_run(self) -> Run:
        settings = self._settings
        if not self._server.steerable:
            settings.show(self._server.behaviour())  # its owner may have changed it meanwhile
        # A guess is for one run only, and the field asks for the next.
        self._guess = settings["prediction"]
        self.controls["prediction"].value = None
        run = start(
            self.strategies[settings["strategy"]],
            llm=self._server.open(),
            questions=settings["queries"],
            limit=settings["concurrency"],
            kind=self.kind,
            behaviour=settings.behaviour(),
        )
        self._say(f"{run.name} is running.")
        return run

    def _start_sweep(self, limits: Sequence[int]) -> Sweep:
        sweep = Sweep(
            self.strategies[self._settings["strategy"]],
            limits,
            llm=self._server.open(),
            kind=self.kind,
            behaviour=self._settings.behaviour(),
        )
        before = self._latest_sweep
        if before is not None and before.outcome != "done" and _same(before, sweep):
            before.llm = sweep.llm  # the panel's own may have ended since, and been started anew
            sweep = before
        self._latest_sweep = sweep
        self._say(f"{sweep.name} is swept: {', '.join(map(str, sweep.limits))} in flight.")
        return sweep.resume()

    def _draw(self, live: Live, follow: Callable[[Live, Printed], None], printed: Printed) -> None:
        try:
            follow(live, printed)
        except Exception as error:  # raised in a thread it would be seen nowhere
            self._say(error_words(error), alert=True)
        finally:
            printed.close()
            self._enable_buttons(running=False)
            self._idle.set()

    def _follow_run(self, run: Run, printed: Printed) -> None:
        pinned = list(self.pinned)  # as it is now, whatever is pinned meanwhile
        draw_run(self.screen, run, pinned, self._guess, printed)
        self.last = run
        others = [old for old in pinned if old is not run]
        if self._picture.is_open and run.spans():
            # With others it is another picture than the live chart, so both are shown.
            self._picture.show(compare(*others, run), once=not others)

    def _follow_sweep(self, sweep: Sweep, printed: Printed) -> None:
        draw_sweep(self.screen, sweep, printed)
        if self._picture.is_open and sweep.points:
            self._picture.show(throughput(sweep), once=True)

    def _enable_buttons(self, *, running: bool) -> None:
        self.run_button.disabled = running
        self.sweep_button.disabled = running
        self.stop_button.disabled = not running
        self.pin_button.disabled = running or self.last is None

    def _say(self, text: str, *, alert: bool = False) -> None:
        self.screen.status.say(text, alert=alert)


def _same(sweep: Sweep, other: Sweep) -> bool:
    """Whether two sweeps ask for the same."""
    return (sweep.strategy, sweep.limits, sweep.settings) == (
        other.strategy,
        other.limits,
        other.settings,
    )


def _button(words: str, do: Callable[[], object], **traits: Any) -> widgets.Button:
    button = widgets.Button(
        description=words, layout={"width": "80px", "margin": "2px 6px 2px 0"}, **traits
    )
    button.on_click(lambda _: do())
    return button


def _by_name(strategies: Sequence[Callable], named: dict[str, Callable]) -> dict[str, Callable]:
    if not strategies and not named:
        raise ValueError("a Panel takes at least one strategy, such as Panel(serial, threads)")
    for strategy in [*strategies, *named.values()]:
        if not callable(strategy) or inspect.isclass(strategy):
            raise TypeError(
                f"{strategy!r} is no strategy; it takes functions strategy(ask, questions, limit)"
            )
    return {getattr(s, "__name__", type(s).__name__): s for s in strategies} | named
