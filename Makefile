# make lab    install into .venv and open the course      make test       every test and every notebook
# make notebooks  lessons/*.md -> notebooks/*.ipynb       make bench      the performance tables
PYTHON ?= python3
ARGS ?=
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
RUN := $(BIN)/python
STAMP := .venv/installed
NBVAL := --nbval-current-env --nbval-cell-timeout=60 --nbval-sanitize-with tests/nbval.cfg -p no:cacheprovider

export PYTHONHASHSEED = 0

.PHONY: lab test unit nbval-solutions nbval-learner notebooks notebooks-check bench soak lint lock clean env

lab: $(STAMP)
	$(BIN)/jupyter lab notebooks/00_start_here.ipynb $(ARGS)

# Every part runs even if one fails; the exit code tells.
test: $(STAMP)
	@failed=; for part in unit nbval-solutions nbval-learner; do \
	  $(MAKE) --no-print-directory $$part || failed="$$failed $$part"; done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

unit: $(STAMP)
	$(RUN) -m pytest tests

# Strict: every output that is not a time or a picture is the same again.
nbval-solutions: $(STAMP)
	$(RUN) -m pytest --nbval $(NBVAL) notebooks/solutions

# Run-through: the learner's edition runs from top to bottom with every exercise open.
nbval-learner: $(STAMP)
	$(RUN) -m pytest --nbval-lax $(NBVAL) --ignore=notebooks/solutions notebooks

notebooks: $(STAMP)
	$(RUN) lessons/build.py $(if $(REPLACE),--replace $(REPLACE)) $(ARGS)

notebooks-check: $(STAMP)
	$(RUN) lessons/build.py --check

bench: $(STAMP)
	$(RUN) -m helpers.bench $(ARGS)

soak: $(STAMP)
	$(RUN) -m pytest tests -m soak $(ARGS)

lint: $(STAMP)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

lock: $(STAMP)
	$(RUN) -m uv pip compile pyproject.toml --universal --python-version 3.11 --upgrade \
	  --no-emit-index-url --no-header --no-annotate -q -o requirements.txt

env: $(STAMP)

# The stamp comes last, so that an interrupted install is done again. uv makes it a matter of seconds.
$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and \
	  f"This course needs Python 3.11 or newer; {sys.executable} is {v[0]}.{v[1]}. Choose another: make PYTHON=python3.12 ...")'
	@rm -f $(STAMP)
	$(PYTHON) -m venv .venv
	$(RUN) -m pip install -q --disable-pip-version-check uv
	$(RUN) -m uv pip install -q --python $(RUN) -r requirements.txt
	$(RUN) -m uv pip install -q --python $(RUN) --no-deps -e .
	@$(RUN) -c 'open("$(STAMP)", "w").close()'

clean:
	rm -rf .venv .pytest_cache build *.egg-info
