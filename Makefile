# Everything a developer does here. `make` alone prints this list.
PYTHON ?= python3
RUN := .venv/bin/python -m
PYTEST := $(RUN) pytest -q
.DEFAULT_GOAL := help
# Compiled tests are kept, whatever the caller prefers: to compile them again takes every run 10 s.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help setup browser demo test unit quick real pages looks check lint types imports verify faults bench up status logs down lock

help: ## print this list
	@echo "Beside: open software for perinatal peer support. The two commands: make demo, make test."
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1#\2/p' $(MAKEFILE_LIST) | awk -F'#' '{printf "%-16s%s\n", $$1, $$2}'

setup: ## install what is missing: packages, Kafka, MongoDB, the pages' assets (done once, then a look)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python >= 3.11 is missing: install the package python3, or name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m deploy.local.prepare

browser: setup ## and what tests alone need: a browser that opens pages, a Caddy for the front door
	@$(PYTHON) -m deploy.local.prepare browser front-door

demo: setup ## start the stack, send 260 made-up referrals down the whole road, show what happened
	@SAFEGUARDING_LADDER_FILE=services/safeguarding/rules/drill.yaml $(RUN) deploy.simulate.demo

test: setup check quick real ## everything: style, types, imports, all tests (aim: 15 minutes)

unit: setup ## the rules and everything else that needs no server and no process (aim: 30 seconds)
	@$(PYTEST) -n 2 -m "not slow and not real and not browser and not campaign"

quick: setup ## the tests that need no servers, the slow ones too
	@$(PYTEST) -n 2 -m "not real and not browser and not campaign"

real: browser ## the tests on real Kafka, MongoDB and Keycloak and in a real browser
	@$(PYTEST) -n 2 --dist loadfile -m "(real or browser) and not alone and not campaign"
	@$(PYTEST) -m "(real or browser) and alone and not campaign"

pages: browser ## the pages' tests in a real browser, the quick ones
	@$(PYTEST) -m "browser and not campaign"

looks: browser ## every page at both widths, with and without script; pictures in .local/screenshots
	@$(PYTEST) -m "browser"

check: lint types imports ## style, types and import rules

lint: setup
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .

types: setup
	@$(RUN) mypy

imports: setup
	@.venv/bin/lint-imports

verify: test looks faults ## what a release must pass: make test, then every page looked at, then make faults

faults: setup ## kill and stop services, MongoDB and Kafka under load, and account for every referral
	@$(PYTEST) tests/faults tests/local -m "campaign or not real"

bench: setup ## measure speed and memory
	@for one in executor vault relay audit intake road; do $(RUN) benchmarks.$$one || exit 1; done

up: setup ## start the stack in the background and say where everything is
	@$(RUN) deploy.local up

status: setup ## what runs, where, and how large
	@$(RUN) deploy.local status

logs: setup ## follow every log
	@$(RUN) deploy.local logs

down: setup ## stop the stack
	@$(RUN) deploy.local down

lock: ## pin every package again, with hashes (needs uv and npm)
	@cd deploy/web && npm install --package-lock-only && node lock.mjs
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --upgrade requirements.in -o requirements.lock
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url requirements-dev.in -o requirements-dev.lock
