"""The web's composition root."""

from __future__ import annotations

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import Clock
from app.settings import Settings
from app.web import errors, routes
from app.web.compress import Compressed
from app.web.guard import Guard
from app.web.metrics import Measured
from app.web.site import Site


def create_app(settings: Settings, engine: AsyncEngine, clock: Clock) -> FastAPI:
    """The site, on a migrated database. Whoever made the engine closes it."""
    site = Site(settings, engine, clock)
    app = FastAPI(
        title="Freshprint",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.site = site
    for method, path, endpoint in routes.ROUTES:
        app.add_api_route(path, endpoint, **routes.options(method))
    errors.install(app, site)
    app.add_middleware(Compressed)
    app.add_middleware(Guard, crashed=errors.crash_page(site))
    app.add_middleware(Measured, requests=site.requests)
    return app
