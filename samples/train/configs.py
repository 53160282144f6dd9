# SPDX-License-Identifier: GPL-3.0-or-later
"""config.json of a sample: a Llama, and the block "subquad" that names what is trained with a method."""
import dijiang
import infini
import memoryformer
import taylorshift


def llama(layers, width, heads, kv_heads, feed_forward, vocabulary, context, bos):
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "attention_bias": False, "attention_dropout": 0.0,
        "bos_token_id": bos, "eos_token_id": bos, "head_dim": width // heads, "hidden_act": "silu", "hidden_size": width,
        "initializer_range": 0.02, "intermediate_size": feed_forward, "max_position_embeddings": context,
        "mlp_bias": False, "num_attention_heads": heads, "num_hidden_layers": layers, "num_key_value_heads": kv_heads,
        "pretraining_tp": 1, "rms_norm_eps": 1e-5, "rope_scaling": None, "rope_theta": 10000.0,
        "tie_word_embeddings": True, "torch_dtype": "float32", "use_cache": True, "vocab_size": vocabulary,
    }


def parameters_of(method, knobs):
    """The engine's name of every learned parameter of a method's layer, and its place in the layer's module."""
    if method == "memoryformer":
        return memoryformer.PARAMETERS
    own = {"softmax": {}, "taylorshift": taylorshift.PARAMETERS, "infini": infini.PARAMETERS}
    mine = dijiang.DiJiang.parameters_of(knobs) if method == "dijiang" else own[method]
    return {name: f"self_attn.mix.{place}" for name, place in mine.items()}


def with_method(config, method, **knobs):
    """The config with `method` in every layer."""
    if method == "softmax":
        return config
    part = {"method": method, "knobs": knobs}
    memory = method == "memoryformer"
    layers = [{"linear" if memory else "attention": part,
               "parameters": {name: f"model.layers.{layer}.{place}"
                              for name, place in parameters_of(method, knobs).items()}}
              for layer in range(config["num_hidden_layers"])]
    block = {"layers": layers}
    if memory:
        expand = 2  # bits more in the second layer of the feed-forward part
        chunks = config["hidden_size"] // knobs["tau"]
        config = {**config, "intermediate_size": chunks * (knobs["tau"] + expand)}
        block.update(feed_forward="memory", inner_norm_eps=1e-5, output_projection=False, dense_projections=False)
    return {**config, "subquad": block}


def without_mask(config):
    """The config of an encoder: every token sees all others."""
    return {**config, "subquad": {"causal": False, **config.get("subquad", {})}}
