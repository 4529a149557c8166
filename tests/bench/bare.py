"""The bare engine, in the process shape of the flow's sampling worker: the same prompts at once, no lake, no shards, no Prefect.

Run as `python -m tests.bench.bare SPEC.json plain|engine`, where the spec is the one that a flow has left of its own worker. Prints the
seconds and the numbers of responses and of their tokens. "engine" is our engine (for vLLM: its own `LLM.generate`); "plain" is
`transformers`' `generate(do_sample=True)` over padded batches.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tasks.lake.lake import Lake
from tasks.sampling.engines import open_engine
from tasks.sampling.requests import Prompts, Request, requests_for
from tasks.sampling.worker import SampleSpec, problems_of, wanted_keys


def every_request(spec: SampleSpec) -> list[Request]:
    """All requests of a spec, whatever the lake holds."""
    problems = problems_of(spec)
    rows = {row["problem_id"]: row for row in problems.iter_rows(named=True)}
    return requests_for(wanted_keys(spec, problems), Prompts(rows, Lake(spec.home).images, spec.prompting, spec.hints), seed=spec.seed)


def generate(spec: SampleSpec, requests: Sequence[Request], how: str) -> Callable[[], list[int]]:
    """What is to be timed: a call that draws all responses and says how many tokens each has."""
    engine: Any = open_engine(spec.policy, spec.prompting, spec.sampling)
    if spec.sampling.engine == "vllm":
        prompts = [engine.prompt(request.prompt, request.images) for request in requests]
        parameters = [engine.parameters(request) for request in requests]
        return lambda: [len(drawn.outputs[0].token_ids) for drawn in engine.llm.generate(prompts, parameters, use_tqdm=False)]
    if how == "plain":
        return lambda: plain(engine, spec, requests)
    return lambda: [drawn.n_tokens for drawn in engine.complete(requests)]


def plain(engine: Any, spec: SampleSpec, requests: Sequence[Request]) -> list[int]:
    """The textbook loop: pad, generate, decode. A response's tokens are those that are no padding."""
    import torch

    torch.manual_seed(0)
    size, done = spec.sampling.batch_size, list[int]()
    for start in range(0, len(requests), size):
        inputs = engine.encode(requests[start : start + size])
        tokens = engine.model.generate(
            **inputs,
            do_sample=True,
            temperature=spec.sampling.temperature,
            top_p=spec.sampling.top_p,
            top_k=0,
            max_new_tokens=spec.sampling.max_tokens,
        )
        drawn = tokens[:, inputs["input_ids"].shape[1] :]
        engine.tokenizer.batch_decode(drawn, skip_special_tokens=True)
        done += (drawn != engine.tokenizer.pad_token_id).sum(1).tolist()
    return done


def main(spec_path: str, how: str) -> None:
    """Load, then time."""
    spec = SampleSpec.model_validate_json(Path(spec_path).read_text(encoding="utf-8"))
    timed = generate(spec, every_request(spec), how)
    started = time.monotonic()
    lengths = timed()
    print(json.dumps({"responses": len(lengths), "tokens": sum(lengths), "seconds": time.monotonic() - started}))


if __name__ == "__main__":
    main(*sys.argv[1:])
