"""Where the blocks and the head of an arbitrary Hugging Face model are."""

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def text_config(model: "PreTrainedModel"):
    """The settings of the decoder of text, also where the model reads more than text."""
    return model.config.get_text_config(decoder=True)


def find_blocks(model: "PreTrainedModel", named: str | None = None) -> tuple[nn.Module, ...]:
    """The blocks: the list of modules `named`, or the only one as long as config.num_hidden_layers."""
    lists = {
        name: module for name, module in model.named_modules() if isinstance(module, nn.ModuleList)
    }
    if named is not None:
        if named not in lists:
            raise ValueError(f"blocks={named!r} is no ModuleList of the model: {_listed(lists)}")
        return tuple(lists[named])
    count = getattr(text_config(model), "num_hidden_layers", None)
    found = {name: each for name, each in lists.items() if len(each) == count}
    if len(found) != 1:
        raise ValueError(
            f"{len(found) or 'no'} ModuleLists of num_hidden_layers = {count} modules, the blocks, are in "
            f"{type(model).__name__}: name it by blocks=; {_listed(found or lists)}"
        )
    return tuple(next(iter(found.values())))


def find_head(model: "PreTrainedModel", named: str | None = None) -> nn.Module:
    """The module that turns last hidden states into logits, with a `weight` [V, d]."""
    if named is not None:
        head = dict(model.named_modules()).get(named)
        if head is None:
            raise ValueError(f"head={named!r} is no module of {type(model).__name__}")
    else:
        head = model.get_output_embeddings()
    if head is None or getattr(head, "weight", None) is None or head.weight.ndim != 2:
        raise ValueError(
            f"get_output_embeddings() of {type(model).__name__} gives no module with a weight [V, d]: "
            "name the head by head="
        )
    return head


def _listed(lists: dict[str, nn.ModuleList]) -> str:
    return "there are " + (", ".join(f"{k!r} ({len(v)})" for k, v in lists.items()) or "none")
