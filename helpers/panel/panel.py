"""Strategies with sliders, buttons and a live chart.

    Panel(serial, threads, gather)

A run has its own worker thread (helpers.runs); a second thread draws, at most eight times a second, by
setting a widget's text. So a panel stays alive whatever a strategy does, and on every version of ipykernel. All
that a button does is a method too: run, stop, pin, reset, sweep, and `await panel.wait()`.
"""

import asyncio
import inspect
import itertools
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import display

from helpers.charts.comparison import Chart, compare
from helpers.charts.sweep import said
from helpers.charts.words import doubts
from helpers.machine import Load
from helpers.panel.controls import Choice, Number, Slider
from helpers.panel.output import Printed
from helpers.panel.screen import Screen, last_lines, verdict
from helpers.runs import Run, start
from helpers.sweeps import LIMITS, Sweep

FRAMES_PER_SECOND = 8
FEW = ("strategy", "concurrency", "queries", "latency", "prediction")
SETTINGS = {
    "latency": "latency",
    "tail": "tail",
    "capacity": "capacity",
    "rate": "requests_per_minute",
    "faults": "fault_500",
}
LIKE = {
    "latency": 0.2,
    "tail": 0.0,
    "capacity": None,
    "requests_per_minute": None,
    "fault_500": 0.0,
}
CONTROLS = (
    "strategy",
    "concurrency",
    "queries",
    "latency",
    "tail",
    "capacity",
    "rate",
    "faults",
    "prediction",
    "sweep",
)

_shown: dict[str, "weakref.ref[Panel]"] = {}
_keys = itertools.count(1)


class Panel(widgets.VBox):
    """Run strategies on a fake LLM, live.

    strategies: functions strategy(ask, questions, limit), `def` or `async def`; yours are as good as ours.
    llm: the fake LLM to use; without one the panel has its own, which ends with it. kind: of question, None for
    all. latency: of a call of the model, in seconds; without it that of `llm`. controls: which to show, of "strategy", "concurrency", "queries", "latency", "tail", "capacity" (slots of
    the provider), "rate" (its requests a minute), "faults" (share of replies 500), "prediction" and "sweep" (a button).
    last: the latest Run. pinned: runs kept for comparison.
    Raises ValueError or TypeError that name the argument.
    """

    def __init__(
        self,
        *strategies: Callable,
        llm: Any = None,
        queries: int = 20,
        concurrency: int = 10,
        latency: float | None = None,
        kind: str | None = None,
        controls: Sequence[str] = FEW,
        **named: Callable,
    ):
        self.strategies = _by_name(strategies, named)
        _check(controls)
        self.kind, self.last, self.pinned = kind, None, []
        self._llm, self._owns, self._opening = llm, llm is None, threading.Lock()
        self._live: Run | Sweep | None = None
        self._guess, self._swept = None, None
        self._idle, self._starting, self._picture = threading.Event(), threading.Lock(), None
        self._idle.set()
        self.screen = Screen(f"course{next(_keys)}")
        given = {} if llm is None else llm.behaviour()
        self._make_controls(
            queries,
            concurrency,
            {**LIKE, **given} | ({} if latency is None else {"latency": latency}),
        )
        self._applied = set(controls) & set(self.controls) | (
            set() if latency is None else {"latency"}
        )
        self._make_buttons("sweep" in controls)
        shown = [self.controls[name] for name in self.controls if name in controls]
        if len(self.strategies) == 1 and "strategy" in controls:
            shown.remove(self.controls["strategy"])
        fields = widgets.Box(
            shown, layout={"flex_flow": "row wrap", "align_items": "center", "grid_gap": "2px 28px"}
        )
        super().__init__([fields, self.buttons, self.screen])
        self.add_class("course-panel")
        self.reset()

    def _make_controls(self, queries: int, concurrency: int, like: dict[str, Any]) -> None:
        names = list(self.strategies)
        self.controls = {
            "strategy": Choice("Strategy", names),
            "concurrency": Slider("Concurrency", concurrency, 1, max(100, concurrency)),
            "queries": Slider("Queries", queries, 1, max(200, queries)),
            "latency": Slider(
                "Model latency", like["latency"], 0.01, max(2.0, like["latency"]), 0.01, "s"
            ),
            "tail": Slider("Tail", like["tail"], 0, max(1.5, like["tail"]), 0.1, "sigma"),
            "capacity": Number(
                label="Provider slots",
                value=like["capacity"],
                min=1,
                max=10_000,
                unit="at once (empty: no limit)",
            ),
            "rate": Number(
                label="Provider rate",
                value=like["requests_per_minute"],
                min=1,
                max=1_000_000,
                unit="requests a minute (empty: no limit)",
            ),
            "faults": Slider("Faults", like["fault_500"], 0, 1, 0.05, "share"),
            "prediction": Number(
                label="Your guess", min=0, max=10_000, unit="s until the last answer"
            ),
        }
        for control in self.controls.values():
            control.layout = {"flex": "0 1 340px", "width": "340px", "margin": "0"}

    def _make_buttons(self, sweeps: bool) -> None:
        self.run_button = widgets.Button(description="Run", button_style="primary")
        self.stop_button = widgets.Button(description="Stop", disabled=True)
        self.pin_button = widgets.Button(description="Pin", disabled=True)
        self.pin_button.tooltip = "Keep this run and draw the next ones over it"
        self.sweep_button = widgets.Button(description="Sweep")
        self.sweep_button.tooltip = "Run the strategy at many concurrencies"
        self.reset_button = widgets.Button(description="Reset")
        self.reset_button.tooltip = "Forget the pinned runs and clear the chart"
        for button, do in (
            (self.run_button, self.run),
            (self.stop_button, self.stop),
            (self.sweep_button, self.sweep),
            (self.pin_button, self.pin),
            (self.reset_button, self.reset),
        ):
            button.layout = {"width": "80px", "margin": "2px 6px 2px 0"}
            button.on_click(lambda _, do=do: do())
        sweep = [self.sweep_button] if sweeps else []
        buttons = [self.run_button, self.stop_button, *sweep, self.pin_button, self.reset_button]
        self.buttons = widgets.Box(buttons, layout={"flex_flow": "row wrap", "margin": "6px 0 4px"})

    def __repr__(self) -> str:
        return f"Panel({', '.join(self.strategies)}): run this cell to use it"

    def _ipython_display_(self) -> None:
        _replace(self)
        threading.Thread(target=self._open, name="fake LLM", daemon=True).start()
        display(self._repr_mimebundle_(), raw=True)
        self._picture = display({"text/plain": "no run yet"}, raw=True, display_id=True)

    # What the buttons do; from a cell, a test, or any thread.

    def run(self, **settings: Any) -> Run | None:
        """Start a run and return it, live; None, with the reason in the panel, where that cannot be.

        settings: values for the controls by name, such as strategy="threads", concurrency=20.
        """
        with self._starting:
            if not self._idle.is_set():
                self._say("A run is under way. Stop it first, or let it end.")
                return None
            self._printed = Printed().open()
            try:
                self._set(settings)
                self._live = self._start()
            except Exception as error:
                self._printed.close()
                self._say(last_lines(error), alert=True)
                return None
            self._begin(f"{self._live.name} is running.")
            draw = threading.Thread(target=self._draw, args=[self._live], name="chart", daemon=True)
            draw.start()
            return self._live

    def sweep(self, limits: Sequence[int] = LIMITS, **settings: Any) -> Sweep | None:
        """Run the strategy at each of these concurrencies; as `run`. One that was stopped goes on where it stopped."""
        with self._starting:
            if not self._idle.is_set():
                self._say("A run is under way. Stop it first, or let it end.")
                return None
            try:
                self._set(settings)
                self._live = self._sweep(limits).resume()
            except Exception as error:
                self._say(last_lines(error), alert=True)
                return None
            self._begin(
                f"{self._live.name} is swept: {', '.join(map(str, self._live.limits))} in flight."
            )
            threading.Thread(
                target=self._draw_sweep, args=[self._live], name="chart", daemon=True
            ).start()
            return self._live

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
            self.screen.clear()
            self._say("Ready.")

    async def wait(self, timeout: float = 60.0) -> Run | None:
        """Wait for the run and its last picture; the notebook stays responsive. TimeoutError after `timeout` seconds."""
        end = time.monotonic() + timeout
        while not self._idle.is_set():
            if time.monotonic() > end:
                raise TimeoutError(f"the run has not ended in {timeout} s; panel.stop() stops it")
            await asyncio.sleep(0.02)
        return self.last

    def close(self) -> None:
        """Stop the run under way, end the panel's own fake LLM, and take the panel off the page."""
        if not hasattr(self, "_live"):
            return  # its arguments were refused
        if self._live is not None:
            self._live.stop()
        with self._opening:
            if self._owns and self._llm is not None:
                self._llm.close()
        self.close_all_widgets()

    def close_all_widgets(self) -> None:
        """Close every widget in the panel."""
        for widget in [
            *self.controls.values(),
            *self.buttons.children,
            self.buttons,
            *self.screen.children,
            self.screen,
        ]:
            widget.close()
        super().close()

    # The run, in threads of its own.

    def _open(self) -> Any:
        """The fake LLM; the panel's own is started when first needed, and again if it has ended."""
        with self._opening:
            if self._owns and (self._llm is None or not self._llm.alive):
                from helpers import FakeLLM

                self._llm = FakeLLM()
            return self._llm

    def _set(self, settings: dict[str, Any]) -> None:
        if unknown := set(settings) - set(self.controls):
            raise ValueError(f"run takes no {sorted(unknown)}; it takes {', '.join(self.controls)}")
        for name, value in settings.items():
            control = self.controls[name]
            if (
                isinstance(control, Slider)
                and isinstance(value, (int, float))
                and value > control.max
            ):
                control.max = value
            control.value = value
            self._applied.add(name)

    def _start(self) -> Run:
        value = {name: control.value for name, control in self.controls.items()}
        self._guess, self.controls["prediction"].value = value["prediction"], None
        return start(
            self.strategies[value["strategy"]],
            llm=self._open(),
            questions=int(value["queries"]),
            limit=int(value["concurrency"]),
            kind=self.kind,
            behaviour=_behaviour({name: value[name] for name in self._applied}),
        )

    def _sweep(self, limits: Sequence[int]) -> Sweep:
        value = {
            name: self.controls[name].value
            for name in self._applied | {"strategy"}
            if name in self.controls
        }
        key = (tuple(limits), value["strategy"], tuple(sorted(_behaviour(value).items())))
        if self._swept is None or self._swept[0] != key or self._swept[1].outcome == "done":
            settings = {"kind": self.kind or "lookup", "behaviour": _behaviour(value)}
            self._swept = (
                key,
                Sweep(self.strategies[value["strategy"]], limits, llm=self._open(), **settings),
            )
        self._swept[1].llm = self._open()
        return self._swept[1]

    def _draw_sweep(self, sweep: Sweep) -> None:
        try:
            while not sweep.wait(1 / FRAMES_PER_SECOND):
                self.screen.draw_svg(sweep.svg)
            self.screen.draw_svg(sweep.svg)
            failed = sweep.outcome == "failed"
            self._say(
                last_lines(sweep.error)
                if failed
                else f"{sweep.outcome.capitalize()}. {said(sweep)}",
                alert=failed,
            )
            if sweep.points and self._picture is not None:
                self._update(sweep.chart(), once=True)
        except Exception as error:
            self._say(last_lines(error), alert=True)
        finally:
            self._buttons(running=False)
            self._idle.set()

    def _begin(self, words: str) -> None:
        self._idle.clear()
        self._buttons(running=True)
        self._say(words)

    def _draw(self, run: Run) -> None:
        pinned, guess, machine, printed = list(self.pinned), self._guess, Load(), self._printed
        try:
            due = time.monotonic()
            while not run.over:
                due = max(due + 1 / FRAMES_PER_SECOND, time.monotonic() + 0.01)
                run.pause(
                    due - time.monotonic()
                )  # first, so that no frame competes with the start of a run
                if not run.over:
                    self.screen.draw(
                        run, pinned, guess, doubts(run, *machine.shares())
                    )
            self.last = run
            self.screen.draw(
                run, pinned, guess, doubts(run, *machine.shares()) + printed.note()
            )
            words, alert = verdict(run, guess)
            self._say(words, alert=alert)
            self._publish(run, pinned)
        except Exception as error:
            self._say(last_lines(error), alert=True)
        finally:
            printed.close()
            self._buttons(running=False)
            self._idle.set()

    def _publish(self, run: Run, pinned: Sequence[Run]) -> None:
        """The run as a figure in an ordinary output, which a saved notebook keeps."""
        others = [old for old in pinned if old is not run]
        if self._picture is not None and run.trace.spans():
            self._update(compare(*others, run), once=not others)

    def _update(self, chart: Chart, *, once: bool) -> None:
        """once: the live chart shows the same, so beside it only the table is seen."""
        page = (
            f'<div class="{"course-once" if once else "course-kept"}">{chart._repr_html_()}</div>'
        )
        self._picture.update({"text/html": page, "text/plain": "the last run"}, raw=True)

    def _buttons(self, *, running: bool) -> None:
        self.run_button.disabled = self.sweep_button.disabled = running
        self.stop_button.disabled = not running
        self.pin_button.disabled = running or self.last is None

    def _say(self, text: str, *, alert: bool = False) -> None:
        self.screen.status.say(text, alert=alert)


def _behaviour(value: dict[str, Any]) -> dict[str, Any]:
    """The fake LLM's settings that the controls ask for."""
    wanted = {SETTINGS[name]: setting for name, setting in value.items() if name in SETTINGS}
    whole = {"capacity", "requests_per_minute"}
    return {
        name: int(setting) if name in whole and setting else setting
        for name, setting in wanted.items()
    }


def _by_name(strategies: Sequence[Callable], named: dict[str, Callable]) -> dict[str, Callable]:
    if not strategies and not named:
        raise ValueError("a Panel takes at least one strategy, such as Panel(serial, threads)")
    for strategy in [*strategies, *named.values()]:
        if not callable(strategy) or inspect.isclass(strategy):
            raise TypeError(
                f"{strategy!r} is no strategy; it takes functions strategy(ask, questions, limit)"
            )
    return {getattr(s, "__name__", type(s).__name__): s for s in strategies} | named


def _check(controls: Sequence[str]) -> None:
    if unknown := set(controls) - set(CONTROLS):
        raise ValueError(f"controls has {sorted(unknown)}; it takes some of {', '.join(CONTROLS)}")


def _replace(panel: Panel) -> None:
    """Close the panel that this cell made before: running a cell again must leave nothing behind."""
    shell = get_ipython()
    parent = getattr(shell, "parent_header", None) or {}
    cell = (getattr(shell, "get_parent", lambda: parent)() or {}).get("metadata", {}).get("cellId")
    if cell is None:
        return
    old = _shown.get(cell)
    if old is not None and (before := old()) is not None and before is not panel:
        before.close()
    _shown[cell] = weakref.ref(panel)
