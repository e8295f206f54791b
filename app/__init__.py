"""Freshprint: every title of the day's arXiv, whole, on one page."""

from importlib.metadata import version

__version__ = version("freshprint")
