# `make run` opens gd-tui and `make test` runs its tests; both first set up .venv where needed.
# ARGS are handed on: make run ARGS="--data kmnist", make test ARGS="-k pause".

ARGS =
VENV = .venv
INSTALL = $(VENV)/bin/python -m pip install --disable-pip-version-check -c constraints.txt
PYTHON = $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$name && break; done)

.PHONY: run test

run: $(VENV)/.installed
	@$(VENV)/bin/gd-tui $(ARGS)

test: $(VENV)/.installed-dev
	@$(VENV)/bin/pytest $(ARGS)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(INSTALL) -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(INSTALL) -e '.[dev]'
	@touch $(VENV)/.installed $@

$(VENV)/bin/pip:
	@test -n "$(PYTHON)" || { echo "gd-tui needs Python 3.11 or newer; none was found"; exit 1; }
	$(PYTHON) -m venv $(VENV)
