// The FAQ under an abstract: asked for with one click, and shown as the model writes it.

const SCRIPT = { "X-Requested-With": "script" };
const AGAIN = 3000; // ms after which a lost stream is asked for again
const OPEN = `faq ${location.pathname}${location.search}`;
const say = document.body.dataset;

const containerOf = (id) => document.getElementById(`kimi-container-${id}`);
const urlOf = (paper, language) =>
  `/faq?${new URLSearchParams(language ? { paper, language } : { paper })}`;

// ---- what is open is remembered for a reload and the way back

const opened = new Set(JSON.parse(sessionStorage.getItem(OPEN) ?? "[]"));

function remember(paper, isOpen) {
  if (isOpen) opened.add(paper);
  else opened.delete(paper);
  sessionStorage.setItem(OPEN, JSON.stringify([...opened]));
  document.getElementById(`kimi-${paper}`)?.setAttribute("aria-expanded", String(isOpen));
}

// ---- fetching a panel; a failure never takes away what is there

async function load(container, url, options) {
  container.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { headers: SCRIPT, ...options });
    if (answer.ok) show(container, await answer.text());
    else trouble(container, answer.status === 429 ? say.limit : say.trouble);
    return answer.ok;
  } catch {
    trouble(container, say.trouble);
    return false;
  } finally {
    container.removeAttribute("aria-busy");
  }
}

function trouble(container, words) {
  let line = container.querySelector(".faq-state");
  if (!line) {
    line = document.createElement("p");
    line.className = "faq-state";
    line.setAttribute("role", "alert");
    container.append(line);
  }
  line.textContent = words;
}

function show(container, html) {
  const label = container.contains(document.activeElement);
  container.innerHTML = html; // made by our server, sanitised there
  const panel = container.querySelector(".faq");
  if (!panel) return;
  if (label) {
    panel.tabIndex = -1;
    panel.focus({ preventScroll: true });
  }
  attend(container, panel);
}

// A FAQ on its way comes in by itself; a reader's own question is looked after once a second.
function attend(container, panel) {
  follow();
  if (!("answering" in panel.dataset)) return;
  setTimeout(() => {
    if (container.contains(panel)) load(container, urlOf(panel.dataset.paper, panel.dataset.language));
  }, 1000);
}

// ---- one stream for all FAQs of this page that are being written

let source = null;
let followed = "";
let again = 0;

const open = () => [...document.querySelectorAll(".faq[data-open]")];
const panelOf = (id) => document.querySelector(`.faq[data-open="${id}"]`);

function follow() {
  const wanted = [...new Set(open().map((panel) => panel.dataset.open))].sort().join(",");
  if (wanted === followed && source) return;
  source?.close();
  source = null;
  followed = wanted;
  if (!wanted) return;
  source = new EventSource(`/faq/events?of=${wanted}`);
  source.addEventListener("faq", (event) => take(JSON.parse(event.data)));
  source.addEventListener("error", lost);
}

// A browser asks again by itself only when the connection broke, not after an error's status.
function lost() {
  for (const panel of open()) panel.querySelector(".faq-state").textContent = say.lost;
  if (source?.readyState !== EventSource.CLOSED) return;
  source = null;
  clearTimeout(again);
  again = setTimeout(follow, AGAIN);
}

function take(told) {
  const panel = panelOf(told.id);
  if (!panel) return;
  for (const answer of told.answers) write(panel, answer);
  for (const entry of panel.querySelectorAll(".faq-entry"))
    if (Number(entry.dataset.n) > told.count) entry.remove();
  panel.querySelector(".faq-state").textContent = told.sentence;
  if (told.open) return;
  delete panel.dataset.open;
  follow();
  load(panel.parentElement, urlOf(panel.dataset.paper, panel.dataset.language));
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

// ---- what a reader does

async function unfold(paper, language, { isClick }) {
  const container = containerOf(paper);
  container.hidden = false;
  remember(paper, true);
  if (!(await load(container, urlOf(paper, language)))) return;
  const panel = container.querySelector(".faq");
  if (isClick && panel && "missing" in panel.dataset)
    await load(container, urlOf(paper, panel.dataset.language), { method: "POST" });
  if (isClick) container.scrollIntoView({ block: "nearest" });
}

function toggle(paper) {
  const container = containerOf(paper);
  const isThere = container.querySelector(".faq") !== null;
  if (isThere && !container.hidden) {
    container.hidden = true;
    remember(paper, false);
  } else if (isThere) {
    container.hidden = false;
    remember(paper, true);
  } else unfold(paper, undefined, { isClick: true });
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const button = event.target.closest?.("a.title-kimi");
  const language = event.target.closest?.("a[data-faq-language]");
  if (!button && !language) return;
  event.preventDefault();
  if (button) toggle(button.id.slice("kimi-".length));
  else unfold(language.closest(".faq").dataset.paper, language.dataset.faqLanguage, { isClick: true });
});

document.addEventListener("submit", (event) => {
  const panel = event.target.closest?.(".kimi-container .faq");
  if (!panel) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(event.target));
  load(panel.parentElement, event.target.getAttribute("action"), { method: "POST", body });
});

for (const panel of document.querySelectorAll(".kimi-container > .faq")) {
  remember(panel.dataset.paper, true);
  attend(panel.parentElement, panel);
}
for (const paper of opened)
  if (containerOf(paper)?.childElementCount === 0) unfold(paper, undefined, { isClick: false });
