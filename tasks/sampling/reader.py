"""What whoever holds the model or its processor does with a request: the chat text, the images, and whether it fits the policy."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.policy.loading import Processor, tokenizer_of
from tasks.prompting.prompt import chat_messages
from tasks.sampling.requests import Refusal, Request


@dataclass(frozen=True)
class Reader:
    """Turns requests into what the policy reads. `reads_images`: it is a vision-language model; `context`: its longest text in tokens."""

    processor: Processor
    reads_images: bool
    context: int | None
    max_tokens: int

    def chat_text(self, prompt: str) -> str:
        """The prompt as the policy's chat template writes it, ready for the assistant's turn."""
        messages = chat_messages(prompt) if self.reads_images else [{"role": "user", "content": prompt}]
        return str(self.processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))

    def chat_tokens(self, prompt: str) -> list[int]:
        """The tokens of the prompt's chat text, an image being the one token that stands for it."""
        return list(tokenizer_of(self.processor)(self.chat_text(prompt), add_special_tokens=False)["input_ids"])

    def check_can_see(self, requests: Sequence[Request]) -> None:
        """Raise Refusal naming the first problem that has images when the policy reads text only."""
        seen = next((request for request in requests if request.images), None)
        if seen and not self.reads_images:
            raise Refusal(f"problem {seen.problem_id} has images, but the policy reads text only; use a vision-language model")

    def check_fits(self, request: Request, prompt_tokens: int) -> None:
        """Raise Refusal when prompt and response together may not fit: a response cut by the context is of another distribution."""
        if self.context is not None and prompt_tokens + self.max_tokens > self.context:
            raise Refusal(
                f"problem {request.problem_id}: its prompt of {prompt_tokens} tokens and a response of up to {self.max_tokens} "
                f"(sampling.max_tokens) overflow the context of {self.context} tokens; lower sampling.max_tokens or "
                "prompting.max_pixels, raise sampling.vllm.context where the model allows it, or leave the problem out"
            )
