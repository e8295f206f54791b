"""What ends the work on a FAQ that somebody has stopped."""

from __future__ import annotations

from app.errors import FreshprintError


class Unwanted(FreshprintError):
    """The FAQ was cancelled meanwhile."""
