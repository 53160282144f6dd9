// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/json.h"
#include "engine/files/tokenizerfile.h"

#include <algorithm>
#include <functional>
#include <set>
#include <unordered_map>

namespace engine {
namespace {

constexpr int mostIds = 1 << 22;
constexpr std::size_t mostSteps = 64;
constexpr std::size_t longestPattern = 65'536;
constexpr std::size_t longestAdded = 4096;

using Steps = std::vector<TokenizerStep>;
using Ids = std::unordered_map<std::string, TokenId>;

// A replacement or prefix; long ones would multiply a text.
std::string shortText(const Json& json)
{
    constexpr std::size_t longest = 64;
    if (json.string().size() > longest)
        json.refuse("a text of at most " + std::to_string(longest) + " bytes");
    return json.string();
}

bool flag(const Json& json, std::string_view key, bool otherwise)
{
    const std::optional<Json> value = json.find(key);
    return value ? value->boolean() : otherwise;
}

std::string oneOf(const Json& value, std::initializer_list<std::string_view> known)
{
    std::string all;
    for (const std::string_view name : known) {
        if (value.string() == name)
            return value.string();
        all += (all.empty() ? "" : ", ") + std::string(name);
    }
    value.refuse("one of " + all);
}

void readPattern(const Json& json, TokenizerStep& step)
{
    const Json pattern = json["pattern"];
    step.regex = pattern.find("Regex").has_value();
    const Json text = pattern[step.regex ? "Regex" : "String"];
    if (text.string().empty() || text.string().size() > longestPattern)
        text.refuse("a pattern of 1 to " + std::to_string(longestPattern) + " bytes");
    step.pattern = text.string();
}

std::string behaviorOf(const Json& json, std::string_view otherwise)
{
    const std::optional<Json> value = json.find("behavior");
    return value ? oneOf(*value, {"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"})
                 : std::string(otherwise);
}

void readMetaspace(const Json& json, TokenizerStep& step)
{
    const std::optional<Json> replacement = json.find("replacement");
    step.content = replacement ? shortText(*replacement) : "\u2581";
    if (step.content.empty() || step.content == " ")
        replacement->refuse("a character other than a space");
    if (const std::optional<Json> scheme = json.find("prepend_scheme"))
        step.prependScheme = oneOf(*scheme, {"always", "first", "never"});
    else // before version 0.15 of the library
        step.prependScheme = flag(json, "add_prefix_space", true) ? "always" : "never";
    step.split = flag(json, "split", true);
}

// How the fields of one kind are read.
using Reader = std::function<void(const Json&, TokenizerStep&)>;
using Readers = std::map<std::string, Reader, std::less<>>;

void nothing(const Json& /*json*/, TokenizerStep& /*step*/) {}

void readReplace(const Json& json, TokenizerStep& step)
{
    readPattern(json, step);
    step.content = shortText(json["content"]);
}

const Readers& normalizerKinds()
{
    static const Readers kinds{
        {"NFC", nothing},
        {"NFD", nothing},
        {"NFKC", nothing},
        {"NFKD", nothing},
        {"Lowercase", nothing},
        {"Prepend", [](const Json& json, TokenizerStep& step) { step.content = shortText(json["prepend"]); }},
        {"Replace", readReplace},
        {"Strip",
         [](const Json& json, TokenizerStep& step) {
             step.start = flag(json, "strip_left", true) ? 1 : 0;
             step.stop = flag(json, "strip_right", true) ? 1 : 0;
         }},
    };
    return kinds;
}

void readByteLevel(const Json& json, TokenizerStep& step)
{
    step.addPrefixSpace = flag(json, "add_prefix_space", true);
    step.useRegex = flag(json, "use_regex", true);
}

const Readers& preTokenizerKinds()
{
    static const Readers kinds{
        {"ByteLevel", readByteLevel},
        {"Split",
         [](const Json& json, TokenizerStep& step) {
             readPattern(json, step);
             step.behavior = behaviorOf(json, "Isolated");
             step.invert = flag(json, "invert", false);
         }},
        {"Metaspace", readMetaspace},
        {"Digits",
         [](const Json& json, TokenizerStep& step) { step.individualDigits = flag(json, "individual_digits", false); }},
        {"Punctuation", [](const Json& json, TokenizerStep& step) { step.behavior = behaviorOf(json, "Isolated"); }},
        {"Whitespace", nothing},
        {"WhitespaceSplit", nothing},
    };
    return kinds;
}

const Readers& decoderKinds()
{
    static const Readers kinds{
        {"ByteLevel", nothing},
        {"ByteFallback", nothing},
        {"Fuse", nothing},
        {"Metaspace", readMetaspace},
        {"Replace", readReplace},
        {"Strip",
         [](const Json& json, TokenizerStep& step) {
             step.content = shortText(json["content"]);
             step.start = static_cast<int>(json["start"].integer(0, 1'000'000));
             step.stop = static_cast<int>(json["stop"].integer(0, 1'000'000));
         }},
    };
    return kinds;
}

// A step, or a Sequence of steps laid flat.
void readSteps(const Json& json, const Readers& kinds, std::string_view list, Steps& steps)
{
    const Json type = json["type"];
    if (type.string() == "Sequence") {
        for (const Json& inner : json[list].elements())
            readSteps(inner, kinds, list, steps);
        return;
    }
    const auto kind = kinds.find(type.string());
    if (kind == kinds.end()) {
        std::string known = "Sequence";
        for (const auto& [name, reader] : kinds)
            known += ", " + name;
        type.refuse("one of " + known);
    }
    if (steps.size() == mostSteps)
        json.refuse("at most " + std::to_string(mostSteps) + " steps");
    TokenizerStep step;
    step.kind = type.string();
    kind->second(json, step);
    steps.push_back(std::move(step));
}

Steps stepsOf(const Json& root, std::string_view key, const Readers& kinds, std::string_view list)
{
    Steps steps;
    if (const std::optional<Json> json = root.find(key))
        readSteps(*json, kinds, list, steps);
    return steps;
}

TokenId idOf(const Json& json)
{
    return {static_cast<int>(json.integer(0, mostIds - 1))};
}

void put(BpeVocabulary& bpe, TokenId id, const std::string& piece, const Json& where)
{
    const auto index = static_cast<std::size_t>(id.value);
    if (index >= bpe.pieces.size()) {
        bpe.pieces.resize(index + 1);
        bpe.present.resize(index + 1);
        bpe.inModel.resize(index + 1);
    }
    if (bpe.present[index] && bpe.pieces[index] != piece)
        throw Error(Fault::Format, where.place() + " gives id " + std::to_string(id.value) + " to " + quoteJson(piece) +
                                       ", which " + quoteJson(bpe.pieces[index]) + " has");
    bpe.pieces[index] = piece;
    bpe.present[index] = true;
}

std::pair<std::string, std::string> mergeOf(const Json& json)
{
    if (json.isArray() && json.size() == 2)
        return {json[std::size_t(0)].string(), json[1].string()};
    const std::string& text = json.string();
    const std::size_t space = text.find(' ');
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos)
        json.refuse("two pieces with one space between them");
    return {text.substr(0, space), text.substr(space + 1)};
}

void checkModelKind(const Json& model)
{
    if (const std::optional<Json> type = model.find("type"))
        oneOf(*type, {"BPE"});
    for (const std::string_view affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
        const std::optional<Json> text = model.find(affix);
        if (text && !text->string().empty())
            text->refuse("none (not supported)");
    }
    const std::optional<Json> dropout = model.find("dropout");
    if (dropout && dropout->number() != 0)
        dropout->refuse("none (encoding would be random)");
}

Ids readModel(const Json& model, BpeVocabulary& bpe)
{
    checkModelKind(model);
    Ids ids;
    model["vocab"].eachMember([&](const std::string& piece, const Json& id) {
        put(bpe, idOf(id), piece, id);
        ids.emplace(piece, idOf(id));
    });
    bpe.inModel = bpe.present;
    for (const Json& merge : model["merges"].elements()) {
        bpe.merges.push_back(mergeOf(merge));
        const auto& [left, right] = bpe.merges.back();
        for (const std::string& piece : {left, right, left + right}) {
            if (!ids.contains(piece))
                throw Error(Fault::Format,
                            merge.place() + " needs " + quoteJson(piece) + ", which is not in the vocabulary");
        }
    }
    bpe.byteFallback = flag(model, "byte_fallback", false);
    bpe.ignoreMerges = flag(model, "ignore_merges", false);
    bpe.fuseUnknown = flag(model, "fuse_unk", false);
    return ids;
}

void readAdded(const Json& root, BpeVocabulary& bpe, Ids& ids)
{
    const std::optional<Json> list = root.find("added_tokens");
    if (!list)
        return;
    for (const Json& json : list->elements()) {
        AddedToken token{idOf(json["id"]), json["content"].string()};
        token.special = flag(json, "special", false);
        token.lstrip = flag(json, "lstrip", false);
        token.rstrip = flag(json, "rstrip", false);
        token.singleWord = flag(json, "single_word", false);
        token.normalized = flag(json, "normalized", !token.special);
        if (token.content.empty() || token.content.size() > longestAdded)
            json["content"].refuse("a text of 1 to " + std::to_string(longestAdded) + " bytes");
        put(bpe, token.id, token.content, json);
        const auto [known, fresh] = ids.emplace(token.content, token.id);
        if (!fresh && known->second != token.id)
            throw Error(Fault::Format, json.place() + " has id " + std::to_string(token.id.value) +
                                           "; the vocabulary gives " + quoteJson(token.content) + " " +
                                           std::to_string(known->second.value));
        bpe.added.push_back(std::move(token));
    }
}

TokenId known(const Json& json, const BpeVocabulary& bpe)
{
    const TokenId id = idOf(json);
    if (static_cast<std::size_t>(id.value) >= bpe.present.size() || !bpe.present[static_cast<std::size_t>(id.value)])
        json.refuse("the id of a token");
    return id;
}

// [cls] text [sep], as BertProcessing and RobertaProcessing write it: ["</s>", 2].
void readPair(const Json& json, BpeVocabulary& bpe)
{
    bpe.before.insert(bpe.before.begin(), known(json["cls"][1], bpe));
    bpe.after.push_back(known(json["sep"][1], bpe));
}

void readTemplate(const Json& json, BpeVocabulary& bpe)
{
    std::vector<TokenId> before;
    std::vector<TokenId> after;
    bool text = false;
    for (const Json& item : json["single"].elements()) {
        if (const std::optional<Json> sequence = item.find("Sequence")) {
            if (text || (*sequence)["id"].string() != "A")
                item.refuse("the text A once");
            text = true;
            continue;
        }
        const std::string name = item["SpecialToken"]["id"].string();
        for (const Json& id : json["special_tokens"][name]["ids"].elements())
            (text ? after : before).push_back(known(id, bpe));
    }
    if (!text)
        json["single"].refuse("a template with the text A");
    bpe.before.insert(bpe.before.begin(), before.begin(), before.end());
    bpe.after.insert(bpe.after.end(), after.begin(), after.end());
}

void readPostProcessor(const Json& json, BpeVocabulary& bpe)
{
    const Json type = json["type"];
    const std::string kind =
        oneOf(type, {"Sequence", "TemplateProcessing", "ByteLevel", "RobertaProcessing", "BertProcessing"});
    if (kind == "Sequence") {
        for (const Json& inner : json["processors"].elements())
            readPostProcessor(inner, bpe);
    } else if (kind == "TemplateProcessing") {
        readTemplate(json, bpe);
    } else if (kind != "ByteLevel") { // which only trims offsets
        readPair(json, bpe);
    }
    if (bpe.before.size() + bpe.after.size() > mostSteps)
        json.refuse("at most " + std::to_string(mostSteps) + " tokens around a text");
}

// "bos_token": "<s>" or {"content": "<s>", …}.
std::optional<TokenId> namedToken(const Json& config, std::string_view key, const Ids& ids)
{
    const std::optional<Json> json = config.find(key);
    if (!json)
        return std::nullopt;
    const Json content = json->isObject() ? (*json)["content"] : *json;
    const auto found = ids.find(content.string());
    if (found == ids.end())
        content.refuse("a token of tokenizer.json");
    return found->second;
}

// What the flags of tokenizer_config.json say about bos and eos around a text; they win over the template.
void applyFlag(const Json& config, std::string_view key, std::optional<TokenId> token, bool front,
               std::vector<TokenId>& around, std::vector<std::string>& assumed)
{
    const std::optional<Json> wanted = config.find(key);
    if (!wanted || !token)
        return;
    const bool has = std::ranges::find(around, *token) != around.end();
    if (wanted->boolean() == has)
        return;
    assumed.push_back(wanted->place() + " is " + wanted->text() +
                      "; this wins over the post_processor of tokenizer.json, which says the opposite");
    if (has)
        std::erase(around, *token);
    else
        around.insert(front ? around.begin() : around.end(), *token);
}

void readConfig(const std::filesystem::path& path, const Ids& ids, Vocabulary& vocabulary, BpeVocabulary& bpe,
                std::vector<std::string>& assumed)
{
    const Json config = Json::read(path);
    vocabulary.bos = namedToken(config, "bos_token", ids);
    vocabulary.eos = namedToken(config, "eos_token", ids);
    applyFlag(config, "add_bos_token", vocabulary.bos, true, bpe.before, assumed);
    applyFlag(config, "add_eos_token", vocabulary.eos, false, bpe.after, assumed);
}

} // namespace

Vocabulary readTokenizerJson(const std::filesystem::path& path, std::vector<std::string>& assumed,
                             std::vector<std::string>& files)
{
    const Json root = Json::read(path);
    files.push_back(path.filename().string());
    BpeVocabulary bpe;
    const Json model = root["model"];
    Ids ids = readModel(model, bpe);
    readAdded(root, bpe, ids);
    if (const std::optional<Json> unknown = model.find("unk_token")) {
        const auto found = ids.find(unknown->string());
        if (found == ids.end())
            unknown->refuse("a piece of the vocabulary");
        bpe.unknown = found->second;
    }
    bpe.normalizer = stepsOf(root, "normalizer", normalizerKinds(), "normalizers");
    bpe.preTokenizer = stepsOf(root, "pre_tokenizer", preTokenizerKinds(), "pretokenizers");
    bpe.decoder = stepsOf(root, "decoder", decoderKinds(), "decoders");
    if (const std::optional<Json> json = root.find("post_processor"))
        readPostProcessor(*json, bpe);
    if (root.find("truncation"))
        assumed.push_back(root.place() + "truncation is set; texts are not cut");

    Vocabulary vocabulary;
    const std::filesystem::path config = path.parent_path() / "tokenizer_config.json";
    if (isThere(config)) {
        readConfig(config, ids, vocabulary, bpe, assumed);
        files.push_back(config.filename().string());
    }
    vocabulary.size = static_cast<int>(bpe.pieces.size());
    if (vocabulary.size == 0)
        model["vocab"].refuse("at least one piece");
    vocabulary.addBos = vocabulary.bos && !bpe.before.empty() && bpe.before.front() == *vocabulary.bos;
    vocabulary.model = std::move(bpe);
    return vocabulary;
}

} // namespace engine
