// The preview's page: draws what the event stream brings, sends what a person does.
"use strict";

const panes = new Map();
for (const root of document.querySelectorAll(".pane")) {
  panes.set(root.dataset.pane, {
    root,
    name: root.dataset.pane,
    scroll: root.querySelector(".scroll"),
    list: root.querySelector(".messages"),
    down: root.querySelector(".down"),
    toast: root.querySelector(".toast"),
    menu: root.querySelector(".menu"),
    form: root.querySelector(".composer"),
    keyboard: root.querySelector(".keyboard"),
    replying: root.querySelector(".replying"),
    replyTo: null,
    chat: null,
    newest: 0,
    unread: 0,
    drawn: false,
    acted: false,
  });
}

const narrow = window.matchMedia("(max-width: 899px)");
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

// Presses that wait for their answer, and answers that came before their press was known.
const waiting = new Map();
const early = new Map();
const EARLY_MAX = 50;

const visible = (pane) =>
  document.visibilityState === "visible" &&
  (!narrow.matches || document.body.dataset.tab === pane.name);
const atEnd = (pane) =>
  pane.scroll.scrollHeight - pane.scroll.scrollTop - pane.scroll.clientHeight < 60;
const actor = (pane) => {
  const select = pane.form.elements.as;
  return select ? Number(select.value) : null;
};

function toEnd(pane, smooth) {
  const behavior = smooth && !calm.matches ? "smooth" : "instant";
  pane.scroll.scrollTo({ top: pane.scroll.scrollHeight, behavior });
}

// What is new and taller than the room is read from its top.
function toFresh(pane, first) {
  const room = pane.scroll.getBoundingClientRect();
  const below = first.getBoundingClientRect().top - room.top - 8;
  const top = pane.scroll.scrollTop + below;
  if (pane.scroll.scrollHeight - top <= pane.scroll.clientHeight) return toEnd(pane, true);
  pane.scroll.scrollTo({ top, behavior: calm.matches ? "instant" : "smooth" });
}

function setUnread(pane, count) {
  pane.unread = count;
  const badges = [
    ...pane.root.querySelectorAll(".badge"),
    document.querySelector(`.tabs [data-tab="${pane.name}"] .badge`),
  ];
  for (const badge of badges) {
    badge.hidden = count === 0;
    badge.textContent = count > 99 ? "99+" : String(count);
    badge.setAttribute("aria-label", document.body.dataset.unread.replace("{}", count));
  }
}

function look(pane) {
  const end = atEnd(pane);
  pane.down.hidden = end;
  if (end && visible(pane)) setUnread(pane, 0);
}

// Replaces only the messages that changed, so that focus and scroll stay.
function draw(pane, html) {
  const next = document.createElement("ol");
  next.innerHTML = html;
  const old = new Map([...pane.list.children].map((item) => [item.dataset.key, item]));
  let fresh = 0;
  let first = null;
  let own = false;
  let place = null;
  for (const item of [...next.children]) {
    const key = item.dataset.key;
    const before = old.get(key);
    old.delete(key);
    let keep = before;
    if (!before || before.dataset.version !== item.dataset.version) {
      const focused = before && before.contains(document.activeElement);
      if (before) before.replaceWith(item);
      keep = item;
      if (focused) pane.scroll.focus({ preventScroll: true });
      const id = Number(key);
      if (!before && id > pane.newest) {
        pane.newest = id;
        if (pane.drawn) {
          item.classList.add("new");
          if (item.classList.contains("bot")) {
            fresh += 1;
            first ??= item;
          } else {
            own = true;
          }
        }
      }
    }
    const wanted = place ? place.nextSibling : pane.list.firstChild;
    if (wanted !== keep) pane.list.insertBefore(keep, wanted);
    place = keep;
  }
  for (const gone of old.values()) gone.remove();
  return { fresh, first, own };
}

// In the staff group, what the person speaking wrote stands on their side.
function claim(pane) {
  const me = actor(pane);
  for (const item of pane.list.querySelectorAll(".message")) {
    const own = me === null ? !item.classList.contains("bot") : Number(item.dataset.from) === me;
    item.classList.toggle("own", own);
  }
}

function onPane(data) {
  const pane = panes.get(data.pane);
  if (pane.chat !== data.chat) {
    pane.list.replaceChildren();
    reply(pane, null);
    Object.assign(pane, { chat: data.chat, newest: 0, drawn: false });
    setUnread(pane, 0);
  }
  const stay = atEnd(pane) || !pane.drawn;
  pane.root.querySelector("h2").textContent = data.title;
  pane.root.querySelector(".subtitle").textContent = data.subtitle;
  const { fresh, first, own } = draw(pane, data.items);
  claim(pane);
  pane.root.querySelector(".pinned").innerHTML = data.pinned;
  pane.keyboard.innerHTML = data.keyboard;
  pane.menu.innerHTML = data.commands;
  pane.form.querySelector("[data-menu]").hidden = data.commands === "";
  if (data.pane === "patient") {
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === data.language));
    }
  }
  const lang = document.documentElement.lang;
  if (!pane.drawn && data.language !== lang && pane.list.querySelector(".empty [data-say]")) {
    // Whoever reads this page in Spanish most likely tries the bot in Spanish.
    post("/language", { code: lang });
  }
  // An answer to what was just done here is shown wherever the chat stands.
  const follow = stay || own || (pane.acted && fresh > 0);
  if (follow && first && visible(pane)) toFresh(pane, first);
  else if (follow) toEnd(pane, pane.drawn);
  if (fresh > 0) {
    pane.acted = false;
    if (!(visible(pane) && follow)) setUnread(pane, pane.unread + fresh);
  }
  pane.drawn = true;
  pane.down.hidden = follow || atEnd(pane);
}

const toastTimer = new Map();
function toast(pane, text) {
  pane.toast.textContent = text;
  pane.toast.classList.add("shown");
  clearTimeout(toastTimer.get(pane));
  const seconds = Math.min(8, 2.5 + text.length / 30);
  toastTimer.set(pane, setTimeout(() => pane.toast.classList.remove("shown"), seconds * 1000));
}

function answered(pane, button, answer) {
  button.classList.remove("busy");
  if (!answer.text) return;
  if (answer.alert) {
    const dialog = document.getElementById("alert");
    dialog.querySelector("p").textContent = answer.text;
    if (!dialog.open) dialog.showModal();
  } else {
    toast(pane, answer.text);
  }
}

function onAnswer(answer) {
  const press = waiting.get(answer.id);
  if (press) {
    waiting.delete(answer.id);
    answered(press.pane, press.button, answer);
  } else {
    early.set(answer.id, answer);
    if (early.size > EARLY_MAX) early.delete(early.keys().next().value);
  }
}

async function post(path, body, pane) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.ok) return await response.json();
    toast(pane || panes.get("patient"), await response.text());
  } catch {
    toast(pane || panes.get("patient"), document.body.dataset.noAnswer);
  }
  return null;
}

function say(pane, text, reply_to = null) {
  pane.acted = true;
  return post("/say", { pane: pane.name, text, as: actor(pane), reply_to }, pane);
}

function sendMedia(pane, kind) {
  const reply_to = pane.replyTo;
  reply(pane, null);
  pane.acted = true;
  return post("/media", { pane: pane.name, kind, as: actor(pane), reply_to }, pane);
}

// What is written next answers this message; null for none.
function reply(pane, id, words = "") {
  pane.replyTo = id;
  pane.replying.hidden = id === null;
  pane.replying.querySelector(".to").textContent = words;
  if (id !== null) pane.form.elements.text.focus();
}

async function press(pane, button) {
  if (button.classList.contains("busy")) return;
  button.classList.add("busy");
  pane.acted = true;
  const body = {
    pane: pane.name,
    message_id: Number(button.dataset.message),
    data: button.dataset.press,
    as: actor(pane),
  };
  const made = await post("/press", body, pane);
  if (!made) return button.classList.remove("busy");
  if (early.has(made.id)) {
    answered(pane, button, early.get(made.id));
    early.delete(made.id);
  } else {
    waiting.set(made.id, { pane, button });
    // A press nobody answers stops spinning, as in Telegram's clients.
    setTimeout(() => {
      if (waiting.delete(made.id)) button.classList.remove("busy");
    }, 15000);
  }
}

function showMenu(pane, open) {
  pane.menu.hidden = !open;
  pane.form.querySelector("[data-menu]").setAttribute("aria-expanded", String(open));
  if (open) pane.menu.querySelector("button")?.focus();
}

function showTab(name) {
  document.body.dataset.tab = name;
  for (const tab of document.querySelectorAll(".tabs button")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.tab === name));
  }
  const pane = panes.get(name);
  if (pane.unread > 0 || !pane.scroll.scrollTop) toEnd(pane, false);
  look(pane);
}

async function copy(pane, text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(pane, document.body.dataset.copied);
  } catch {
    toast(pane, text);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const root = event.target.closest(".pane");
  const pane = root && panes.get(root.dataset.pane);
  for (const other of panes.values()) {
    if (!other.menu.hidden && !event.target.closest("[data-menu]")) showMenu(other, false);
  }
  if (!button) return;
  const data = button.dataset;
  if (pane && "press" in data) press(pane, button);
  else if (pane && "reply" in data) reply(pane, Number(data.reply), data.words);
  else if (pane && "unreply" in data) reply(pane, null);
  else if (pane && "copy" in data) copy(pane, data.copy);
  else if (pane && "share" in data) post("/share", {}, pane);
  else if (pane && "say" in data) say(pane, data.say);
  else if (pane && "media" in data) sendMedia(pane, data.media);
  else if (pane && "menu" in data) showMenu(pane, pane.menu.hidden);
  else if (pane && "show" in data) {
    pane.list
      .querySelector(`[data-key="${data.show}"]`)
      ?.scrollIntoView({ block: "center", behavior: calm.matches ? "instant" : "smooth" });
  } else if (pane && button === pane.down) toEnd(pane, true);
  else if ("tab" in data) showTab(data.tab);
  else if ("turn" in data) post("/turn", { seconds: Number(data.turn) });
  else if ("language" in data) post("/language", { code: data.language });
  else if ("restart" in data) post("/restart", {});
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const pane of panes.values()) {
      reply(pane, null);
      if (!pane.menu.hidden) {
        showMenu(pane, false);
        pane.form.querySelector("[data-menu]").focus();
      }
    }
  }
  const menu = event.target.closest(".menu");
  if (menu && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    const items = [...menu.querySelectorAll("button")];
    const step = event.key === "ArrowDown" ? 1 : -1;
    const at = items.indexOf(document.activeElement) + step;
    items[(at + items.length) % items.length]?.focus();
  }
});

for (const pane of panes.values()) {
  pane.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const input = pane.form.elements.text;
    const text = input.value.trim();
    if (!text) return;
    const to = pane.replyTo;
    input.value = "";
    reply(pane, null);
    if (!(await say(pane, text, to)) && input.value === "") input.value = text;
  });
  pane.form.elements.as?.addEventListener("change", () => claim(pane));
  pane.scroll.addEventListener("scroll", () => look(pane), { passive: true });
  claim(pane);
  toEnd(pane, false);
  // When the keyboard or the window changes the room, the newest message stays in sight.
  let pinned = true;
  pane.scroll.addEventListener("scroll", () => { pinned = atEnd(pane); }, { passive: true });
  new ResizeObserver(() => { if (pinned) toEnd(pane, false); }).observe(pane.scroll);
}
document.addEventListener("visibilitychange", () => panes.forEach(look));

const stream = new EventSource(`/events?lang=${document.documentElement.lang}`);
const offline = document.getElementById("offline");
stream.addEventListener("open", () => { offline.hidden = true; });
stream.addEventListener("error", () => { offline.hidden = false; });
stream.addEventListener("pane", (event) => onPane(JSON.parse(event.data)));
stream.addEventListener("answer", (event) => onAnswer(JSON.parse(event.data)));
stream.addEventListener("clock", (event) => {
  document.getElementById("clock").textContent = JSON.parse(event.data).text;
});
window.addEventListener("beforeunload", () => stream.close());
