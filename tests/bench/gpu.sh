#!/usr/bin/env bash
# A real pretrained model on one GPU, without a network, in about 12 minutes: profile it on GSM8K, train it on what it solves sometimes,
# once shuffled and once by the live estimate, evaluate base and both, time vLLM through the flow against vLLM alone, and run the demo.
#
#   tests/bench/gpu.sh FOLDER OUT [SEED]
#
# FOLDER holds all that it takes, and nothing is fetched: gsm8k/train.jsonl and gsm8k/test.jsonl; the model, and where the packages are not
# installed their wheels, each as a folder (model/, wheels/) or as pieces of at most 60 MB with the list of their checksums, made by
#   python3 -m tests.bench.brought cut MODEL FOLDER model        python3 -m tests.bench.brought cut WHEELS FOLDER wheels
# WHEELS come from `pip download -d WHEELS -c constraints.txt '.[vllm]'` on a machine like it that has a network, less what the machine has:
# the environment is the wheels' with the machine's own packages (torch, …) behind them. The machine needs bash, Python 3.11 or newer with
# pip, and its GPU's driver.
#
# Parts run in the order of what matters, in BUDGET seconds: keep that a little below a limit that the machine sets. One that breaks or is
# cut off says so, and only what needs it is left out; the same command goes on from there (WORK, by default runs/gpu here, holds what is
# done), and with another SEED measures once more. After each part OUT has, in a few small files: `log`; a Parquet file of this card and day,
# to which every seed adds its figures; `table.md`; and lake.tar.gz.00, … (`cat lake.tar.gz.* | tar xz`), the seed's lake without policies.
# `python -m tests.bench.gpu keep FILE` puts such a Parquet file into the repository.
# Exit code: 0, 1 where a part broke or was left out, 2 where FOLDER or the machine is not as said here.
#
# SIZE=small shows on two cores that all of it works, in a quarter of an hour with a model of 135M weights (35 minutes at most); nothing about
# learning follows. SIZE=small ENGINE=vllm PARTS=profile draws by vLLM's CPU build there, which trains nothing.
set -uo pipefail
say() { echo "== $*"; }
stop() { echo "error: $*" >&2; exit 2; }
[ $# -ge 2 ] || stop "give FOLDER and OUT: tests/bench/gpu.sh FOLDER OUT [SEED]"
[ -d "$1" ] || stop "$1 is no folder; it is to hold gsm8k/, and the model and wheels where they are not elsewhere"
FOLDER=$(cd "$1" && pwd) SEED=${3:-0}
mkdir -p "$2" && OUT=$(cd "$2" && pwd) || stop "$2 cannot be written"
[[ $SEED =~ ^[0-9]+$ ]] || stop "SEED is $SEED; give a number such as 0"
ROOT=$(cd "$(dirname "$0")/../.." && pwd)

# Sizes. Two cores draw two answers of 64 tokens a second and take 20 seconds a step: small is 3 minutes of profile, 2 of the bare engine, 3
# of training, 2 of evaluation and 3 of demo, with what each command takes to start.
case ${SIZE:-gpu} in
  gpu)
    : "${ENGINE:=vllm}" "${DTYPE:=bfloat16}" "${BUDGET:=720}" "${PROBLEMS:=1024}" "${ROUNDS:=8}" "${HELDOUT:=320}" "${SAMPLES:=4}"
    : "${STEPS:=40}" "${CHOSEN:=320}" "${LOW:=0.084}" "${HIGH:=0.87}" "${BATCH:=64}" "${TOKENS:=400}" ;;
  small)
    : "${ENGINE:=transformers}" "${DTYPE:=float32}" "${BUDGET:=2100}" "${PROBLEMS:=64}" "${ROUNDS:=4}" "${HELDOUT:=16}" "${SAMPLES:=2}"
    : "${STEPS:=4}" "${CHOSEN:=32}" "${LOW:=0}" "${HIGH:=1}" "${BATCH:=8}" "${TOKENS:=64}" ;;
  *) stop "SIZE is $SIZE; give gpu or small" ;;
esac
: "${PYTHON:=python3}" "${PARTS:=profile shuffled live evaluate rates demo}" "${WORK:=$ROOT/runs/gpu}" "${RESERVE:=20}"
WORK=$(realpath -m "$WORK")
[ -d "${MODEL:-}" ] && MODEL=$(cd "$MODEL" && pwd)
case $PYTHON in /*) ;; */*) PYTHON="$PWD/$PYTHON" ;; esac  # as it is given: a link is what makes an environment's Python
RUN="$WORK/seed-$SEED"  # a lake a seed, so that figures are of one
mkdir -p "$RUN" || stop "$WORK cannot be written; give another WORK"
export PREFECT_HOME="$WORK/prefect" HF_HUB_OFFLINE=1 PYTHONPATH="$ROOT${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1 NO_COLOR=1
unset PREFECT_API_URL PREFECT_PROFILE
cd "$ROOT" || stop "$ROOT cannot be entered"
exec > >(tee -a "$OUT/log") 2>&1
TEE=$!
trap 'exec >&- 2>&-; for _ in {1..20}; do kill -0 $TEE 2>/dev/null || break; sleep 0.1; done' EXIT  # for the last lines of the log
say "$(date -u +%FT%TZ): seed $SEED, $BUDGET s, parts: $PARTS"

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || stop "PYTHON is $PYTHON; give a Python 3.11 or newer"
brought() { "$PYTHON" -m tests.bench.brought "$@"; }
folder_of() {  # where NAME lies: as a folder, or as pieces, which are put together; nothing where it was not brought
  if [ -d "$FOLDER/$1" ]; then echo "$FOLDER/$1"; return; fi
  compgen -G "$FOLDER/$1.tar.*" >/dev/null || [ -f "$FOLDER/$1.sha256" ] || return 0
  brought join "$FOLDER" "$1" "$WORK/$1" >&2 && echo "$WORK/$1"
}
for file in train test; do [ -f "$FOLDER/gsm8k/$file.jsonl" ] || stop "$FOLDER/gsm8k/$file.jsonl is not there"; done
[ -n "${MODEL:-}" ] || MODEL=$(folder_of model) || exit 2
[ -f "$MODEL/config.json" ] || [ "$MODEL" = starter ] || stop "there is no model: bring $FOLDER/model/ or its pieces, or give MODEL=FOLDER"
WHEELS=$(folder_of wheels) || exit 2
if [ -n "$WHEELS" ]; then
  brought install "$WHEELS" "$WORK/venv" || exit 2
  PYTHON="$WORK/venv/bin/python"
fi
extra=() needs_gpu=
[ "$ENGINE" = vllm ] && [ "$PARTS" != profile ] && needs_gpu=yes extra=(vllm)
brought lacking "${extra[@]}" || exit 2
if [ "$needs_gpu" ]; then
  "$PYTHON" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' ||
    stop "torch sees no GPU here (nvidia-smi, CUDA_VISIBLE_DEVICES, its CUDA against the driver); SIZE=small shows on a CPU that it works"
fi
say "model, packages and machine are there after $SECONDS s"

rollouts="{engine: $ENGINE}"
[ "$ENGINE" = vllm ] && rollouts="{engine: vllm, mode: colocate, memory: 0.3, context: 1024, sleep: true}"
changes=(seed="$SEED" policy.model="$MODEL" policy.dtype="$DTYPE" stages.stage2=null sampling.engine="$ENGINE" sampling.batch_size=64)
for place in train:train:"$PROBLEMS" heldout:test:"$HELDOUT"; do
  IFS=: read -r use file limit <<<"$place"
  changes+=(problems.$use.0.path="$FOLDER/gsm8k/$file.jsonl" problems.$use.0.config=null problems.$use.0.source_split=null)
  changes+=(problems.$use.0.limit="$limit")
done
changes+=(sampling.rounds="$ROUNDS" sampling.max_tokens="$TOKENS" evaluation.samples="$SAMPLES" evaluation.hints=false)
changes+=(stages.stage1.choose.size="$CHOSEN" stages.stage1.choose.low="$LOW" stages.stage1.choose.high="$HIGH")
changes+=(stages.stage1.train.steps="$STEPS" stages.stage1.train.batch="$BATCH" stages.stage1.train.save_every=10)
changes+=(stages.stage1.train.max_tokens="$TOKENS" stages.stage1.train.warmup_steps=$((STEPS / 12)))
changes+=("stages.stage1.train.rollouts=$rollouts")
[ "$BATCH" -lt 16 ] && changes+=(stages.stage1.train.micro_batch="$BATCH")
sets=(--home "$RUN/lake")
for change in "${changes[@]}"; do sets+=(--set "$change"); done
SIZES="GSM8K: $PROBLEMS problems x $ROUNDS, $STEPS steps of $BATCH, held out $HELDOUT x $SAMPLES, $TOKENS tokens, $ENGINE"

dp=("$PYTHON" -P -c 'import sys; from flows.commands.entry import main; sys.argv[0] = "difficulty-prior"; main()')
[ "$(cat "$RUN/settings" 2>/dev/null)" = "$MODEL, $SIZES, $LOW, $HIGH" ] || rm -f "$RUN"/*.{done,tries,json}  # of other settings
echo "$MODEL, $SIZES, $LOW, $HIGH" >"$RUN/settings"
declare -A broken=()
part() {  # part NAME SHARE COMMAND…: run it for what is left of BUDGET, SHARE percent of it at most, and say what came of it
  local name=$1 began=$SECONDS code=0 most=$((BUDGET * $2 / 100)) left=$((BUDGET - RESERVE - SECONDS)) took
  shift 2
  [ -f "$RUN/$name.done" ] && { say "$name is done already"; return 0; }
  [ "$most" -gt "$left" ] && most=$left
  if [ "$most" -lt 10 ]; then
    say "$name is left out: of $BUDGET s too few are left after $SECONDS s; the same command goes on with it"
    broken[$name]=1
    return 1
  fi
  say "$name, for $most s at most"
  timeout --foreground --signal=INT --kill-after=15 "$most" "$@" || code=$?
  took=$((SECONDS - began))
  echo "$took" >>"$RUN/$name.tries"
  case $code in
    0) say "$name: $took s" ;;
    3) say "$name: $took s, done but for what is said above" ;;
    124 | 137) say "$name was cut off after $took s; the same command goes on with it" ;;
    *) say "$name broke after $took s with exit code $code, for the reason above" ;;
  esac
  case $code in 0 | 3) ;; *) broken[$name]=1; return 1 ;; esac
  took=$(($(paste -sd+ "$RUN/$name.tries")))
  [ "$took" -lt 5 ] || echo "{\"seconds of $name\": $took}" >"$RUN/$name.json"
  touch "$RUN/$name.done"
}
wanted() { case " $PARTS " in *" $1 "*) true ;; *) false ;; esac; }
has() {  # has NAME WHAT: whether a part that WHAT needs is done
  [ -f "$RUN/$1.done" ] || { say "$2 is left out: it needs $1"; broken[$2]=1; return 1; }
}
bring_back() {  # what is measured by now, into OUT
  [ -d "$RUN/lake" ] || return 0
  timeout --kill-after=5 180 "$PYTHON" -m tests.bench.gpu figures "$RUN/lake" "$OUT" "$RUN"/*.json \
    --model "$MODEL" --sizes "$SIZES" --seed "$SEED" >"$OUT/table.part" && mv "$OUT/table.part" "$OUT/table.md" ||
    { say "the figures could not be made, for the reason above"; rm -f "$OUT/table.part"; broken[figures]=1; }
  local aside="$RUN/back"
  rm -rf "$aside" && mkdir -p "$aside"
  tar cz --exclude=policy --exclude=handover --exclude=checkpoints --exclude='checkpoint-*' --exclude=warehouse.duckdb --exclude=aside \
    -C "$RUN" lake 2>/dev/null | split -b 15M -d - "$aside/lake.tar.gz." && rm -f "$OUT"/lake.tar.gz.* && mv "$aside"/* "$OUT"
}

if wanted profile; then
  part profile 100 "${dp[@]}" profile gsm8k "${sets[@]}" && {
    part histogram 30 "${dp[@]}" histogram --home "$RUN/lake"
    part u-test 30 "${dp[@]}" sql --home "$RUN/lake" \
      "select shape, is_u, u_ratio, alpha, beta, never_share, always_share from u_shape"
  }
  bring_back
fi
for sampler in shuffled live; do
  [ $sampler = live ] && share=100 || share=60
  wanted $sampler && has profile $sampler &&
    part $sampler $share "${dp[@]}" train gsm8k "${sets[@]}" --set stages.stage1.train.sampler=$sampler
  wanted $sampler && bring_back
done
for sampler in shuffled live; do
  wanted evaluate && { wanted $sampler || [ -f "$RUN/$sampler.done" ]; } && has $sampler "evaluate-$sampler" &&
    part "evaluate-$sampler" 50 "${dp[@]}" evaluate gsm8k "${sets[@]}" --set stages.stage1.train.sampler=$sampler
done
wanted evaluate && bring_back
if wanted rates && has profile rates; then
  part rates 30 "$PYTHON" -m tests.bench.gpu rates "$RUN/lake" "$RUN/rates-measured.json"
  bring_back
fi
if wanted demo; then
  part demo 100 "${dp[@]}" run starter --home "$RUN/demo"
  bring_back
fi
[ -f "$OUT/table.md" ] && cat "$OUT/table.md"
[ ${#broken[@]} -eq 0 ] && say "done in $SECONDS s" || say "done in $SECONDS s, but for: ${!broken[*]}"
[ ${#broken[@]} -eq 0 ]
