# `make demo` and `make test` install what they need, each from a fresh clone.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo test test-all bench lint lock format clean system

help: ## what can be done here
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(STAMP) system ## play a whole story, from an issue to a merged pull request
	@$(BIN)/pullwright demo

test: $(STAMP) system ## every test but the long matrices
	@$(BIN)/pytest -m "not slow"

test-all: $(STAMP) system ## every test
	@$(BIN)/pytest

bench: $(STAMP) system ## measure speed against baselines of the same run
	@$(BIN)/pullwright-bench

lint: $(STAMP) ## style, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(STAMP) ## rewrite the code as the linter wants it
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: ## resolve the dependencies anew (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-header --upgrade -o requirements.lock

clean: ## remove what was installed here
	rm -rf $(VENV)

$(STAMP): requirements.lock pyproject.toml scripts/make-venv
	@scripts/make-venv "$(PYTHON)" "$(VENV)"
	@touch $@

system:
	@scripts/system-packages
