// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/checkpoint.h"
#include "engine/files/sizes.h"
#include "engine/files/tokenizerfile.h"

#include <algorithm>

namespace engine::llama2c {
namespace {

constexpr std::uint32_t magic = 0x616b3432; // "ak42" as a number
constexpr std::size_t headerBytes = 256;    // of v1 and v2
constexpr std::string_view tokenizerName = "tokenizer.bin";

struct Header
{
    int version = 0;
    bool shared = true;
    std::size_t group = 0; // v2
};

// Reads tensors one after another, a stack of all layers at a time.
class Body
{
public:
    Body(ByteReader& reader, const Header& header, Checkpoint& checkpoint, std::shared_ptr<const File> file)
        : m_reader(reader)
        , m_header(header)
        , m_checkpoint(checkpoint)
        , m_file(std::move(file))
    {
    }

    void floats(const std::string& name, const std::vector<std::size_t>& shape)
    {
        TensorRef tensor = described(name, shape);
        tensor.bytes = m_reader.skip(checkedProduct(tensor.count(), sizeof(float), name), name);
        m_checkpoint.tensors.emplace(name, std::move(tensor));
    }

    // As floats, or in v2 as int8 groups.
    void matrix(const std::string& name, std::size_t rows, std::size_t cols)
    {
        if (m_header.version < 2) {
            floats(name, {rows, cols});
            return;
        }
        TensorRef tensor = described(name, {rows, cols});
        tensor.type = ElementType::Q8Groups;
        tensor.group = m_header.group;
        if (tensor.count() % tensor.group != 0)
            throw Error(Fault::Format, m_reader.place() + ": " + name + " has " + std::to_string(tensor.count()) +
                                           " elements; a multiple of the group size " + std::to_string(tensor.group) +
                                           " was expected");
        tensor.bytes = m_reader.skip(tensor.count(), name);
        tensor.scales = m_reader.skip(tensor.count() / tensor.group * sizeof(float), name + " scales");
        m_checkpoint.tensors.emplace(name, std::move(tensor));
    }

    void norms(const std::string& name)
    {
        for (int layer = 0; layer < m_checkpoint.config.layers; ++layer)
            floats(inLayer(layer, name), {size(m_checkpoint.config.width)});
    }

    void matrices(const std::string& name, int rows, int cols)
    {
        for (int layer = 0; layer < m_checkpoint.config.layers; ++layer)
            matrix(inLayer(layer, name), size(rows), size(cols));
    }

    static std::size_t size(int value) { return static_cast<std::size_t>(value); }

private:
    static std::string inLayer(int layer, const std::string& name)
    {
        return "layer." + std::to_string(layer) + "." + name;
    }

    TensorRef described(const std::string& name, const std::vector<std::size_t>& shape) const
    {
        TensorRef tensor;
        tensor.shape = shape;
        tensor.name = name;
        tensor.file = m_file;
        return tensor;
    }

    ByteReader& m_reader;
    const Header& m_header;
    Checkpoint& m_checkpoint;
    std::shared_ptr<const File> m_file;
};

int takeSize(ByteReader& reader, const std::string& what, int most)
{
    const std::string place = reader.place();
    const auto value = reader.take<std::int32_t>(what);
    if (value < 1 || value > most)
        throw Error(Fault::Format, place + ": " + what + " is " + std::to_string(value) + "; a size from 1 to " +
                                       std::to_string(most) + " was expected");
    return value;
}

// v0 says by a negative vocabulary that the classifier is not shared.
int takeVocabulary(ByteReader& reader, Header& header)
{
    const std::string place = reader.place();
    const auto value = reader.take<std::int32_t>("vocabulary size");
    const std::int64_t rows = value < 0 ? -std::int64_t(value) : value;
    if (value == 0 || rows > sizeLimits.vocabulary || (value < 0 && header.version > 0))
        throw Error(Fault::Format, place + ": vocabulary size is " + std::to_string(value) + "; a size from 1 to " +
                                       std::to_string(sizeLimits.vocabulary) +
                                       (header.version == 0 ? ", or its negative," : "") + " was expected");
    if (header.version == 0)
        header.shared = value > 0;
    return static_cast<int>(rows);
}

Header takeHeader(ByteReader& reader, ModelConfig& config)
{
    Header header;
    ByteReader peek = reader;
    if (peek.take<std::uint32_t>("header") == magic) {
        reader = peek;
        const std::string place = reader.place();
        header.version = reader.take<std::int32_t>("version");
        if (header.version < 1 || header.version > 2)
            throw Error(Fault::Format,
                        place + ": version is " + std::to_string(header.version) + "; 1 or 2 was expected");
    }
    config.width = takeSize(reader, "width", sizeLimits.width);
    config.feedForwardWidth = takeSize(reader, "feed-forward width", sizeLimits.width);
    config.layers = takeSize(reader, "number of layers", sizeLimits.layers);
    config.heads = takeSize(reader, "number of heads", sizeLimits.heads);
    config.keyHeads = takeSize(reader, "number of key heads", sizeLimits.heads);
    config.vocabulary = takeVocabulary(reader, header);
    config.context = takeSize(reader, "context length", sizeLimits.context);
    if (header.version == 0)
        return header;
    const std::string place = reader.place();
    const auto shared = reader.take<std::uint8_t>("shared classifier flag");
    if (shared > 1)
        throw Error(Fault::Format,
                    place + ": the shared classifier flag is " + std::to_string(shared) + "; 0 or 1 was expected");
    header.shared = shared == 1;
    if (header.version == 2)
        header.group = Body::size(takeSize(reader, "group size", sizeLimits.width));
    reader.skip(headerBytes - reader.position(), "header");
    return header;
}

void takeWeights(Body& body, const ModelConfig& config, const Header& header)
{
    const int queryWidth = config.heads * config.headWidth;
    const int keyWidth = config.keyHeads * config.headWidth;
    const auto embedding = [&](const char* name) {
        body.matrix(name, Body::size(config.vocabulary), Body::size(config.width));
    };
    const auto attention = [&] {
        body.matrices("query", queryWidth, config.width);
        body.matrices("key", keyWidth, config.width);
        body.matrices("value", keyWidth, config.width);
        body.matrices("output", config.width, queryWidth);
    };
    const auto feedForward = [&] {
        body.matrices("gate", config.feedForwardWidth, config.width); // w1
        body.matrices("down", config.width, config.feedForwardWidth); // w2
        body.matrices("up", config.feedForwardWidth, config.width);   // w3
    };
    if (header.version == 0) {
        embedding("embedding");
        body.norms("attention_norm");
        attention();
        body.norms("feed_forward_norm");
        feedForward();
        body.floats("final_norm", {Body::size(config.width)});
        // Tables of cosines and sines, which follow from theta.
        const std::size_t angles =
            checkedProduct(Body::size(config.context), Body::size(config.headWidth / 2), "table");
        body.floats("rope_cosines", {angles});
        body.floats("rope_sines", {angles});
    } else {
        body.norms("attention_norm");
        body.norms("feed_forward_norm");
        body.floats("final_norm", {Body::size(config.width)});
        embedding("embedding");
        attention();
        feedForward();
    }
    if (!header.shared)
        embedding("classifier");
}

// The tokenizer as given, else the only one beside the checkpoint.
std::filesystem::path tokenizerOf(const FileSet& files)
{
    if (!files.tokenizer.empty())
        return files.tokenizer;
    const std::filesystem::path whole = std::filesystem::absolute(files.main);
    std::vector<std::filesystem::path> candidates;
    std::error_code failed;
    for (std::filesystem::directory_iterator entry(whole.parent_path(), failed), end; !failed && entry != end;
         entry.increment(failed)) {
        const std::filesystem::path& path = entry->path();
        std::error_code unknown;
        if (path == whole || !entry->is_regular_file(unknown))
            continue;
        const bool named = path.filename() == tokenizerName || path.filename() == "tokenizer.json";
        const bool worthALook = path.extension() == ".bin" && entry->file_size(unknown) > 0;
        if (named || (worthALook && looksLikeTokenizerBin(File(path).head())))
            candidates.push_back(path);
    }
    std::ranges::sort(candidates);
    if (candidates.size() > 1)
        throw Error(Fault::Format, whole.filename().string() + ": two tokenizers are beside it, " +
                                       candidates[0].filename().string() + " and " + candidates[1].filename().string() +
                                       "; name one with --tokenizer");
    return candidates.empty() ? std::filesystem::path() : candidates.front();
}

bool accepts(const std::filesystem::path& main, std::span<const std::byte> head)
{
    std::uint32_t first = 0;
    if (head.size() >= sizeof(first))
        std::memcpy(&first, head.data(), sizeof(first));
    if (first == magic)
        return true;
    // v0 has no mark of its own: any .bin is taken for one that is not known to be something else.
    return main.extension() == ".bin" && main.filename() != tokenizerName && !looksLikeTokenizerBin(head);
}

Checkpoint read(const FileSet& files, Job& job)
{
    Checkpoint checkpoint;
    const auto file = std::make_shared<File>(files.main);
    const std::vector<std::byte> head = file->head();
    ByteReader reader(files.main.filename().string(), head, file->size());
    ModelConfig& config = checkpoint.config;
    const Header header = takeHeader(reader, config);
    config.architecture = "llama";
    if (config.width % config.heads != 0)
        throw Error(Fault::Shape, reader.name() + ": " + std::to_string(config.heads) +
                                      " heads do not divide the width " + std::to_string(config.width));
    config.headWidth = config.valueWidth = config.width / config.heads;
    checkHeads(config, reader.name());
    config.rope = RopeKind::Interleaved;
    config.tied = header.shared;
    config.bos = TokenId{1};
    config.eos = TokenId{2};
    checkpoint.format = "llama2.c v" + std::to_string(header.version);
    checkpoint.assumed = {"the format does not say: rotary theta 10000, norm eps 1e-5, bos 1, eos 2"};
    checkpoint.files = {reader.name()};

    Body body(reader, header, checkpoint, file);
    takeWeights(body, config, header);
    if (reader.left() != 0)
        throw Error(Fault::Format, reader.place() + ": " + std::to_string(reader.left()) +
                                       " bytes are left over; the header's sizes end here");
    if (header.version == 0) {
        checkpoint.tensors.erase("rope_cosines");
        checkpoint.tensors.erase("rope_sines");
        checkpoint.ignored.emplace_back("the tables of rotary angles: they are computed from theta");
    }
    job.check();
    const std::filesystem::path tokenizer = tokenizerOf(files);
    if (tokenizer.empty())
        checkpoint.missing.emplace_back("no tokenizer file beside the checkpoint: token ids only, no text");
    else
        attachTokenizer(checkpoint, tokenizer);
    return checkpoint;
}

} // namespace

const Format& row()
{
    static const Format format{"llama2.c", accepts, read};
    return format;
}

} // namespace engine::llama2c
