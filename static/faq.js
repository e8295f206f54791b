// The FAQ under an abstract: asked for with one click, and shown as the model writes it.

const SCRIPT = { "X-Requested-With": "script" };
const streams = new Map();

const containerOf = (id) => document.getElementById(`kimi-container-${id}`);

async function load(container, url, options) {
  container.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { headers: SCRIPT, ...options });
    if (!answer.ok) throw new Error(String(answer.status));
    show(container, await answer.text());
  } catch {
    container.replaceChildren(Object.assign(document.createElement("p"), {
      className: "faq-state", role: "alert", textContent: document.body.dataset.trouble ?? "",
    }));
  } finally {
    container.removeAttribute("aria-busy");
  }
}

function show(container, html) {
  streams.get(container)?.close();
  streams.delete(container);
  container.innerHTML = html; // made by our server, sanitised there
  const panel = container.querySelector(".faq");
  if (panel) attend(container, panel);
}

// A FAQ on its way comes in by itself; a reader's own question is looked after once a second.
function attend(container, panel) {
  if (panel.dataset.events) follow(container, panel);
  if (!("answering" in panel.dataset)) return;
  setTimeout(() => {
    if (container.contains(panel)) load(container, urlOf(panel.dataset.paper, panel.dataset.language));
  }, 1000);
}

function follow(container, panel) {
  const source = new EventSource(panel.dataset.events);
  streams.set(container, source);
  source.addEventListener("faq", (event) => {
    const told = JSON.parse(event.data);
    for (const answer of told.answers) write(panel, answer);
    const entries = [...panel.querySelectorAll(".faq-entry")];
    for (const entry of entries) if (Number(entry.dataset.n) > told.count) entry.remove();
    panel.querySelector(".faq-state").textContent = told.sentence;
    if (!told.open) {
      source.close();
      load(container, urlOf(panel.dataset.paper, panel.dataset.language));
    }
  });
}

function write(panel, { n, question, html, whole }) {
  let entry = panel.querySelector(`.faq-entry[data-n="${n}"]`);
  if (!entry) {
    entry = document.createElement("section");
    entry.dataset.n = n;
    entry.append(document.createElement("p"), document.createElement("div"));
    entry.children[0].className = "faq-q";
    entry.children[1].className = "faq-a";
    panel.querySelector(".faq-answers").append(entry);
  }
  entry.className = whole ? "faq-entry" : "faq-entry faq-draft";
  entry.children[0].textContent = `${n}. ${question}`;
  entry.children[1].innerHTML = html;
}

const urlOf = (paper, language) =>
  `/faq?${new URLSearchParams(language ? { paper, language } : { paper })}`;

async function open(container, paper, language) {
  container.hidden = false;
  await load(container, urlOf(paper, language));
  const panel = container.querySelector(".faq");
  if (panel && "missing" in panel.dataset) {
    await load(container, urlOf(paper, panel.dataset.language), { method: "POST" });
  }
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const button = event.target.closest?.("a.title-kimi");
  if (button) {
    const paper = button.id.slice("kimi-".length);
    const container = containerOf(paper);
    event.preventDefault();
    const closes = container.childElementCount > 0 && !container.hidden;
    button.setAttribute("aria-expanded", String(!closes));
    if (closes) container.hidden = true;
    else if (container.childElementCount) container.hidden = false;
    else open(container, paper);
    return;
  }
  const language = event.target.closest?.("a[data-faq-language]");
  if (language) {
    const panel = language.closest(".faq");
    event.preventDefault();
    open(panel.parentElement, panel.dataset.paper, language.dataset.faqLanguage);
  }
});

document.addEventListener("submit", (event) => {
  const panel = event.target.closest?.(".kimi-container .faq");
  if (!panel) return;
  event.preventDefault();
  const action = event.target.getAttribute("action");
  const container = panel.parentElement;
  const body = new URLSearchParams(new FormData(event.target));
  if (action.endsWith("/stop")) fetch(action, { method: "POST", redirect: "manual" });
  else load(container, action, { method: "POST", body });
});

for (const panel of document.querySelectorAll(".kimi-container > .faq")) {
  attend(panel.parentElement, panel);
}
