// A line of text that a screen reader announces, and a ruler that tells Python the page's width.

// Pixels. A scroll bar that comes and goes is wider, but a chart redrawn for less would only flicker.
const NOTICEABLE = 8;

export default {
  render({ model, el }) {
    // Both regions stand in the page from the start: a reader announces what changes in a region
    // that it knows, and stays silent about one that is new.
    el.innerHTML = `
      <div class="course-status"><div role="status"></div><div role="alert"></div></div>`;
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
      // It is 0 while the notebook is in a tab behind.
      if (width > 0 && Math.abs(width - told) > NOTICEABLE) {
        told = width;
        model.send({ width });
      }
    });
    ruler.observe(el);
    return () => ruler.disconnect();
  },
};
