# Two commands do everything: `make run` and `make test`. Each does the set-up that is missing.
VENV := .venv
BIN := $(VENV)/bin
# The first of these that is Python 3.11 or newer and can make virtual environments.
PYTHON ?= $(shell for p in python3 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null \
	&& { echo $$p; break; }; done)

.PHONY: help run test test-slow test-servers lint format bench parity messages migrate clean
help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.full  ## start everything on this machine and open a demo survey (HOST, PORT)
	@$(BIN)/python -m config.run

test: $(VENV)/.dev  ## all tests but the slow ones, one process a core (at most 4)
	@$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile $(ARGS)

test-slow: $(VENV)/.dev  ## the slow tests
	@$(BIN)/python -m pytest -m slow $(ARGS) || [ $$? -eq 5 ]  # 5: there is none yet

test-servers: $(VENV)/.dev  ## what uses a database, on PostgreSQL, Redis and an S3 server (moto) of their own
	@$(BIN)/python -m tests.servers $(ARGS)

lint: $(VENV)/.dev  ## style, types, import contracts, migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy
	@DJANGO_SETTINGS_MODULE=config.settings.test $(BIN)/python manage.py makemigrations --check --dry-run

format: $(VENV)/.dev  ## put the code into the house format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.dev  ## measure, as ratios against a named yardstick in the same run
	@$(BIN)/python -m bench

parity: $(VENV)/.dev  ## errors against renders of the original programs (PROOFSHEET_SHARED)
	@$(BIN)/python -m bench.parity $(ARGS)

messages: $(VENV)/.dev  ## collect the texts for translation, and compile what is translated (gettext)
	@$(BIN)/python manage.py makemessages --all --no-wrap --add-location file \
		--ignore .venv --ignore var --ignore tests --ignore bench --ignore node_modules
	@$(BIN)/python manage.py compilemessages --ignore .venv

migrate: $(VENV)/.full  ## bring the database up to date
	@$(BIN)/python manage.py migrate

clean:  ## remove the environment and caches, keep var/ (votes, photos)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Proofsheet needs Python 3.11 or 3.12. Debian, Ubuntu: apt install python3 python3-venv. macOS: brew install python@3.12. Then run make again, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; fi
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python cannot make a virtual environment. Debian, Ubuntu: apt install python3-venv. Then run make again."; exit 1; }

$(VENV)/.full: requirements.txt requirements/web.txt | $(VENV)/bin/python
	@echo "Installing packages into $(VENV) (about 6 GB with torch; a few minutes, once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements/web.txt requirements/dev.txt | $(VENV)/bin/python
	@echo "Installing packages and tools into $(VENV) (about 6 GB with torch; a few minutes, once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $(VENV)/.full $@
