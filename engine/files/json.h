// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace engine {

// How much a JSON text may ask for, whoever wrote it.
struct JsonLimits
{
    std::size_t bytes = std::size_t(48) << 20;   // the longest tokenizers have 35 MB
    std::size_t memory = std::size_t(192) << 20; // of what the text becomes, as counted before it is taken
    int depth = 64;
};

// A value inside a JSON text, which it keeps alive; cheap to copy. Every access checks and its Error{Format} says file,
// path and what was expected: "config.json: hidden_size is "x"; a whole number from 1 to 1048576 was expected".
class Json
{
public:
    // Throws Error{Format} with name and byte for bad syntax, a key given twice, or a text beyond the limits.
    static Json parse(std::string_view text, const std::string& name, const JsonLimits& limits = {});
    static Json read(const std::filesystem::path& file, const JsonLimits& limits = {}); // named by its file name

    bool isNull() const;
    bool isBool() const;
    bool isNumber() const;
    bool isString() const;
    bool isArray() const;
    bool isObject() const;

    bool boolean() const;
    double number() const; // finite
    std::int64_t integer(std::int64_t least, std::int64_t most) const;
    const std::string& string() const;

    std::size_t size() const;                // of an array or object
    Json operator[](std::string_view) const; // a member that must be there
    Json operator[](std::size_t) const;      // an element that must be there
    // A member that may be absent or null.
    std::optional<Json> find(std::string_view key) const;

    std::vector<Json> elements() const;                        // of an array
    std::vector<std::pair<std::string, Json>> members() const; // of an object, sorted by key
    // The same one at a time, for objects that may hold a million.
    void eachMember(const std::function<void(const std::string& key, const Json& value)>& visit) const;

    // "config.json: rope_scaling.type", for messages.
    std::string place() const;
    std::string text() const; // as JSON on one line, cut after 60 bytes, for messages

    [[noreturn]] void refuse(const std::string& expected) const;

private:
    struct Document;

    Json(std::shared_ptr<const Document> document, const nlohmann::json* value, std::string path);

    Json below(const nlohmann::json& value, const std::string& step) const;

    std::shared_ptr<const Document> m_document;
    const nlohmann::json* m_value;
    std::string m_path;
};

// A string as JSON writes it, quotes included, cut after 60 bytes: for messages.
std::string quoteJson(std::string_view text);

} // namespace engine
