"""A forward pass in float64 numpy, position by position and head by head: slow, plain, independent.

Written from the papers and from transformers' modelling files, not from `ufm.llm`; transformers
itself rounds norms and rotary tables to float32 whatever the dtype asked for.
"""

import math

import numpy as np


def logits(config, state, tokens, steer=None):
    """Logits [T, V]; `config` of transformers, `state` name → float64 array, steer as elsewhere."""
    state = {k.removeprefix("model.").removeprefix("transformer."): v for k, v in state.items()}
    forward = _gpt2 if config.model_type == "gpt2" else _llama
    return forward(config, state, list(tokens), steer)


def _steered(x, i, steer, site="residual"):
    if steer is None or steer[4] != site or (site == "residual" and steer[0] != i):
        return x
    _, alpha, vector, positions, _ = steer
    x = [row.copy() for row in x]
    for t in range(len(x)) if positions == "all" else [len(x) - 1]:
        x[t] += alpha * np.asarray(vector, np.float64)
    return x


def _layer_norm(x, w, b, eps):
    centred = x - x.mean()
    return w * centred / math.sqrt((centred**2).mean() + eps) + b


def _rms(x, w, eps):
    return w * x / math.sqrt((x**2).mean() + eps)


def _softmax(x):
    e = np.exp(x - max(x))
    return e / e.sum()


def _tanh_gelu(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _erf_gelu(x):
    return np.array([0.5 * y * (1 + math.erf(y / math.sqrt(2))) for y in x])


def _silu(x):
    return x / (1 + np.exp(-x))


def _gpt2(config, state, tokens, steer):
    heads, d = config.n_head, config.n_embd
    size = d // heads
    act = {"gelu_new": _tanh_gelu, "gelu": _erf_gelu}[config.activation_function]
    eps = config.layer_norm_epsilon
    x = [state["wte.weight"][z] + state["wpe.weight"][t] for t, z in enumerate(tokens)]
    for i in range(config.n_layer):
        w = {k.removeprefix(f"h.{i}."): v for k, v in state.items() if k.startswith(f"h.{i}.")}
        y = [_layer_norm(row, w["ln_1.weight"], w["ln_1.bias"], eps) for row in x]
        qkv = [row @ w["attn.c_attn.weight"] + w["attn.c_attn.bias"] for row in y]
        scale = 1 / math.sqrt(size)
        if config.scale_attn_by_inverse_layer_idx:
            scale /= i + 1
        for t in range(len(x) - 1, -1, -1):
            out = np.zeros(d)
            for h in range(heads):
                part = slice(h * size, (h + 1) * size)
                q = qkv[t][:d][part]
                score = [scale * (q @ qkv[s][d : 2 * d][part]) for s in range(t + 1)]
                weight = _softmax(np.array(score))
                out[part] = sum(weight[s] * qkv[s][2 * d :][part] for s in range(t + 1))
            x[t] = x[t] + out @ w["attn.c_proj.weight"] + w["attn.c_proj.bias"]
            y = _layer_norm(x[t], w["ln_2.weight"], w["ln_2.bias"], eps)
            inner = act(y @ w["mlp.c_fc.weight"] + w["mlp.c_fc.bias"])
            x[t] = x[t] + inner @ w["mlp.c_proj.weight"] + w["mlp.c_proj.bias"]
        x = _steered(x, i, steer)
    x = [_layer_norm(row, state["ln_f.weight"], state["ln_f.bias"], eps) for row in x]
    x = _steered(x, None, steer, "post-norm")
    head = state["wte.weight"] if config.tie_word_embeddings else state["lm_head.weight"]
    return np.stack([head @ row for row in x])


def _frequencies(rope, size):
    out = []
    for k in range(size // 2):
        f = rope["rope_theta"] ** (-2 * k / size)
        if rope["rope_type"] == "linear":
            f /= rope["factor"]
        if rope["rope_type"] == "llama3":
            length = rope["original_max_position_embeddings"]
            wave = 2 * math.pi / f
            low, high = rope["low_freq_factor"], rope["high_freq_factor"]
            if wave > length / low:
                f /= rope["factor"]
            elif wave > length / high:
                smooth = (length / wave - low) / (high - low)
                f = (1 - smooth) * f / rope["factor"] + smooth * f
        out.append(f)
    return out


def _turn(x, t, frequencies):
    """Rotates each pair (x_k, x_{k + half}) as a complex number by t times its frequency."""
    half = len(x) // 2
    z = (x[:half] + 1j * x[half:]) * np.exp(1j * t * np.array(frequencies))
    return np.concatenate([z.real, z.imag])


def _llama(config, state, tokens, steer):
    kind = config.model_type
    gemma, qk_norm = kind == "gemma3_text", kind in ("gemma3_text", "qwen3")
    heads, kv_heads, d = config.num_attention_heads, config.num_key_value_heads, config.hidden_size
    size = getattr(config, "head_dim", None) or d // heads
    scale = 1 / math.sqrt(config.query_pre_attn_scalar if gemma else size)
    act = _tanh_gelu if gemma else _silu

    def norm(x, w):
        return _rms(x, 1 + w if gemma else w, config.rms_norm_eps)

    def linear(w, name, x):
        y = w[f"{name}.weight"] @ x
        return y + w[f"{name}.bias"] if f"{name}.bias" in w else y

    x = [state["embed_tokens.weight"][z] * (math.sqrt(d) if gemma else 1) for z in tokens]
    for i in range(config.num_hidden_layers):
        at = f"layers.{i}."
        w = {k.removeprefix(at): v for k, v in state.items() if k.startswith(at)}
        kinds = getattr(config, "layer_types", None)
        slides = kind == "mistral" if not kinds else kinds[i] == "sliding_attention"
        window = config.sliding_window if slides and config.sliding_window else len(tokens)
        rope = config.rope_parameters
        turns = _frequencies(rope[kinds[i]] if gemma else rope, size)
        queries, keys, values = [], [], []
        for t, row in enumerate(x):
            y = norm(row, w["input_layernorm.weight"])
            q = linear(w, "self_attn.q_proj", y).reshape(heads, size)
            k = linear(w, "self_attn.k_proj", y).reshape(kv_heads, size)
            if qk_norm:
                q = [norm(a, w["self_attn.q_norm.weight"]) for a in q]
                k = [norm(a, w["self_attn.k_norm.weight"]) for a in k]
            queries.append([_turn(a, t, turns) for a in q])
            keys.append([_turn(a, t, turns) for a in k])
            values.append(linear(w, "self_attn.v_proj", y).reshape(kv_heads, size))
        for t in range(len(x)):
            seen = range(max(0, t - window + 1), t + 1)
            out = []
            for h in range(heads):
                g = h // (heads // kv_heads)
                score = np.array([scale * (queries[t][h] @ keys[s][g]) for s in seen])
                weight = _softmax(score)
                out.append(sum(weight[n] * values[s][g] for n, s in enumerate(seen)))
            y = linear(w, "self_attn.o_proj", np.concatenate(out))
            x[t] = x[t] + (norm(y, w["post_attention_layernorm.weight"]) if gemma else y)
            before = "pre_feedforward_layernorm" if gemma else "post_attention_layernorm"
            y = norm(x[t], w[f"{before}.weight"])
            inner = act(linear(w, "mlp.gate_proj", y)) * linear(w, "mlp.up_proj", y)
            y = linear(w, "mlp.down_proj", inner)
            x[t] = x[t] + (norm(y, w["post_feedforward_layernorm.weight"]) if gemma else y)
        x = _steered(x, i, steer)
    x = [norm(row, state["norm.weight"]) for row in x]
    x = _steered(x, None, steer, "post-norm")
    head = state["embed_tokens.weight" if config.tie_word_embeddings else "lm_head.weight"]
    out = np.stack([head @ row for row in x])
    cap = getattr(config, "final_logit_softcapping", None)
    return cap * np.tanh(out / cap) if cap else out
