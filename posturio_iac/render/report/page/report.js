"use strict";
(() => {
  const PAGE = 200;
  const LEVELS = ["critical", "high", "medium", "low", "flagged", "undetermined", "suppressed", "clean"];
  const counted = (n) => n.toLocaleString("en");

  const make = (tag, properties, ...inside) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...inside);
    return element;
  };

  const text = (row, column) => row.cells[column].textContent.trim();

  const measure = {
    num: (value) => (value === "" || isNaN(value.replace(/,/g, "")) ? null : Number(value.replace(/,/g, ""))),
    level: (value) => (value === "" ? null : LEVELS.indexOf(value)),
    text: (value) => (value === "" || value === "unknown" ? null : value.toLowerCase()),
  };
  measure.choice = measure.text;

  const wordsOf = (input) => (input ? input.value.toLowerCase().split(/\s+/).filter(Boolean) : []);

  class Table {
    constructor(table) {
      this.table = table;
      this.body = table.tBodies[0];
      this.rows = [...this.body.rows];
      this.kept = this.rows;
      this.limit = PAGE;
      this.heads = [...table.tHead.rows[0].cells];
      this.heads.forEach((head, column) => this.sortable(head, column));
      if (this.rows.length > 5) this.filters();
      this.more = make("div", { className: "more" });
      table.parentElement.after(this.more);
      this.show();
    }

    sortable(head, column) {
      const button = make("button", { type: "button" }, ...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => this.sort(head, column));
    }

    sort(head, column) {
      const kind = head.dataset.kind;
      const first = kind === "num" ? "descending" : "ascending";
      const order = head.getAttribute("aria-sort") === first ? (first === "ascending" ? "descending" : "ascending") : first;
      this.heads.forEach((other) => other.setAttribute("aria-sort", other === head ? order : "none"));
      const sign = order === "ascending" ? 1 : -1;
      const keyed = this.rows.map((row, place) => [measure[kind](text(row, column)), place, row]);
      keyed.sort(([a, m], [b, n]) => {
        if (a === null || b === null) return (a === null) - (b === null) || m - n;
        return sign * (a < b ? -1 : a > b ? 1 : 0) || m - n;
      });
      this.rows = keyed.map(([, , row]) => row);
      const fragment = document.createDocumentFragment();
      fragment.append(...this.rows);
      this.body.append(fragment);
      this.filter();
    }

    filters() {
      const tools = make("div", { className: "tools" });
      this.search = make("input", { type: "search", autocomplete: "off", spellcheck: false });
      tools.append(this.field("Filter by text", this.search));
      this.search.addEventListener("input", () => this.later());
      this.choices = [];
      this.heads.forEach((head, column) => {
        if (!["level", "choice"].includes(head.dataset.kind)) return;
        const values = [...new Set(this.rows.map((row) => text(row, column)))].filter(Boolean);
        if (values.length < 2 || values.length > 200) return;
        const kind = measure[head.dataset.kind];
        values.sort((a, b) => (kind(a) < kind(b) ? -1 : 1));
        const select = make("select", {}, make("option", { value: "" }, "all"));
        values.forEach((value) => select.append(make("option", { value }, value.slice(0, 80))));
        tools.append(this.field(head.textContent, select));
        select.addEventListener("change", () => this.filter());
        this.choices.push([column, select]);
      });
      this.status = make("output", {});
      tools.append(this.status);
      this.table.parentElement.before(tools);
    }

    field(name, control) {
      control.id = `${this.table.id}-${name.toLowerCase().replace(/\W+/g, "-")}`;
      return make("div", {}, make("label", { htmlFor: control.id }, name), control);
    }

    later() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.filter(), 150);
    }

    filter() {
      const words = wordsOf(this.search);
      const wanted = (this.choices || []).filter(([, select]) => select.value);
      this.texts ||= new Map(this.rows.map((row) => [row, words.length ? row.textContent.toLowerCase() : null]));
      this.kept = this.rows.filter((row) => {
        if (!wanted.every(([column, select]) => text(row, column) === select.value)) return false;
        if (!words.length) return true;
        let all = this.texts.get(row);
        if (!all) this.texts.set(row, (all = row.textContent.toLowerCase()));
        return words.every((word) => all.includes(word));
      });
      this.limit = PAGE;
      this.show();
    }

    show() {
      const shown = new Set(this.kept.slice(0, this.limit));
      this.rows.forEach((row) => { if (row.hidden === shown.has(row)) row.hidden = !row.hidden; });
      const left = this.kept.length - shown.size;
      if (this.status) {
        const part = this.kept.length === this.rows.length ? "" : `${counted(this.kept.length)} of `;
        this.status.textContent = `${part}${counted(this.rows.length)} rows${left ? `, ${counted(shown.size)} shown` : ""}`;
      }
      this.more.replaceChildren();
      if (left) {
        const next = make("button", { type: "button" }, `Show ${counted(Math.min(PAGE, left))} more`);
        const all = make("button", { type: "button" }, `Show all ${counted(this.kept.length)}`);
        next.addEventListener("click", () => this.grow(this.limit + PAGE));
        all.addEventListener("click", () => this.grow(Infinity));
        this.more.append(next, all, make("span", { className: "meta" }, `${counted(left)} rows are not shown, nor printed.`));
      }
    }

    grow(limit) {
      const next = this.kept[this.limit];
      this.limit = limit;
      this.show();
      if (next) {
        next.tabIndex = -1;
        next.focus({ preventScroll: true });
      }
    }
  }

  document.querySelectorAll("table[data-sortable]").forEach((table) => new Table(table));

  // The tables are short now. A section that is not laid out has no true places, which programs such as axe and jumps to a row need.
  document.querySelectorAll("section.late").forEach((section) => section.classList.remove("late"));

  const copied = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = make("textarea", { value: text });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("not copied");
  };

  document.querySelectorAll("[data-copy]").forEach((code) => {
    const button = make("button", { type: "button", className: "copy" }, "Copy");
    const text = code.textContent;
    button.setAttribute("aria-label", `Copy ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`);
    button.addEventListener("click", () => {
      copied(text).then(() => "Copied", () => "Not copied").then((word) => {
        button.textContent = word;
        setTimeout(() => { button.textContent = "Copy"; }, 2000);
      });
    });
    code.after(button);
  });

  const open = () => document.querySelectorAll("details:not([open])").forEach((details) => { details.open = true; details.dataset.printed = ""; });
  const close = () => document.querySelectorAll("details[data-printed]").forEach((details) => { details.open = false; delete details.dataset.printed; });
  window.addEventListener("beforeprint", open);
  window.addEventListener("afterprint", close);
})();
