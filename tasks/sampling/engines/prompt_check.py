"""Checks that a server reads a prompt as the policy's own processor does, image and all.

Other pixel limits, another chat template or another model on the server give a prompt of another length, and with it the difficulty of
another task than the one trained on. Every prompt is checked, since limits show only on images that they touch.
"""

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.base.errors import InputError
from tasks.policy.chat import PLAIN, template_file
from tasks.policy.identity import Policy
from tasks.prompting.settings import PromptingSettings
from tasks.sampling.requests import Request
from tasks.sampling.settings import ServerSettings

if TYPE_CHECKING:
    from tasks.sampling.reader import Reader

LOG = logging.getLogger(__name__)
REMEMBERED = 4096


class PromptCheck:
    """The policy's own processor, loaded in a thread of its own with the first prompt to check; off where the settings say so."""

    def __init__(self, policy: Policy, prompting: PromptingSettings, settings: ServerSettings) -> None:
        self.policy, self.prompting, self.wanted = policy, prompting, settings.check_prompts
        self.thread = ThreadPoolExecutor(1)  # tokenizers are not made for several
        self.length = lru_cache(REMEMBERED)(self.measure)

    def close(self) -> None:
        """Let the thread end."""
        self.thread.shutdown(wait=False, cancel_futures=True)

    async def agrees(self, request: Request, prompt_tokens: int, url: str) -> None:
        """Raise InputError when the server's prompt has another length than ours."""
        if not self.wanted:
            return
        ours = await asyncio.get_running_loop().run_in_executor(
            self.thread, self.length, request.prompt, request.images, request.problem_id
        )
        if ours is not None and ours != prompt_tokens:
            raise InputError(
                f"problem {request.problem_id}: {url} reads its prompt as {prompt_tokens} tokens, the policy's own processor with the "
                f"recipe's pixel limits as {ours}: the server has other pixel limits, another chat template or another model, and the "
                f"difficulty would be of another task. Start it with {self.way_out()}; where a server merely counts in another way, "
                "set sampling.server.check_prompts to false"
            )

    def measure(self, prompt: str, images: tuple[Path, ...], problem_id: str) -> int | None:
        """The prompt's length in tokens as the policy reads it; None where its processor cannot be loaded here."""
        if self.reader is None:
            return None
        from tasks.prompting.pictures import open_picture

        self.reader.check_can_see([Request(problem_id, 0, 0, 0, prompt, images)])
        if not images:
            return len(self.reader.chat_tokens(prompt))
        pictures = [open_picture(path) for path in images]
        inputs = self.reader.processor(text=[self.reader.chat_text(prompt)], images=[pictures], return_tensors="pt")
        return int(inputs["input_ids"].shape[1])

    @cached_property
    def reader(self) -> "Reader | None":
        """The policy's processor with the recipe's pixel limits. Raises InputError when there are limits that nobody could check."""
        from tasks.policy.loading import load_processor, sees_images
        from tasks.sampling.reader import Reader

        try:
            processor = load_processor(self.policy, self.prompting)
            return Reader(processor, sees_images(self.policy), None, 0)
        except (InputError, OSError, ValueError) as error:
            fault = (
                f"the processor of {self.policy.model} cannot be loaded, so nobody checks that the servers read prompts as training does"
            )
            if self.prompting.min_pixels or self.prompting.max_pixels:
                raise InputError(f"{fault}, and the recipe has pixel limits that they may not have: {error}") from error
            LOG.warning("%s: %s", fault, error)
            return None

    def way_out(self) -> str:
        """How `vllm serve` is started with the policy's own files and the recipe's pixel limits."""
        given = self.prompting.chat_template
        template = f" --chat-template {template_file(given)}" if given and given != PLAIN else ""
        return f"`vllm serve {self.policy.model}{template}{self.pixel_options()}`"

    def pixel_options(self) -> str:
        """The option that gives a server the recipe's pixel limits; none for a processor without such limits."""
        from tasks.policy.loading import counts_pixels

        images = getattr(self.reader.processor, "image_processor", None) if self.reader else None
        if images is None or not counts_pixels(images):
            return ""
        size = dict(images.size)
        limits = {"min_pixels": size.get("shortest_edge"), "max_pixels": size.get("longest_edge")}
        return f" --mm-processor-kwargs '{json.dumps(limits)}'"
