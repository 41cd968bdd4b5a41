# `make demo` colorizes the pictures in examples/; `make test` runs every test; `make docs` builds
# the documentation's site.
PYTHON ?= python3
# Versions to hold to while the test environments are made: LOCK=requirements/dev.lock
LOCK ?=
# More options for pytest, such as PYTEST="--cov"
PYTEST ?=
VENV := .venv
LIGHT := .venv-light
DEMO := .venv-demo
DOCS := .venv-docs
# Where a virtual environment has its programs.
PROGRAMS := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
BIN := $(VENV)/$(PROGRAMS)
HELD := $(if $(LOCK),--constraint $(LOCK))

.PHONY: demo test test-light check docs tutorial-pictures browser lock clean

demo: $(DEMO)/installed
	$(DEMO)/$(PROGRAMS)/rechroma colorize examples -o out --overwrite
	@echo "The pictures are in $(CURDIR)/out; the originals are in $(CURDIR)/examples"

# One thread a worker: several that each use every core wait for each other most of the time.
test test-light: export OMP_NUM_THREADS := 1

test: $(VENV)/installed browser
	$(BIN)/python -m pytest -n auto --dist worksteal $(PYTEST)

# What needs neither PyTorch nor a browser nor patience.
test-light: $(LIGHT)/installed
	$(LIGHT)/$(PROGRAMS)/python -m pytest -n auto --dist worksteal -m "not (train or browser or slow)" $(PYTEST)

browser: $(VENV)/installed
	tests/web/install-browser.sh $(BIN)

# What CI asks for beside the tests.
check: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

# A warning, such as a link that leads nowhere, fails it.
docs: $(DOCS)/installed
	$(DOCS)/$(PROGRAMS)/sphinx-build -W --keep-going --fresh-env -q -d $(DOCS)/doctrees docs site
	@echo "The site is in $(CURDIR)/site/index.html"

# The pictures of the tutorial, made anew: for a new model or a new default.
tutorial-pictures: $(DOCS)/installed
	PYTHONPATH=docs/_ext $(DOCS)/$(PROGRAMS)/python -c "from pathlib import Path; \
	from rechroma_docs.pictures import make_tutorial; \
	make_tutorial(Path('examples'), Path('docs/images'))"

$(DOCS)/installed: pyproject.toml
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/$(PROGRAMS)/python -m pip install --quiet -e '.[docs]'
	touch $@

# The newest versions of what is developed with, for every system and Python. PyTorch is not among
# them: which build fits is a matter of the machine.
lock: $(LIGHT)/installed
	$(LIGHT)/$(PROGRAMS)/python -m pip install --quiet uv
	$(LIGHT)/$(PROGRAMS)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --override requirements/without-pytorch.txt --no-emit-package torch --no-emit-package torchvision \
	  --no-annotate --custom-compile-command "make lock" --upgrade --quiet --output-file requirements/dev.lock

$(DEMO)/installed: pyproject.toml
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/$(PROGRAMS)/python -m pip install --quiet -e .
	touch $@

# torch goes first and by its plain name: pip then takes a build that is at hand.
$(VENV)/installed: pyproject.toml $(LOCK)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet torch torchvision
	$(BIN)/python -m pip install --quiet $(HELD) -e '.[dev]'
	touch $@

$(LIGHT)/installed: pyproject.toml $(LOCK)
	$(PYTHON) -m venv $(LIGHT)
	$(LIGHT)/$(PROGRAMS)/python -m pip install --quiet $(HELD) -e '.[test]'
	touch $@

clean:
	rm -rf $(VENV) $(LIGHT) $(DEMO) $(DOCS) out site docs/gallery docs/notebooks
