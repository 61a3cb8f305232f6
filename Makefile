# make lab              install into .venv, open the course (ARGS=--no-browser prints the address instead)
# make test             every test and every notebook
# make notebooks        lessons/*.md -> notebooks/*.ipynb (REPLACE=03 overwrites one that you edited)
# make notebooks-check  fails where notebooks/ is not what lessons/ builds
# make pictures         README's pictures, measured anew
# make bench  make soak  make lint  make lock  make clean
# PYTHON=python3.12 chooses the interpreter. Any of these works as the first command in a fresh clone.
ifeq ($(OS),Windows_NT)
PYTHON ?= python
BIN := .venv/Scripts
else
PYTHON ?= python3
BIN := .venv/bin
endif
ARGS ?=
RUN := $(BIN)/python
STAMP := .venv/installed
NBVAL := --nbval-current-env --nbval-cell-timeout=60 --nbval-sanitize-with tests/nbval.cfg -p no:cacheprovider -n 2 --dist loadfile
ROOT_USER := $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)
VERSION := -c 'import sys; print(sys.version)'

export PYTHONHASHSEED = 0

# .venv is made from nothing where its making was interrupted, where it was made in another folder (its scripts hold the
# path), or where another PYTHON is asked for. Otherwise what requirements.txt changed is all that is installed.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
ANEW := yes
else ifneq ($(origin PYTHON),file)
ifneq ($(shell $(PYTHON) $(VERSION) 2>&1),$(shell $(RUN) $(VERSION) 2>&1))
.PHONY: $(STAMP)
ANEW := yes
endif
endif

.PHONY: lab test unit nbval-solutions nbval-learner notebooks notebooks-check pictures bench soak lint lock env clean

lab: $(STAMP)
	$(RUN) -m jupyterlab notebooks/00_start_here.ipynb $(ROOT_USER) $(ARGS)

# Every part runs even if one fails; the exit code tells. One after the other: notebooks measure, and four at one time
# would measure each other.
test: $(STAMP)
	@failed=; \
	for part in unit nbval-learner nbval-solutions; do \
	  $(MAKE) --no-print-directory $$part || failed="$$failed $$part"; \
	done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

unit: $(STAMP)
	$(RUN) -m pytest tests

# What the tests solve is not the learner's progress.
nbval-solutions nbval-learner: export COURSE_PROGRESS = $(CURDIR)/.venv/progress-of-$@.json

# Strict: every output that is not a time or a picture is the same again.
nbval-solutions: $(STAMP)
	@rm -f "$(COURSE_PROGRESS)"
	$(RUN) -m pytest --nbval $(NBVAL) notebooks/solutions

# Run-through: the learner's edition runs from top to bottom with every exercise open.
nbval-learner: $(STAMP)
	@rm -f "$(COURSE_PROGRESS)"
	$(RUN) -m pytest --nbval-lax $(NBVAL) --ignore=notebooks/solutions notebooks

notebooks: $(STAMP)
	$(RUN) -m lessons.tools.build $(if $(REPLACE),--replace $(REPLACE)) $(ARGS)

notebooks-check: $(STAMP)
	$(RUN) -m lessons.tools.build --check

pictures: $(STAMP)
	$(RUN) -m lessons.tools.pictures

bench: $(STAMP)
	$(RUN) -m helpers.bench $(ARGS)

soak: $(STAMP)
	$(RUN) -m pytest tests -m soak $(ARGS)

lint: $(STAMP)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

# One lock for all platforms, and for every Python from 3.11 up.
lock: $(STAMP)
	$(RUN) -m uv pip compile pyproject.toml --universal --python-version 3.11 --upgrade \
	  --no-emit-index-url --no-header --no-annotate -q -o requirements.txt

env: $(STAMP)

# The stamp comes last, so that an interrupted install is done again. uv takes seconds where pip takes half a minute;
# pip is tried where uv fails, since it alone reads a pip.conf. JupyterLab is told not to look for news and
# updates, and to show a page of Markdown rather than its source.
$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("This course needs Python 3.11 or newer; \
	%s is %d.%d. Name another one: make PYTHON=python3.12 $(or $(MAKECMDGOALS),lab)" % (sys.executable, v[0], v[1]))'
	@echo "installing into .venv ..."
	@rm -f $(STAMP)
	@{ test -z '$(ANEW)' && $(RUN) -c ''; } 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@$(RUN) -m pip install -q --disable-pip-version-check -c requirements.txt uv
	@$(RUN) -m uv pip install -q --python $(RUN) -r requirements.txt || $(RUN) -m pip install -q -r requirements.txt
	@$(RUN) -m uv pip install -q --python $(RUN) --no-deps -e . || $(RUN) -m pip install -q --no-deps -e .
	@mkdir -p .venv/share/jupyter/lab/settings
	@echo '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false},' \
	  '"@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}}}' \
	  > .venv/share/jupyter/lab/settings/overrides.json
	@echo '$(CURDIR)' > $(STAMP)

clean:
	rm -rf .venv .pytest_cache .hypothesis .ruff_cache build *.egg-info
