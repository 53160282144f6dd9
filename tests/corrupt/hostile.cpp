// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/corrupt/hostile.h"

#include "tests/support/samples.h"

#include <bit>
#include <limits>
#include <sys/stat.h>

namespace fs = std::filesystem;

namespace hostile {
namespace {

constexpr std::size_t megabyte = std::size_t(1) << 20;

// Large files are made when they are wanted: the test's own memory must not count as the program's.
using Bytes = std::function<std::string()>;

// A good model folder with one of its files replaced.
Case withLarge(std::string name, const char* file, Bytes bytes, std::vector<std::string> words)
{
    return {std::move(name),
            [file, bytes = std::move(bytes)](const fs::path& folder) {
                samples::writeLlamaFolder(folder);
                samples::writeFile(folder / file, bytes());
                return folder;
            },
            std::move(words)};
}

Case withFile(std::string name, const char* file, std::string bytes, std::vector<std::string> words)
{
    return withLarge(
        std::move(name), file, [bytes = std::move(bytes)] { return bytes; }, std::move(words));
}

// The same with a file edited: `from` becomes `to`.
Case edited(std::string name, const char* file, const std::string& from, const std::string& to,
            std::vector<std::string> words)
{
    return {std::move(name),
            [=](const fs::path& folder) {
                samples::writeLlamaFolder(folder);
                std::string bytes = samples::readFile(folder / file);
                const std::size_t at = bytes.find(from);
                if (at != std::string::npos)
                    bytes.replace(at, from.size(), to);
                samples::writeFile(folder / file, bytes);
                return folder;
            },
            std::move(words)};
}

std::string safetensorsOf(const std::string& header, std::size_t data = 16)
{
    std::string bytes;
    samples::put(bytes, std::uint64_t(header.size()));
    return bytes + header + std::string(data, '\0');
}

Case header(std::string name, std::string json, std::vector<std::string> words)
{
    words.insert(words.begin(), "model.safetensors");
    return withFile(std::move(name), "model.safetensors", safetensorsOf(json), std::move(words));
}

std::string tensor(const char* name, const char* type, const char* shape, const char* offsets)
{
    return std::string("\"") + name + R"(":{"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" +
           offsets + "}";
}

// A model whose numbers hold one that is none.
Case withNumber(const char* name, float number)
{
    return {name,
            [number](const fs::path& folder) {
                samples::writeLlamaFolder(folder);
                auto tensors = samples::llamaTensors({});
                tensors[3].numbers[17] = number;
                samples::writeFile(folder / "model.safetensors", samples::safetensors(tensors));
                return folder;
            },
            {"model.safetensors", "not finite at row 1, column 1"},
            true};
}

// A llama2.c file with one 32-bit field of its head replaced.
Case field(std::string name, int version, std::size_t place, std::int32_t value, std::vector<std::string> words)
{
    words.insert(words.begin(), "tiny.bin");
    return {std::move(name),
            [=](const fs::path& folder) {
                const fs::path file = samples::writeLlama2c(folder, version);
                std::string bytes = samples::readFile(file);
                std::memcpy(bytes.data() + place, &value, sizeof(value));
                samples::writeFile(file, bytes);
                return file;
            },
            std::move(words)};
}

Case tokenizerBin(std::string name, Bytes bytes, std::vector<std::string> words)
{
    words.insert(words.begin(), "tokenizer.bin");
    return {std::move(name),
            [bytes = std::move(bytes)](const fs::path& folder) {
                const fs::path file = samples::writeLlama2c(folder, 0);
                samples::writeFile(folder / "tokenizer.bin", bytes());
                return file;
            },
            std::move(words)};
}

std::string repeated(const std::string& text, std::size_t times)
{
    std::string all;
    all.reserve(text.size() * times);
    for (std::size_t i = 0; i < times; ++i)
        all += text;
    return all;
}

// Many small values: the text is long, what a parser makes of it longer.
std::string manyValues(const std::string& each, std::size_t bytes)
{
    return R"({"a":[)" + repeated(each + ",", bytes / (each.size() + 1)) + each + "]}";
}

std::string manyKeys(std::size_t count)
{
    std::string all = "{";
    for (std::size_t i = 0; i < count; ++i)
        all += "\"" + std::to_string(i) + "\":0,";
    return all + "\"x\":0}";
}

} // namespace

std::vector<Case> safetensorsCases()
{
    const std::string good = tensor("a", "F32", "[2]", "[0,8]");
    std::vector<Case> cases{
        header("offsets past the end", "{" + tensor("a", "F32", "[5]", "[0,20]") + "}",
               {"data_offsets", "from 0 to 16"}),
        header("offsets reversed", "{" + tensor("a", "F32", "[2]", "[8,0]") + "}", {"data_offsets", "from 8 to 16"}),
        header("offsets negative", "{" + tensor("a", "F32", "[2]", "[-8,0]") + "}", {"data_offsets", "-8"}),
        header("offsets overlap", "{" + good + "," + tensor("b", "F32", "[3]", "[4,16]") + "}", {"\"b\"", "inside"}),
        header("offsets leave a gap", "{" + good + "," + tensor("b", "F32", "[1]", "[12,16]") + "}", {"\"b\"", "gap"}),
        header("offsets that are huge", "{" + tensor("a", "F32", "[2]", "[0,18446744073709551615]") + "}",
               {"data_offsets"}),
        header("offsets that are fractions", "{" + tensor("a", "F32", "[2]", "[0,8.5]") + "}", {"data_offsets"}),
        header("a shape that overflows", "{" + tensor("a", "F32", "[4294967296,4294967296]", "[0,16]") + "}",
               {"shape", "overflows"}),
        header("a shape that does not multiply", "{" + tensor("a", "F32", "[3]", "[0,16]") + "}", {"16 bytes", "12"}),
        header("a shape of nothing times much", "{" + tensor("a", "F32", "[0,9223372036854775807]", "[0,16]") + "}",
               {"take 0"}),
        header("a negative side", "{" + tensor("a", "F32", "[-4]", "[0,16]") + "}", {"shape", "-4"}),
        header("too many sides", "{" + tensor("a", "F32", "[1,1,1,1,1,1,1,1,4]", "[0,16]") + "}", {"8 dimensions"}),
        header("a name twice", "{" + good + "," + good + "}", {"\"a\" twice"}),
        header("an unknown type", "{" + tensor("a", "F7", "[4]", "[0,16]") + "}", {"F7", "F32"}),
        header("no tensors", "{}", {"16 bytes after the last tensor"}),
        header("an array", "[]", {"object of tensors"}),
        header("not JSON", std::string(64, '\xFF'), {"not JSON", "byte"}),
        header("deep", "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}", {"nested deeper"}),
        withFile("a header longer than the file", "model.safetensors", std::string("\x10\x27\0\0\0\0\0\0{}", 10),
                 {"model.safetensors", "cut off", "header"}),
        withFile("a header as long as a number can say", "model.safetensors", std::string(8, '\xFF') + "{}",
                 {"model.safetensors", "header's length"}),
        withLarge("a hundred megabytes of spaces", "model.safetensors",
                  [] { return safetensorsOf("{" + std::string(100'000'000 - 2, ' ') + "}"); }, {"model.safetensors"}),
        withLarge("thirty megabytes of empty arrays", "model.safetensors",
                  [] { return safetensorsOf(manyValues("[]", 30 * megabyte)); }, {"model.safetensors", "values"}),
        withLarge("nine megabytes of strings", "model.safetensors",
                  [] { return safetensorsOf(manyValues("\"\"", 12 * megabyte)); }, {"model.safetensors", "values"}),
        withLarge("a million keys and more", "model.safetensors", [] { return safetensorsOf(manyKeys(1'300'000)); },
                  {"model.safetensors"}),
        withLarge("one string of thirty megabytes", "model.safetensors",
                  [] { return safetensorsOf("{\"" + std::string(30 * megabyte, 'a') + "\":{}}"); },
                  {"model.safetensors"}),
        edited("a tensor of another name", "model.safetensors", "model.norm.weight", "model.morn.weight",
               {"model.norm.weight"}),
        edited("integers for weights", "model.safetensors", R"("model.norm.weight":{"dtype":"F32")",
               R"("model.norm.weight":{"dtype":"I32")", {"I32"}),
        withNumber("a weight that is no number", std::numeric_limits<float>::quiet_NaN()),
        withNumber("a signalling one", std::bit_cast<float>(std::uint32_t(0x7F800001))),
        withNumber("an infinite weight", std::numeric_limits<float>::infinity()),
        withNumber("a weight infinitely below", -std::numeric_limits<float>::infinity()),
    };
    const auto index = [&](std::string name, std::string map, std::vector<std::string> words) {
        cases.push_back(withFile(std::move(name), "model.safetensors.index.json", R"({"weight_map":)" + map + "}",
                                 std::move(words)));
    };
    index("shards elsewhere", R"({"a":"../../etc/passwd"})", {"weight_map.a", "same folder"});
    index("the folder itself for a shard", R"({"a":".."})", {"weight_map.a", "same folder"});
    index("a shard that is not there", R"({"a":"gone.safetensors"})", {"gone.safetensors", "cannot be opened"});
    index("a tensor that is not in its shard", R"({"a":"model.safetensors"})", {"\"a\"", "not in it"});
    index("an index without shards", "{}", {"weight_map", "files"});
    index("its own index for a shard", R"({"a":"model.safetensors.index.json"})", {"model.safetensors.index.json"});
    return cases;
}

std::vector<Case> configCases()
{
    const auto number = [](const char* key, const char* now, const char* value, std::vector<std::string> words) {
        words.insert(words.begin(), {"config.json", key});
        return edited(std::string(key) + " is " + value, "config.json", std::string("\"") + key + "\":" + now,
                      std::string("\"") + key + "\":" + value, std::move(words));
    };
    std::vector<Case> cases;
    for (const char* value : {"-1", "0", "1000000000", "1e300", "9223372036854775808", "\"16\"", "null", "[]", "1.5"})
        cases.push_back(number("num_hidden_layers", "1", value, {}));
    for (const char* value : {"0", "-16", "2147483648", "true"})
        cases.push_back(number("hidden_size", "16", value, {}));
    cases.push_back(edited("heads that do not divide", "config.json", "\"num_attention_heads\":4",
                           "\"num_attention_heads\":5", {"config.json", "5", "16"}));
    cases.push_back(edited("key heads that do not divide", "config.json", "\"num_key_value_heads\":2",
                           "\"num_key_value_heads\":3", {"config.json", "3 key heads do not divide 4"}));
    cases.push_back(number("vocab_size", "260", "16777217", {}));
    cases.push_back(edited("a vocabulary the weights do not have", "config.json", "\"vocab_size\":260",
                           "\"vocab_size\":261", {"model.embed_tokens.weight", "260"}));
    cases.back().run = true; // shapes are compared with the configuration when the weights are read
    cases.push_back(edited("a bos that is no token", "config.json", "\"bos_token_id\":0", "\"bos_token_id\":-7",
                           {"config.json", "bos_token_id"}));
    cases.push_back(edited("another architecture", "config.json", "LlamaForCausalLM", "MambaForCausalLM",
                           {"config.json", "Mamba"}));
    cases.push_back(withFile("an empty object", "config.json", "{}", {"config.json"}));
    cases.push_back(withFile("a config of nothing", "config.json", "null", {"config.json"}));
    cases.push_back(withFile("deep", "config.json", std::string(1'000'000, '['), {"config.json", "nested deeper"}));
    cases.push_back(
        withFile("a name twice", "config.json", R"({"hidden_size":16,"hidden_size":32})", {"config.json", "twice"}));
    cases.push_back(withLarge("seventy megabytes", "config.json",
                              [] { return "{" + std::string(70 * megabyte, ' ') + "}"; },
                              {"config.json", "bytes long"}));
    cases.push_back({"no config",
                     [](const fs::path& folder) {
                         samples::writeLlamaFolder(folder);
                         fs::remove(folder / "config.json");
                         return folder;
                     },
                     {"config.json", "expected"}});
    return cases;
}

std::vector<Case> tokenizerCases()
{
    const char* json = "tokenizer.json";
    std::vector<Case> cases{
        edited("an id twice", json, "\"th\":258", "\"th\":259", {json, "259"}),
        edited("a negative id", json, "\"th\":258", "\"th\":-1", {json, "-1"}),
        edited("an enormous id", json, "\"th\":258", "\"th\":2147483647", {json, "2147483647"}),
        edited("more ids than rows", json, "\"th\":258", "\"th\":300", {json, "260", "300"}),
        edited("a merge of no pieces", json, "\"t h\"", "\"t  h\"", {json, "merges"}),
        edited("a merge into nothing", json, "\"t h\"", "\"q q\"", {json, "\"qq\""}),
        edited("a piece twice", json, "\"th\":258", "\"th\":258,\"th\":258", {json, "twice"}),
        edited("another kind of model", json, "\"type\":\"BPE\"", "\"type\":\"Unigram\"", {json, "Unigram", "BPE"}),
        edited("an unknown step", json, "\"type\":\"ByteLevel\"", "\"type\":\"Magic\"", {json, "Magic"}),
        edited("a bad pattern", json, R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":true})",
               R"({"type":"Split","pattern":{"Regex":"(((("},"behavior":"Isolated","invert":false})", {json, "(((("}),
        withFile("no model", json, "{}", {json, "model"}),
        withFile("an empty vocabulary", json, R"({"model":{"type":"BPE","vocab":{},"merges":[]}})",
                 {"tokenizer_config.json", "bos_token"}),
        withFile("deep", json, "{\"a\":" + std::string(200'000, '['), {json, "nested deeper"}),
        withFile("steps within steps", json,
                 R"({"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"normalizer":)" +
                     repeated(R"({"type":"Sequence","normalizers":[)", 5000) + repeated("]}", 5000) + "}",
                 {json, "nested deeper"}),
        withFile("a bos of no vocabulary", "tokenizer_config.json", R"({"bos_token":"<|nothing|>"})",
                 {"tokenizer_config.json", "bos_token"}),
    };
    cases.push_back(withFile("one piece, sixteen million ids", json,
                             R"({"model":{"type":"BPE","vocab":{"a":16777215},"merges":[]}})", {json}));
    const auto bin = [&](std::string name, const std::string& bytes, std::vector<std::string> words) {
        cases.push_back(tokenizerBin(
            std::move(name), [bytes] { return bytes; }, std::move(words)));
    };
    const auto pieces = samples::scoredPieces();
    const std::string whole = samples::tokenizerBin(pieces);
    const auto put = [](std::string bytes, std::size_t at, std::int32_t value) {
        std::memcpy(bytes.data() + at, &value, sizeof(value));
        return bytes;
    };
    bin("a piece longer than the file", put(put(whole, 0, 60'000), 8, 59'999), {"cut off"});
    bin("a piece of negative length", put(whole, 8, -1), {"piece 0", "-1"});
    bin("a score that is no number", put(whole, 4, 0x7FC00000), {"piece 0", "not finite"});
    bin("the longest piece is negative", put(whole, 0, -4), {"-4", "longest"});
    bin("two pieces", samples::tokenizerBin({{"a", 0.0F}, {"b", 0.0F}}), {"2 pieces"});
    bin("a tenth of the rows", samples::tokenizerBin({pieces.begin(), pieces.begin() + 26}), {"26 tokens", "260"});
    bin("a file of nothing", "", {"empty"});
    const auto empties = [] { return std::string("\x01\0\0\0", 4) + std::string(40'000'000, '\0'); };
    cases.push_back(tokenizerBin("five million empty pieces", empties, {"pieces"}));
    return cases;
}

std::vector<Case> llama2cCases()
{
    std::vector<Case> cases;
    constexpr std::array<const char*, 7> fields{"width",           "feed-forward width",  "number of layers",
                                                "number of heads", "number of key heads", "vocabulary size",
                                                "context length"};
    for (const std::int32_t value : {0, -1, std::numeric_limits<std::int32_t>::min(), 1'000'000'000})
        for (std::size_t place = 0; place < fields.size(); ++place) {
            if (place == 5 && value == -1)
                continue; // one row, a classifier of its own
            cases.push_back(field(std::string(fields[place]) + " is " + std::to_string(value), 0, 4 * place, value,
                                  {fields[place], std::to_string(value), "expected"}));
        }
    cases.push_back(field("heads that do not divide", 0, 12, 3, {"3 heads do not divide the width 16"}));
    cases.push_back(field("key heads that do not divide", 0, 16, 3, {"3 key heads do not divide 4"}));
    cases.push_back(field("an odd head", 0, 12, 16, {"even"}));
    cases.push_back(field("more layers than the file", 0, 8, 4096, {"cut off"}));
    cases.push_back(field("fewer layers than the file", 1, 16, 1, {"tiny.bin"}));
    cases.back().make = [](const fs::path& folder) {
        samples::Shape shape;
        shape.layers = 2;
        const fs::path file = samples::writeLlama2c(folder, 1, shape);
        std::string bytes = samples::readFile(file);
        bytes[16] = 1;
        samples::writeFile(file, bytes);
        return file;
    };
    cases.back().words.emplace_back("left over");
    cases.push_back(field("version 7", 1, 4, 7, {"version is 7", "1 or 2"}));
    cases.push_back(field("groups that do not divide", 2, 37, 7, {"multiple of the group size 7"}));
    cases.push_back(field("groups of nothing", 2, 37, 0, {"group size", "expected"}));
    cases.push_back(field("a million in width", 0, 0, 1 << 20, {"head width is 262144"}));
    cases.push_back({"a weight that is no number",
                     [](const fs::path& folder) {
                         const fs::path file = samples::writeLlama2c(folder, 0);
                         std::string bytes = samples::readFile(file);
                         samples::writeFile(file, bytes.replace(28 + 17 * 4, 4, "\x00\x00\xC0\x7F", 4));
                         return file;
                     },
                     {"tiny.bin", "embedding", "not finite at row 1, column 1"},
                     true});
    return cases;
}

std::vector<Case> systemCases()
{
    const auto at = [](const char* path) { return [path](const fs::path&) { return fs::path(path); }; };
    const auto file = [](const char* name, std::string bytes) {
        return [name, bytes = std::move(bytes)](const fs::path& folder) {
            samples::writeFile(folder / name, bytes);
            return folder / name;
        };
    };
    // What a pickle would do when loaded; the reader must not even try.
    const std::string pickle = "\x80\x02"
                               "cos\nsystem\n(S'touch PICKLED'\ntR.";
    std::vector<Case> cases{
        {"an empty file", file("a.safetensors", ""), {"a.safetensors", "empty"}},
        {"an empty .bin", file("a.bin", ""), {"a.bin", "empty"}},
        {"an empty folder", [](const fs::path& folder) { return folder; }, {"no checkpoint", "empty"}},
        {"nothing there", at("/nowhere/at/all"), {"/nowhere/at/all", "no such file"}},
        {"a device without end", at("/dev/zero"), {"/dev/zero", "not a regular file"}},
        {"a device without anything", at("/dev/null"), {"/dev/null", "not a regular file"}},
        {"a terminal", at("/dev/tty"), {"/dev/tty"}},
        {"a file of the kernel", at("/proc/self/status"), {"/proc/self/status", "empty"}},
        {"a pickle", file("model.pt", pickle), {"model.pt", "pickle", "save the model as safetensors"}},
        {"a pickle called .bin",
         file("pytorch_model.bin", pickle),
         {"pytorch_model.bin", "pickle", "save the model as safetensors"}},
        {"a zip called .bin", file("pytorch_model.bin", "PK\x03\x04" + std::string(100, 'x')), {"pickle"}},
        {"a picture",
         file("model.png", "\x89PNG\r\n\x1a\n" + std::string(100, '\0')),
         {"not a checkpoint of a known format"}},
        {"noise", file("a.gguf", "GGUF" + std::string(1000, '\x5A')), {"a.gguf", "not a checkpoint"}},
    };
    cases.push_back({"a FIFO",
                     [](const fs::path& folder) {
                         ::mkfifo((folder / "a.safetensors").c_str(), 0600);
                         return folder / "a.safetensors";
                     },
                     {"a.safetensors", "not a regular file"}});
    for (const char* name : {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}) {
        cases.push_back({std::string("a FIFO for ") + name,
                         [name](const fs::path& folder) {
                             samples::writeLlamaFolder(folder);
                             fs::remove(folder / name);
                             ::mkfifo((folder / name).c_str(), 0600);
                             return folder;
                         },
                         {}});
        cases.push_back({std::string("a folder for ") + name,
                         [name](const fs::path& folder) {
                             samples::writeLlamaFolder(folder);
                             fs::remove(folder / name);
                             fs::create_directory(folder / name);
                             return folder;
                         },
                         {}});
        cases.push_back({std::string("a circle of links for ") + name,
                         [name](const fs::path& folder) {
                             samples::writeLlamaFolder(folder);
                             fs::remove(folder / name);
                             fs::create_symlink(name, folder / name);
                             return folder;
                         },
                         {}});
    }
    cases.push_back({"a circle of links",
                     [](const fs::path& folder) {
                         fs::create_symlink(folder / "b.bin", folder / "a.bin");
                         fs::create_symlink(folder / "a.bin", folder / "b.bin");
                         return folder / "a.bin";
                     },
                     {"a.bin"}});
    cases.push_back({"a name of bytes",
                     [](const fs::path& folder) {
                         samples::writeFile(folder / "\xFF\n\x1B[2J.bin", "x");
                         return folder / "\xFF\n\x1B[2J.bin";
                     },
                     {}});
    cases.push_back({"two checkpoints",
                     [](const fs::path& folder) {
                         samples::writeLlama2c(folder, 0);
                         fs::copy(folder / "tiny.bin", folder / "small.bin");
                         return folder;
                     },
                     {"2 checkpoints", "small.bin, tiny.bin"}});
    return cases;
}

} // namespace hostile
