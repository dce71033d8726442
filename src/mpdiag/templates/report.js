"use strict";

// Tables: a button in each heading sorts by its column, once more the other way round.
function sortable(table) {
  const body = table.tBodies[0];
  const order = new Intl.Collator(undefined, {numeric: true});
  for (const heading of table.tHead.rows[0].cells) {
    if (heading.classList.contains("wide") || !heading.textContent.trim()) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const numbers = heading.classList.contains("number");
      const before = heading.getAttribute("aria-sort");
      const up = before ? before === "descending" : !numbers;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      const value = row => {
        const cell = row.cells[heading.cellIndex];
        return numbers ? (cell.dataset.n === "" ? null : Number(cell.dataset.n)) : cell.textContent;
      };
      const compare = (one, two) => {
        const [first, second] = [value(one), value(two)];
        if (first === null || second === null) return (first === null) - (second === null);
        return (numbers ? first - second : order.compare(first, second)) * (up ? 1 : -1);
      };
      body.append(...[...body.rows].sort(compare));
    });
  }
}

// The timeline: `from` and `wide` are the part of the run that is shown, in per cent.
class Timeline {
  constructor(figure) {
    this.wall = Number(figure.dataset.wall);
    this.axis = [...figure.querySelectorAll(".axis span")];
    this.spans = figure.querySelector(".spans");
    this.said = figure.querySelector(".said");
    this.height = this.spans.viewBox.baseVal.height;
    this.marks = [...this.spans.querySelectorAll("rect:not(.life)")];
    this.from = 0;
    this.wide = 100;
    this.said.setAttribute("aria-live", "polite");
    this.spans.setAttribute("tabindex", "0");
    this.spans.setAttribute("aria-keyshortcuts", "ArrowLeft ArrowRight + - 0 n p");
    this.addTools(figure);
    this.listen();
  }

  addTools(figure) {
    const tools = document.createElement("div");
    tools.className = "tools";
    const actions = [
      ["Zoom in (+)", "+"], ["Zoom out (−)", "-"], ["Whole run (0)", "0"], ["Earlier (←)", "ArrowLeft"],
      ["Later (→)", "ArrowRight"], ["Previous (p)", "p"], ["Next (n)", "n"],
    ];
    for (const [words, key] of actions) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = words;
      button.addEventListener("click", () => this.key(key));
      tools.append(button);
    }
    const hint = document.createElement("span");
    hint.className = "quiet";
    hint.textContent = "Drag over a part to zoom into it; double-click for the whole run.";
    tools.append(hint);
    figure.prepend(tools);
  }

  listen() {
    this.spans.addEventListener("keydown", event => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && this.key(event.key)) event.preventDefault();
    });
    this.spans.addEventListener("dblclick", () => this.show(0, 100));
    this.spans.addEventListener("wheel", event => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 0.8 : 1.25, this.at(event));
    }, {passive: false});
    this.spans.addEventListener("pointerover", event => {
      if (this.marks.includes(event.target)) this.choose(event.target);
    });
    this.drag();
  }

  drag() {
    let begun = null;
    const picked = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    picked.setAttribute("class", "picked");
    picked.setAttribute("height", this.height);
    this.spans.addEventListener("pointerdown", event => {
      if (event.button === 0) begun = this.at(event);
    });
    this.spans.addEventListener("pointermove", event => {
      if (begun === null) return;
      const now = this.at(event);
      picked.setAttribute("x", Math.min(begun, now));
      picked.setAttribute("width", Math.abs(now - begun));
      this.spans.append(picked);
    });
    addEventListener("pointerup", event => {
      if (begun === null) return;
      const now = this.at(event);
      picked.remove();
      if (Math.abs(now - begun) > this.wide / 50) this.show(Math.min(begun, now), Math.abs(now - begun));
      begun = null;
    });
  }

  // Where the pointer is, in per cent of the run.
  at(event) {
    const box = this.spans.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    return this.from + share * this.wide;
  }

  key(name) {
    const step = this.wide / 4;
    const middle = this.from + this.wide / 2;
    const actions = {
      "+": () => this.zoom(0.5, middle), "=": () => this.zoom(0.5, middle), "-": () => this.zoom(2, middle),
      "0": () => this.show(0, 100), ArrowLeft: () => this.show(this.from - step, this.wide),
      ArrowRight: () => this.show(this.from + step, this.wide), n: () => this.next(1), p: () => this.next(-1),
    };
    if (!Object.hasOwn(actions, name)) return false;
    actions[name]();
    return true;
  }

  zoom(factor, around) {
    const wide = Math.min(this.wide * factor, 100);
    this.show(around - (around - this.from) * wide / this.wide, wide);
  }

  show(from, wide) {
    this.wide = Math.min(Math.max(wide, 0.001), 100);
    this.from = Math.min(Math.max(from, 0), 100 - this.wide);
    this.spans.setAttribute("viewBox", `${this.from} 0 ${this.wide} ${this.height}`);
    this.axis.forEach((label, place) => {
      const at = this.from + this.wide * place / (this.axis.length - 1);
      label.textContent = seconds(this.wall * at / 100, this.wall * this.wide / 100);
    });
  }

  next(step) {
    if (!this.marks.length) return;
    const place = this.marks.indexOf(this.chosen);
    const mark = this.marks[place < 0 ? 0 : (place + step + this.marks.length) % this.marks.length];
    this.choose(mark);
    const [x, width] = [mark.x.baseVal.value, mark.width.baseVal.value];
    if (x < this.from || x + width > this.from + this.wide) this.show(x + width / 2 - this.wide / 2, this.wide);
  }

  choose(mark) {
    this.chosen?.classList.remove("chosen");
    mark.classList.add("chosen");
    this.chosen = mark;
    this.said.textContent = mark.querySelector("title").textContent;
  }
}

// A moment, as exact as a window of `shown` seconds needs it.
function seconds(value, shown) {
  const [size, unit] = shown >= 1 ? [1, "s"] : shown >= 1e-3 ? [1e-3, "ms"] : [1e-6, "µs"];
  const digits = Math.max(0, 2 - Math.floor(Math.log10(shown / size || 1)));
  return `${(value / size).toFixed(Math.min(digits, 6))} ${unit}`;
}

document.querySelectorAll("table.sortable").forEach(sortable);
document.querySelectorAll(".timeline").forEach(figure => new Timeline(figure));
