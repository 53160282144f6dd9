// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/readers.h"

#include "engine/files/prompts.h"
#include "engine/model/model.h"
#include "tests/support/samples.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace engine;

namespace fuzz {
namespace {

struct Reader
{
    std::string_view name;
    const char* file;                     // that the bytes become
    void (*make)(const fs::path& folder); // a good checkpoint around it
};

void makeLlama(const fs::path& folder)
{
    samples::writeLlamaFolder(folder);
}

void makeLlama2c(const fs::path& folder)
{
    samples::writeLlama2c(folder, 0);
}

constexpr std::array all{
    Reader{"safetensors", "model.safetensors", makeLlama}, Reader{"config", "config.json", makeLlama},
    Reader{"tokenizer", "tokenizer.json", makeLlama},      Reader{"prompts", "prompts.json", makeLlama},
    Reader{"tokenizerbin", "tokenizer.bin", makeLlama2c},  Reader{"llama2c", "tiny.bin", makeLlama2c}};

const Reader& find(std::string_view name)
{
    const auto* found = std::ranges::find(all, name, &Reader::name);
    if (found == all.end())
        throw std::logic_error("no reader is called " + std::string(name));
    return *found;
}

// One folder for each reader and process, in memory where there is such a place; gone when the process ends.
class Folder
{
public:
    explicit Folder(const Reader& reader)
    {
        const fs::path memory = "/dev/shm";
        const fs::path root = fs::is_directory(memory) ? memory : fs::temp_directory_path();
        m_path = root / ("subquad-fuzz-" + std::string(reader.name) + "-" + std::to_string(::getpid()));
        reader.make(m_path);
    }

    ~Folder()
    {
        std::error_code ignored;
        fs::remove_all(m_path, ignored);
    }

    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const fs::path& path() const { return m_path; }

private:
    fs::path m_path;
};

const fs::path& folderOf(const Reader& reader)
{
    static std::map<std::string_view, Folder> folders;
    return folders.try_emplace(reader.name, reader).first->second.path();
}

// Texts that meet every step of a tokenizer, and a token of every id.
void tokenise(const Tokenizer& tokenizer)
{
    std::vector<TokenId> ids;
    for (const char* text : {"the End 12\n é", "", "\xF0\x9F\x98\x80 <s>x</s> \t  a\xCC\x81"}) {
        for (const Token& token : tokenizer.encode(text))
            ids.push_back(token.id);
    }
    tokenizer.decode(ids);
    constexpr int most = 4096;
    for (int id = 0; id < std::min(most, tokenizer.size()); ++id)
        tokenizer.piece({id});
}

} // namespace

std::vector<std::string_view> readers()
{
    std::vector<std::string_view> names;
    for (const Reader& reader : all)
        names.push_back(reader.name);
    return names;
}

std::string open(std::string_view name, std::span<const std::byte> bytes)
{
    const Reader& reader = find(name);
    const fs::path& folder = folderOf(reader);
    samples::writeFile(folder / reader.file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    const bool bin = fs::exists(folder / "tiny.bin");
    try {
        Job job;
        const Model model(readCheckpoint(bin ? folder / "tiny.bin" : folder, job), job);
        preflight(model.checkpoint());
        promptsBeside(folder);
        if (model.tokenizer() != nullptr)
            tokenise(*model.tokenizer());
        return {};
    } catch (const Error& error) {
        const std::string sentence = error.what();
        if (error.fault() == Fault::Internal || sentence.size() < 10)
            throw std::logic_error("no sentence for a person: " + sentence);
        return sentence;
    }
}

std::vector<std::string> seeds(std::string_view name)
{
    const fs::path bundled = fs::path(SUBQUAD_SOURCE_DIR) / "samples/stories-1m";
    const samples::Shape plain, untied{.layers = 2, .tied = false}, padded{.extraRows = 20};
    std::vector<std::string> made;
    if (name == "safetensors") {
        for (const auto element : {samples::Element::F32, samples::Element::F16, samples::Element::BF16})
            made.push_back(samples::safetensors(samples::llamaTensors(plain), element));
    } else if (name == "config") {
        for (const auto& shape : {plain, untied, padded})
            made.push_back(samples::llamaConfig(shape));
        made.push_back(samples::llamaConfig(
            plain, R"(,"subquad":{"layers":[{"attention":{"method":"softmax","knobs":{"scale":0.5}},)"
                   R"("parameters":{"gate":"model.norm.weight"}}],"feed_forward":"swiglu"})"));
        made.push_back(samples::readFile(bundled / "config.json"));
    } else if (name == "tokenizer") {
        made.push_back(samples::tokenizerJson());
        made.push_back(samples::readFile(bundled / "tokenizer.json"));
    } else if (name == "prompts") {
        made.push_back(R"([{"title":"a","text":"the dog"},{"text":"é \n"}])");
        made.push_back(samples::readFile(bundled / "prompts.json"));
    } else if (name == "tokenizerbin") {
        made.push_back(samples::tokenizerBin());
    } else {
        for (int version = 0; version < 3; ++version) {
            made.push_back(samples::llama2c(plain, version));
            made.push_back(samples::llama2c(untied, version));
        }
    }
    return made;
}

} // namespace fuzz
