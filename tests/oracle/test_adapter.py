"""Models of transformers run by torch, against the JAX decoder, transformers' own hooks and differences."""

import numpy as np
import pytest
import torch
import transformers

import ufm.llm
from tests.oracle.tiny_models import D, N, V, make, randomise, steered_logits
from ufm.llm.adapter import derivatives

TOKENS = np.random.default_rng(7).integers(3, V, size=9)
VECTOR = np.random.default_rng(8).normal(size=D) / D**0.5
STEERINGS = [
    ufm.llm.Steering(VECTOR, 0, "last"),
    ufm.llm.Steering(VECTOR, 1),
    ufm.llm.Steering(VECTOR, N - 1, site="post-norm"),
    ufm.llm.Steering(np.stack([VECTOR, VECTOR[::-1], 2 * VECTOR]), (0, 1, N - 1)),
    ufm.llm.Steering(np.stack([VECTOR, -VECTOR]), (0, 1), "last"),
]
IDS = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)
SIZES = dict(vocab_size=V, hidden_size=D, num_hidden_layers=N, **IDS)
MAMBA = transformers.MambaConfig(state_size=4, **SIZES)
MIXTURE = transformers.Qwen2MoeConfig(
    num_attention_heads=4,
    num_key_value_heads=2,
    num_experts=4,
    num_experts_per_tok=2,
    moe_intermediate_size=16,
    shared_expert_intermediate_size=16,
    **SIZES,
)
FALCON = transformers.FalconConfig(num_attention_heads=4, **SIZES)
OTHERS = {"mamba": MAMBA, "mixture": MIXTURE, "falcon": FALCON}


def close(found, want, tolerance=2e-6):
    want = np.asarray(want)
    assert np.shape(found) == want.shape
    assert abs(np.asarray(found) - want).max() <= tolerance * abs(want).max()


def other(name):
    config = OTHERS[name]
    config._attn_implementation = "eager"
    net = transformers.AutoModelForCausalLM.from_config(config).eval()
    randomise(net, 11)
    return net


@pytest.fixture(scope="module", params=["gpt2", "granite"])
def both(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp(request.param)
    net = make(request.param, directory)
    return ufm.llm.load(directory), ufm.llm.from_transformers(net)


def test_it_is_the_jax_decoder(both):
    ours, theirs = both
    for name in ("blocks", "dimension", "vocabulary", "dtype", "wide", "not_affine"):
        assert getattr(theirs, name) == getattr(ours, name)
    close(theirs.unembedding, ours.unembedding)
    close(theirs.hidden_states(TOKENS, 1), ours.hidden_states(TOKENS, 1))
    for steering in STEERINGS:
        close(theirs.all_logits(TOKENS, 2.0, steering), ours.all_logits(TOKENS, 2.0, steering))
        alphas = [-3.0, 0.0, 2.0]
        swept = ufm.llm.steered_logits(theirs, TOKENS, steering, alphas)
        close(swept, ufm.llm.steered_logits(ours, TOKENS, steering, alphas))
        np.testing.assert_array_equal(swept[1], theirs.logits(TOKENS))
    how = dict(layer=1, alpha=0.5, order=2)
    exact = ours.derivatives(TOKENS, VECTOR, **how)
    for found, want in zip(theirs.derivatives(TOKENS, VECTOR, **how), exact, strict=True):
        close(found, want)


def test_several_blocks_are_transformers_own_hooks_at_once(both):
    ours, theirs = both
    for steering in STEERINGS[3:]:
        for alpha in (-3.0, 2.0):
            rows = zip(steering.layer, steering.vector, strict=True)
            hooks = [(k, alpha, v, steering.positions, "residual") for k, v in rows]
            want = steered_logits(theirs.inner, TOKENS, steer=hooks)[0]
            close(ours.all_logits(TOKENS, alpha, steering), want)
            close(theirs.all_logits(TOKENS, alpha, steering), want)
            # planted: the last of them left out
            fewer = steered_logits(theirs.inner, TOKENS, steer=hooks[:-1])[0]
            assert abs(fewer - want).max() > 1e-2
        series = theirs.derivatives(TOKENS, steering, alpha=0.5, order=2)
        for found, exact in zip(
            series, ours.derivatives(TOKENS, steering, alpha=0.5, order=2), strict=True
        ):
            close(found, exact)


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_on_either_side(both, side):
    ours, theirs = both
    mask = np.ones((2, 9), bool)
    mask[1, slice(0, 4) if side == "left" else slice(5, 9)] = False
    batch = np.where(mask, np.stack([TOKENS, TOKENS[::-1]]), 0)
    for steering in STEERINGS[:2]:
        how = dict(alpha=2.0, steering=steering, mask=mask)
        close(theirs.logits(batch, **how), ours.logits(batch, **how))
        found, want = theirs.all_logits(batch, **how), ours.all_logits(batch, **how)
        close(np.asarray(found)[mask], np.asarray(want)[mask])
    state = theirs.hidden_states(batch, N - 1, site="post-norm", mask=mask)
    want = ours.hidden_states(batch, N - 1, site="post-norm", mask=mask)
    close(np.asarray(state)[mask], np.asarray(want)[mask])


def test_vectors_tilt_text_and_strength(both, tmp_path):
    prompts = [[3, 4], [5, 6, 7]], [[8], [9, 10]]
    v, w = (ufm.llm.steering_vectors(m, *prompts, [1])[0] for m in both)
    close(w.values, v.values)
    steering = ufm.llm.Steering.of(v)
    close(*(ufm.llm.tilt(m, prompts[0], VECTOR).log_probs for m in both[::-1]))
    close(*(ufm.llm.tilt(m, prompts[0], VECTOR).log_odds for m in both[::-1]))
    windows, length = [TOKENS.tolist(), TOKENS[2:8].tolist()], 9
    target = np.arange(V) < 20
    chosen, spends = [], []
    for m in both:
        spend = ufm.llm.TextSpend(m, windows, steering, length=length, target=target)
        how = dict(budget=0.05, kind="forward_kl", hidden_norm=v.mean_hidden_norm)
        chosen.append(ufm.llm.choose_strength(spend, **how))
        spends.append(spend)
    assert chosen[1].alpha == pytest.approx(chosen[0].alpha, rel=1e-4)
    close(spends[1].at([2.0]), spends[0].at([2.0]), 1e-5)
    close(spends[1].derivatives()[1:], spends[0].derivatives()[1:], 1e-5)
    close(spends[1].limit(), spends[0].limit(), 1e-5)  # by a last block that returns a long ±v
    how = dict(top=5, order=1)
    curves = [
        ufm.llm.sweep_curves(m, prompts[0], steering, [-2.0, 0.0, 2.0], tmp_path / str(k), **how)
        for k, m in enumerate(both)
    ]
    np.testing.assert_array_equal(curves[1].tokens, curves[0].tokens)
    close(curves[1].increase, curves[0].increase, 1e-5)


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_families_that_the_decoder_does_not_know(name, tmp_path):
    net = other(name)
    net.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="model_type"):
        ufm.llm.load(tmp_path)
    model = ufm.llm.from_transformers(net)
    assert model.forward.can_enter
    inputs = {"input_ids": torch.as_tensor(TOKENS)[None], "use_cache": False}
    with torch.no_grad():
        plain = net(**inputs, output_hidden_states=True)
    close(model.all_logits(TOKENS), plain.logits[0])
    last = model.hidden_states(TOKENS, N - 1, site="post-norm")
    close(last, plain.hidden_states[-1][0])
    close(last @ model.unembedding.T, plain.logits[0])
    if name == "mixture":  # a hook of the test's own
        steer = (1, 2.0, VECTOR, "last", "residual")
        steering = ufm.llm.Steering(VECTOR, 1, "last")
        close(model.all_logits(TOKENS, 2.0, steering), steered_logits(net, TOKENS, steer=steer)[0])
    for steering in STEERINGS:
        alphas = [-1.0, 0.0, 2.0]
        swept = ufm.llm.steered_logits(model, TOKENS, steering, alphas)
        close(swept[2], model.logits(TOKENS, 2.0, steering))
        np.testing.assert_array_equal(swept[1], model.logits(TOKENS))
        # entered after the steered block or run from the first: the same
        model.forward.can_enter = False
        close(ufm.llm.steered_logits(model, TOKENS, steering, alphas), swept)
        model.forward.can_enter = True


@pytest.mark.parametrize("name", ["gpt2", "mamba"])
def test_derivatives_in_float64_against_differences(name, tmp_path):
    net = (make(name, tmp_path) if name == "gpt2" else other(name)).double()
    model = ufm.llm.from_transformers(net)
    assert model.dtype == np.float64
    # Mamba's scan works in float32 whatever the dtype: differences resolve 6e-8 / step of it
    step, tolerance = (1e-4, 1e-5) if name == "gpt2" else (5e-3, 1e-3)
    steering = ufm.llm.Steering(VECTOR, 0)
    order = 3 if name == "gpt2" else 2
    tokens = TOKENS[:5]
    exact = model.derivatives(tokens, steering, order=order)
    ahead, behind = (
        model.derivatives(tokens, VECTOR, 0, alpha=h, order=order - 1) for h in (step, -step)
    )
    for n in range(order):
        close((ahead[n] - behind[n]) / (2 * step), exact[n + 1], tolerance)


def test_wrong_derivatives_are_refused(tmp_path, monkeypatch):
    """Through torch's own layer norm, whose third derivatives are wrong."""
    net = make("gpt2", tmp_path)
    monkeypatch.setattr(derivatives, "_layer_norm", torch.nn.functional.layer_norm)
    model = ufm.llm.from_transformers(net)
    model.derivatives(TOKENS, VECTOR, 0)
    with pytest.raises(ValueError, match="derivatives of order 2 by torch are wrong"):
        model.derivatives(TOKENS, VECTOR, 0, order=2)
    with pytest.raises(ValueError, match="derivatives need float32 or float64"):
        ufm.llm.from_transformers(net.bfloat16()).derivatives(TOKENS, VECTOR, 0)


def test_parts_are_named_or_refused(tmp_path):
    net = make("gpt2", tmp_path)
    net.extra = torch.nn.ModuleList(torch.nn.Identity() for _ in range(N))
    with pytest.raises(ValueError, match=r"2 ModuleLists of num_hidden_layers = 3 .* blocks="):
        ufm.llm.from_transformers(net)
    assert ufm.llm.from_transformers(net, blocks="transformer.h", head="lm_head").blocks == N
    with pytest.raises(ValueError, match="does not call block 0 of 3"):
        ufm.llm.from_transformers(net, blocks="extra")
    with pytest.raises(ValueError, match="is no ModuleList"):
        ufm.llm.from_transformers(net, blocks="layers")
    with pytest.raises(ValueError, match="is no module"):
        ufm.llm.from_transformers(net, head="head")
    with pytest.raises(ValueError, match="training mode"):
        ufm.llm.from_transformers(net.train())
    with pytest.raises(TypeError, match="wants the weights of the JAX decoder"):
        _ = ufm.llm.from_transformers(net.eval(), blocks="transformer.h").params
    capped = ufm.llm.from_transformers(make("gemma2", tmp_path / "capped"))
    with pytest.raises(ValueError, match="no multiple of W h"):
        ufm.llm.features(capped, [[3]])
