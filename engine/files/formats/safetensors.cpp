// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/safetensors.h"

#include "engine/files/json.h"
#include "engine/files/llamaconfig.h"
#include "engine/files/tokenizerfile.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace engine::safetensors {
namespace {

constexpr std::string_view indexEnd = ".safetensors.index.json";
constexpr std::size_t mostShards = 1024;

// All tensors of a model: one file, or the shards of an index.
class Shards
{
public:
    explicit Shards(const std::filesystem::path& main)
    {
        if (main.string().ends_with(indexEnd))
            readIndex(main);
        else
            add(main);
    }

    const SafetensorsFile* find(std::string_view name) const
    {
        const auto found = m_where.find(name);
        return found == m_where.end() ? nullptr : &m_files[found->second];
    }

    std::vector<std::string> names() const
    {
        std::vector<std::string> names;
        for (const auto& [name, file] : m_where)
            names.push_back(name);
        return names;
    }

    const std::vector<std::string>& files() const { return m_names; }

private:
    void add(const std::filesystem::path& path)
    {
        m_files.push_back(readSafetensors(path));
        m_names.push_back(path.filename().string());
        for (const auto& [name, entry] : m_files.back().entries) {
            const auto [where, fresh] = m_where.emplace(name, m_files.size() - 1);
            if (!fresh)
                throw Error(Fault::Format,
                            m_names.back() + ": tensor " + quoteJson(name) + " is also in " + m_names[where->second]);
        }
    }

    void readIndex(const std::filesystem::path& index)
    {
        const Json json = Json::read(index);
        const auto map = json["weight_map"].members();
        std::set<std::string> shards;
        for (const auto& [tensor, shard] : map) {
            const std::filesystem::path name(shard.string());
            // A shard lies beside its index; anything else would read files the user did not give.
            if (name.empty() || name != name.filename() || name == "." || name == "..")
                shard.refuse("the name of a file in the same folder");
            shards.insert(shard.string());
        }
        if (shards.empty() || shards.size() > mostShards)
            json["weight_map"].refuse("tensors in 1 to " + std::to_string(mostShards) + " files");
        m_names.push_back(index.filename().string());
        m_files.emplace_back(); // so that files and names count alike
        for (const std::string& shard : shards)
            add(index.parent_path() / shard);
        for (const auto& [tensor, shard] : map) {
            const auto where = m_where.find(tensor);
            if (where == m_where.end() || m_names[where->second] != shard.string())
                throw Error(Fault::Format, shard.place() + " says that " + shard.string() + " holds the tensor " +
                                               quoteJson(tensor) + ", which is not in it");
        }
    }

    std::vector<SafetensorsFile> m_files;
    std::vector<std::string> m_names;
    std::map<std::string, std::size_t, std::less<>> m_where;
};

// LlamaForCausalLM's names within a layer and ours.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> layerNames{{
    {"self_attn.q_proj.weight", "query"},
    {"self_attn.k_proj.weight", "key"},
    {"self_attn.v_proj.weight", "value"},
    {"self_attn.o_proj.weight", "output"},
    {"mlp.gate_proj.weight", "gate"},
    {"mlp.up_proj.weight", "up"},
    {"mlp.down_proj.weight", "down"},
    {"mlp.inner_norm.weight", "inner_norm"},
    {"mlp.inner_norm.bias", "inner_norm_bias"},
    {"input_layernorm.weight", "attention_norm"},
    {"post_attention_layernorm.weight", "feed_forward_norm"},
}};

// Whether a model of this configuration has a weight (by our name within a layer).
bool has(const ModelConfig& config, std::string_view weight)
{
    const bool memory = config.feedForward == FeedForwardKind::Memory;
    if (weight.starts_with("inner_norm"))
        return memory;
    if (weight.ends_with("_norm"))
        return true;
    if (!config.denseProjections)
        return false;
    return weight == "output" ? config.outputProjection : weight == "gate" ? !memory : true;
}

// Gives the tensors their canonical names; what is left over is told.
class Mapper
{
public:
    Mapper(const Shards& shards, Checkpoint& checkpoint, const std::filesystem::path& main)
        : m_shards(shards)
        , m_checkpoint(checkpoint)
        , m_main(main.filename().string())
    {
    }

    bool has(const std::string& name) const { return m_shards.find(name) != nullptr; }

    void map(const std::string& name, const std::string& canonical)
    {
        const SafetensorsFile* file = m_shards.find(name);
        if (file == nullptr)
            throw Error(Fault::Format, m_main + ": has no tensor " + quoteJson(name) + ", which config.json calls for");
        m_checkpoint.tensors.emplace(canonical, file->tensor(name));
        m_used.insert(name);
    }

    void mapModel()
    {
        const bool tied = m_checkpoint.config.tied;
        const std::string embedding = "model.embed_tokens.weight";
        const std::string head = "lm_head.weight";
        if (tied && !has(embedding) && has(head)) {
            map(head, "embedding");
            m_checkpoint.assumed.push_back(m_main + " stores only " + head + "; the embedding is tied to it");
        } else {
            map(embedding, "embedding");
            if (!tied)
                map(head, "classifier");
        }
        map("model.norm.weight", "final_norm");
        for (int layer = 0; layer < m_checkpoint.config.layers; ++layer) {
            for (const auto& [name, canonical] : layerNames) {
                if (!safetensors::has(m_checkpoint.config, canonical))
                    continue;
                map("model.layers." + std::to_string(layer) + "." + std::string(name),
                    "layer." + std::to_string(layer) + "." + std::string(canonical));
            }
        }
    }

    void tellUnused()
    {
        for (const std::string& name : m_shards.names()) {
            if (m_used.contains(name))
                continue;
            const bool tied = name == "lm_head.weight" && m_checkpoint.config.tied;
            m_checkpoint.ignored.push_back(
                "tensor " + name + (tied ? ": config.json ties it to the embedding" : ": not part of a Llama model"));
        }
    }

private:
    const Shards& m_shards;
    Checkpoint& m_checkpoint;
    std::string m_main;
    std::set<std::string, std::less<>> m_used;
};

// A trained parameter: a tensor of the checkpoint, and as far as it holds a number per head or feature (not a table of
// three dimensions) also a value of the plan.
void readParameter(const std::string& name, const Json& tensor, int layer, Mapper& mapper, Checkpoint& checkpoint,
                   LayerPlan& plan)
{
    constexpr std::size_t most = std::size_t(1) << 20;
    const std::string prefix = "layer." + std::to_string(layer) + ".";
    // A gate is also the name of a feed-forward weight.
    const bool taken = checkpoint.tensors.contains(prefix + name);
    const std::string canonical = prefix + (taken ? "parameter." : "") + name;
    mapper.map(tensor.string(), canonical);
    const TensorRef& values = checkpoint.tensors.find(canonical)->second;
    if (values.shape.size() > 2) {
        if (taken)
            throw Error(Fault::Format, tensor.place() + ": the parameter name " + quoteJson(name) +
                                           " is that of a weight of the model");
        return;
    }
    if (values.count() > most)
        throw Error(Fault::Shape, tensor.place() + " has " + std::to_string(values.count()) + " numbers; at most " +
                                      std::to_string(most) + " were expected");
    std::vector<float> numbers(values.count());
    widen(values, 0, numbers);
    plan.parameters.emplace(name, std::move(numbers));
}

// What the block says of the model's shape, before tensors are looked for.
void readNativeShape(const Json& block, ModelConfig& config)
{
    if (const std::optional<Json> kind = block.find("feed_forward")) {
        if (kind->string() != "memory" && kind->string() != "swiglu")
            kind->refuse(R"("swiglu" or "memory")");
        config.feedForward = kind->string() == "memory" ? FeedForwardKind::Memory : FeedForwardKind::SwiGlu;
    }
    if (const std::optional<Json> eps = block.find("inner_norm_eps")) {
        if (!(eps->number() > 0))
            eps->refuse("a number above 0");
        config.innerNormEps = eps->number();
    }
    if (const std::optional<Json> causal = block.find("causal"))
        config.causal = causal->boolean();
    if (const std::optional<Json> output = block.find("output_projection"))
        config.outputProjection = output->boolean();
    if (const std::optional<Json> dense = block.find("dense_projections"))
        config.denseProjections = dense->boolean();
    if (!config.outputProjection && config.heads * config.valueWidth != config.width)
        throw Error(Fault::Shape, block.place() + " has no output projection; heads as wide as the model, " +
                                      std::to_string(config.width) + ", were expected instead of " +
                                      std::to_string(config.heads * config.valueWidth));
}

std::string knobText(const Json& value)
{
    if (value.isString())
        return value.string();
    if (value.isBool())
        return value.boolean() ? "true" : "false";
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value.number()).ptr;
    return {digits.data(), end};
}

// id, or {"method": id, "knobs": {id: value}}.
void readPart(const Json& json, Part& part, std::map<std::string, std::string, std::less<>>& knobs)
{
    if (!json.isObject()) {
        part.method = json.string();
        return;
    }
    part.method = json["method"].string();
    if (const std::optional<Json> given = json.find("knobs")) {
        for (const auto& [id, value] : given->members())
            knobs.emplace(id, knobText(value));
    }
}

// "subquad": {"layers": [{"attention": part, "linear": part, "parameters": {name: tensor}}]}, one element per layer.
// Without layers the block speaks of the model's shape only.
void readNative(const Json& block, Mapper& mapper, Checkpoint& checkpoint)
{
    if (const std::optional<Json> calibration = block.find("calibration"))
        checkpoint.calibration = (*calibration)["sha256"].string();
    const std::optional<Json> layers = block.find("layers");
    if (!layers)
        return;
    const std::vector<Json> elements = layers->elements();
    if (elements.size() != static_cast<std::size_t>(checkpoint.config.layers))
        throw Error(Fault::Format, layers->place() + " has " + std::to_string(elements.size()) +
                                       " elements; one per layer, " + std::to_string(checkpoint.config.layers) +
                                       ", was expected");
    for (int layer = 0; layer < checkpoint.config.layers; ++layer) {
        const Json& json = elements[static_cast<std::size_t>(layer)];
        LayerPlan plan;
        NativeKnobs knobs;
        if (const std::optional<Json> part = json.find("attention"))
            readPart(*part, plan.attention, knobs.attention);
        if (const std::optional<Json> part = json.find("linear"))
            readPart(*part, plan.linear, knobs.linear);
        checkpoint.nativeKnobs.emplace(LayerIndex{layer}, std::move(knobs));
        if (const std::optional<Json> parameters = json.find("parameters")) {
            for (const auto& [name, tensor] : parameters->members())
                readParameter(name, tensor, layer, mapper, checkpoint, plan);
        }
        checkpoint.native.overrides.emplace(LayerIndex{layer}, std::move(plan));
    }
    checkpoint.hasNative = true;
}

void tellOtherFiles(const std::filesystem::path& folder, Checkpoint& checkpoint)
{
    std::vector<std::string> names;
    std::error_code failed;
    for (std::filesystem::directory_iterator entry(folder, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        const std::string name = entry->path().filename().string();
        if (std::ranges::find(checkpoint.files, name) == checkpoint.files.end())
            names.push_back(name);
    }
    std::ranges::sort(names);
    constexpr std::size_t most = 20;
    for (std::size_t i = 0; i < std::min(most, names.size()); ++i)
        checkpoint.ignored.push_back(names[i] + ": not needed");
    if (names.size() > most)
        checkpoint.ignored.push_back(std::to_string(names.size() - most) + " more files: not needed");
}

bool accepts(const std::filesystem::path& main, std::span<const std::byte> head)
{
    if (main.extension() == ".safetensors" || main.string().ends_with(indexEnd))
        return true;
    std::uint64_t length = 0;
    if (head.size() <= sizeof(length))
        return false;
    std::memcpy(&length, head.data(), sizeof(length));
    return length < (std::uint64_t(1) << 32) && head[sizeof(length)] == std::byte{'{'};
}

Checkpoint read(const FileSet& files, Job& job)
{
    Checkpoint checkpoint;
    const std::filesystem::path folder = files.main.parent_path();
    const std::filesystem::path configFile = folder / "config.json";
    if (!isThere(configFile))
        throw Error(Fault::File, files.main.filename().string() +
                                     ": config.json was expected beside it; it says how the tensors go together");
    const Json config = Json::read(configFile);
    checkpoint.format = "safetensors";
    checkpoint.config = readLlamaConfig(config, checkpoint.assumed);
    checkpoint.files.emplace_back("config.json");

    const Shards shards(files.main);
    checkpoint.files.insert(checkpoint.files.end(), shards.files().begin(), shards.files().end());
    Mapper mapper(shards, checkpoint, files.main);
    const std::optional<Json> block = config.find("subquad");
    if (block)
        readNativeShape(*block, checkpoint.config);
    mapper.mapModel();
    if (block)
        readNative(*block, mapper, checkpoint);
    mapper.tellUnused();
    job.check();

    if (!files.tokenizer.empty())
        attachTokenizer(checkpoint, files.tokenizer);
    else if (isThere(folder / "tokenizer.json"))
        attachTokenizer(checkpoint, folder / "tokenizer.json");
    else
        checkpoint.missing.emplace_back("no tokenizer.json beside the checkpoint: token ids only, no text");
    tellOtherFiles(folder.empty() ? "." : folder, checkpoint);
    return checkpoint;
}

} // namespace

const Format& row()
{
    static const Format format{"safetensors", accepts, read};
    return format;
}

} // namespace engine::safetensors
