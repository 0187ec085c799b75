# `make` alone lists the targets. Everything runs in .venv, which is made once and again when the requirements change.

PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
N ?= 10000
BIN := .venv/bin
PACKAGES := config contacts channels compliance journeys analytics demo bench
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help demo test check format frontend bench e2e serve worker lock clean

help: ## List the targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

demo: .venv/base ## Everything at once, for a first look: 18 months of real purchases (PORT=8000)
	@$(BIN)/python manage.py demo

test: .venv/dev ## The whole test suite; DATABASE_URL and BROKER_URL choose PostgreSQL and Redis (ARGS=tests/demo)
	@$(BIN)/python -m pytest -n auto --dist loadscope $(ARGS)

check: .venv/dev ## Format, lint, types, import contracts, missing migrations, templates
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(PACKAGES)
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	git ls-files 'templates/*.html' | xargs --no-run-if-empty $(BIN)/djade --target-version 5.2 --check

format: .venv/dev ## Format the code and templates, mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	git ls-files 'templates/*.html' | xargs --no-run-if-empty $(BIN)/djade --target-version 5.2

frontend: ## Build the admin's bundles from frontend/ (needs Node.js); what is built is committed
	cd frontend && npm ci --silent && npm run build

bench: .venv/dev ## N new users through a governed journey: CPU, losses, duplicates (N=10000)
	@$(BIN)/python -m bench N=$(N)

e2e: .venv/dev ## The tests in a real browser only (needs Chromium)
	@$(BIN)/python -m pytest -m browser

serve: .venv/base ## The web server alone, on port 8000
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python -m gunicorn config.wsgi --workers 2 --threads 4

worker: .venv/base ## The worker alone
	@$(BIN)/python manage.py worker

lock: ## Pin all requirements again, with hashes
	$(PYTHON) -m venv .lock
	.lock/bin/python -m pip install --quiet uv
	cd requirements && for name in base dev; do ../.lock/bin/uv pip compile --quiet --upgrade --universal \
		--python-version 3.11 --generate-hashes --no-header --output-file $$name.txt $$name.in || exit 1; done
	rm -rf .lock

clean: ## Remove the environment, the demo's data and all caches
	rm -rf .venv .lock var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	rm -rf frontend/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Waymark needs Python 3.11 or newer; none was found. Name one: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Waymark needs Python 3.11 or newer; $(PYTHON) is older. Name another: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "Making the environment .venv (once, about half a minute) ..."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python's venv module is missing (on Debian: apt-get install python3-venv)." >&2; exit 1; }

.venv/base: requirements/base.txt | .venv/bin/python
	@$(INSTALL) -r requirements/base.txt
	@touch $@

.venv/dev: requirements/dev.txt .venv/base
	@$(INSTALL) -r requirements/dev.txt
	@touch $@
