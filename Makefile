# Thin on purpose: every line below also runs by hand.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
DEMO := data/demo/warehouse/receivables.duckdb

.PHONY: demo test tests sail spark notebooks lint audit lock world-page personal-data-page picture study oracle bench bench-tryton
FUZZ ?= 10000
NIGHTS ?= 90
REPLICATIONS ?= 200
PLANTED ?= --each 16 --seeds 13
BENCH ?= --invoices 100000 1000000 --times 3
PUT_IN ?= --each 40 --seeds 5 --customers 400
CRASHES ?= 200
CLUSTER ?= 1000000

demo: $(READY)  ## a whole night on data/sample
	$(BIN)/receivables demo

test: $(READY)  ## style, types and the tests that five minutes hold; RECEIVABLES_SLICE=wide for what continuous integration runs
	$(MAKE) -j2 lint tests

tests: $(READY)  ## the tests alone
	$(BIN)/python -m pytest -n 2

sail: .venv/.sail  ## what the tests of a cluster need: Sail and a client, in the same environment

.venv/.sail: requirements-sail.lock $(READY)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-sail.lock
	touch $@

spark: $(READY)  ## a night on Apache Spark against DuckDB, and a large ledger, in an environment of its own below build/; needs Java 17 (openjdk-17-jre-headless)
	$(PYTHON) -m venv build/spark
	build/spark/bin/python -m pip install --quiet --require-hashes -r requirements.lock
	build/spark/bin/python -m pip install --quiet "pyspark[connect]==4.3.0"
	build/spark/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	RECEIVABLES_SLICE=wide RECEIVABLES_REQUIRE=spark build/spark/bin/python -m pytest -n 0 tests/ops/test_cluster.py -k apache_spark
	build/spark/bin/python tests/cluster_study.py data/CLUSTER.md spark --invoices $(CLUSTER)

lint: $(READY)  ## style, formatting, types, unsafe code
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive pipelines

audit: $(READY)  ## known holes of the locked packages; needs an advisory service, and fails when any package was left out
	$(BIN)/python tests/audit.py

notebooks: $(READY) $(if $(RECEIVABLES_HOME),,$(DEMO))  ## run all notebooks on the demo's night, or on that of RECEIVABLES_HOME, and time each
	$(BIN)/python tests/run_notebooks.py

$(DEMO): | $(READY)
	$(BIN)/receivables demo

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "got $$($(PYTHON) --version 2>&1); expected Python 3.11 or newer; try make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "got a Python without venv; expected the venv module; try apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

study: $(READY) .venv/.sail  ## what takes too long for every change: the curve's bias and coverage, what detectors find, nights that are killed, what ninety nights cost, a large ledger on Sail, every case of every test, damaged exports
	RECEIVABLES_REPLICATIONS=$(REPLICATIONS) $(BIN)/python tests/collection_study.py data/COLLECTION_STUDY.md
	$(BIN)/python tests/planted_study.py data/ANOMALY_STUDY.md $(PLANTED)
	$(BIN)/python tests/anomaly_study.py data/ANOMALY_STUDY.md $(PUT_IN)
	$(BIN)/python tests/crash_matrix.py data/CRASH_STUDY.md --rounds $(CRASHES)
	$(BIN)/python tests/soak_study.py data/SOAK_STUDY.md --nights $(NIGHTS)
	$(BIN)/python tests/cluster_study.py data/CLUSTER.md sail --invoices $(CLUSTER)
	RECEIVABLES_FUZZ=$(FUZZ) $(BIN)/python -m pytest -n 2 --dist=load tests/property/test_fuzz.py
	RECEIVABLES_SLICE=all RECEIVABLES_EXAMPLES=60 $(BIN)/python -m pytest -n 2

oracle: $(READY)  ## the collection curve against lifelines' Kaplan-Meier and Nelson-Aalen, on thousands of curves
	$(BIN)/python tests/curve_oracle.py

bench: $(READY) $(DEMO)  ## the page data/BENCH.md, then each bench with its details: an export against a typed load; aging against pandas and polars; curves against lifelines; features of customers; statistical detectors; pages
	$(BIN)/python tests/bench/table.py data/BENCH.md $(BENCH)
	$(BIN)/python tests/bench/landing.py
	$(BIN)/python tests/bench/aging.py
	$(BIN)/python tests/bench/curves.py
	$(BIN)/python tests/bench/features.py
	$(BIN)/python tests/bench/anomalies.py
	$(BIN)/python tests/bench/pages.py

bench-tryton: $(READY)  ## the aged balance against Tryton's report on PostgreSQL, from the same ledger; needs PostgreSQL (postgresql), and a package index at the first run
	$(BIN)/python tests/bench/tryton.py

world-page: $(READY)  ## measure the sample world anew and write its page
	$(BIN)/python -m receivables.world.page data/WORLD.md

personal-data-page: $(READY)  ## write the page of which columns hold personal data
	$(BIN)/python -m receivables.personal_data data/PERSONAL_DATA.md

picture: $(READY)  ## photograph the report on the sample for the README; needs Chromium
	$(BIN)/python tests/report_picture.py data/report.png

# The lock names versions and hashes only, never where they came from. Needs uv on the PATH.
lock:  ## pin the newest versions that pyproject.toml allows
	uv pip compile --quiet --upgrade --extra dev --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--python-version 3.11 --python-platform x86_64-manylinux_2_28 --output-file requirements.lock pyproject.toml
	uv pip compile --quiet --upgrade --extra dev --extra sail --constraint requirements.lock --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--python-version 3.11 --python-platform x86_64-manylinux_2_28 --output-file requirements-sail.lock pyproject.toml
