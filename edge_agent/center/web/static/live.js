// Keeps the list of alerts new. What it puts there was written, and escaped, by the server.
"use strict";

// An operator sees an alert within two seconds; a screen that nobody looks at asks seldom.
const ASK_MS = 2000;
const HIDDEN_MS = 15000;
const PATIENCE_MS = 10000;

const cards = document.getElementById("cards");
const filter = document.getElementById("filter");

if (filter) {
  filter.classList.add("scripted");
  filter.addEventListener("change", () => filter.requestSubmit());
}
if (cards && cards.dataset.live) follow(cards);
for (const picture of document.querySelectorAll("img")) watch(picture);

function follow(list) {
  const link = document.getElementById("link");
  const address = new URL(list.dataset.live, location.href);
  let newest = Number(list.dataset.change);
  let timer = 0;

  async function ask() {
    let isMore = false;
    try {
      address.searchParams.set("after", newest);
      const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MS) });
      if (answer.redirected || answer.status === 403) return location.reload();
      if (!answer.ok) throw new Error(answer.status);
      const told = await answer.json();
      for (const card of told.cards) place(list, card);
      isMore = told.change > newest && told.cards.length > 1;
      newest = told.change;
      document.getElementById("counts").innerHTML = told.counts;
      document.getElementById("nothing").hidden = list.childElementCount > 0;
      say(link, "");
    } catch {
      say(link, `${link.dataset.lost} ${link.dataset.since || new Date().toLocaleTimeString()}`);
    }
    clearTimeout(timer);
    timer = setTimeout(ask, isMore ? 0 : document.hidden ? HIDDEN_MS : ASK_MS);
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) { clearTimeout(timer); ask(); }
  });
  timer = setTimeout(ask, ASK_MS);
}

// A list that has stopped must not look like a quiet night.
function say(link, trouble) {
  link.classList.toggle("lost", Boolean(trouble));
  if (trouble) link.dataset.since = link.dataset.since || new Date().toLocaleTimeString();
  else delete link.dataset.since;
  link.querySelector("span").textContent = trouble || link.dataset.live;
}

function place(list, told) {
  const old = list.querySelector(`[data-key="${CSS.escape(told.key)}"]`);
  if (!told.html) { if (old) old.remove(); return; }
  const page = new DOMParser().parseFromString(told.html, "text/html");
  const card = document.adoptNode(page.body.firstElementChild);
  if (old) {
    old.replaceWith(card);
  } else {
    const order = Number(card.dataset.order);
    const below = [...list.children].find((other) => Number(other.dataset.order) < order);
    if (!below && list.childElementCount >= Number(list.dataset.most)) return;
    list.insertBefore(card, below || null);
    card.classList.add("fresh");
  }
  for (const picture of card.querySelectorAll("img")) watch(picture);
  while (list.childElementCount > Number(list.dataset.most)) list.lastElementChild.remove();
}

// A picture follows its alert: until it comes there is a text, and no broken frame.
function watch(picture) {
  const miss = () => picture.classList.add("missing");
  picture.addEventListener("error", miss);
  picture.addEventListener("load", () => picture.classList.remove("missing"));
  if (picture.complete && picture.naturalWidth === 0 && picture.loading !== "lazy") miss();
}
