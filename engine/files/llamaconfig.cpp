// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/llamaconfig.h"

#include "engine/files/sizes.h"

namespace engine {
namespace {

constexpr double defaultTheta = 10'000;
constexpr double defaultEps = 1e-6;
constexpr int defaultContext = 2048;

class Reader
{
public:
    Reader(const Json& json, std::vector<std::string>& assumed)
        : m_json(json)
        , m_assumed(assumed)
    {
    }

    int size(std::string_view key, int most) const { return static_cast<int>(m_json[key].integer(1, most)); }

    int sizeOr(std::string_view key, int most, int otherwise) const
    {
        const std::optional<Json> value = m_json.find(key);
        if (!value)
            assume(key, std::to_string(otherwise));
        return value ? static_cast<int>(value->integer(1, most)) : otherwise;
    }

    double positiveOr(std::string_view key, double otherwise, const std::string& text) const
    {
        const std::optional<Json> value = m_json.find(key);
        if (!value)
            assume(key, text);
        if (value && !(value->number() > 0))
            value->refuse("a number above 0");
        return value ? value->number() : otherwise;
    }

    bool flagOr(std::string_view key, bool otherwise) const
    {
        const std::optional<Json> value = m_json.find(key);
        if (!value)
            assume(key, otherwise ? "true" : "false");
        return value ? value->boolean() : otherwise;
    }

    void mustBeFalse(std::string_view key) const
    {
        const std::optional<Json> value = m_json.find(key);
        if (value && value->boolean())
            value->refuse("false (not supported)");
    }

    void mustBeAbsent(std::string_view key) const
    {
        if (const std::optional<Json> value = m_json.find(key))
            value->refuse("null (not supported)");
    }

    // An id, or a list of which the first counts.
    std::optional<TokenId> token(std::string_view key) const
    {
        const std::optional<Json> value = m_json.find(key);
        if (!value || (value->isArray() && value->size() == 0))
            return std::nullopt;
        const Json first = value->isArray() ? (*value)[std::size_t(0)] : *value;
        if (value->isArray() && value->size() > 1)
            m_assumed.push_back(value->place() + " lists " + std::to_string(value->size()) + " ids; the first is used");
        return TokenId{static_cast<int>(first.integer(0, sizeLimits.vocabulary - 1))};
    }

    void assume(std::string_view key, const std::string& value) const
    {
        m_assumed.push_back(m_json.place() + std::string(key) + " is not given; " + value + " is assumed");
    }

private:
    const Json& m_json;
    std::vector<std::string>& m_assumed;
};

void checkArchitecture(const Json& json)
{
    if (const std::optional<Json> names = json.find("architectures")) {
        const std::vector<Json> all = names->elements();
        for (const Json& name : all) {
            if (name.string() == "LlamaForCausalLM")
                return;
        }
        (all.empty() ? *names : all.front()).refuse("LlamaForCausalLM");
    }
    const Json type = json["model_type"];
    if (type.string() != "llama")
        type.refuse("\"llama\"");
}

// Older files say rope_theta and rope_scaling, newer ones rope_parameters.
double thetaOf(const Json& json, const Reader& reader)
{
    for (const std::string_view key : {"rope_scaling", "rope_parameters"}) {
        const std::optional<Json> scaling = json.find(key);
        if (!scaling)
            continue;
        const bool old = scaling->find("type").has_value();
        const Json type = (*scaling)[old ? "type" : "rope_type"];
        if (type.string() != "default")
            type.refuse("\"default\" (scaled rotary positions are not supported)");
    }
    const std::optional<Json> parameters = json.find("rope_parameters");
    if (parameters && parameters->find("rope_theta")) {
        const Json theta = (*parameters)["rope_theta"];
        if (!(theta.number() > 0))
            theta.refuse("a number above 0");
        return theta.number();
    }
    return reader.positiveOr("rope_theta", defaultTheta, "10000");
}

void checkSupported(const Json& json, const Reader& reader)
{
    checkArchitecture(json);
    const std::optional<Json> activation = json.find("hidden_act");
    if (!activation)
        reader.assume("hidden_act", "\"silu\"");
    else if (activation->string() != "silu")
        activation->refuse("\"silu\"");
    reader.mustBeFalse("attention_bias");
    reader.mustBeFalse("mlp_bias");
    reader.mustBeAbsent("quantization_config");
    reader.mustBeAbsent("sliding_window");
    const std::optional<Json> partial = json.find("partial_rotary_factor");
    if (partial && partial->number() != 1)
        partial->refuse("1 (partial rotary positions are not supported)");
}

} // namespace

ModelConfig readLlamaConfig(const Json& json, std::vector<std::string>& assumed)
{
    if (!json.isObject())
        json.refuse("an object");
    const Reader reader(json, assumed);
    checkSupported(json, reader);
    ModelConfig config;
    config.architecture = "llama";
    config.width = reader.size("hidden_size", sizeLimits.width);
    config.layers = reader.size("num_hidden_layers", sizeLimits.layers);
    config.heads = reader.size("num_attention_heads", sizeLimits.heads);
    config.keyHeads = reader.sizeOr("num_key_value_heads", sizeLimits.heads, config.heads);
    if (const std::optional<Json> width = json.find("head_dim")) {
        config.headWidth = static_cast<int>(width->integer(1, sizeLimits.headWidth));
    } else if (config.width % config.heads == 0) {
        config.headWidth = config.width / config.heads;
    } else {
        throw Error(Fault::Shape, json.place() + std::to_string(config.heads) + " heads (num_attention_heads) do not " +
                                      "divide the width " + std::to_string(config.width) + " (hidden_size)");
    }
    config.valueWidth = config.headWidth;
    config.feedForwardWidth = reader.size("intermediate_size", sizeLimits.width);
    config.vocabulary = reader.size("vocab_size", sizeLimits.vocabulary);
    config.context = reader.sizeOr("max_position_embeddings", sizeLimits.context, defaultContext);
    config.normEps = reader.positiveOr("rms_norm_eps", defaultEps, "1e-6");
    config.rope = RopeKind::RotateHalf;
    config.ropeTheta = thetaOf(json, reader);
    config.tied = reader.flagOr("tie_word_embeddings", false);
    config.bos = reader.token("bos_token_id");
    config.eos = reader.token("eos_token_id");
    checkHeads(config, "config.json");
    return config;
}

} // namespace engine
