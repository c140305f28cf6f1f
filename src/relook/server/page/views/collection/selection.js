// A selection in a list of options: clicks, shift, control, and the keyboard.

export class Selection {
  /**
   * `list` is the listbox, `open(index)` shows one option, `changed()` is called after each change;
   * without `several` nothing can be chosen, only shown.
   */
  constructor(list, { several = true, open, changed }) {
    this.list = list;
    this.several = several;
    this.open = open;
    this.changed = changed;
    this.ids = new Set();
    this.anchor = 0;
    list.addEventListener("click", (event) => this.click(event));
    list.addEventListener("keydown", (event) => this.key(event));
  }

  get options() {
    return [...this.list.querySelectorAll('[role="option"]')];
  }

  /** New options were added: exactly one of all can be reached by Tab. */
  refresh() {
    const { options } = this;
    if (options.length && !options.some((option) => option.tabIndex === 0)) options[0].tabIndex = 0;
    this.mark();
  }

  mark() {
    for (const option of this.options) option.setAttribute("aria-selected", String(this.ids.has(Number(option.dataset.id))));
    this.list.classList.toggle("choosing", this.ids.size > 0);
  }

  update() {
    this.mark();
    this.changed();
  }

  clear() {
    this.ids.clear();
    this.update();
  }

  all() {
    for (const option of this.options) this.ids.add(Number(option.dataset.id));
    this.update();
  }

  toggle(index) {
    const id = Number(this.options[index].dataset.id);
    if (!this.ids.delete(id)) this.ids.add(id);
    this.anchor = index;
    this.update();
  }

  range(index) {
    const [from, to] = [Math.min(this.anchor, index), Math.max(this.anchor, index)];
    for (const option of this.options.slice(from, to + 1)) this.ids.add(Number(option.dataset.id));
    this.update();
  }

  click(event) {
    const option = event.target.closest('[role="option"]');
    if (!option) return;
    const index = this.options.indexOf(option);
    this.focus(index);
    if (!this.several) this.open(index);
    else if (event.shiftKey) this.range(index);
    else if (this.ids.size || event.ctrlKey || event.metaKey || event.target.closest(".tick")) this.toggle(index);
    else this.open(index);
  }

  key(event) {
    const { options } = this;
    const here = options.indexOf(event.target.closest('[role="option"]'));
    if (here < 0) return;
    const to = this.target(event.key, here, options);
    if (to !== null) {
      if (event.shiftKey && this.several) {
        if (!this.ids.size) this.anchor = here;
        this.range(to);
      }
      this.focus(to);
    } else if (event.key === "Enter" || (event.key === " " && !this.several)) this.open(here);
    else if (!this.several) return;
    else if (event.key === " ") this.toggle(here);
    else if (event.key === "Escape" && this.ids.size) this.clear();
    else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) this.all();
    else return;
    event.preventDefault();
  }

  target(key, here, options) {
    if (key === "ArrowRight") return Math.min(here + 1, options.length - 1);
    if (key === "ArrowLeft") return Math.max(here - 1, 0);
    if (key === "Home") return 0;
    if (key === "End") return options.length - 1;
    if (key === "ArrowDown" || key === "ArrowUp") return beside(options, here, key === "ArrowDown" ? 1 : -1);
    return null;
  }

  focus(index) {
    const { options } = this;
    for (const option of options) if (option.tabIndex === 0) option.tabIndex = -1;
    options[index].tabIndex = 0;
    options[index].focus();
  }
}

/** The option of the next row that stands nearest. */
function beside(options, here, way) {
  const box = (option) => option.getBoundingClientRect();
  const from = box(options[here]);
  const middle = from.left + from.width / 2;
  let best = here;
  let row = null;
  for (let index = here + way; index >= 0 && index < options.length; index += way) {
    const at = box(options[index]);
    if (Math.abs(at.top - from.top) < 4) continue;
    row ??= at.top;
    if (Math.abs(at.top - row) > 4) break;
    const away = (rect) => Math.abs(rect.left + rect.width / 2 - middle);
    if (best === here || away(at) < away(box(options[best]))) best = index;
  }
  return best;
}
