"""Sampling on a Ray cluster: one shard a Prefect task, run by `prefect-ray` wherever the cluster has the CPUs and GPUs it asks for.

A Ray worker process takes the place of our own child process: it is as much apart from the flow, Ray gives it its GPUs, and its memory
is gone when Ray ends it. Between shards it keeps the engine, so that a model is loaded once a process and not once a shard (`max_calls`
0 asks Ray for that; with GPUs it would otherwise end the process after every task). The spec and each shard's keys are files beside the
profile in the making, so only paths cross to the cluster: the lake must lie where every node sees it at the same path.
"""

from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

import polars as pl
from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.futures import as_completed
from prefect.runtime import flow_run
from prefect_ray import RayTaskRunner
from prefect_ray.context import remote_options

from tasks.base.files import write_text
from tasks.lake.lake import read_parquet, write_parquet
from tasks.sampling.engines import Engine, open_engine
from tasks.sampling.settings import RaySettings
from tasks.sampling.worker import SampleSpec, draw, every_problem
from tasks.steps.caching import fault_may_pass
from tasks.steps.naming import recipe_first

Progress = Callable[[int, int, str], None]
SHOWN: ContextVar[Progress] = ContextVar("where draw_shards tells how far it is")


def draw_on_ray(spec: SampleSpec, shards: dict[str, pl.DataFrame], folder: Path, on_progress: Progress) -> None:
    """Draw the shards on the cluster that the settings name. Raises what a shard's task raised, after the others have ended."""
    settings, spec_path = spec.sampling.ray, folder / ".sampling-ray.spec.json"
    assert settings is not None
    write_text(spec_path, spec.model_dump_json(indent=1))
    keys = {folder / ".shards" / f"{name}.parquet": rows for name, rows in shards.items()}
    for path, rows in keys.items():
        write_parquet(rows, path)
    on_cluster = draw_shards.with_options(task_runner=runner(settings))
    token = SHOWN.set(on_progress)
    try:
        on_cluster(spec_path, settings, {str(path): len(rows) for path, rows in keys.items()})
    finally:
        SHOWN.reset(token)


def runner(settings: RaySettings) -> RayTaskRunner:
    """The task runner of a running cluster, or of one that is started on this machine for the run."""
    return RayTaskRunner() if settings.address == "local" else RayTaskRunner(address=settings.address)


def on_ray_name() -> str:
    """What a sampling on Ray is called."""
    return recipe_first(f"sample {len(flow_run.parameters['sizes'])} shards on Ray")


@flow(name="sample on ray", flow_run_name=on_ray_name, validate_parameters=False, persist_result=False)
def draw_shards(spec_path: Path, settings: RaySettings, sizes: dict[str, int]) -> None:
    """One task a shard; `sizes` says how many responses each file of keys asks for."""
    with remote_options(num_cpus=settings.cpus, num_gpus=settings.gpus, max_calls=0):
        futures = [draw_shard.submit(spec_path, Path(path)) for path in sizes]
    done, total = 0, sum(sizes.values())
    for future in as_completed(futures):
        if future.state.is_completed():
            done += sizes[future.result()]
            show(done, total)
    for future in futures:
        future.result()


def show(done: int, total: int) -> None:
    """Tell how far it is. No parameter of the flow, and no name in its body: both are pickled and travel to the cluster."""
    SHOWN.get()(done, total, "rollouts")


@task(
    name="draw shard",
    task_run_name="draw the shard {keys_path.stem}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_delay_seconds=2,
    retry_condition_fn=fault_may_pass,
)
def draw_shard(spec_path: Path, keys_path: Path) -> str:
    """Draw one shard in this process and append it; gives the path of its keys."""
    spec, problems, engine = loaded(spec_path)
    draw(spec, problems, {keys_path.stem: read_parquet(keys_path)}, engine, lambda done, total, what: None)
    return str(keys_path)


@lru_cache(maxsize=1)
def loaded(spec_path: Path) -> tuple[SampleSpec, pl.DataFrame, Engine]:
    """The spec, its problems and its engine, kept by this process until another spec comes."""
    spec = SampleSpec.model_validate_json(spec_path.read_text(encoding="utf-8"))
    return spec, every_problem(spec), open_engine(spec.policy, spec.prompting, spec.sampling)
