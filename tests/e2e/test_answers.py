"""All hostile answers on one page of a real Chromium, with the site's CSP and without any: nothing
runs, nothing is fetched, and nothing outside their container changes."""

from __future__ import annotations

import html as markup
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle

import pytest
from playwright.async_api import Browser, Dialog, Page, Route

from app.domain.evidence import Evidence, Found
from app.llm.markdown import html
from app.web.guard import HEADERS
from tests.llm.injections import ANSWERS, EVIDENCE
from tests.prepare import CHROMIUM

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists(), reason=f"no {CHROMIUM}: tests/prepare.py installs it"
    ),
]

_URL = "https://answers.example/"
_CSP = {"Content-Security-Policy": HEADERS["Content-Security-Policy"]}
_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Answers</title></head>
<body><main id="inside">{}</main><footer id="outside"><p>After</p></footer></body></html>"""

# What a payload would call, known before any of the page is read.
_TRAP = """() => {
    window.ran = [];
    for (const name of ["pwned", "alert"])
        window[name] = (...said) => { window.ran.push(name + said.join()); };
    window.names = Object.getOwnPropertyNames(window).length;
}"""

# Every event that a reader or a page could cause, on every element.
_STIR = """() => {
    const inside = document.getElementById("inside");
    for (const element of inside.querySelectorAll("*"))
        for (const kind of ["mouseover", "pointerenter", "focus", "focusin", "blur", "click",
                            "error", "load", "toggle", "animationstart", "input", "submit",
                            "begin", "play"])
            if (!(kind === "click" && element.closest("a")))
                element.dispatchEvent(new Event(kind, {bubbles: kind !== "load"}));
    for (const element of inside.querySelectorAll("*")) if (element.focus) element.focus();
}"""

# What a page holds besides its answers; and what the answers hold that can act.
_STATE = """() => ({
    title: document.title,
    address: location.href,
    head: document.head.innerHTML.length,
    body: [...document.body.children].map(element => element.tagName + element.id),
    outside: document.getElementById("outside").outerHTML,
    last: document.body.lastElementChild === document.getElementById("outside"),
    inside: document.querySelectorAll("[id]").length,
    named: document.querySelectorAll("[name]").length,
    cookies: typeof document.cookie,
    forms: document.forms.length + document.images.length + document.scripts.length
        + document.embeds.length + document.styleSheets.length + window.frames.length,
    handlers: [...document.querySelectorAll("*")].flatMap(element => element.getAttributeNames())
        .filter(name => /^on|^style$|^src|:/.test(name)),
    addresses: [...new Set([...document.querySelectorAll("[href]")]
        .map(element => new URL(element.href).origin))],
    ran: window.ran,
})"""
_EXPECTED = {
    "title": "Answers",
    "address": _URL,
    "body": ["MAINinside", "FOOTERoutside"],
    "outside": '<footer id="outside"><p>After</p></footer>',
    "last": True,
    "inside": 2,
    "named": 0,
    "cookies": "string",
    "forms": 0,
    "handlers": [],
    "ran": [],
}


@dataclass
class Watched:
    """A page, and all that happened on it that a reader did not do."""

    page: Page
    events: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.events.append(f"asked for {request.url}"))
        self.page.on("console", lambda message: self.events.append(f"said {message.text}"))
        self.page.on("pageerror", lambda error: self.events.append(f"failed: {error}"))
        self.page.on("popup", lambda popup: self.events.append(f"opened {popup.url}"))
        self.page.on("websocket", lambda socket: self.events.append(f"asked for {socket.url}"))
        self.page.on("dialog", self._dialog)

    async def _dialog(self, dialog: Dialog) -> None:
        self.events.append(f"asked {dialog.message}")
        await dialog.dismiss()


@asynccontextmanager
async def _opened(browser: Browser, body: str, headers: dict[str, str]) -> AsyncIterator[Watched]:
    """The page with this body in its container; nothing else is there to be fetched."""
    context = await browser.new_context(service_workers="block")

    async def answer(route: Route) -> None:
        if route.request.url == _URL:
            content = {"Content-Type": "text/html; charset=utf-8", **headers}
            await route.fulfill(body=_PAGE.format(body), headers=content)
        else:
            await route.abort()

    await context.route("**/*", answer)
    await context.add_init_script(f"({_TRAP})()")
    watched = Watched(await context.new_page())
    await watched.page.goto(_URL, wait_until="load")
    yield watched
    await context.close()


def _evidence() -> str:
    written = []
    for (place, quote, address), found in zip(EVIDENCE * 3, cycle(Found), strict=False):
        one = Evidence(1, 2, place, quote, found, place)
        written.append(html("[e]", [one], lambda _, address=address: address))  # type: ignore[misc]
    return "".join(written)


def _all() -> str:
    answers = [html(a[:20_000], partial=cut) for a in ANSWERS.values() for cut in (True, False)]
    together = html("\n\n".join(text[:300] for text in ANSWERS.values()))
    return "".join(f"<div>{answer}</div>" for answer in [*answers, together, _evidence()])


@pytest.fixture(scope="module")
def answers() -> str:
    return _all()


async def _still(page: Page) -> None:
    """Give what was set off the time to happen."""
    await page.evaluate(_STIR)
    await page.wait_for_timeout(500)


@pytest.mark.parametrize("headers", [_CSP, {}], ids=["with CSP", "without CSP"])
@pytest.mark.parametrize("by_script", [False, True], ids=["in the page", "set by script"])
async def test_hostile_answers_run_nothing_fetch_nothing_and_change_nothing(
    chromium: Browser, answers: str, headers: dict[str, str], by_script: bool
) -> None:
    async with _opened(chromium, "" if by_script else answers, headers) as watched:
        page = watched.page
        if by_script:  # as a stream's words are put into a page, twice, since HTML may mutate
            await page.evaluate(
                """answers => {
                    const inside = document.getElementById("inside");
                    inside.innerHTML = answers;
                    inside.innerHTML = inside.innerHTML;
                }""",
                answers,
            )
        before = await page.evaluate("() => document.getElementById('inside').childElementCount")
        await _still(page)
        state = await page.evaluate(_STATE)
        assert before == answers.count("<div>")
        assert {name: state[name] for name in _EXPECTED} == _EXPECTED
        assert state["addresses"] == ["https://arxiv.org"]
        assert watched.events == [f"asked for {_URL}"]
        names = await page.evaluate("() => Object.getOwnPropertyNames(window).length")
        assert names == await page.evaluate("() => window.names + 1")  # `names` itself


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ("<script>pwned()</script>", "pwned"),
        ("<img src=https://evil.example/ onerror=pwned()>", "https://evil.example/"),
        ("<p style='background:url(https://evil.example/)'>x", "https://evil.example/"),
        ("<p onmouseover=pwned()>x", "pwned"),
        ("<script>document.getElementById('x').y</script>", "failed"),
    ],
)
async def test_these_tests_would_notice(chromium: Browser, body: str, event: str) -> None:
    async with _opened(chromium, body, {}) as watched:
        await _still(watched.page)
        ran = await watched.page.evaluate("() => window.ran")
        assert event in "".join([*ran, *watched.events])


async def test_formulas_tables_and_evidence_are_seen_in_a_browser(chromium: Browser) -> None:
    markdown = "**方法：**这是 $x_1$ [e]\n\n| $|a|$ | b |\n|--|--:|\n| 1 | 2 |\n\n$$\\frac{1}{2}$$"
    evidence = Evidence(17, 18, "S1", "so", Found.QUOTE, "S1")
    assert markdown[17:18] == "e"
    shown = html(markdown, [evidence], lambda _: "https://arxiv.org/html/2601.00001v1#S1")
    async with _opened(chromium, shown, _CSP) as watched:
        inside = watched.page.locator("#inside")
        assert await inside.locator("math msub").count() == 1
        assert await inside.locator('math[display="block"] mfrac').count() == 1
        assert await inside.locator("td").all_inner_texts() == ["1", "2"]
        assert await inside.locator("strong").inner_text() == "方法："
        assert await inside.locator("a.evidence").get_attribute("title") == "so"
        namespace = "element => element.namespaceURI"
        maths = await inside.locator("mfrac").evaluate(namespace)
        assert maths == "http://www.w3.org/1998/Math/MathML"
        assert markup.unescape(shown).count("$") == 0
