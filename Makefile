# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
# Two commands matter: `make demo` and `make test`. Both set up what they need by themselves.
# PYTHON=python3.12 make setup   chooses the interpreter (3.10 to 3.13; default: python3).
PYTHON ?= python3
DEV := $(PYTHON) scripts/dev.py
VENV := .venv/bin
# known: the weights were trained on other days of this city; unseen: on other cities only.
CITY ?= known

.DEFAULT_GOAL := help
.PHONY: help setup test demo bench lint format clean distclean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: ## create .venv with everything the project needs (seconds when nothing changed)
	@$(DEV) setup

test: ## set up, then format, lint, types, unit tests, ROS tests, Python 3.10 tests
	@$(DEV) test

demo: setup ## a simulated drive through the real nodes; CITY=unseen for a city new to the weights
	@$(VENV)/geoloc demo --out out/demo --city $(CITY)

bench: ## measure speed beside the peers; results in benchmarks/
	@$(DEV) bench

lint: setup ## format check, lint and types only
	@$(DEV) lint

format: setup ## let ruff rewrite layout and simple findings
	@$(VENV)/ruff format .
	@$(VENV)/ruff check --fix .

clean: ## remove build results and caches, keep the environments
	rm -rf build install log out .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +

distclean: clean ## also remove the environments
	rm -rf .venv .venv310
