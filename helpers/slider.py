"""A slider that keyboards and screen readers can use: ipywidgets' own has no accessible name (axe-core says so)."""

import anywidget
import traitlets


class Slider(anywidget.AnyWidget):
    """A labelled range and a number field that follow each other; `value` changes when either is let go.

    Raises traitlets.TraitError on a value outside of `minimum` to `maximum`.
    """

    _esm = """
    export default { render({ model, el }) {
      el.innerHTML = `<div class="course-slider"><label><span></span><input type="range"></label>
        <input type="number"><span></span></div>`;
      const [label, range, number, unit] = el.querySelectorAll("span, input");
      const show = () => {
        label.textContent = model.get("label");
        number.setAttribute("aria-label", `${model.get("label")}, as a number`);
        unit.textContent = model.get("unit");
        for (const input of [range, number]) {
          for (const side of ["min", "max", "step"]) input[side] = model.get(side);
          input.value = model.get("value");
          input.disabled = model.get("disabled");
        }
      };
      const keep = (input) => {
        const [low, high] = [model.get("min"), model.get("max")];
        const value = Number(input.value);
        if (input.value !== "" && value >= low && value <= high) { model.set("value", value); model.save_changes(); }
        show();
      };
      range.addEventListener("input", () => { number.value = range.value; });
      range.addEventListener("change", () => keep(range));
      number.addEventListener("change", () => keep(number));
      for (const input of [range, number]) input.addEventListener("keydown", (event) => event.stopPropagation());
      for (const name of ["value", "min", "max", "step", "label", "unit", "disabled"])
        model.on(`change:${name}`, show);
      show();
    } };
    """
    _css = """
    .course-slider { display: flex; align-items: center; gap: 8px; flex-wrap: wrap; margin: 2px 0;
      color: var(--jp-ui-font-color1, #222); font-size: 13px; }
    .course-slider label { display: flex; align-items: center; gap: 8px; flex: 0 1 430px; }
    .course-slider label span { flex: 0 0 7.5em; }
    .course-slider input[type="range"] { flex: 1 1 120px; min-width: 100px; min-height: 24px;
      accent-color: var(--jp-brand-color1, #1976d2); }
    .course-slider input[type="number"] { width: 5.5em; padding: 2px 4px; font: inherit;
      color: inherit; background: var(--jp-layout-color1, #fff); border: 1px solid var(--jp-border-color1, #8a8a8a); }
    """
    label = traitlets.Unicode().tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    min = traitlets.Float(1).tag(sync=True)
    max = traitlets.Float(100).tag(sync=True)
    step = traitlets.Float(1).tag(sync=True)
    value = traitlets.Float(1).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(self, label: str, value: float, low: float, high: float, step: float = 1, unit: str = ""):
        super().__init__(label=label, min=low, max=high, step=step, value=value, unit=unit)

    def __repr__(self) -> str:
        return f"Slider({self.label})"

    @traitlets.validate("value")
    def _in_range(self, proposal: dict) -> float:
        if not self.min <= proposal["value"] <= self.max:
            value = proposal["value"]
            raise traitlets.TraitError(f"{self.label} is {value:g}; it takes a number from {self.min:g} to {self.max:g}")
        return proposal["value"]
