"""The door to models of `transformers`; torch is imported when it is opened."""

from typing import TYPE_CHECKING

from ..text.chat import ChatTemplate
from ..text.tokenizer import Tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from .model import TorchModel


def from_transformers(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase | None" = None,
    *,
    blocks: str | None = None,
    head: str | None = None,
) -> "TorchModel":
    """A causal language model of `transformers`, of any architecture, for all of `ufm.llm`.

    Needs the extra `[torch]`. The model stays where it is and as it is; hooks read and steer it. `tokenizer`,
    a fast one, becomes the `ufm.llm.Tokenizer` of the result. `blocks`, `head`: names of modules, where
    they are not found: the one ModuleList of config.num_hidden_layers modules, and get_output_embeddings().

        import transformers, ufm.llm
        name = "state-spaces/mamba-130m-hf"
        model = ufm.llm.from_transformers(transformers.AutoModelForCausalLM.from_pretrained(name))
        v = ufm.llm.steering_vectors(model, [[5, 6, 7]], [[8, 9]], [12])[0]
        print(model.logits([1, 2, 3], 2.0, ufm.llm.Steering.of(v)))
    """
    try:
        from .model import TorchModel
    except ModuleNotFoundError as error:
        raise ImportError(
            f"from_transformers needs {error.name}: pip install 'ufm[torch]'"
        ) from error
    ours = None
    if tokenizer is not None:
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise ValueError("the tokenizer is not a fast one: load it with use_fast=True")
        named = {k: str(t) for k, t in tokenizer.special_tokens_map.items() if isinstance(t, str)}
        source = tokenizer.chat_template
        template = ChatTemplate(source, named) if isinstance(source, str) else None
        inner = type(backend).from_str(backend.to_str())
        ours = Tokenizer(inner, str(tokenizer.name_or_path), template)
    return TorchModel(model, ours, blocks=blocks, head=head)
