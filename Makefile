# make lab              install into .venv, open the course (ARGS=--no-browser prints the address instead)
# make test             every test and every notebook, in less than a quarter of an hour
# make test-all         what a learner need not wait for: every wrong answer to the exercises, and
#                       the worked notebooks on another Python
# make notebooks        lessons/*.md -> notebooks/*.ipynb (REPLACE=03 overwrites one that you edited,
#                       and keeps a copy)
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
ROOT_USER := $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)
VERSION := -c 'import sys; print(sys.version)'
# Two at a time: notebooks and most tests mostly wait, and two cores carry no more.
SIDE_BY_SIDE := -n 2 --dist loadfile
# The timeout, in seconds, ends a cell that hangs: lesson 11's benchmark takes a minute on a slow machine.
NBVAL := --nbval-current-env --nbval-cell-timeout=180 --nbval-sanitize-with tests/nbval.cfg \
  -p tests.steady_kernels -p tests.second_try -p no:cacheprovider $(SIDE_BY_SIDE)

# The same hashes in every process: a worked notebook may show a set.
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

.PHONY: lab test test-all unit timed thorough nbval-solutions nbval-learner another-python notebooks \
  notebooks-check pictures bench soak lint lock env clean

lab: $(STAMP)
	$(RUN) -m jupyterlab notebooks/00_start_here.ipynb $(ROOT_USER) $(ARGS)

# Every part runs even if one fails; the exit code tells. One after the other: what measures would
# measure the other parts.
test: $(STAMP)
	@failed=; \
	for part in unit timed nbval-learner nbval-solutions; do \
	  $(MAKE) --no-print-directory $$part || failed="$$failed $$part"; \
	done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

# One after the other, as in test.
test-all: $(STAMP)
	@failed=; \
	for part in thorough another-python; do \
	  $(MAKE) --no-print-directory $$part || failed="$$failed $$part"; \
	done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

unit: $(STAMP)
	$(RUN) -m pytest tests -m "not soak and not timed" $(SIDE_BY_SIDE)

timed: $(STAMP)
	$(RUN) -m pytest tests -m "timed and not thorough and not soak"

thorough: $(STAMP)
	$(RUN) -m pytest tests -m thorough

# Copies are run, so that what a cell writes (lesson 10: service.py) does not replace what a learner has
# there. What the tests solve is not the learner's progress, and an expectation that fails is an error.
nbval-solutions nbval-learner: SCRATCH = build/$@
nbval-solutions nbval-learner: export COURSE_PROGRESS = $(CURDIR)/$(SCRATCH)/progress
nbval-solutions nbval-learner: export COURSE_STRICT = 1

# Strict: every output that is not a time or a picture is the same again.
nbval-solutions: $(STAMP)
	@rm -rf $(SCRATCH) && mkdir -p $(SCRATCH) && cp notebooks/solutions/[0-9]*.ipynb $(SCRATCH)
	$(RUN) -m pytest --nbval $(NBVAL) $(SCRATCH)

# Run-through: the learner's edition runs from top to bottom with every exercise open.
nbval-learner: $(STAMP)
	@rm -rf $(SCRATCH) && mkdir -p $(SCRATCH) && cp notebooks/[0-9]*.ipynb $(SCRATCH)
	@rm -f $(SCRATCH)/*.edited-*.ipynb
	$(RUN) -m pytest --nbval-lax $(NBVAL) $(SCRATCH)

# The worked edition on the newest other Python that the course promises and this machine has. The
# learner's has the same cells and open exercises.
another-python: $(STAMP)
	@other=$$($(RUN) tests/another_python.py build/another-python) || exit 1; \
	if [ -n "$$other" ]; then $(MAKE) --no-print-directory nbval-solutions RUN=$$other; fi

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

# For all platforms, and for every Python from 3.11 up: what a learner needs, as README's pip, uv and
# conda lines install it, and beside it the same with the tools of the maker and with hashes, for make.
COMPILE := -m uv pip compile pyproject.toml --universal --python-version 3.11 --extra fast \
  --no-emit-index-url --no-header --no-annotate -q
lock: $(STAMP)
	$(RUN) $(COMPILE) --upgrade -o requirements.txt
	$(RUN) $(COMPILE) --upgrade --extra dev -c requirements.txt --generate-hashes -o requirements.lock

env: $(STAMP)

# The stamp comes last, so that an interrupted install is done again. uv takes seconds where pip takes
# half a minute; it is installed by its own lines of the lock. Where uv or a hash fails (another index,
# a Python for which the lock has no wheel) pip tries what a learner needs. JupyterLab is told not to
# look for news and updates, and to show a page of Markdown rather than its source.
$(STAMP): requirements.txt requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("This course needs Python 3.11 or newer; \
	%s is %d.%d. Name another one: make PYTHON=python3.12 $(or $(MAKECMDGOALS),lab)" % (sys.executable, v[0], v[1]))'
	@echo "installing into .venv ..."
	@rm -f $(STAMP)
	@{ test -z '$(ANEW)' && $(RUN) -c ''; } 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@sed -n '/^uv==/,/[^\]$$/p' requirements.lock > .venv/uv.lock
	@$(RUN) -m pip install -q --disable-pip-version-check --require-hashes -r .venv/uv.lock \
	  && $(RUN) -m uv pip install -q --python $(RUN) --require-hashes -r requirements.lock \
	  || $(RUN) -m pip install -q --disable-pip-version-check -r requirements.txt
	@$(RUN) -m uv pip install -q --python $(RUN) --no-deps -e . || $(RUN) -m pip install -q --no-deps -e .
	@mkdir -p .venv/share/jupyter/lab/settings
	@echo '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false},' \
	  '"@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}}}' \
	  > .venv/share/jupyter/lab/settings/overrides.json
	@echo '$(CURDIR)' > $(STAMP)

clean:
	rm -rf .venv .pytest_cache .hypothesis .ruff_cache build *.egg-info
