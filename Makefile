# Each target makes the virtual environment by itself: `make demo` and `make test` work in a fresh clone.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
OUT    ?= reports/demo
# Where `make demo` puts a picture of the report's first screen, as in `make demo PICTURE=docs/report.png`; needs chromium.
PICTURE ?=
# What the drill measures beside the audit, and the benchmarks beside a diff, in an environment of its own; options of the
# drill.
RIVALS := .venv-rivals
# What makes the site out of docs/, and where it is put.
DOCS   := .venv-docs
SITE   := build/site
DRILL  ?=
# Options of the fault laboratory.
FAULTS ?=
# The libraries whose frames answers can be taken out as, and which tests find by PYTHONPATH alone.
FRAMES := .frames
# What runs the examples for orchestrators.
ORCHESTRATORS := .venv-orchestrators
# What runs the examples for migrations.
MIGRATIONS := .venv-migrations
# turntruth with its extra for Spark.
SPARK := .venv-spark

.DEFAULT_GOAL := help
.PHONY: help demo test test-long test-detection test-fleets test-frames test-migrations test-notebooks test-orchestrators test-properties test-signals test-site test-spark docs evidence pictures lint format bench bench-large bench-memory bench-spark drill drill-foreign faults lock clean bench-fleet

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.runtime: requirements.lock pyproject.toml
	@echo "installing what turntruth runs with into $(VENV), as requirements.lock names it; only the first time" >&2
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "installing what tests and linters need as well, as requirements-dev.lock names it; only the first time" >&2
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

demo: $(VENV)/.runtime ## write an old database, migrate it, audit it, say where the report lies
	$(BIN)/turntruth demo --out $(OUT)
ifneq ($(PICTURE),)
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1200,860 \
	  --screenshot="$(abspath $(PICTURE))" "file://$$(ls -td "$(abspath $(OUT))"/*/index.html | head -n 1)" 2>/dev/null
endif

test: $(VENV)/.dev lint ## check style, types and imports, then run every test
	$(BIN)/python -m pytest -n auto -m "not detection and not fleets and not notebooks and not elsewhere"

lint: $(VENV)/.dev ## ruff, mypy strict, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --num-workers auto
	$(BIN)/lint-imports

test-long: $(VENV)/.dev ## many programs migrating one file 200 times, and 200,000 turns beside a writer
	TURNTRUTH_TEST_ROUNDS=200 TURNTRUTH_TEST_TURNS=200000 $(BIN)/python -m pytest tests/store/migration/test_migration_concurrency.py

test-detection: $(VENV)/.dev ## every fault of a whole file and every harmless file (of which make test tries one a family, and every fourth)
	$(BIN)/python -m pytest -n auto -m detection

test-notebooks: $(VENV)/.dev ## execute every notebook on the demo and on files of another program
	$(BIN)/python -m pytest -n auto -m notebooks

test-frames: $(VENV)/.dev $(FRAMES)/.done ## take answers out as frames of pyarrow and polars, and ask over such
	PYTHONPATH="$(abspath $(FRAMES))" $(BIN)/python -m pytest -m elsewhere tests/audit/history

$(FRAMES)/.done: requirements-frames.lock
	@echo "installing pyarrow and polars into $(FRAMES), as requirements-frames.lock names them; only the first time" >&2
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --upgrade --target $(FRAMES) -r requirements-frames.lock
	touch $@

# The rest of the suite, and what that is configured with, is not for this environment.
test-orchestrators: $(VENV)/.runtime $(ORCHESTRATORS)/.done ## run the examples for Airflow and Dagster in them
	PATH="$(abspath $(BIN)):$$PATH" $(ORCHESTRATORS)/bin/python -m pytest -p no:cacheprovider -W ignore \
	  --confcutdir=tests/docs/examples --ignore=tests/docs/examples/migrations tests/docs/examples

$(ORCHESTRATORS)/.done: requirements-orchestrators.lock
	@echo "installing Airflow and Dagster into $(ORCHESTRATORS), as requirements-orchestrators.lock names them; only the first time" >&2
	test -x $(ORCHESTRATORS)/bin/python || $(PYTHON) -m venv $(ORCHESTRATORS)
	$(ORCHESTRATORS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-orchestrators.lock
	touch $@

# Their programs come first on the path, where both environments have one of the same name.
test-migrations: $(VENV)/.runtime $(MIGRATIONS)/.done ## migrate with Alembic, Django and SQL, and let contracts judge it (needs sqlite3)
	PATH="$(abspath $(MIGRATIONS)/bin):$(abspath $(BIN)):$$PATH" $(MIGRATIONS)/bin/python -m pytest -p no:cacheprovider \
	  -W ignore --confcutdir=tests/docs/examples/migrations tests/docs/examples/migrations

$(MIGRATIONS)/.done: requirements-migrations.lock
	@echo "installing Alembic and Django into $(MIGRATIONS), as requirements-migrations.lock names them; only the first time" >&2
	test -x $(MIGRATIONS)/bin/python || $(PYTHON) -m venv $(MIGRATIONS)
	$(MIGRATIONS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-migrations.lock
	touch $@

test-site: $(VENV)/.dev $(DOCS)/.done ## build the site and search it as files, in a browser (needs chromium)
	$(BIN)/python -m pytest -m elsewhere tests/docs/test_site_search.py

test-properties: $(VENV)/.dev ## try every property on 500 examples in place of 50
	TURNTRUTH_TEST_EXAMPLES=500 $(BIN)/python -m pytest -n auto -m hypothesis

test-signals: $(VENV)/.dev ## stop every command at 40 random moments
	TURNTRUTH_SIGNAL_ROUNDS=40 $(BIN)/python -m pytest tests/audit/cli/test_interrupted_commands.py

test-fleets: $(VENV)/.dev ## audit, migrate, interrupt and kill fleets of many files
	$(BIN)/python -m pytest -n auto -m fleets tests/audit/fleet

test-spark: $(SPARK)/.done ## audit fleets on a master with two workers, which the tests start (needs Java 17)
	$(SPARK)/bin/python -m pytest -m elsewhere tests/audit/fleet/spark

$(SPARK)/.done: requirements-spark.lock pyproject.toml
	@echo "installing turntruth and Spark into $(SPARK), as requirements-spark.lock names them; only the first time" >&2
	test -x $(SPARK)/bin/python || $(PYTHON) -m venv $(SPARK)
	$(SPARK)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock
	$(SPARK)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

pictures: $(VENV)/.dev ## pictures of the page of every kind of run, in reports/pictures (needs chromium)
	$(BIN)/python -m benchmarks.pages

docs: $(VENV)/.dev $(DOCS)/.done ## write the pages that are made and the kept suites anew, then the site, in build/site
	$(BIN)/turntruth suite build
	$(BIN)/turntruth checks --format markdown > docs/checks.md
	$(BIN)/python -m audit.report.output_page docs/outputs.md
	$(BIN)/python -m store.api.reference docs/api.md
	$(BIN)/python -m turntruth.reference docs/reference.md
	$(BIN)/python -m audit.cli.command_page docs/cli.md
	$(BIN)/python -m audit.history.view_page docs/views.md
	$(DOCS)/bin/sphinx-build --fail-on-warning --keep-going --nitpicky --quiet -b html docs $(SITE)
	@echo "the site: $(SITE)/index.html"

$(DOCS)/.done: requirements-docs.lock
	@echo "installing what makes the site into $(DOCS), as requirements-docs.lock names it; only the first time" >&2
	test -x $(DOCS)/bin/python || $(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.lock
	touch $@

evidence: $(VENV)/.dev ## run what proves every box of docs/ticket/tasks.md, and write docs/ticket/evidence.md
	$(BIN)/python -m benchmarks.evidence

format: $(VENV)/.dev ## let ruff put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev $(RIVALS)/.done ## measure at 200,000 turns and 1,000,000 rows, side by side with the references
	$(BIN)/python -m benchmarks --rivals-python $(RIVALS)/bin/python

bench-large: $(VENV)/.dev ## the same at 1,000,000 turns (12 GB of disk)
	$(BIN)/python -m benchmarks --turns 1000000 --only migration_speed backup_speed audit_speed audit_memory history_speed

bench-fleet: $(VENV)/.dev ## what a file costs among 1,000, beside an audit of its own (5 GB of disk)
	$(BIN)/python -m benchmarks --only fleet_speed

bench-spark: $(SPARK)/.done ## what Spark takes beside the pool, and fleets whose processes are killed (needs Java 17)
	$(SPARK)/bin/python -m benchmarks --only fleet_spark fleet_kills

bench-memory: $(VENV)/.dev ## what the audit of 5,000,000 turns holds at most (20 GB of disk)
	$(BIN)/python -m benchmarks --turns 5000000 --only audit_memory

$(RIVALS)/.done: requirements-rivals.lock
	@echo "installing the tools that are measured beside turntruth into $(RIVALS); only the first time" >&2
	test -x $(RIVALS)/bin/python || $(PYTHON) -m venv $(RIVALS)
	$(RIVALS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-rivals.lock
	touch $@

drill: $(VENV)/.dev $(RIVALS)/.done ## inject every fault and score the audit (an hour or more; make drill DRILL="--trials 1" is short)
	$(BIN)/python -m benchmarks.detection --rivals-python $(RIVALS)/bin/python $(DRILL)

drill-foreign: $(VENV)/.dev ## inject faults into pairs of other programs (TURNTRUTH_SAMPLES) and score turntruth diff
	$(BIN)/python -m benchmarks.detection.foreign $(DRILL)

faults: $(VENV)/.dev ## interrupt and damage what turntruth works on (make faults FAULTS="--trials 2" is short)
	$(BIN)/python -m benchmarks.faults $(FAULTS)

lock: ## resolve the dependencies anew (needs uv), with hashes and without addresses
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml --group build -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --group rivals -o requirements-rivals.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --group docs -o requirements-docs.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --group orchestrators -o requirements-orchestrators.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --group migrations -o requirements-migrations.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --group frames -o requirements-frames.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml --extra spark --group build --group spark -c requirements-dev.lock -o requirements-spark.lock

clean: ## remove the virtual environment, caches and reports
	rm -rf $(VENV) $(RIVALS) $(DOCS) $(FRAMES) $(MIGRATIONS) $(ORCHESTRATORS) $(SPARK) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find reports -mindepth 1 ! -name README.md -delete
