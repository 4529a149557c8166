"""A policy: a model as it is sampled, trained and evaluated, and the digest that names it."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from tasks.base.errors import InputError
from tasks.base.files import digest, file_digest
from tasks.base.settings import Settings
from tasks.lake.lake import Lake
from tasks.policy.dtypes import known_dtype
from tasks.policy.weights import CONFIG, check_adapter, check_whole

STARTER = Path(__file__).parents[1] / "starter" / "policy"
IDENTITY_FILES = (
    "*.safetensors",
    "*.bin",
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "*processor_config.json",
    "chat_template*",
    "vocab*",
    "merges*",
)
CODE_FILES = "**/*.py"  # what `auto_map` and `custom_generate` name, and whatever that imports
ADAPTER = CONFIG
BARE = "end tokens alone"
HABITS = (
    *("repetition_penalty", "encoder_repetition_penalty", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "guidance_scale"),
    *("bad_words_ids", "suppress_tokens", "begin_suppress_tokens", "sequence_bias", "forced_bos_token_id", "forced_eos_token_id"),
    *("min_length", "min_new_tokens", "exponential_decay_length_penalty", "stop_strings", "max_time", "token_healing"),
    *("min_p", "top_h", "typical_p", "epsilon_cutoff", "eta_cutoff", "renormalize_logits", "watermarking_config"),
    *("num_beams", "num_beam_groups", "diversity_penalty", "penalty_alpha", "dola_layers", "prompt_lookup_num_tokens"),
)
"""Generation settings of a checkpoint that shaped responses and rollouts before nothing but its end tokens was taken from it."""


class PolicySettings(Settings):
    """The base policy: a local folder, a hub id (`revision` pins a commit), or `starter` for the policy shipped with the project.

    `adapter` is the folder of a LoRA adapter on top of it, as PEFT saves one.
    `dtype` is how weights are loaded: "float32" (CPU), "bfloat16" (GPU), "float16", "float64", or "auto"; other names that are in use for
    these (bf16, half, torch.float32 …) do as well. `trust_remote_code` runs code from the model's repository: leave it false unless you
    have read that code. In a folder it then counts in the policy's identity.
    """

    model: str = "starter"
    revision: str | None = None
    adapter: str | None = None
    dtype: Annotated[str, BeforeValidator(known_dtype)] = "auto"
    trust_remote_code: bool = False


class Policy(BaseModel):
    """A policy by name ("base", or its stage's) and identity; `model` is a folder or a hub id at `revision`, `adapter` a folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy_id: str
    name: str
    model: str
    revision: str | None = None
    adapter: str | None = None
    dtype: str = "auto"
    trust_remote_code: bool = False
    kind: str = "base"
    parent_id: str = ""
    stage_id: str = ""

    def record(self, lake: Lake) -> None:
        """Keep the policy in the lake's `policies`; a model that lies in the lake by its path in it, since lakes are moved."""
        row = self.model_dump(include={"policy_id", "name", "kind", "model", "parent_id", "stage_id"})
        inside = Path(self.model).is_relative_to(lake.home)
        lake.record("policies", row | ({"model": Path(self.model).relative_to(lake.home).as_posix()} if inside else {}))


def base_policy(settings: PolicySettings) -> Policy:
    """The policy that a recipe starts from. Raises InputError when a folder is given that holds no model or no adapter."""
    folder = STARTER if settings.model == "starter" else Path(settings.model).expanduser()
    if folder.is_dir():
        settings, identity = (
            settings.model_copy(update={"model": str(folder.absolute())}),
            folder_policy_id(folder, settings.trust_remote_code),
        )
    elif settings.model.startswith((".", "/", "~")) or settings.model.count("/") != 1:
        raise InputError(f"policy.model: {settings.model!r} is neither a folder nor a hub id (owner/name); give one of them, or `starter`")
    else:
        identity = digest([settings.model, settings.revision, BARE])
    if settings.adapter is None:
        return Policy(policy_id=identity, name="base", **settings.model_dump())
    adapter = Path(settings.adapter).expanduser().absolute()
    return Policy(policy_id=adapted_id(identity, adapter), name="base", **{**settings.model_dump(), "adapter": str(adapter)})


def adapted_id(identity: str, adapter: Path) -> str:
    """The id of a policy with a LoRA adapter: digest of the policy's own and of the adapter's files. Raises InputError for one that cannot
    be read, or is not whole."""
    check_adapter(adapter)
    return digest([identity, {path.name: file_digest(path) for path in sorted(adapter.glob("adapter_*"))}])


def trained_policy(folder: Path, *, name: str, stage_id: str, parent: Policy) -> Policy:
    """The policy that a training stage left in `folder`: whole weights, or an adapter on the weights of its parent."""
    lineage = {"name": name, "kind": "stage", "parent_id": parent.policy_id, "stage_id": stage_id}
    if (folder / ADAPTER).is_file():
        base = base_policy(PolicySettings(**parent.model_dump(include={"model", "revision", "trust_remote_code"}))).policy_id
        return parent.model_copy(update={**lineage, "policy_id": adapted_id(base, folder), "adapter": str(folder)})
    whole = {"policy_id": folder_policy_id(folder, parent.trust_remote_code), "model": str(folder), "revision": None, "adapter": None}
    return parent.model_copy(update={**lineage, **whole})


def folder_policy_id(folder: Path, trusted: bool = False) -> str:
    """Digest of the weights, configuration, tokenizer and processor in a model folder, and of its code where that is `trusted` to run."""
    check_is_model(folder)
    patterns = (*IDENTITY_FILES, *([CODE_FILES] if trusted else []))
    files = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    generation = {"generation": BARE} if had_habits(folder) else {}
    return digest({**{path.relative_to(folder).as_posix(): file_digest(path) for path in files}, **generation})


def without_network(model: str) -> dict[str, str]:
    """The variables that keep the hub's libraries from asking anybody of a policy that lies in a folder; none for one of the hub."""
    return {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"} if Path(model).is_dir() else {}


def had_habits(folder: Path) -> bool:
    """Whether a checkpoint's generation settings used to change what was drawn from it. It has another identity since they do not any
    more, so that no response that they shaped is taken for one of the policy's; ids of checkpoints without such settings stay."""
    own = folder / "generation_config.json"
    try:
        found = json.loads((own if own.is_file() else folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return True
    return not isinstance(found, dict) or any(found.get(name) is not None for name in HABITS)


def check_is_model(folder: Path) -> None:
    """Raise InputError, saying what is missing, when a folder is not a Hugging Face model."""
    config = folder / "config.json"
    if not config.is_file():
        raise InputError(f"policy.model: {folder} is not a model folder: it has no config.json; give a folder that save_pretrained wrote")
    try:
        json.loads(config.read_text(encoding="utf-8"))["model_type"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"policy.model: {config} is not a model's configuration ({error!r}); give a folder that save_pretrained wrote"
        ) from error
    if not any(folder.glob("*.safetensors")) and not any(folder.glob("*.bin")):
        raise InputError(f"policy.model: {folder} has a config.json but no weights (*.safetensors); the copy may be incomplete")
    for weights in sorted(folder.glob("*.safetensors")):
        check_whole(weights, "policy.model")
