# `make demo` and `make test` install what they need, each from a fresh clone.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find bot jobs handlers adapters policies prompts core -type f -not -path '*/__pycache__/*')

.PHONY: help demo test test-all explore bench lint format lock clean system system-for-tests

help: ## what can be done here
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.installed system ## play a whole story, from an issue to a merged pull request
	@$(BIN)/pullwright demo

test: $(VENV)/.installed system-for-tests ## every test but the long matrices, under ten minutes
	@$(BIN)/pytest -m "not slow" -n 3 --dist worksteal

test-all: test ## every test: the same, and then the long matrices
	@$(BIN)/pytest -m slow -n 3 --dist worksteal

explore: $(VENV)/.installed system-for-tests ## play stories that nobody thought of, NEW_STORIES of them (400)
	@NEW_STORIES=$(or $(NEW_STORIES),400) $(BIN)/pytest -m slow tests/machine --timeout 0

bench: $(VENV)/.installed system ## measure what it costs, against baselines of the same run (one: make bench ONLY=clone)
	@PYTHONPATH=. $(BIN)/python -m benchmarks $(ONLY)

lint: $(VENV)/.dependencies ## style, types, and that imports only point down
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYTHONPATH=. $(BIN)/lint-imports --no-logo

format: $(VENV)/.dependencies ## rewrite the code as the linter wants it
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: ## resolve the dependencies anew (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-header --upgrade -o requirements.lock

clean: ## remove what was installed here
	rm -rf $(VENV)

$(VENV)/.dependencies: requirements.lock scripts/make-venv
	@scripts/make-venv "$(PYTHON)" "$(VENV)"
	@touch $@

$(VENV)/.installed: $(VENV)/.dependencies pyproject.toml scripts/install $(SOURCES)
	@scripts/install "$(VENV)"
	@touch $@

system:
	@scripts/system-packages

system-for-tests:
	@scripts/system-packages --for-tests
