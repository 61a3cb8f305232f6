"""What ipywidgets lacks: controls that have an accessible name, and that survive being moved while a cell awaits.

ipywidgets' own sliders have no accessible name (axe-core: aria-input-field-name), and a message put into a
widgets.HTML is a new element each time, which a screen reader does not announce. And with ipykernel 7.4 a core
widget that is moved twice while a cell awaits is deaf from then on: its front end waits for an "idle" that is
sent under another name. So these tell their value by custom messages, which wait for nothing.
"""

from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets

_CSS = """
.course-field { display: flex; align-items: center; gap: 8px; min-height: 28px;
  color: var(--jp-ui-font-color1, #222); font-size: 13px; }
.course-field label { flex: 0 0 7.5em; }
.course-field input[type="range"] { flex: 1 1 80px; min-width: 60px; max-width: 260px; min-height: 24px;
  accent-color: var(--jp-brand-color1, #1976d2); }
.course-field input[type="number"] { width: 5em; padding: 3px 6px; font: inherit; border-radius: 3px;
  color: inherit; background: var(--jp-layout-color1, #fff); border: 1px solid var(--jp-border-color1, #8a8a8a); }
.course-field select { flex: 0 1 auto; min-width: 8em; padding: 4px 6px; font: inherit; border-radius: 3px;
  color: inherit; background: var(--jp-layout-color1, #fff); border: 1px solid var(--jp-border-color1, #8a8a8a); }
.course-field select:focus-visible { outline: 2px solid var(--jp-brand-color1, #1976d2); outline-offset: 2px; }
.course-rows .course-field { justify-content: flex-end; }
.course-rows .course-field label { flex: 0 0 auto; }
.course-field .course-unit { white-space: nowrap; opacity: .8; min-width: 1em; }
.course-field input:focus-visible { outline: 2px solid var(--jp-brand-color1, #1976d2); outline-offset: 2px; }
"""


class Control(anywidget.AnyWidget):
    """A widget whose front end tells the values of its traits by custom messages."""

    def __init__(self, **traits: Any):
        super().__init__(**traits)
        self.on_msg(self._told)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({getattr(self, 'label', '')})"

    def _told(self, _widget: Any, content: dict, _buffers: list) -> None:
        for name, value in content.items():
            try:
                self.set_trait(name, value)
            except traitlets.TraitError:
                self.send_state(name)


class Number(Control):
    """A labelled number; `value` is None while the field is empty.

    Raises traitlets.TraitError on a value outside of `min` to `max`.
    """

    _esm = """
    export default { render({ model, el }) {
      const id = `course-${Math.random().toString(36).slice(2)}`;
      const sliding = model.get("sliding");
      el.innerHTML = `<div class="course-field"><label for="${id}"></label>` +
        (sliding ? `<input type="range" id="${id}"><input type="number">` : `<input type="number" id="${id}">`) +
        `<span class="course-unit"></span></div>`;
      const label = el.querySelector("label"), unit = el.querySelector("span");
      const inputs = [...el.querySelectorAll("input")], number = inputs.at(-1);
      const show = () => {
        label.textContent = model.get("label");
        unit.textContent = model.get("unit");
        if (sliding) number.setAttribute("aria-label", `${model.get("label")}, as a number`);
        for (const input of inputs) {
          for (const side of ["min", "max", "step"]) input[side] = model.get(side);
          input.step = input === number ? "any" : model.get("step");
          input.value = model.get("value") ?? "";
          input.disabled = model.get("disabled");
        }
      };
      const keep = (input) => {
        const value = Number(input.value), empty = input.value === "";
        if (empty ? !sliding : value >= model.get("min") && value <= model.get("max")) {
          model.set("value", empty ? null : value);
          model.send({ value: empty ? null : value });
        }
        show();
      };
      for (const input of inputs) {
        input.addEventListener("change", () => keep(input));
        input.addEventListener("keydown", (event) => event.stopPropagation());
      }
      if (sliding) inputs[0].addEventListener("input", () => { number.value = inputs[0].value; });
      for (const name of ["value", "min", "max", "step", "label", "unit", "disabled"])
        model.on(`change:${name}`, show);
      show();
    } };
    """
    _css = _CSS
    sliding = traitlets.Bool(False).tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    min = traitlets.Float(0).tag(sync=True)
    max = traitlets.Float(1000).tag(sync=True)
    step = traitlets.Float(1).tag(sync=True)
    value = traitlets.Float(None, allow_none=True).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    @traitlets.validate("value")
    def _in_range(self, proposal: dict) -> float | None:
        value = proposal["value"]
        if value is None and not self.sliding:
            return None
        if value is None or not self.min <= value <= self.max:
            raise traitlets.TraitError(
                f"{self.label} is {value}; it takes a number from {self.min:g} to {self.max:g}"
            )
        return value


class Slider(Number):
    """A labelled range and a number field that follow each other; `value` changes when either is let go."""

    def __init__(
        self, label: str, value: float, low: float, high: float, step: float = 1, unit: str = ""
    ):
        super().__init__(
            label=label, min=low, max=high, step=step, value=value, unit=unit, sliding=True
        )


class Choice(Control):
    """A labelled choice of one among `options`."""

    _esm = """
    export default { render({ model, el }) {
      const id = `course-${Math.random().toString(36).slice(2)}`;
      el.innerHTML = `<div class="course-field"><label for="${id}"></label><select id="${id}"></select></div>`;
      const [label, select] = el.querySelectorAll("label, select");
      label.textContent = model.get("label");
      for (const option of model.get("options")) select.add(new Option(option));
      const show = () => { select.value = model.get("value"); };
      select.addEventListener("change", () => { model.set("value", select.value); model.send({ value: select.value }); });
      select.addEventListener("keydown", (event) => event.stopPropagation());
      model.on("change:value", show);
      show();
    } };
    """
    _css = _CSS
    label = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str, options: Sequence[str]):
        super().__init__(label=label, options=list(options), value=options[0])

    @traitlets.validate("value")
    def _one_of_them(self, proposal: dict) -> str:
        if proposal["value"] not in self.options:
            raise traitlets.TraitError(
                f"{self.label} is {proposal['value']!r}; it takes one of {', '.join(self.options)}"
            )
        return proposal["value"]


class StatusLine(Control):
    """One line of text that a screen reader announces: politely, or at once where `alert` is set.

    `width` is that of the page around it in pixels, as the browser last told; 0 where no browser has.
    """

    _esm = """
    export default { render({ model, el }) {
      el.innerHTML = `<div class="course-status"><div role="status"></div><div role="alert"></div></div>`;
      const [polite, urgent] = el.querySelectorAll("[role]");
      const show = () => {
        const alert = model.get("alert");
        polite.textContent = alert ? "" : model.get("value");
        urgent.textContent = alert ? model.get("value") : "";
      };
      model.on("change:value", show);
      model.on("change:alert", show);
      show();
      let told = 0;
      const ruler = new ResizeObserver(([entry]) => {
        const width = Math.round(entry.contentRect.width);
        if (width > 0 && Math.abs(width - told) > 8) { told = width; model.send({ width }); }
      });
      ruler.observe(el);
      return () => ruler.disconnect();
    } };
    """
    _css = """
    .course-panel { padding: 4px 2px 8px; }
    .course-status { min-height: 20px; font-size: 13px; line-height: 1.5; color: var(--jp-ui-font-color1, #222);
      white-space: pre-wrap; overflow-wrap: anywhere; }
    .course-status [role="alert"]:not(:empty) { border-left: 4px solid #D55E00; padding-left: 8px;
      font-family: var(--jp-code-font-family, monospace); }
    .course-numbers { display: flex; flex-wrap: wrap; gap: 6px 28px; margin: 6px 0 4px; line-height: 1.3;
      color: var(--jp-ui-font-color1, #222); }
    .course-numbers div { display: flex; flex-direction: column; }
    .course-numbers span { font-size: 12px; opacity: .8; }
    .course-numbers b { font-size: 17px; font-weight: 500; font-variant-numeric: tabular-nums; white-space: nowrap; }
    .course-progress { appearance: none; display: block; width: 100%; height: 5px; margin: 4px 0; border: 0;
      background: var(--jp-border-color2, #ddd); border-radius: 3px; overflow: hidden; }
    .course-progress::-webkit-progress-bar { background: var(--jp-border-color2, #ddd); }
    .course-progress::-webkit-progress-value { background: #2B8CCB; }
    .course-progress::-moz-progress-bar { background: #2B8CCB; }
    .course-notes { margin: 6px 0 0; padding: 0 0 0 8px; border-left: 4px solid #E69F00; font-size: 12.5px;
      line-height: 1.4; color: var(--jp-ui-font-color1, #222); white-space: pre-wrap; }
    .course-legend { display: flex; flex-wrap: wrap; gap: 2px 18px; font-size: 12px; margin: 2px 0 0 54px;
      color: var(--jp-ui-font-color1, #222); }
    .course-key { display: inline-flex; align-items: center; gap: 6px; white-space: nowrap; }
    .jp-OutputArea:has(.course-panel) .course-once .course-picture { display: none; }
    """
    value = traitlets.Unicode().tag(sync=True)
    alert = traitlets.Bool(False).tag(sync=True)
    width = traitlets.Int(0).tag(sync=True)

    def __repr__(self) -> str:
        return f"StatusLine({self.value!r})"

    def say(self, text: str, *, alert: bool = False) -> None:
        """Show a text; an alert is read out at once."""
        with self.hold_sync():
            self.value, self.alert = text, alert
