// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

// Tiny checkpoints in every format, written by the tests themselves; header only. The numbers are drawn from a seed,
// small enough that activations stay tame.
namespace samples {

struct Shape
{
    int layers = 1, width = 16, heads = 4, keyHeads = 2, feedForward = 24, context = 32;
    bool tied = true;
    int extraRows = 0; // rows of the embedding without a token
    std::uint64_t seed = 1;
    int group = 8; // of llama2.c v2

    // 256 bytes, bos, eos and two merges (tokenizer.json); <unk>, bos, eos, 256 bytes, " " (tokenizer.bin).
    int tokens() const { return 260; }

    int vocabulary() const { return tokens() + extraRows; }

    int headWidth() const { return width / heads; }

    int keyWidth() const { return keyHeads * headWidth(); }
};

enum class Element
{
    F32,
    F16,
    BF16
};

inline void writeFile(const std::filesystem::path& path, const std::string& bytes)
{
    std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string readFile(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

template <typename T>
void put(std::string& bytes, T value)
{
    std::array<char, sizeof(T)> raw{};
    std::memcpy(raw.data(), &value, sizeof(T));
    bytes.append(raw.data(), raw.size());
}

// Uniform numbers in [−limit, limit) of a tensor: the same for the same seed and name, in whatever format.
inline std::vector<float> numbersOf(const Shape& shape, const std::string& name, int count, float limit = 0.5F)
{
    std::uint64_t state = shape.seed;
    for (const char c : name)
        state = (state ^ static_cast<unsigned char>(c)) * 1099511628211U;
    std::vector<float> numbers;
    for (int i = 0; i < count; ++i) {
        state += 0x9E3779B97F4A7C15U;
        std::uint64_t z = (state ^ (state >> 30U)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
        z ^= z >> 31U;
        numbers.push_back((static_cast<float>(z >> 40U) * 0x1p-23F - 1.0F) * limit);
    }
    return numbers;
}

struct Tensor
{
    std::string name;
    std::vector<int> shape;
    std::vector<float> numbers;
};

// A weight by its canonical name ("layer.0.query"); norms are around 1.
inline Tensor tensorOf(const Shape& shape, const std::string& name)
{
    const std::string kind = name.substr(name.rfind('.') + 1);
    std::vector<int> sides;
    if (kind.ends_with("norm"))
        sides = {shape.width};
    else if (kind == "embedding" || kind == "classifier")
        sides = {shape.vocabulary(), shape.width};
    else if (kind == "query" || kind == "output")
        sides = {shape.width, shape.width};
    else if (kind == "key" || kind == "value")
        sides = {shape.keyWidth(), shape.width};
    else if (kind == "down")
        sides = {shape.width, shape.feedForward};
    else
        sides = {shape.feedForward, shape.width};
    int count = 1;
    for (const int side : sides)
        count *= side;
    Tensor tensor{name, sides, numbersOf(shape, name, count)};
    if (kind.ends_with("norm")) {
        for (float& number : tensor.numbers)
            number = 1.0F + 0.1F * number;
    }
    return tensor;
}

inline std::string layerName(int layer, const std::string& name)
{
    return "layer." + std::to_string(layer) + "." + name;
}

// ---- safetensors

inline std::uint16_t halfOf(float value) // rounds toward zero; normal numbers and zero only
{
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto exponent = static_cast<int>((bits >> 23U) & 0xFFU) - 112;
    const auto sign = static_cast<std::uint16_t>((bits >> 16U) & 0x8000U);
    if (exponent <= 0)
        return sign;
    return static_cast<std::uint16_t>(sign | (static_cast<unsigned>(exponent) << 10U) | ((bits >> 13U) & 0x3FFU));
}

inline std::string bytesOf(const std::vector<float>& numbers, Element element)
{
    std::string bytes;
    for (const float number : numbers) {
        if (element == Element::F32)
            put(bytes, number);
        else if (element == Element::F16)
            put(bytes, halfOf(number));
        else
            put(bytes, static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(number) >> 16U));
    }
    return bytes;
}

inline std::string safetensors(const std::vector<Tensor>& tensors, Element element = Element::F32)
{
    constexpr std::array names{"F32", "F16", "BF16"};
    std::string header = R"({"__metadata__":{"format":"pt"})";
    std::string data;
    for (const Tensor& tensor : tensors) {
        std::string sides;
        for (const int side : tensor.shape)
            sides += (sides.empty() ? "" : ",") + std::to_string(side);
        const std::size_t first = data.size();
        data += bytesOf(tensor.numbers, element);
        header += ",\"" + tensor.name + R"(":{"dtype":")" + names[static_cast<std::size_t>(element)] +
                  R"(","shape":[)" + sides + R"(],"data_offsets":[)" + std::to_string(first) + "," +
                  std::to_string(data.size()) + "]}";
    }
    header += "}";
    header.append((8 - header.size() % 8) % 8, ' ');
    std::string bytes;
    put(bytes, std::uint64_t(header.size()));
    return bytes + header + data;
}

// The tensors of a Llama model with Hugging Face's names.
inline std::vector<Tensor> llamaTensors(const Shape& shape)
{
    const std::vector<std::pair<std::string, std::string>> names{{"self_attn.q_proj", "query"},
                                                                 {"self_attn.k_proj", "key"},
                                                                 {"self_attn.v_proj", "value"},
                                                                 {"self_attn.o_proj", "output"},
                                                                 {"mlp.gate_proj", "gate"},
                                                                 {"mlp.up_proj", "up"},
                                                                 {"mlp.down_proj", "down"},
                                                                 {"input_layernorm", "attention_norm"},
                                                                 {"post_attention_layernorm", "feed_forward_norm"}};
    std::vector<Tensor> tensors;
    const auto add = [&](const std::string& canonical, const std::string& name) {
        tensors.push_back(tensorOf(shape, canonical));
        tensors.back().name = name + ".weight";
    };
    add("embedding", "model.embed_tokens");
    for (int layer = 0; layer < shape.layers; ++layer) {
        for (const auto& [name, canonical] : names)
            add(layerName(layer, canonical), "model.layers." + std::to_string(layer) + "." + name);
    }
    add("final_norm", "model.norm");
    if (!shape.tied)
        add("classifier", "lm_head");
    return tensors;
}

// `extra`: further members, each with a comma in front.
inline std::string llamaConfig(const Shape& shape, const std::string& extra = {})
{
    return R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_act":"silu","hidden_size":)" +
           std::to_string(shape.width) + R"(,"num_hidden_layers":)" + std::to_string(shape.layers) +
           R"(,"num_attention_heads":)" + std::to_string(shape.heads) + R"(,"num_key_value_heads":)" +
           std::to_string(shape.keyHeads) + R"(,"intermediate_size":)" + std::to_string(shape.feedForward) +
           R"(,"vocab_size":)" + std::to_string(shape.vocabulary()) + R"(,"max_position_embeddings":)" +
           std::to_string(shape.context) +
           R"(,"rms_norm_eps":1e-05,"rope_theta":10000.0,"rope_scaling":null,"attention_bias":false)" +
           R"(,"bos_token_id":0,"eos_token_id":1,"tie_word_embeddings":)" + (shape.tied ? "true" : "false") + extra +
           "}";
}

inline std::string utf8Of(int code)
{
    if (code < 0x80)
        return {static_cast<char>(code)};
    return {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
}

// Byte-level BPE: <|bos|> 0, <|eos|> 1, the 256 bytes from 2 on, "th" 258, "the" 259. A prompt begins with bos.
inline std::string tokenizerJson()
{
    std::string vocabulary = R"("<|bos|>":0,"<|eos|>":1)";
    int next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
        const bool printable =
            (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
        const std::string character = utf8Of(printable ? byte : next++);
        vocabulary += std::string(",\"") + (byte == '"' || byte == '\\' ? "\\" : "") + character +
                      "\":" + std::to_string(byte + 2);
    }
    vocabulary += R"(,"th":258,"the":259)";
    const auto special = [](int id, const std::string& content) {
        return R"({"id":)" + std::to_string(id) + R"(,"content":")" + content +
               R"(","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true})";
    };
    return R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[)" + special(0, "<|bos|>") + "," +
           special(1, "<|eos|>") +
           R"(],"normalizer":null,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"use_regex":true},)" +
           R"("post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<|bos|>","type_id":0}},)" +
           R"({"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"<|bos|>":{"id":"<|bos|>","ids":[0],)" +
           R"("tokens":["<|bos|>"]}}},"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","dropout":null,)" +
           R"("unk_token":null,"byte_fallback":false,"vocab":{)" + vocabulary + R"(},"merges":["t h","th e"]}})";
}

// A folder as Hugging Face's library saves it.
inline void writeLlamaFolder(const std::filesystem::path& folder, const Shape& shape = {},
                             Element element = Element::F32, const std::string& extraConfig = {})
{
    std::filesystem::create_directories(folder);
    writeFile(folder / "config.json", llamaConfig(shape, extraConfig));
    writeFile(folder / "model.safetensors", safetensors(llamaTensors(shape), element));
    writeFile(folder / "tokenizer.json", tokenizerJson());
    writeFile(folder / "tokenizer_config.json", R"({"bos_token":"<|bos|>","eos_token":{"content":"<|eos|>"}})");
}

// ---- llama2.c

inline void putFloats(std::string& bytes, const std::vector<float>& numbers)
{
    for (const float number : numbers)
        put(bytes, number);
}

// Int8 groups and their scales; what a reader makes of it is within half a scale.
inline void putGroups(std::string& bytes, const std::vector<float>& numbers, int group)
{
    std::string scales;
    for (std::size_t first = 0; first < numbers.size(); first += static_cast<std::size_t>(group)) {
        float most = 0;
        for (int i = 0; i < group; ++i)
            most = std::max(most, std::abs(numbers[first + static_cast<std::size_t>(i)]));
        const float scale = most / 127;
        for (int i = 0; i < group; ++i)
            put(bytes, static_cast<std::int8_t>(std::lround(numbers[first + static_cast<std::size_t>(i)] / scale)));
        put(scales, scale);
    }
    bytes += scales;
}

inline std::string llama2c(const Shape& shape, int version)
{
    std::string bytes;
    if (version > 0) {
        put(bytes, std::uint32_t(0x616b3432));
        put(bytes, std::int32_t(version));
    }
    const int vocabulary = version == 0 && !shape.tied ? -shape.vocabulary() : shape.vocabulary();
    for (const int size :
         {shape.width, shape.feedForward, shape.layers, shape.heads, shape.keyHeads, vocabulary, shape.context})
        put(bytes, std::int32_t(size));
    if (version > 0) {
        put(bytes, std::uint8_t(shape.tied ? 1 : 0));
        if (version == 2)
            put(bytes, std::int32_t(shape.group));
        bytes.resize(256);
    }
    const auto whole = [&](const std::string& name) {
        const std::vector<float> numbers = tensorOf(shape, name).numbers;
        if (version == 2 && !name.ends_with("norm"))
            putGroups(bytes, numbers, shape.group);
        else
            putFloats(bytes, numbers);
    };
    const auto layers = [&](std::initializer_list<const char*> names) {
        for (const char* name : names) {
            for (int layer = 0; layer < shape.layers; ++layer)
                whole(layerName(layer, name));
        }
    };
    if (version == 0) {
        whole("embedding");
        layers({"attention_norm", "query", "key", "value", "output", "feed_forward_norm", "gate", "down", "up"});
        whole("final_norm");
        putFloats(bytes, std::vector<float>(static_cast<std::size_t>(shape.context * shape.headWidth())));
    } else {
        layers({"attention_norm", "feed_forward_norm"});
        whole("final_norm");
        whole("embedding");
        layers({"query", "key", "value", "output", "gate", "down", "up"});
    }
    if (!shape.tied)
        whole("classifier");
    return bytes;
}

// <unk>, bos, eos, the bytes as <0xNN> from 3 on, " " 259.
inline std::vector<std::pair<std::string, float>> scoredPieces()
{
    std::vector<std::pair<std::string, float>> pieces{{"<unk>", 0}, {"\n<s>\n", 0}, {"\n</s>\n", 0}};
    for (int byte = 0; byte < 256; ++byte) {
        constexpr std::string_view digits = "0123456789ABCDEF";
        const auto value = static_cast<std::size_t>(byte);
        pieces.emplace_back(std::string("<0x") + digits[value / 16] + digits[value % 16] + ">", 0.0F);
    }
    pieces.emplace_back(" ", -1.0F);
    return pieces;
}

inline std::string tokenizerBin(const std::vector<std::pair<std::string, float>>& pieces = scoredPieces())
{
    std::size_t longest = 1;
    for (const auto& [piece, score] : pieces)
        longest = std::max(longest, piece.size());
    std::string bytes;
    put(bytes, static_cast<std::int32_t>(longest));
    for (const auto& [piece, score] : pieces) {
        put(bytes, score);
        put(bytes, static_cast<std::int32_t>(piece.size()));
        bytes += piece;
    }
    return bytes;
}

// folder/tiny.bin with tokenizer.bin beside it; returns the path of the checkpoint.
inline std::filesystem::path writeLlama2c(const std::filesystem::path& folder, int version, const Shape& shape = {})
{
    std::filesystem::create_directories(folder);
    writeFile(folder / "tiny.bin", llama2c(shape, version));
    writeFile(folder / "tokenizer.bin", tokenizerBin());
    return folder / "tiny.bin";
}

// Material beside the project; a test that wants it skips, saying so, where it is absent.
inline std::filesystem::path shared(const std::string& path)
{
    return std::filesystem::path(SUBQUAD_SOURCE_DIR) / ".." / "shared" / path;
}

} // namespace samples
