# Everything runs from .venv, which `make` keeps in step with the lock files. Paths are relative, so that the folder may have a
# blank in its name. PYTHON=… picks the Python that .venv is made with; PORT=… where `make demo` listens.

PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; exit; }; done; echo python3)
PY := .venv/bin/python
SEED ?= 0
FAST := not proof and not browser and not live
# Bytecode is kept whatever the environment says (many images say no): the tests start Python hundreds of times.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev port demo test proof bench browser screenshots messages messages-compiled lint format lock

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1\t\2/p' Makefile | expand -t 22

setup:  ## make .venv and .env (runtime packages)
	@command -v "$(PYTHON)" >/dev/null || { echo "setup: $(PYTHON) is missing: apt install python3 python3-venv" >&2; exit 1; }
	@"$(PYTHON)" portal/bootstrap.py

setup-dev:  ## the same with the test tools
	@command -v "$(PYTHON)" >/dev/null || { echo "setup: $(PYTHON) is missing: apt install python3 python3-venv" >&2; exit 1; }
	@"$(PYTHON)" portal/bootstrap.py --dev

port:
	@{ [ "$${PORT:-8000}" -ge 1 ] && [ "$${PORT:-8000}" -le 65535 ]; } 2>/dev/null || \
		{ echo "demo: PORT must be a number from 1 to 65535, not $$PORT" >&2; exit 1; }

demo: port setup  ## the portal with a made-up world, until Ctrl-C
	@exec $(PY) manage.py demo

test: setup-dev  ## the tests (a few minutes)
	@$(PY) -m pytest -n 3 --dist worksteal -q -m "$(FAST)"

proof: setup-dev  ## the long seeded property and fault runs (SEED=…)
	@$(PY) -m tests.proof -n 2 --seed $(SEED)

bench: setup-dev  ## the figures of docs/benchmarks.md, measured here
	@$(PY) -m benchmarks

browser: setup-dev  ## the story in Debian's chromium
	@$(PY) -m pytest -n 2 --dist loadfile -q -m browser

screenshots: setup-dev  ## the pictures of docs/images, taken anew
	@$(PY) -m tests.browser.screenshots

lint: setup-dev  ## ruff, mypy, migrations
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@DJANGO_SETTINGS_MODULE=tests.settings $(PY) manage.py makemigrations --check --dry-run

messages: setup-dev  ## the texts to translate, into portal/locale/ (LANGUAGE=de; needs gettext)
	@test -n "$(LANGUAGE)" || { echo "messages: say which language, as in: make messages LANGUAGE=de" >&2; exit 1; }
	@$(PY) manage.py makemessages --locale "$(LANGUAGE)" --extension html,txt,py --no-obsolete --add-location file \
		--ignore ".venv/*" --ignore "tests/*" --ignore "benchmarks/*"

messages-compiled: setup-dev  ## portal/locale/ as the portal reads it (needs gettext)
	@$(PY) manage.py compilemessages --ignore ".venv/*"

format: setup-dev  ## ruff's fixes
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

lock:  ## write the lock files anew from pyproject.toml (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --upgrade \
		--custom-compile-command "make lock" pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --upgrade --extra sso \
		--constraint requirements.lock --custom-compile-command "make lock" pyproject.toml -o requirements-sso.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --upgrade --extra dev \
		--constraint requirements-sso.lock --custom-compile-command "make lock" pyproject.toml -o requirements-dev.lock
