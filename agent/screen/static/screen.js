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
function send(url, fields, form) {
  const body = new URLSearchParams(fields);
  if (turn) turn.push(go(url, body, form));
  else queue = queue.then(() => go(url, body, form));
}

// The older kind of request costs a slow CPU less than fetch does, and parses the page as it comes.
function go(url, body, form) {
  return new Promise((done) => {
    const asked = new XMLHttpRequest();
    asked.open(body ? "POST" : "GET", url);
    asked.setRequestHeader("Kopilka-Part", "1");
    asked.responseType = "document";
    asked.onloadend = () => {
      if (asked.response?.getElementById("screen")) show(asked.response, form);
      else heardAt = -SILENT_MS, watch();
      done();
    };
    asked.send(body);
  });
}

// Only what has changed is replaced. What was typed meanwhile stays, but for the form that was sent.
function show(next, form) {
  const focused = text(), wasSent = form && focused?.form?.getAttribute("action") === form;
  for (const sent of document.forms) if (form && sent.getAttribute("action") === form) sent.reset();
  change(screen_(), next.getElementById("screen"));
  document.documentElement.lang = next.documentElement.lang;
  if (focused?.isConnected && !wasSent) return;
  const kept = focused?.id && !wasSent && document.getElementById(focused.id);
  const target = kept || screen_().querySelector("[autofocus]");
  if (target !== document.activeElement) target?.focus({ preventScroll: true });
  if (!kept) target?.select?.();
}

function change(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  const mine = [...old.childNodes], theirs = [...fresh.childNodes];
  if (old.cloneNode().isEqualNode(fresh.cloneNode()) && theirs.length && mine.length === theirs.length)
    mine.forEach((node, place) => change(node, theirs[place]));
  else if (old.id === "screen" && fresh.dataset.mark !== old.dataset.mark) {
    old.dataset.mark = fresh.dataset.mark;
    change(old, fresh);
  } else replace(old, fresh);
}

function replace(old, fresh) {
  const fields = old.querySelectorAll?.("input[id]:not([type=hidden])") ?? [];
  for (const field of old.id && old.matches?.("input") ? [old] : fields) {
    const same = field.id === fresh.id ? fresh : fresh.querySelector?.("#" + CSS.escape(field.id));
    if (same && field.value !== field.defaultValue) same.value = field.value;
    if (same && field.checked !== field.defaultChecked) same.checked = field.checked;
  }
  old.replaceWith(document.adoptNode(fresh));
}

// One listener, before everything else: characters less than 60 ms apart that Enter ends are a scan.
// All but the first are held back; what turns out to be fast typing is put into the field after all.
let code = "", held = "", lastAt = -Infinity, field = null, before = "", flushing = 0;
let put = []; // where the first held letters of a code have gone to, and what was there: taken back if it is a scan
window.addEventListener("keydown", (event) => {
  const fast = event.timeStamp - lastAt < SCAN_GAP_MS;
  if (event.key === "Enter" && fast && code.length >= SCAN_CHARS_MIN) {
    stop(event);
    for (const [into, value] of [put, [field, before]]) {
      const touched = into?.isConnected ? into : document.getElementById(into?.id);
      if (touched) touched.value = value;
    }
    held = "";
    put = [];
    send("/screen/code", { code });
    code = "";
  } else if ([...event.key].length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey) {
    code = fast ? code + typed(event) : typed(event);
    lastAt = event.timeStamp;
    if (!fast) {
      flush();
      put = [];
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
  const into = text();
  if (held && into) {
    if (!put.length) put = [into, into.value];
    into.setRangeText(held, into.selectionStart, into.selectionEnd, "end");
  }
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
// Pressed twice it is pressed once: the second one was not meant for the next page.
const pressed = new Set();
function press(event) {
  stop(event);
  if (pressed.has(event.key)) return;
  pressed.add(event.key);
  queue = queue.then(() => {
    const target = screen_().querySelector(`[data-key="${event.key}"]`);
    const own = turn = [];
    if (target?.matches("input:not([type=checkbox])")) target.select(), target.focus();
    else target?.click();
    turn = null;
    return Promise.all(own);
  }).finally(() => pressed.delete(event.key));
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const action = event.target.getAttribute("action");
  send(action, new FormData(event.target, event.submitter), action);
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
// A mark says how often the till was acted upon, and what the page shows: an older one is no news.
news.addEventListener("mark", (event) => {
  heard();
  queue = queue.then(() => {
    const shown = screen_().dataset.mark;
    if (event.data !== shown && parseInt(event.data) >= parseInt(shown)) return go("/");
  });
});
let wasOpen = false;
news.addEventListener("open", () => {
  if (wasOpen) queue = queue.then(() => go("/"));
  wasOpen = true;
});
news.addEventListener("scan", (event) => { heard(); send("/screen/code", JSON.parse(event.data)); });
const watch = () => { if (performance.now() - heardAt >= SILENT_MS) silent.hidden = false; };
setInterval(watch, 1000);
