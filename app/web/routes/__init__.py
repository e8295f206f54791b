"""Every address of the site, in one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Response

from app.web.routes import arxiv, choices, faq, home, metrics, plain, status

Endpoint = Callable[..., Awaitable[Response]]

ROUTES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "/", home.page),
    ("GET", "/arxiv", arxiv.find),
    ("GET", "/arxiv/kimi", faq.kimi),
    ("POST", "/arxiv/kimi", faq.kimi),
    ("GET", "/arxiv/progress", faq.progress),
    ("GET", "/arxiv/{text:path}", arxiv.page),
    ("GET", "/faq", faq.part),
    ("POST", "/faq", faq.ask),
    ("GET", "/faq/events", faq.events),
    ("POST", "/faq/{number}/stop", faq.stop),
    ("POST", "/faq/{number}/question", faq.ask_own),
    ("GET", "/faq/{one}/beside/{other}", faq.beside),
    ("POST", "/subjects", choices.keep_subjects),
    ("GET", "/lang/{code}", choices.keep_language),
    ("GET", "/about", plain.about),
    ("GET", "/status", status.page),
    ("GET", "/metrics", metrics.scrape),
    ("GET", "/healthz", plain.healthz),
    ("GET", "/robots.txt", plain.robots),
    ("GET", "/favicon.ico", plain.favicon),
    ("GET", "/static/{digest}/{name:path}", plain.asset),
)


def options(method: str) -> dict[str, Any]:
    """How a route is added: HEAD wherever GET is, nothing in an OpenAPI description."""
    methods = ["GET", "HEAD"] if method == "GET" else [method]
    return {"methods": methods, "include_in_schema": False, "response_model": None}
