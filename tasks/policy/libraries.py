"""What every worker that loads a policy imports and that takes seconds, in one place: a fork server loads it once for all of them.

Only libraries, and none whose threads a fork would lose (polars, DuckDB). Nothing here may ask for a GPU.
"""

import numpy  # noqa: F401
import torch  # noqa: F401
import torchvision  # noqa: F401
import transformers
import transformers.generation.utils
import transformers.models.auto.modeling_auto
import transformers.models.auto.processing_auto
import transformers.models.qwen2_5_vl.modeling_qwen2_5_vl
import transformers.models.qwen2_5_vl.processing_qwen2_5_vl  # noqa: F401
