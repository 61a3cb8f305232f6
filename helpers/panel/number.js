// A labelled number: a field alone, or a range and a field that follow each other.

const TRAITS = ["value", "min", "max", "step", "label", "unit", "disabled"];

export default {
  render({ model, el }) {
    // A label names its input by id, and one control may be on a page twice.
    const id = `course-${Math.random().toString(36).slice(2)}`;
    const sliding = model.get("sliding");
    const fields = sliding
      ? `<input type="range" id="${id}"><input type="number">`
      : `<input type="number" id="${id}">`;
    el.innerHTML = `
      <div class="course-field">
        <label for="${id}"></label>${fields}<span class="course-unit"></span>
      </div>`;
    const label = el.querySelector("label");
    const unit = el.querySelector("span");
    const inputs = [...el.querySelectorAll("input")];
    const number = inputs.at(-1);

    const show = () => {
      label.textContent = model.get("label");
      unit.textContent = model.get("unit");
      if (sliding) number.setAttribute("aria-label", `${model.get("label")}, as a number`);
      for (const input of inputs) {
        input.min = model.get("min");
        input.max = model.get("max");
        // The range moves in steps; in the field, any number between the ends is right.
        input.step = input === number ? "any" : model.get("step");
        input.value = model.get("value") ?? "";
        input.disabled = model.get("disabled");
      }
    };

    const keep = (input) => {
      const empty = input.value === "";
      const value = empty ? null : Number(input.value);
      const allowed = empty
        ? !sliding
        : value >= model.get("min") && value <= model.get("max");
      if (allowed) {
        model.set("value", value);
        model.send({ value });
      }
      show();
    };

    for (const input of inputs) {
      input.addEventListener("change", () => keep(input));
      // The page has shortcuts of its own, which must not act on what is typed here.
      input.addEventListener("keydown", (event) => event.stopPropagation());
    }
    if (sliding) {
      // While the range is dragged the field follows; Python hears of it when it is let go.
      inputs[0].addEventListener("input", () => { number.value = inputs[0].value; });
    }
    for (const trait of TRAITS) model.on(`change:${trait}`, show);
    show();
  },
};
