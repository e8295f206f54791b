"""Hosts as `host:port`, so that a request goes only where the settings say."""

from __future__ import annotations

import httpx


def hosts_of(*urls: str) -> frozenset[str]:
    """The `host:port` names that these base URLs allow: their own, and of http also https's."""
    parsed = [httpx.URL(url) for url in urls]
    upgraded = {f"{url.host}:443" for url in parsed if host_of(url).endswith(":80")}
    return frozenset({host_of(url) for url in parsed} | upgraded)


def host_of(url: httpx.URL) -> str:
    """A URL's own."""
    return f"{url.host}:{url.port or (80 if url.scheme == 'http' else 443)}"
