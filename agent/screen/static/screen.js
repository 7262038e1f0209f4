// The cashier's screen works without this file; with it no page is ever left, so that no scan is lost.
"use strict";
const SCAN_GAP_MS = 60, SCAN_CHARS_MIN = 4, SILENT_MS = 20_000;
const US = { Minus: "-_", Equal: "=+", Slash: "/?", Period: ".>", Comma: ",<", Semicolon: ";:", Quote: "'\"",
  Backslash: "\\|", BracketLeft: "[{", BracketRight: "]}", Space: "  " };
const screen_ = () => document.getElementById("screen");
const silent = document.getElementById("silent");
let queue = Promise.resolve(), turn = null, heardAt = performance.now();

// What a scanner types is told by its keys, whatever the layout of the machine.
function typed(event) {
  const letter = /^Key(.)$/.exec(event.code), digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  const latin = /^[A-Za-z]$/.test(event.key) && !event.getModifierState("CapsLock");
  if (letter && !latin) return event.shiftKey ? letter[1] : letter[1].toLowerCase();
  if (digit) return event.shiftKey ? ")!@#$%^&*("[digit[1]] : digit[1];
  return US[event.code]?.[+event.shiftKey] ?? event.key;
}

// Whatever is sent waits for what was sent before it: a scan right after a tap is the next request.
function send(url, fields) {
  const body = new URLSearchParams(fields);
  if (turn) turn.push(go(url, body));
  else queue = queue.then(() => go(url, body));
}

function go(url, body) {
  return fetch(url, { method: body ? "POST" : "GET", body, headers: { "Kopilka-Part": "1" } })
    .then((answer) => answer.text()).then((page) => show(page, url)).catch(() => { heardAt = -SILENT_MS; watch(); });
}

function show(page, url) {
  const next = new DOMParser().parseFromString(page, "text/html"), fresh = next.getElementById("screen");
  const focused = text(), isSent = (field) => field.form?.getAttribute("action") === url;
  for (const field of screen_().querySelectorAll("input[id]:not([type=hidden])")) {
    const same = fresh.querySelector("#" + CSS.escape(field.id));
    if (!same || isSent(field)) continue;
    if (field.value !== field.defaultValue) same.value = field.value;
    if (field.checked !== field.defaultChecked) same.checked = field.checked;
  }
  screen_().replaceWith(document.adoptNode(fresh));
  document.documentElement.lang = next.documentElement.lang;
  const kept = focused?.id && !isSent(focused) && document.getElementById(focused.id);
  (kept || screen_().querySelector("[autofocus]"))?.focus({ preventScroll: true });
}

// One listener, before everything else: characters less than 60 ms apart that Enter ends are a scan.
// All but the first are held back; what turns out to be fast typing is put into the field after all.
let code = "", held = "", lastAt = -Infinity, field = null, before = "", flushing = 0;
window.addEventListener("keydown", (event) => {
  const fast = event.timeStamp - lastAt < SCAN_GAP_MS;
  if (event.key === "Enter" && fast && code.length >= SCAN_CHARS_MIN) {
    stop(event);
    const touched = field?.isConnected ? field : document.getElementById(field?.id);
    if (touched) touched.value = before;
    held = "";
    send("/screen/code", { code });
    code = "";
  } else if ([...event.key].length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey) {
    code = fast ? code + typed(event) : typed(event);
    lastAt = event.timeStamp;
    if (!fast) {
      flush();
      field = text();
      before = field?.value;
      return;
    }
    stop(event);
    held += event.key;
    clearTimeout(flushing);
    flushing = setTimeout(flush, SCAN_GAP_MS);
  } else {
    flush();
    if (/^(F\d|F10|F12|Escape)$/.test(event.key) && !event.ctrlKey && !event.altKey) press(event);
  }
}, true);

function flush() {
  text()?.setRangeText(held, text().selectionStart, text().selectionEnd, "end");
  held = "";
}

function text() {
  const found = document.activeElement;
  return found?.matches("input:not([type=checkbox])") ? found : null;
}

function stop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

// A key is pressed on the page that the cashier expects: the one that answers what was sent before.
function press(event) {
  stop(event);
  queue = queue.then(() => {
    const target = screen_().querySelector(`[data-key="${event.key}"]`);
    const own = turn = [];
    if (target?.matches("input:not([type=checkbox])")) target.select(), target.focus();
    else target?.click();
    turn = null;
    return Promise.all(own);
  });
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  send(form.getAttribute("action"), new FormData(form, event.submitter));
});

document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-digit]");
  if (!key) return;
  const pin = document.getElementById("pin");
  pin.value = key.dataset.digit ? (pin.value + key.dataset.digit).slice(0, 6) : pin.value.slice(0, -1);
});

const news = new EventSource("/screen/news");
const heard = () => { heardAt = performance.now(); silent.hidden = true; };
news.addEventListener("alive", heard);
news.addEventListener("mark", (event) => {
  heard();
  queue = queue.then(() => event.data === screen_().dataset.mark || go("/"));
});
news.addEventListener("scan", (event) => { heard(); send("/screen/code", JSON.parse(event.data)); });
const watch = () => { if (performance.now() - heardAt >= SILENT_MS) silent.hidden = false; };
setInterval(watch, 1000);
