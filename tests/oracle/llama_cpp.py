"""llama.cpp, through the C functions in the wheel of xllamacpp."""

import ctypes

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
