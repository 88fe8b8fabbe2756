"""What each family's config.json means where the stored models leave a setting at one value."""

import math

import pytest

from ufm.llm.checkpoint.families import read_config
from ufm.llm.decoder.config import ClampedGate, Mixture

GPT2 = {"model_type": "gpt2", "n_embd": 8, "n_head": 2, "n_layer": 2, "n_positions": 4}
GPT2 |= {"vocab_size": 5}
LLAMA = {"hidden_size": 8, "num_attention_heads": 4, "num_hidden_layers": 4, "vocab_size": 5}
LLAMA |= {"intermediate_size": 12}
QWEN = LLAMA | {"model_type": "qwen3", "use_sliding_window": True, "sliding_window": 6}
PHI3 = LLAMA | {"model_type": "phi3"}
LONG = {"type": "longrope", "short_factor": [1.25], "long_factor": [3.0]}
SMOL = LLAMA | {"model_type": "smollm3"}
GRANITE = LLAMA | {"model_type": "granite"}
OPT = {"model_type": "opt", "hidden_size": 8, "num_attention_heads": 4, "num_hidden_layers": 2}
OPT |= {"vocab_size": 5, "ffn_dim": 12}
NEOX = LLAMA | {"model_type": "gpt_neox", "num_attention_heads": 1}
SLIDING, FULL = "sliding_attention", "full_attention"


def windows(settings):
    return [block.window for block in read_config(settings).blocks]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (LLAMA | {"model_type": "llama"}, [None] * 4),
        (LLAMA | {"model_type": "mistral"}, [4096] * 4),
        (LLAMA | {"model_type": "mistral", "sliding_window": None}, [None] * 4),
        (LLAMA | {"model_type": "mistral", "sliding_window": 7}, [7] * 4),
        (QWEN | {"use_sliding_window": False, "sliding_window": None}, [None] * 4),
        (QWEN | {"max_window_layers": 1}, [None, 6, 6, 6]),
        (QWEN, [None] * 4),  # from block 28 on, unless told otherwise
        (QWEN | {"layer_types": [SLIDING, FULL, FULL, SLIDING]}, [6, None, None, 6]),
        (QWEN | {"model_type": "qwen2", "max_window_layers": 1}, [None, 6, 6, 6]),
        (QWEN | {"model_type": "qwen2", "use_sliding_window": False}, [None] * 4),
        (SMOL, [None] * 4),
        (SMOL | {"sliding_window": 5, "max_window_layers": 28}, [None] * 4),
        (SMOL | {"sliding_window": 5, "use_sliding_window": True}, [None, None, None, 5]),
        (LLAMA | {"model_type": "gemma2"}, [4096, None] * 2),
        (PHI3, [None] * 4),
        (PHI3 | {"sliding_window": 7}, [7] * 4),
        (LLAMA | {"model_type": "gemma3_text"}, [4096] * 4),  # every sixth is full
        (
            LLAMA | {"model_type": "gemma3_text", "sliding_window": 3, "sliding_window_pattern": 2},
            [3, None, 3, None],
        ),
        (
            LLAMA | {"model_type": "gemma3_text", "layer_types": [FULL, SLIDING, FULL, FULL]},
            [None, 4096, None, None],
        ),
    ],
)
def test_windows(settings, expected):
    assert windows(settings) == expected


@pytest.mark.parametrize(
    ("settings", "field", "expected"),
    [
        (LLAMA | {"model_type": "llama"}, "kv_heads", 4),
        (LLAMA | {"model_type": "llama", "num_key_value_heads": 2}, "kv_heads", 2),
        (LLAMA | {"model_type": "llama"}, "head_dim", 2),
        (LLAMA | {"model_type": "llama", "head_dim": 6}, "head_dim", 6),
        (LLAMA | {"model_type": "llama", "head_dim": 16}, "scale", 0.25),
        (LLAMA | {"model_type": "qwen3"}, "head_dim", 128),
        (LLAMA | {"model_type": "qwen2"}, "head_dim", 2),
        (PHI3, "norm_eps", 1e-5),
        (LLAMA | {"model_type": "olmo2"}, "norm_eps", 1e-5),
        (LLAMA | {"model_type": "olmo3"}, "norm_eps", 1e-5),
        (LLAMA | {"model_type": "gemma2"}, "softcap", 50.0),
        (LLAMA | {"model_type": "gemma2", "attn_logit_softcapping": None}, "softcap", None),
        (LLAMA | {"model_type": "gemma3_text"}, "softcap", None),
        (GRANITE, "scale", 1.0),
        (GRANITE | {"attention_multiplier": 0.25}, "scale", 0.25),
        (GRANITE, "residual_scale", 1.0),
        (GRANITE | {"residual_multiplier": 0.5}, "residual_scale", 0.5),
        (NEOX, "is_parallel", True),
        (NEOX | {"use_parallel_residual": False}, "is_parallel", False),
        (NEOX, "activation", "gelu"),
        (OPT, "activation", "relu"),
        (OPT, "norm_eps", 1e-5),
        (LLAMA | {"model_type": "gemma3_text"}, "head_dim", 256),
        (LLAMA | {"model_type": "gemma3_text"}, "scale", 1 / 16),
        (LLAMA | {"model_type": "gemma3_text", "query_pre_attn_scalar": 4}, "scale", 0.5),
        (LLAMA | {"model_type": "gemma3_text"}, "activation", "gelu_tanh"),
        (LLAMA | {"model_type": "llama"}, "activation", "silu"),
        (LLAMA | {"model_type": "llama"}, "norm_eps", 1e-6),
        (LLAMA | {"model_type": "llama", "rms_norm_eps": 1e-5}, "norm_eps", 1e-5),
        (GPT2, "norm_eps", 1e-5),
        (GPT2, "activation", "gelu_tanh"),
        (GPT2 | {"activation_function": "gelu"}, "activation", "gelu"),
        (GPT2, "rotary", None),
    ],
)
def test_settings_of_a_block(settings, field, expected):
    assert getattr(read_config(settings).blocks[0], field) == expected


@pytest.mark.parametrize(
    ("settings", "field", "expected"),
    [
        (GPT2, "inner", 32),
        (GPT2 | {"n_inner": 12}, "inner", 12),
        (GPT2, "tied", True),
        (GPT2, "positions", 4),
        (LLAMA | {"model_type": "llama"}, "positions", None),
        (LLAMA | {"model_type": "llama"}, "tied", False),
        (LLAMA | {"model_type": "gemma3_text"}, "tied", True),
        (LLAMA | {"model_type": "gemma3_text"}, "embedding_scale", 8**0.5),
        (LLAMA | {"model_type": "gemma3_text"}, "final_softcap", None),
        (LLAMA | {"model_type": "gemma3_text", "final_logit_softcapping": 3}, "final_softcap", 3.0),
        (LLAMA | {"model_type": "llama"}, "embedding_scale", 1.0),
        (LLAMA | {"model_type": "llama"}, "attention_bias", False),
        (LLAMA | {"model_type": "llama", "attention_bias": True}, "attention_bias", True),
        (LLAMA | {"model_type": "qwen2"}, "attention_bias", True),
        (LLAMA | {"model_type": "gemma2"}, "final_softcap", 30.0),
        (LLAMA | {"model_type": "gemma2", "final_logit_softcapping": None}, "final_softcap", None),
        (GRANITE, "logit_divisor", 1.0),
        (GRANITE | {"logits_scaling": 8}, "logit_divisor", 8.0),
        (GRANITE | {"embedding_multiplier": 12}, "embedding_scale", 12.0),
        (SMOL, "tied", True),
        (NEOX, "attention_bias", True),
        (NEOX, "tied", False),
        (OPT, "positions", 2048),
        (OPT, "mlp_bias", True),
        (OPT | {"enable_bias": False}, "attention_bias", False),
        (LLAMA | {"model_type": "llama", "mlp_bias": True}, "mlp_bias", True),
    ],
)
def test_settings_of_a_model(settings, field, expected):
    assert getattr(read_config(settings), field) == expected


def test_bases_of_rotary_embeddings():
    llama = LLAMA | {"model_type": "llama"}
    assert read_config(llama).blocks[0].rotary.theta == 10_000
    assert read_config(llama | {"rope_theta": 500.0}).blocks[0].rotary.theta == 500
    gemma = LLAMA | {"model_type": "gemma3_text", "sliding_window_pattern": 2}
    scaled = gemma | {"rope_scaling": {"rope_type": "linear", "factor": 8.0}}
    sliding, full = (read_config(scaled).blocks[i].rotary for i in (0, 1))
    assert (sliding.theta, sliding.factor) == (10_000, 1)  # only full attention is scaled
    assert (full.theta, full.factor) == (1_000_000, 8)


def test_longrope():
    """LongRoPE (arXiv:2402.13753): divisors of the frequencies, and longer queries and keys."""
    longer = {"rope_scaling": LONG, "max_position_embeddings": 64}
    longer |= {"original_max_position_embeddings": 8}
    rotary = read_config(PHI3 | longer).blocks[0].rotary
    assert rotary.divisors == (1.25,)
    assert rotary.length == (1 + math.log(64 / 8) / math.log(8)) ** 0.5
    cos, _ = rotary.table(8)
    assert abs(cos[3] - rotary.length * math.cos(3 / 1.25)).max() < 1e-15
    # the same, as older files and newer ones say it
    old = {"rope_scaling": LONG | {"type": "su"}}
    new = {"rope_parameters": LONG | {"rope_type": "longrope", "rope_theta": 1e4}}
    for other in (old, new):
        assert read_config(PHI3 | longer | other).blocks[0].rotary == rotary
    given = longer | {"rope_scaling": LONG | {"attention_factor": 1.5}}
    assert read_config(PHI3 | given).blocks[0].rotary.length == 1.5
    with pytest.raises(ValueError, match="more than 8 tokens"):
        rotary.table(9)
    with pytest.raises(ValueError, match="short_factor must list 1 numbers"):
        read_config(PHI3 | longer | {"rope_scaling": LONG | {"short_factor": [1.0, 2.0]}})


def test_a_part_of_each_head_turned():
    phi = PHI3 | {"num_attention_heads": 1}
    assert read_config(phi | {"partial_rotary_factor": 0.75}).blocks[0].rotary.head_dim == 6
    rope = {"rope_type": "default", "rope_theta": 10.0, "partial_rotary_factor": 0.5}
    rotary = read_config(phi | {"rope_parameters": rope}).blocks[0].rotary
    assert (rotary.head_dim, rotary.theta) == (4, 10)
    for share in (0.1, 0.4, 1.5):
        with pytest.raises(ValueError, match="of the 8 numbers of a head"):
            read_config(phi | {"partial_rotary_factor": share})


def test_what_phi3_leaves_alone():
    assert read_config(PHI3 | {"full_attn_mod": 1, "interpolate_factor": 1}) == read_config(PHI3)
    with pytest.raises(ValueError, match="full_attn_mod 2 is not supported"):
        read_config(PHI3 | {"full_attn_mod": 2})


def test_a_quarter_of_each_head_is_turned_in_pythia():
    rotary = read_config(NEOX).blocks[0].rotary
    assert (rotary.head_dim, rotary.theta) == (2, 10_000)
    older = {"rotary_pct": 0.5, "rotary_emb_base": 500.0}
    newer = {"rope_parameters": {"partial_rotary_factor": 0.5, "rope_theta": 500.0}}
    for settings in (older, newer):
        rotary = read_config(NEOX | settings).blocks[0].rotary
        assert (rotary.head_dim, rotary.theta) == (4, 500)


def test_the_length_before_may_be_said_outside_of_the_rope():
    llama = LLAMA | {"model_type": "llama", "max_position_embeddings": 256, "head_dim": 16}
    yarn = {"rope_type": "yarn", "factor": 4.0}
    inside = yarn | {"original_max_position_embeddings": 64}
    want = read_config(llama | {"rope_scaling": inside})
    outside = llama | {"rope_scaling": yarn, "original_max_position_embeddings": 64}
    assert read_config(outside) == want
    assert read_config(llama | {"rope_scaling": yarn}) != want  # 256 then
    with pytest.raises(ValueError, match="is 65 and, of the rope, 64"):
        read_config(llama | {"rope_scaling": inside, "original_max_position_embeddings": 65})


def test_olmo3():
    """Three blocks of four have a window; YaRN is for the others alone."""
    olmo = LLAMA | {"model_type": "olmo3", "num_hidden_layers": 8, "max_position_embeddings": 256}
    yarn = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
    blocks = read_config(olmo | {"rope_scaling": yarn, "sliding_window": 5}).blocks
    assert [block.window for block in blocks] == [5, 5, 5, None] * 2
    assert [block.rotary.length > 1 for block in blocks] == [False, False, False, True] * 2
    assert {block.rotary.theta for block in blocks} == {500_000}
    with pytest.raises(ValueError, match="truncate is not supported for a rope by kind"):
        read_config(olmo | {"rope_scaling": yarn | {"truncate": False}})
    with pytest.raises(ValueError, match=r"rope_theta 10000\.0 for olmo3"):
        read_config(olmo | {"rope_theta": 1e4})


def test_blocks_without_positions():
    def turned(settings):
        return [block.rotary is not None for block in read_config(settings).blocks]

    assert turned(SMOL) == [True, True, True, False]
    assert turned(SMOL | {"no_rope_layer_interval": 2}) == [True, False] * 2
    assert turned(SMOL | {"no_rope_layers": [0, 1, 0, 1, 1]}) == [False, True, False, True]
    assert read_config(SMOL).blocks[0].rotary.theta == 2_000_000
    for wrong in ([1, 0], [1, 0, 2, 1], "1010"):
        with pytest.raises(ValueError, match="no_rope_layers must list 4 of 0 and 1"):
            read_config(SMOL | {"no_rope_layers": wrong})


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, (False, True, None)),
        ({"do_layer_norm_before": False}, (True, False, None)),
        ({"_remove_final_layer_norm": True}, (False, False, None)),
        ({"word_embed_proj_dim": 4}, (False, True, 4)),
        ({"word_embed_proj_dim": 8}, (False, True, None)),
    ],
)
def test_the_opt_of_350m(change, found):
    config = read_config(OPT | change)
    norms_sums = {block.norms_sums for block in config.blocks}
    assert (norms_sums, config.has_final_norm, config.embedding_width) == ({found[0]}, *found[1:])


def test_the_published_settings_of_350m():
    """As facebook/opt-350m has them: all are known."""
    published = dict(
        activation_dropout=0.0,
        activation_function="relu",
        architectures=["OPTForCausalLM"],
        attention_dropout=0.0,
        bos_token_id=2,
        do_layer_norm_before=False,
        dropout=0.1,
        eos_token_id=2,
        ffn_dim=4096,
        hidden_size=1024,
        init_std=0.02,
        layerdrop=0.0,
        max_position_embeddings=2048,
        model_type="opt",
        num_attention_heads=16,
        num_hidden_layers=24,
        pad_token_id=1,
        prefix="</s>",
        torch_dtype="float16",
        use_cache=True,
        vocab_size=50272,
        word_embed_proj_dim=512,
    )
    config = read_config(published)
    assert (config.dimension, config.embedding_width, len(config.blocks)) == (1024, 512, 24)


def test_norms_without_scales_are_refused():
    with pytest.raises(ValueError, match=r"norms without scales \(layer_norm_elementwise_affine\)"):
        read_config(OPT | {"layer_norm_elementwise_affine": False})


def test_what_the_first_gemma2_files_say_besides():
    gemma = LLAMA | {"model_type": "gemma2"}
    besides = {"hidden_act": "gelu_pytorch_tanh", "sliding_window_size": 4096}
    assert read_config(gemma | besides) == read_config(gemma)


MIXTRAL = LLAMA | {"model_type": "mixtral", "num_local_experts": 4, "num_experts_per_tok": 2}
MOE = LLAMA | {"model_type": "qwen3_moe", "num_experts": 4, "num_experts_per_tok": 2}
OSS = MIXTRAL | {"model_type": "gpt_oss", "max_position_embeddings": 256}
OSS |= {"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "truncate": False}}


def test_mixtures_of_experts():
    assert read_config(MIXTRAL).blocks[0].mixture == Mixture(4, 2, 12, True)
    assert read_config(MOE).blocks[0].mixture == Mixture(4, 2, 768, False)
    said = MOE | {"moe_intermediate_size": 6, "norm_topk_prob": True}
    assert read_config(said).blocks[0].mixture == Mixture(4, 2, 6, True)
    assert read_config(OSS).blocks[0].mixture == Mixture(4, 2, 12, True)
    assert read_config(LLAMA | {"model_type": "llama"}).blocks[0].mixture is None


@pytest.mark.parametrize(
    ("change", "has_experts"),
    [
        ({}, [True] * 4),
        ({"decoder_sparse_step": 2}, [False, True] * 2),
        ({"mlp_only_layers": [0, 3]}, [False, True, True, False]),
    ],
)
def test_blocks_without_experts(change, has_experts):
    blocks = read_config(MOE | change).blocks
    assert [block.mixture is not None for block in blocks] == has_experts


def test_windows_of_mixtures():
    assert windows(MIXTRAL) == [None] * 4
    assert windows(MIXTRAL | {"sliding_window": 7}) == [7] * 4
    off = {"use_sliding_window": False, "sliding_window": 7, "max_window_layers": 28}
    assert windows(MOE | off) == [None] * 4
    assert windows(MOE | {"use_sliding_window": True, "sliding_window": 7}) == [7] * 4
    assert windows(OSS) == [128, None] * 2
    assert windows(OSS | {"layer_types": [FULL, FULL, SLIDING, FULL]}) == [None, None, 128, None]


def test_gpt_oss():
    config = read_config(OSS)
    assert config.attention_bias
    assert config.mlp_bias
    block = config.blocks[0]
    assert (block.head_dim, block.rotary.theta) == (64, 150_000)
    assert block.clamped_gate == ClampedGate(1.702, 7.0)
    said = OSS | {"swiglu_alpha": 1.5, "swiglu_limit": 3.0, "initial_context_length": 4096}
    assert read_config(said).blocks[0].clamped_gate == ClampedGate(1.5, 3.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (MIXTRAL | {"num_local_experts": None}, "num_experts must say how many experts"),
        (MIXTRAL | {"num_experts": 5}, "num_experts must say how many experts"),
        (MIXTRAL | {"num_experts_per_tok": 5}, "cannot use 5 experts of 4"),
        (MIXTRAL | {"num_experts_per_tok": None}, "num_experts_per_tok must be a positive"),
        (MOE | {"use_sliding_window": True, "max_window_layers": 1}, "max_window_layers is not"),
        (OSS | {"quantization_config": {"quant_method": "mxfp4"}}, "MXFP4 weights of gpt_oss"),
        (OSS | {"rope_scaling": None}, "needs rope_scaling or rope_parameters"),
        (OSS | {"hidden_act": "gelu"}, "hidden_act or experts_per_token is not"),
        (OSS | {"experts_per_token": 3}, "hidden_act or experts_per_token is not"),
        (MOE | {"shared_expert_intermediate_size": 8}, "setting 'shared_expert_intermediate_size'"),
    ],
)
def test_what_is_wrong_with_a_mixture(settings, message):
    with pytest.raises(ValueError, match=message):
        read_config(settings)
