"""llama.cpp through the C functions in the wheel of xllamacpp, and a small llama as its GGUF file."""

import ctypes
from pathlib import Path

import gguf
import numpy as np
import xllamacpp.xllamacpp


class Opaque(ctypes.Structure):
    """Settings as llama.cpp's own defaults make them: more bytes than it needs, never looked into."""

    _fields_ = (("words", ctypes.c_uint64 * 128),)


LIBRARY = ctypes.CDLL(xllamacpp.xllamacpp.__file__)
POINTER, INT = ctypes.c_void_p, ctypes.c_int32


def _function(name, result, *arguments):
    function = getattr(LIBRARY, name)
    function.restype, function.argtypes = result, arguments
    return function


QUIET = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, POINTER)(lambda *_: None)
log_set = _function("llama_log_set", None, type(QUIET), POINTER)
model_settings = _function("llama_model_default_params", Opaque)
context_settings = _function("llama_context_default_params", Opaque)
load_model = _function("llama_model_load_from_file", POINTER, ctypes.c_char_p, Opaque)
init_context = _function("llama_init_from_model", POINTER, POINTER, Opaque)
free_context = _function("llama_free", None, POINTER)
free_model = _function("llama_model_free", None, POINTER)
last_logits = _function("llama_get_logits_ith", ctypes.POINTER(ctypes.c_float), POINTER, INT)
set_control_vector = _function(
    "llama_set_adapter_cvec",
    ctypes.c_int32,
    POINTER,
    ctypes.POINTER(ctypes.c_float),
    ctypes.c_size_t,
    INT,
    INT,
    INT,
)


class Batch(ctypes.Structure):
    """`llama_batch`: tokens of one sequence, of which the last is asked for its logits."""

    _fields_ = (
        ("n_tokens", INT),
        ("token", ctypes.POINTER(INT)),
        ("embd", POINTER),
        ("pos", POINTER),
        ("n_seq_id", POINTER),
        ("seq_id", POINTER),
        ("logits", POINTER),
    )


batch_of = _function("llama_batch_get_one", Batch, ctypes.POINTER(INT), INT)
decode = _function("llama_decode", INT, POINTER, Batch)


def logits(model, tokens, vocabulary, control_vector=None, blocks=0, width=0):
    """Logits after the last token; `control_vector`: a GGUF file, placed as llama.cpp's loader does.

    Its loader puts the tensor direction.N at offset (N - 1)·width.
    """
    log_set(QUIET, None)
    loaded = load_model(str(model).encode(), model_settings())
    context = init_context(loaded, context_settings())
    try:
        if control_vector is not None:
            rows = np.zeros((blocks - 1, width), np.float32)
            for tensor in gguf.GGUFReader(control_vector).tensors:
                rows[int(tensor.name.removeprefix("direction.")) - 1] = tensor.data
            data = rows.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
            assert set_control_vector(context, data, rows.size, width, 1, blocks) == 0
        row = (INT * len(tokens))(*map(int, tokens))
        assert decode(context, batch_of(row, len(tokens))) == 0
        return np.ctypeslib.as_array(last_logits(context, -1), (vocabulary,)).copy()
    finally:
        free_context(context)
        free_model(loaded)


_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def write_llama(path: Path, config, state):
    """A llama of transformers as a GGUF file in float32 without a tokenizer."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("none")
    writer.add_tensor("token_embd.weight", state["model.embed_tokens.weight"])
    writer.add_tensor("output_norm.weight", state["model.norm.weight"])
    writer.add_tensor("output.weight", state["lm_head.weight"])
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    for block in range(config.num_hidden_layers):
        for theirs, name in _NAMES.items():
            array = state[f"model.layers.{block}.{theirs}.weight"]
            if name in heads:
                # llama.cpp keeps the two halves of each head interleaved
                halves = array.reshape(heads[name], 2, -1, array.shape[1])
                array = halves.swapaxes(1, 2).reshape(array.shape)
            writer.add_tensor(f"blk.{block}.{name}.weight", np.ascontiguousarray(array))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
