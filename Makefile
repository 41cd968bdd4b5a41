# `make demo` colorizes the pictures in examples/; `make test` runs every test; `make docs` builds
# the documentation's site.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := .venv-demo
DOCS := .venv-docs

.PHONY: demo test check docs tutorial-pictures browser clean

demo: $(DEMO)/installed
	$(DEMO)/bin/rechroma colorize examples -o out --overwrite
	@echo "The pictures are in $(CURDIR)/out; the originals are in $(CURDIR)/examples"

test: $(VENV)/installed browser
	# One thread a worker: several that each use every core wait for each other most of the time.
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto

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
	$(DOCS)/bin/sphinx-build -W --keep-going --fresh-env -q -d $(DOCS)/doctrees docs site
	@echo "The site is in $(CURDIR)/site/index.html"

# The pictures of the tutorial, made anew: for a new model or a new default.
tutorial-pictures: $(DOCS)/installed
	PYTHONPATH=docs/_ext $(DOCS)/bin/python -c "from pathlib import Path; \
	from rechroma_docs.pictures import make_tutorial; \
	make_tutorial(Path('examples'), Path('docs/images'))"

$(DOCS)/installed: pyproject.toml
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/pip install --quiet -e '.[docs]'
	touch $@

$(DEMO)/installed: pyproject.toml
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/pip install --quiet -e .
	touch $@

# torch goes first and by its plain name: pip then takes a build that is at hand.
$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet torch torchvision
	$(BIN)/pip install --quiet -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) $(DEMO) $(DOCS) out site docs/gallery docs/notebooks
