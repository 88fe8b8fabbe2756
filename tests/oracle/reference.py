"""A forward pass in float64 numpy, position by position and head by head: slow, plain, independent.

Written from the papers and from transformers' modelling files, not from `ufm.llm`; transformers
itself rounds norms and rotary tables to float32 whatever the dtype asked for.
"""

import math

import numpy as np

PREFIXES = ("model.", "transformer.", "gpt_neox.", "decoder.", "language_model.")


def logits(config, state, tokens, steer=None):
    """Logits [T, V]; `config` of transformers, `state` name → float64 array, steer as elsewhere."""
    for prefix in PREFIXES:
        state = {k.removeprefix(prefix): v for k, v in state.items()}
    config = config.text_config if config.model_type == "gemma3" else config
    forward = {"gpt2": _gpt2, "gpt_neox": _neox, "opt": _opt}.get(config.model_type, _llama)
    return forward(config, state, list(tokens), steer)


def _steered(x, i, steer, site="residual"):
    if isinstance(steer, list):  # several blocks at once
        for one in steer:
            x = _steered(x, i, one, site)
        return x
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
        if rope["rope_type"] == "longrope":
            f /= rope["short_factor"][k]
        if rope["rope_type"] == "linear":
            f /= rope["factor"]
        if rope["rope_type"] == "yarn":
            kept = 1 - _yarn_slowed(rope, size, k)
            f = kept * f + (1 - kept) * f / rope["factor"]
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


def _yarn_slowed(rope, size, k):
    """YaRN (arXiv:2309.00071, section 3.2), in the number of the frequency as in its code."""

    def number(turns):
        # the k at which L theta^(-2k/size) / 2 pi is `turns`
        length = rope["original_max_position_embeddings"]
        return size / 2 * math.log(length / (2 * math.pi * turns), rope["rope_theta"])

    first, last = number(rope.get("beta_fast", 32)), number(rope.get("beta_slow", 1))
    if rope.get("truncate", True):
        first, last = math.floor(first), math.ceil(last)
    first, last = max(first, 0), min(last, size - 1)
    return min(max((k - first) / (last - first), 0), 1)


def _yarn_length(config, rope):
    def length(scale):
        return 0.1 * scale * math.log(rope["factor"]) + 1

    if "mscale" in rope:
        return length(rope["mscale"]) / length(rope["mscale_all_dim"])
    return rope.get("attention_factor") or length(1)


def _turn(x, t, frequencies, length=1.0):
    """Rotates each pair (x_k, x_{k + half}) as a complex number by t times its frequency.

    `half` is the number of frequencies; what is left of x stays. `length` multiplies what is turned.
    """
    half = len(frequencies)
    z = (x[:half] + 1j * x[half : 2 * half]) * length * np.exp(1j * t * np.array(frequencies))
    return np.concatenate([z.real, z.imag, x[2 * half :]])


def _longrope_length(config, rope):
    """By what longrope stretches what it turns (LongRoPE, arXiv:2402.13753, section 3.3 and its code)."""
    before = rope["original_max_position_embeddings"]
    factor = config.max_position_embeddings / before
    return math.sqrt(1 + math.log(factor) / math.log(before)) if factor > 1 else 1.0


def _neox(config, state, tokens, steer):
    heads, d, eps = config.num_attention_heads, config.hidden_size, config.layer_norm_eps
    size = d // heads
    rope = config.rope_parameters
    turns = _frequencies(rope, int(size * rope["partial_rotary_factor"]))
    act = {"gelu": _erf_gelu, "gelu_new": _tanh_gelu}[config.hidden_act]
    x = [state["embed_in.weight"][z] for z in tokens]
    for i in range(config.num_hidden_layers):
        at = f"layers.{i}."
        w = {k.removeprefix(at): v for k, v in state.items() if k.startswith(at)}

        def linear(name, y, w=w):
            return w[f"{name}.weight"] @ y + w.get(f"{name}.bias", 0)

        def norm(name, y, w=w):
            return _layer_norm(y, w[f"{name}.weight"], w[f"{name}.bias"], eps)

        qkv = [linear("attention.query_key_value", norm("input_layernorm", row)) for row in x]
        for t in range(len(x) - 1, -1, -1):
            out = []
            for h in range(heads):
                q, k, v = (3 * h * size + np.arange(size) + part * size for part in range(3))
                query = _turn(qkv[t][q], t, turns)
                score = [query @ _turn(qkv[s][k], s, turns) / math.sqrt(size) for s in range(t + 1)]
                weight = _softmax(np.array(score))
                out.append(sum(weight[s] * qkv[s][v] for s in range(t + 1)))
            attended = x[t] + linear("attention.dense", np.concatenate(out))
            seen = x[t] if config.use_parallel_residual else attended
            inner = act(linear("mlp.dense_h_to_4h", norm("post_attention_layernorm", seen)))
            x[t] = attended + linear("mlp.dense_4h_to_h", inner)
        x = _steered(x, i, steer)
    last = "final_layer_norm"
    x = [_layer_norm(row, state[f"{last}.weight"], state[f"{last}.bias"], eps) for row in x]
    x = _steered(x, None, steer, "post-norm")
    head = state["embed_in.weight" if config.tie_word_embeddings else "lm_head.weight"]
    return np.stack([head @ row for row in x])


def _opt(config, state, tokens, steer):
    heads, d, eps = config.num_attention_heads, config.hidden_size, 1e-5
    size = d // heads
    act = {"relu": lambda y: np.maximum(y, 0), "gelu": _erf_gelu}[config.activation_function]
    table, places = state["embed_tokens.weight"], state["embed_positions.weight"]
    # of 350m: the embedding is narrow, and each norm is of the stream itself, after it grew
    into, out_of = (state.get(f"project_{way}.weight", np.eye(d)) for way in ("in", "out"))
    is_before = config.do_layer_norm_before
    x = [into @ table[z] + places[t + 2] for t, z in enumerate(tokens)]
    for i in range(config.num_hidden_layers):
        at = f"layers.{i}."
        w = {k.removeprefix(at): v for k, v in state.items() if k.startswith(at)}

        def linear(name, y, w=w):
            return w[f"{name}.weight"] @ y + w.get(f"{name}.bias", 0)

        def norm(name, y, w=w):
            return _layer_norm(y, w[f"{name}.weight"], w[f"{name}.bias"], eps)

        y = [norm("self_attn_layer_norm", row) if is_before else row for row in x]
        q, k, v = ([linear(f"self_attn.{kind}_proj", row) for row in y] for kind in "qkv")
        for t in range(len(x)):
            out = []
            for h in range(heads):
                part = slice(h * size, (h + 1) * size)
                score = [q[t][part] @ k[s][part] / math.sqrt(size) for s in range(t + 1)]
                weight = _softmax(np.array(score))
                out.append(sum(weight[s] * v[s][part] for s in range(t + 1)))
            x[t] = x[t] + linear("self_attn.out_proj", np.concatenate(out))
            x[t] = x[t] if is_before else norm("self_attn_layer_norm", x[t])
            y = norm("final_layer_norm", x[t]) if is_before else x[t]
            x[t] = x[t] + linear("fc2", act(linear("fc1", y)))
            x[t] = x[t] if is_before else norm("final_layer_norm", x[t])
        x = _steered(x, i, steer)
    if is_before and not config._remove_final_layer_norm:
        w, b = (state[f"final_layer_norm.{part}"] for part in ("weight", "bias"))
        x = [_layer_norm(row, w, b, eps) for row in x]
    x = _steered(x, None, steer, "post-norm")
    head = table if config.tie_word_embeddings else state["lm_head.weight"]
    return np.stack([head @ (out_of @ row) for row in x])


def _experts(config, w, y):
    """A mixture of experts, expert by expert in the order of their scores."""
    oss = config.model_type == "gpt_oss"
    at = "mlp.router" if oss else "mlp.gate"
    scores = w[f"{at}.weight"] @ y + w.get(f"{at}.bias", 0)
    used = np.argsort(-scores)[: config.num_experts_per_tok]
    among = scores[used] if getattr(config, "norm_topk_prob", True) else scores
    out = 0
    for e in used:
        both, down = w["mlp.experts.gate_up_proj"][e], w["mlp.experts.down_proj"][e]
        if oss:
            both = y @ both + w["mlp.experts.gate_up_proj_bias"][e]
            gate = np.minimum(both[::2], config.swiglu_limit)
            up = np.clip(both[1::2], -config.swiglu_limit, config.swiglu_limit)
            inner = (up + 1) * gate / (1 + np.exp(-config.swiglu_alpha * gate))
            found = inner @ down + w["mlp.experts.down_proj_bias"][e]
        else:
            gate, up = np.split(both @ y, 2)
            found = down @ (_silu(gate) * up)
        out = out + np.exp(scores[e]) / np.exp(among).sum() * found
    return out


def _llama(config, state, tokens, steer):
    kind = config.model_type
    gemma, head_norms = kind.startswith("gemma"), kind in ("gemma3_text", "qwen3", "qwen3_moe")
    olmo, granite = kind in ("olmo2", "olmo3"), kind == "granite"
    heads, kv_heads, d = config.num_attention_heads, config.num_key_value_heads, config.hidden_size
    size = getattr(config, "head_dim", None) or d // heads
    scale = 1 / math.sqrt(config.query_pre_attn_scalar if gemma else size)
    scale = config.attention_multiplier if granite else scale
    share = config.residual_multiplier if granite else 1
    act = _tanh_gelu if gemma else _silu
    cap = config.attn_logit_softcapping if kind == "gemma2" else None

    def norm(x, w):
        return _rms(x, 1 + w if gemma else w, config.rms_norm_eps)

    def linear(w, name, x):
        y = w[f"{name}.weight"] @ x
        return y + w[f"{name}.bias"] if f"{name}.bias" in w else y

    factor = math.sqrt(d) if gemma else config.embedding_multiplier if granite else 1
    x = [state["embed_tokens.weight"][z] * factor for z in tokens]
    for i in range(config.num_hidden_layers):
        at = f"layers.{i}."
        w = {k.removeprefix(at): v for k, v in state.items() if k.startswith(at)}
        kinds = getattr(config, "layer_types", None)
        slides = (
            kind in ("mistral", "phi3", "mixtral", "qwen3_moe")
            if not kinds
            else kinds[i] == "sliding_attention"
        )
        window = config.sliding_window if slides and config.sliding_window else len(tokens)
        rope = config.rope_parameters
        rope = rope[kinds[i]] if kind in ("gemma3_text", "olmo3") else rope
        turns = _frequencies(rope, int(size * rope.get("partial_rotary_factor", 1.0)))
        lengths = {"longrope": _longrope_length, "yarn": _yarn_length}
        stretch = lengths.get(rope["rope_type"], lambda *_: 1.0)(config, rope)
        if kind == "smollm3" and not config.no_rope_layers[i]:
            turns = []
        queries, keys, values = [], [], []
        for t, row in enumerate(x):
            y = row if olmo else norm(row, w["input_layernorm.weight"])
            if kind == "phi3":
                both = w["self_attn.qkv_proj.weight"] @ y
                q, k, v = np.split(both, [heads * size, (heads + kv_heads) * size])
            else:
                q, k, v = (linear(w, f"self_attn.{part}_proj", y) for part in "qkv")
            if olmo:
                q, k = norm(q, w["self_attn.q_norm.weight"]), norm(k, w["self_attn.k_norm.weight"])
            q, k = q.reshape(heads, size), k.reshape(kv_heads, size)
            if head_norms:
                q = [norm(a, w["self_attn.q_norm.weight"]) for a in q]
                k = [norm(a, w["self_attn.k_norm.weight"]) for a in k]
            queries.append([_turn(a, t, turns, stretch) for a in q])
            keys.append([_turn(a, t, turns, stretch) for a in k])
            values.append(v.reshape(kv_heads, size))
        for t in range(len(x)):
            seen = range(max(0, t - window + 1), t + 1)
            out = []
            for h in range(heads):
                g = h // (heads // kv_heads)
                score = np.array([scale * (queries[t][h] @ keys[s][g]) for s in seen])
                score = cap * np.tanh(score / cap) if cap else score
                sinks = w.get("self_attn.sinks", np.full(heads, -np.inf))
                weight = _softmax(np.append(score, sinks[h]))
                out.append(sum(weight[n] * values[s][g] for n, s in enumerate(seen)))
            y = linear(w, "self_attn.o_proj", np.concatenate(out))
            has_post_norms = gemma or olmo
            y = norm(y, w["post_attention_layernorm.weight"]) if has_post_norms else y
            x[t] = x[t] + share * y
            before = "pre_feedforward_layernorm" if gemma else "post_attention_layernorm"
            y = x[t] if olmo else norm(x[t], w[f"{before}.weight"])
            if "mlp.experts.down_proj" in w:
                x[t] = x[t] + _experts(config, w, y)
                continue
            if kind == "phi3":
                gate, up = np.split(w["mlp.gate_up_proj.weight"] @ y, 2)
            else:
                gate, up = linear(w, "mlp.gate_proj", y), linear(w, "mlp.up_proj", y)
            y = linear(w, "mlp.down_proj", act(gate) * up)
            y = norm(y, w["post_feedforward_layernorm.weight"]) if has_post_norms else y
            x[t] = x[t] + share * y
        x = _steered(x, i, steer)
    x = [norm(row, state["norm.weight"]) for row in x]
    x = _steered(x, None, steer, "post-norm")
    head = state["embed_tokens.weight" if config.tie_word_embeddings else "lm_head.weight"]
    out = np.stack([head @ row for row in x]) / (config.logits_scaling if granite else 1)
    cap = getattr(config, "final_logit_softcapping", None)
    return cap * np.tanh(out / cap) if cap else out
