"""What every route is handed: settings, database, clock, and the means to answer with a page."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Protocol
from urllib.parse import quote

from fastapi import Depends
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import HTMLResponse

from app import __version__
from app.clock import Clock
from app.paths import STATIC, TEMPLATES
from app.services.asking import press
from app.settings import Settings
from app.web import language, reader
from app.web.address import href
from app.web.assets import Assets
from app.web.language import Language
from app.web.metrics import Requests
from app.web.pages import Head
from app.web.streams import Streams


class Page(Protocol):
    """What a template can be given."""

    @property
    def head(self) -> Head: ...


@dataclass(frozen=True, slots=True)
class Frame:
    """What the layout around a page needs."""

    words: Language
    mine: str
    others: tuple[tuple[str, Language], ...]  # the same page in other languages


class Site:
    """One running site."""

    def __init__(self, settings: Settings, engine: AsyncEngine, clock: Clock) -> None:
        self.settings = settings
        self.engine = engine
        self.press = press(settings, clock)
        self.streams = Streams(engine)
        self.clock = clock
        self.requests = Requests()
        self.languages = language.languages()
        self.assets = Assets(STATIC)
        # One snapshot a page: its counts and its papers are of the same moment.
        self.reading = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._templates = {
            code: _environment(words, self.assets) for code, words in self.languages.items()
        }

    def words(self, request: Request) -> Language:
        """The reader's language."""
        return language.negotiate(request, self.languages)

    async def answer(self, request: Request, template: str, page: Page) -> HTMLResponse:
        """A page, rendered off the event loop: a whole day's takes a while."""
        return await asyncio.to_thread(self.render, request, template, page)

    def render(
        self, request: Request, template: str, page: Page, *, status: int = 200
    ) -> HTMLResponse:
        """The same on the spot, for small pages."""
        words = self.words(request)
        source = self._templates[words.code].get_template(f"pages/{template}.html")
        html = source.render(page=page, head=page.head, frame=self._frame(request, words))
        return HTMLResponse(
            html,
            status,
            headers={
                "Content-Language": words.tag,
                "Vary": "Accept-Language, Cookie",
                "Cache-Control": "private, no-cache",
            },
        )

    def render_part(self, request: Request, template: str, part: object) -> HTMLResponse:
        """A piece of a page, for the scripts of one."""
        words = self.words(request)
        source = self._templates[words.code].get_template("parts/alone.html")
        html = source.render(part=part, name=template, frame=self._frame(request, words))
        return HTMLResponse(html, headers={"Cache-Control": "private, no-cache"})

    def _frame(self, request: Request, words: Language) -> Frame:
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return Frame(
            words=words,
            mine=href(reader.subjects_of(request)),
            others=tuple(
                (f"/lang/{other.code}?next={quote(here, safe='/')}", other)
                for other in self.languages.values()
                if other is not words
            ),
        )


def _environment(words: Language, assets: Assets) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    # added by the extension, which the type of Environment can't know
    environment.install_gettext_translations(words.catalogue, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(static=assets.url, version=__version__)
    return environment


async def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


async def _words(request: Request) -> Language:
    site: Site = request.app.state.site
    return site.words(request)


TheSite = Annotated[Site, Depends(_site)]
Words = Annotated[Language, Depends(_words)]
