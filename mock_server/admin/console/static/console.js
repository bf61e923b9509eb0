// What pages do beyond what they do without script: copy, tabs, and requests as they arrive.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue; // an address that is not trusted has none
  button.hidden = false;
  button.addEventListener("click", async () => {
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(button.nextElementSibling.textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied";
    }
    setTimeout(() => { button.textContent = label; }, 1500);
  });
}

for (const tabs of document.querySelectorAll("[data-tabs]")) {
  const panels = [...tabs.querySelectorAll("[data-tab]")];
  const list = document.createElement("div");
  list.className = "tabs-list";
  list.setAttribute("role", "tablist");
  const buttons = panels.map((panel, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = panel.dataset.tab;
    button.id = `tab-${index}`;
    button.setAttribute("role", "tab");
    button.setAttribute("aria-controls", `panel-${index}`);
    panel.id = `panel-${index}`;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", button.id);
    panel.querySelector("h3").hidden = true;
    list.append(button);
    return button;
  });
  const show = (chosen) => panels.forEach((panel, index) => {
    panel.hidden = index !== chosen;
    buttons[index].setAttribute("aria-selected", String(index === chosen));
    buttons[index].tabIndex = index === chosen ? 0 : -1;
  });
  buttons.forEach((button, index) => {
    button.addEventListener("click", () => show(index));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = (index + step + buttons.length) % buttons.length;
      show(next);
      buttons[next].focus();
    });
  });
  tabs.prepend(list);
  show(0);
}

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.confirm)) event.preventDefault();
  });
}

const table = document.querySelector("[data-live]");
if (table) {
  const MOST = 200; // rows of a page: the oldest go
  const state = document.querySelector(".live");
  const rows = table.tBodies[0];
  let source = null;
  let cursor = table.dataset.cursor;
  const say = (text, isOn) => {
    state.textContent = text;
    state.dataset.state = isOn ? "on" : "off";
  };
  const cell = (row, name, ...content) => {
    const td = row.insertCell();
    td.className = name;
    td.append(...content);
    return td;
  };
  const part = (tag, name, text) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    node.textContent = text;
    return node;
  };
  const add = (entry) => {
    const address = `${table.dataset.base}/requests/${entry.id}`;
    if (rows.querySelector(`a[href="${address}"]`)) return; // a stream that broke off may say it again
    const row = rows.insertRow(0);
    row.className = "new";
    const link = part("a", "", "");
    link.href = address;
    link.append(part("time", "", entry.time));
    link.firstChild.dateTime = entry.moment;
    cell(row, "fit mono", link);
    cell(row, "fit", part("span", `method ${entry.methodClass}`, entry.method));
    cell(row, "fit", part("span", `status s${String(entry.status)[0]}`, entry.status));
    cell(row, "path", part("bdi", "", entry.path));
    cell(row, "fit", part("bdi", "", entry.operation));
    cell(row, "num", entry.took);
    cell(row, "why", part("bdi", "", entry.why));
    while (rows.rows.length > MOST) rows.deleteRow(-1);
    const empty = document.querySelector("[data-empty]");
    if (empty) empty.hidden = true;
    table.parentElement.hidden = false;
  };
  const open = () => {
    if (source) return;
    const address = new URL(table.dataset.live, location.href);
    address.searchParams.set("after", cursor);
    source = new EventSource(address);
    source.addEventListener("open", () => say("live", true));
    source.addEventListener("request", (event) => {
      cursor = event.lastEventId || cursor;
      add(JSON.parse(event.data));
    });
    source.addEventListener("skipped", (event) => {
      say(`live, ${event.data} more than are shown here`, true);
    });
    source.addEventListener("error", () => say(source.readyState === EventSource.CLOSED ? "not live: load the page again" : "waiting for the server", false));
  };
  const close = () => {
    if (source) source.close();
    source = null;
    say("paused", false);
  };
  // A browser has six connections to a server: a page that nobody looks at keeps none.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  open();
}
