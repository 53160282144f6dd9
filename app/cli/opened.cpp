// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/opened.h"

#include "app/cli/grammar.h"
#include "engine/files/bytes.h"

#include <algorithm>
#include <filesystem>
#include <set>

using namespace engine;

namespace app::cli {

std::shared_ptr<const Model> openModel(const Source& source, Context& context)
{
    Checkpoint checkpoint = readCheckpoint(source.path, context.job, source.tokenizer);
    for (const auto* sentences : {&checkpoint.assumed, &checkpoint.missing}) {
        for (const std::string& sentence : *sentences)
            context.log << checkpoint.name << ": " << sentence << '\n';
    }
    return std::make_shared<const Model>(std::move(checkpoint), context.job);
}

std::string readText(const std::string& path)
{
    std::error_code failed;
    if (std::filesystem::is_regular_file(path, failed) && std::filesystem::file_size(path, failed) == 0 && !failed)
        return {};
    const File file(path);
    // Tokens and their logits are many times the text.
    if (file.size() > memoryLimit() / 16)
        throw Error(Fault::Memory, path + ": a text of " + std::to_string(file.size()) +
                                       " bytes; the memory limit allows " + std::to_string(memoryLimit() / 16));
    return file.text(file.size());
}

const Tokenizer& tokenizerOf(const Model& model)
{
    if (model.tokenizer() == nullptr)
        throw Error(Fault::Request, model.checkpoint().name +
                                        " has no tokenizer: give one with --tokenizer, or token ids with --tokens");
    return *model.tokenizer();
}

std::vector<Token> encoded(const Model& model, const Prompt& prompt)
{
    const Tokenizer& tokenizer = tokenizerOf(model);
    if (!prompt.file)
        return tokenizer.encode(prompt.text.value_or(""));
    const std::string text = readText(*prompt.file);
    try {
        return tokenizer.encode(text);
    } catch (const Error& error) {
        if (error.fault() != Fault::Request)
            throw;
        throw Error(Fault::Format, *prompt.file + ": " + error.what());
    }
}

std::vector<TokenId> promptTokens(const Model& model, const Prompt& prompt)
{
    if (prompt.tokens)
        return parseTokens(*prompt.tokens, model.config().vocabulary);
    std::vector<TokenId> ids;
    if (prompt.text || prompt.file) {
        for (const Token& token : encoded(model, prompt))
            ids.push_back(token.id);
    }
    if (!ids.empty())
        return ids;
    auto bos = model.config().bos;
    if (!bos && model.tokenizer() != nullptr)
        bos = model.tokenizer()->bos();
    if (!bos)
        throw Error(Fault::Request, model.checkpoint().name +
                                        " names no token that begins a sequence: give a text that is not empty with "
                                        "--text, or token ids with --tokens");
    return {*bos};
}

std::string weightsHash(const Checkpoint& checkpoint, Job& job)
{
    std::set<std::filesystem::path> files;
    for (const auto& [name, tensor] : checkpoint.tensors)
        files.insert(tensor.file->path());
    std::string hashes;
    for (const auto& file : files)
        hashes += (hashes.empty() ? "" : ",") + sha256(file, job);
    return hashes;
}

void sayBeyondContext(const Model& model, std::size_t tokens, Context& context)
{
    if (tokens > std::size_t(model.config().context))
        context.log << "beyond the trained context: " << tokens << " tokens, trained on " << model.config().context
                    << '\n';
}

} // namespace app::cli
