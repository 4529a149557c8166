#!/usr/bin/env bash
# A real pretrained model on one GPU, without a network, in about 12 minutes: profile it on GSM8K, train it on what it solves sometimes,
# once shuffled and once by the live estimate, evaluate base and both, time vLLM through the flow against vLLM alone, and run the demo.
#
#   tests/bench/gpu.sh FOLDER OUT [SEED]
#
# FOLDER holds all that it takes: gsm8k/train.jsonl and gsm8k/test.jsonl; the model as pieces of at most 60 MB, made by
# `tar c -C MODEL . | split -b 60M - FOLDER/model.tar.`; and, where the packages are not installed, wheels/ with all of them.
# OUT takes the figures of this card, day and seed as a Parquet file, the tables, and the lake without policies, as lake.tar.
# PARTS and the sizes below can be set. On a machine without a GPU a few minutes show that it works, and nothing about learning:
# ENGINE=transformers MODEL=starter DTYPE=float32 PROBLEMS=24 ROUNDS=4 HELDOUT=12 SAMPLES=2 STEPS=2 CHOSEN=8 LOW=0 HIGH=1 BATCH=16 TOKENS=24
set -uo pipefail
FOLDER=$(realpath "$1") OUT=$(realpath -m "$2") SEED=${3:-0}
ROOT=$(realpath "$(dirname "$0")/../..")
: "${PYTHON:=python3}" "${ENGINE:=vllm}" "${PROBLEMS:=1024}" "${ROUNDS:=8}" "${HELDOUT:=320}" "${SAMPLES:=4}"
: "${STEPS:=60}" "${CHOSEN:=512}" "${LOW:=0.084}" "${HIGH:=0.87}" "${BATCH:=64}" "${TOKENS:=400}" "${DTYPE:=bfloat16}"
: "${PARTS:=profile shuffled live rates demo}" "${WORK:=$OUT/work}"
export PREFECT_HOME="$WORK/prefect" HF_HUB_OFFLINE=1 PYTHONPATH="$ROOT"
mkdir -p "$OUT" "$WORK"
cd "$ROOT" || exit 2
missed=0

part() {  # run a part, say how long it took, and go on where it fails: what was measured is brought back
  local name=$1 began=$SECONDS
  shift
  echo "== $name"
  "$@" || { echo "== $name failed"; missed=1; }
  echo "== $name: $((SECONDS - began)) s"
}
dp() { "$PYTHON" -P -c 'import sys; from flows.commands.entry import main; sys.argv[0] = "difficulty-prior"; main()' "$@"; }
wanted() { case " $PARTS " in *" $1 "*) true ;; *) false ;; esac; }

if [ -d "$FOLDER/wheels" ]; then
  "$PYTHON" -m venv "$WORK/venv" && PYTHON="$WORK/venv/bin/python"
  part packages "$PYTHON" -m pip install --quiet --no-index --no-deps "$FOLDER"/wheels/*.whl
fi
if [ -z "${MODEL:-}" ]; then
  MODEL="$WORK/model"
  mkdir -p "$MODEL" && cat "$FOLDER"/model.tar.* | tar x -C "$MODEL" || exit 2
fi
rollouts="{engine: $ENGINE}"
[ "$ENGINE" = vllm ] && rollouts="{engine: vllm, mode: colocate, memory: 0.3, context: 1024, sleep: true}"
changes=(seed="$SEED" policy.model="$MODEL" policy.dtype="$DTYPE" stages.stage2=null sampling.engine="$ENGINE")
for place in train:train:"$PROBLEMS" heldout:test:"$HELDOUT"; do
  IFS=: read -r use file limit <<<"$place"
  changes+=(problems.$use.0.path="$FOLDER/gsm8k/$file.jsonl" problems.$use.0.config=null problems.$use.0.source_split=null)
  changes+=(problems.$use.0.limit="$limit")
done
changes+=(sampling.rounds="$ROUNDS" sampling.max_tokens="$TOKENS" evaluation.samples="$SAMPLES" evaluation.hints=false)
changes+=(stages.stage1.choose.size="$CHOSEN" stages.stage1.choose.low="$LOW" stages.stage1.choose.high="$HIGH")
changes+=(stages.stage1.train.steps="$STEPS" stages.stage1.train.batch="$BATCH")
changes+=(stages.stage1.train.max_tokens="$TOKENS" stages.stage1.train.warmup_steps=$((STEPS / 12)) "stages.stage1.train.rollouts=$rollouts")
[ "$BATCH" -lt 16 ] && changes+=(stages.stage1.train.micro_batch="$BATCH")
sets=()
for change in "${changes[@]}"; do sets+=(--set "$change"); done

measure() { "$PYTHON" -m tests.bench.gpu "$@"; }
histogram() { dp histogram --home "$WORK/lake"; dp sql --home "$WORK/lake" "select shape, is_u, u_ratio, alpha, beta, never_share, always_share from u_shape"; }
wanted profile && part profile dp profile gsm8k --home "$WORK/lake" "${sets[@]}" && part histogram histogram
for sampler in shuffled live; do
  wanted $sampler && part "$sampler" dp run gsm8k --home "$WORK/lake" "${sets[@]}" --set stages.stage1.train.sampler=$sampler
done
wanted rates && part rates measure rates "$WORK/lake" "$WORK/rates.json"
wanted demo && part demo dp run starter --home "$WORK/demo"
part figures measure figures "$WORK/lake" "$OUT" --seed "$SEED" --rates "$WORK/rates.json"
tar c --exclude=policy --exclude=warehouse.duckdb -C "$WORK" lake | zstd -q -f -o "$OUT/lake.tar.zst" 2>/dev/null ||
  tar cz --exclude=policy --exclude=warehouse.duckdb -C "$WORK" -f "$OUT/lake.tar.gz" lake
exit $missed
