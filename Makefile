# Two commands: `make run` and `make test`. Both set up what they need, with uv where it is, else pip.
.DEFAULT_GOAL := help
.PHONY: help run test check bench setup lock clean

PY := .venv/bin/python
REPLAY ?=
REAL ?= $(or $(FRESHPRINT_REAL_DATA),../shared/arxiv)

help:
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile

setup: .venv/ready

.venv/ready: pyproject.toml uv.lock
	@if command -v uv >/dev/null 2>&1; then uv sync --quiet --locked; \
	else python3 -m venv .venv && .venv/bin/pip install --quiet --upgrade 'pip>=25.1' \
	  && .venv/bin/pip install --quiet -e . --group dev; fi
	@touch $@

run: .venv/ready ## database, migrations, fetch, worker and site; REPLAY=2026-01-22 replays a real day
	@$(if $(REPLAY),$(PY) -m tests.local_arxiv.replay $(REPLAY) --data $(REAL),$(PY) -m app up)

check: .venv/ready ## ruff, mypy --strict, the architecture
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	$(PY) -m pytest tests/test_architecture.py

test: check ## everything, browser included
	$(PY) tests/prepare.py
	$(PY) -m pytest -n 2 --dist loadfile

bench: .venv/ready ## what we call fast, measured beside a yardstick
	$(PY) -m tests.bench

lock:
	uv lock --quiet

clean:
	rm -rf .venv data .mypy_cache .ruff_cache
