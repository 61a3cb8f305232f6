"""Strategies with sliders, buttons and a live chart.

    Panel(serial, threads, gather)

A run has its own worker thread (helpers.experiment); a second thread draws, at most eight times a second, by
setting a widget's text. So a panel stays alive whatever a strategy does, and on every version of ipykernel. All
that a button does is a method too: run, stop, pin, reset, and `await panel.wait()`.
"""

import asyncio
import html
import inspect
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import display

from helpers.charts import compare
from helpers.experiment import Run, start
from helpers.slider import Slider
from helpers.timeline import describe, legend_html, timeline_svg
from helpers.trace import ideal_seconds

FRAMES_PER_SECOND = 8
CONTROLS = ("strategy", "concurrency", "queries", "latency", "tail", "faults", "prediction")
STEPS = ("retrieve", "model", "tool", "process", "failed", "cancelled")

_shown: dict[str, "weakref.ref[Panel]"] = {}


class Panel(widgets.VBox):
    """Run strategies on a fake LLM, live.

    strategies: functions strategy(ask, questions, limit), `def` or `async def`; yours are as good as ours.
    llm: the fake LLM to use; without one the panel has its own. controls: which sliders to show, of "strategy",
    "concurrency", "queries", "latency", "tail", "faults" and "prediction". kind: of question, None for all.
    last: the latest Run. pinned: runs kept for comparison. Latency is in seconds.
    Raises ValueError or TypeError that name the argument.
    """

    def __init__(
        self,
        *strategies: Callable,
        llm: Any = None,
        queries: int = 20,
        concurrency: int = 10,
        latency: float = 0.2,
        kind: str | None = None,
        controls: Sequence[str] = ("strategy", "concurrency", "queries", "latency", "prediction"),
    ):
        _check(strategies, controls)
        self.strategies = {strategy.__name__: strategy for strategy in strategies}
        self.kind, self.last, self.pinned = kind, None, []
        self._llm, self._owns = llm, llm is None
        self._live: Run | None = None
        self._drawn = threading.Event()
        self._drawn.set()
        self._starting, self._picture = threading.Lock(), None
        self._make_controls(queries, concurrency, latency)
        shown = [self.controls[name] for name in CONTROLS if name in controls]
        buttons = widgets.HBox([self.run_button, self.stop_button, self.pin_button, self.reset_button])
        super().__init__([*shown, buttons, self.status, self.numbers, self.chart])
        self.reset()

    def _make_controls(self, queries: int, concurrency: int, latency: float) -> None:
        names = list(self.strategies)
        self.controls = {
            "strategy": widgets.Dropdown(options=names, description="Strategy", style={"description_width": "7.5em"}),
            "concurrency": Slider("Concurrency", concurrency, 1, max(200, concurrency)),
            "queries": Slider("Queries", queries, 1, max(200, queries)),
            "latency": Slider("Model latency", latency, 0.05, 2, 0.05, "s"),
            "tail": Slider("Tail", 0, 0, 1.5, 0.1, "sigma"),
            "faults": Slider("Faults", 0, 0, 0.5, 0.05, "share that fails"),
            "prediction": Slider("You predict", 0, 0, 60, 0.05, "s (0: no guess)"),
        }
        self.run_button = widgets.Button(description="Run", button_style="primary")
        self.stop_button = widgets.Button(description="Stop", disabled=True)
        self.pin_button = widgets.Button(description="Pin", disabled=True)
        self.reset_button = widgets.Button(description="Reset")
        self.status, self.numbers, self.chart = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.run_button.on_click(lambda _: self.run())
        self.stop_button.on_click(lambda _: self.stop())
        self.pin_button.on_click(lambda _: self.pin())
        self.reset_button.on_click(lambda _: self.reset())

    def __repr__(self) -> str:
        return f"Panel({', '.join(self.strategies)}): run this cell to use it"

    def _ipython_display_(self) -> None:
        _replace(self)
        display(self._repr_mimebundle_(), raw=True)
        self._picture = display({"text/plain": "no run yet"}, raw=True, display_id=True)

    # What the buttons do; from a cell, a test, or any thread.

    def run(self, **settings: Any) -> Run | None:
        """Start a run and return it, live; None, with the reason in the panel, where that cannot be.

        settings: values for the controls by name, such as strategy="threads", concurrency=20.
        """
        with self._starting:
            if self._live is not None and not self._drawn.is_set():
                self._say("A run is under way. Stop it first, or let it end.")
                return None
            try:
                for name, value in settings.items():
                    self.controls[name].value = value
                self._live = self._start()
            except Exception as error:
                self._say(_last_lines(error), error=True)
                return None
            self._drawn.clear()
            self._buttons(running=True)
            threading.Thread(target=self._draw, args=[self._live], name="chart", daemon=True).start()
            return self._live

    def stop(self) -> None:
        """Stop the run under way; without one nothing happens."""
        if self._live is not None and not self._live.over:
            self._say("Stopping …")
            self._live.stop()

    def pin(self) -> None:
        """Keep the last run, to compare the next ones with it."""
        if self.last is not None and self.last not in self.pinned:
            self.pinned.append(self.last)
            self._say(f"Pinned {self.last.name}; the next runs are drawn with it.")

    def reset(self) -> None:
        """Forget pinned runs and clear the chart; a run under way goes on."""
        self.pinned = []
        if self._drawn.is_set():
            self.chart.value = self.numbers.value = ""
            self._say("Ready.")

    async def wait(self, timeout: float = 60.0) -> Run | None:
        """Wait for the run and its last picture; the notebook stays responsive. TimeoutError after `timeout` seconds."""
        end = time.monotonic() + timeout
        while not self._drawn.is_set():
            if time.monotonic() > end:
                raise TimeoutError(f"the run has not ended in {timeout} s; panel.stop() stops it")
            await asyncio.sleep(0.02)
        return self.last

    def close_server(self) -> None:
        """Stop the run under way, and end the panel's own fake LLM."""
        self.stop()
        if self._owns and self._llm is not None:
            self._llm.close()

    # The run, in threads of its own.

    def _start(self) -> Run:
        value = {name: control.value for name, control in self.controls.items()}
        if self._owns and (self._llm is None or not self._llm.alive):
            from helpers import FakeLLM

            self._llm = FakeLLM()
        wanted = {"latency": value["latency"], "tail": value["tail"], "fault_500": value["faults"]}
        self._before = {name: setting for name, setting in self._llm.behaviour().items() if name in wanted}
        self._llm.behave(**wanted)
        return start(
            self.strategies[value["strategy"]],
            llm=self._llm,
            questions=int(value["queries"]),
            limit=int(value["concurrency"]),
            kind=self.kind,
        )

    def _draw(self, run: Run) -> None:
        try:
            while not run.over:
                self._frame(run)
                run.pause(1 / FRAMES_PER_SECOND)
            self.last = run
            self._frame(run)
            self._say(*self._verdict(run))
            self._publish(run)
        except Exception as error:
            self._say(_last_lines(error), error=True)
        finally:
            self._restore()
            self._buttons(running=False)
            self._drawn.set()

    def _restore(self) -> None:
        """Other cells may use the same fake LLM: give it back as it was."""
        try:
            self._llm.behave(**self._before)
        except (OSError, RuntimeError):
            pass  # it has ended, and the run has said so

    def _frame(self, run: Run) -> None:
        now = run.seconds if run.over else run.trace.now()
        spans, summary = run.trace.spans(), run.summary
        title = describe(run.name, summary)
        marks = [(old.seconds, f"{old.name} {old.seconds:.2f} s") for old in self.pinned]
        if guess := self.controls["prediction"].value:
            marks.append((guess, f"you said {guess:g} s"))
        limit = None if run.limit == 1 else run.limit
        svg = timeline_svg(spans, now, len(run.questions), title=title, limit=limit, marks=marks)
        self.chart.value = f'<div style="overflow-x:auto">{svg}</div>{legend_html(STEPS)}'
        self.numbers.value = _numbers(run, summary)

    def _verdict(self, run: Run) -> tuple[str, bool]:
        if run.outcome == "failed":
            return f"{run.name} failed. {_last_lines(run.error)}", True
        if run.outcome == "abandoned":
            return f"{run.name} did not stop: its code is busy. It ends when that code returns; you can go on.", True
        words = describe(run.name, run.summary)
        guess = self.controls["prediction"].value
        if guess and run.outcome == "done":
            off = (guess - run.seconds) / run.seconds
            close = "Well predicted" if abs(off) < 0.2 else f"You said {guess:g} s, {abs(off):.0%} too {'high' if off > 0 else 'low'}"
            words += f". {close}."
        return ("Stopped. " if run.outcome == "stopped" else "Done. ") + words, False

    def _publish(self, run: Run) -> None:
        """The run as a figure in an ordinary output, which a saved notebook keeps."""
        if self._picture is not None and run.trace.spans():
            chart = compare(*[old for old in self.pinned if old is not run], run)
            self._picture.update({"text/html": chart._repr_html_(), "text/plain": "the last run"}, raw=True)

    def _buttons(self, *, running: bool) -> None:
        self.run_button.disabled, self.stop_button.disabled = running, not running
        self.pin_button.disabled = running or self.last is None

    def _say(self, text: str, error: bool = False) -> None:
        role = "alert" if error else "status"
        edge = "border-left:4px solid #D55E00;padding-left:8px;" if error else ""
        self.status.value = f'<div role="{role}" style="white-space:pre-wrap;{edge}">{html.escape(text)}</div>'


def _check(strategies: Sequence[Callable], controls: Sequence[str]) -> None:
    if not strategies:
        raise ValueError("a Panel takes at least one strategy, such as Panel(serial, threads)")
    for strategy in strategies:
        if not callable(strategy) or inspect.isclass(strategy):
            raise TypeError(f"{strategy!r} is no strategy; it takes functions strategy(ask, questions, limit)")
    if unknown := set(controls) - set(CONTROLS):
        raise ValueError(f"controls has {sorted(unknown)}; it takes some of {', '.join(CONTROLS)}")


def _numbers(run: Run, s: Any) -> str:
    """The run in figures, as text and as a progress bar."""
    ideal = ideal_seconds(run.planned, max(s.peak, 1))
    done = s.answered + s.failed + s.cancelled
    parts = [f"{s.seconds:.1f} s", f"{done} of {s.queries}", f"{s.throughput:.1f} a second", f"{s.in_flight} in flight"]
    if s.p50_from_start is not None:
        parts.append(f"p50 {s.p50_from_start:.2f} s, p95 {s.p95_from_start:.2f} s")
    parts.append(f"least possible with {s.peak} in flight {ideal:.2f} s")
    if s.failed:
        parts.append(f"{s.failed} failed")
    bar = f'<progress aria-label="queries done" max="{s.queries}" value="{done}" style="width:100%;max-width:420px"></progress>'
    return f'<div style="line-height:1.4">{bar}<br>{" · ".join(parts)}</div>'


def _last_lines(error: BaseException) -> str:
    """What a learner needs of a traceback: the line of their own that raised it, and the message with its notes."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "ipykernel" in f.filename or "<ipython" in f.filename]
    where = f"in line {frames[-1].lineno} of your cell, `{frames[-1].line}`:\n" if frames else ""
    return where + "".join(traceback.format_exception_only(error)).strip()[:1500]


def _replace(panel: Panel) -> None:
    """Close the panel that this cell made before: running a cell again must leave nothing behind."""
    shell = get_ipython()
    parent = getattr(shell, "parent_header", None) or {}
    cell = (getattr(shell, "get_parent", lambda: parent)() or {}).get("metadata", {}).get("cellId")
    if cell is None:
        return
    old = _shown.get(cell)
    if old is not None and (before := old()) is not None and before is not panel:
        before.close_server()
    _shown[cell] = weakref.ref(panel)
