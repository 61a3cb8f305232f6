// A labelled choice of one among some options.

export default {
  render({ model, el }) {
    // A label names its input by id, and one control may be on a page twice.
    const id = `course-${Math.random().toString(36).slice(2)}`;
    el.innerHTML = `
      <div class="course-field">
        <label for="${id}"></label><select id="${id}"></select>
      </div>`;
    const label = el.querySelector("label");
    const select = el.querySelector("select");
    label.textContent = model.get("label");
    for (const option of model.get("options")) select.add(new Option(option));

    const show = () => { select.value = model.get("value"); };

    select.addEventListener("change", () => {
      model.set("value", select.value);
      model.send({ value: select.value });
    });
    // The page has shortcuts of its own, which must not act on what is typed here.
    select.addEventListener("keydown", (event) => event.stopPropagation());
    model.on("change:value", show);
    show();
  },
};
