// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/files/json.h"

#include "engine/files/bytes.h"
#include "engine/values/error.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <unordered_set>

namespace engine {

struct Json::Document // NOLINT(bugprone-exception-escape): what the library does when it is moved
{
    std::string name;
    nlohmann::json root;
};

namespace {

// Walks the text and tells outside how far the parser is, which its callback does not say.
class CountingIterator
{
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, std::size_t* count)
        : m_at(at)
        , m_count(count)
    {
    }

    reference operator*() const { return *m_at; }

    CountingIterator& operator++()
    {
        ++m_at;
        ++*m_count;
        return *this;
    }

    bool operator==(const CountingIterator& other) const { return m_at == other.m_at; }

    bool operator!=(const CountingIterator& other) const { return m_at != other.m_at; }

private:
    const char* m_at;
    std::size_t* m_count;
};

// Refuses what the library would take: bottomless nesting, endless values and keys given twice.
class Guard
{
public:
    Guard(const std::string& name, const JsonLimits& limits, const std::size_t& position)
        : m_name(name)
        , m_limits(limits)
        , m_position(position)
    {
    }

    bool operator()(int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed)
    {
        using Event = nlohmann::json::parse_event_t;
        m_memory += memoryOf(event, parsed);
        if (m_memory > m_limits.memory)
            refuse("holds so many values that they take more than " + std::to_string(m_limits.memory) +
                   " bytes of memory, the limit");
        if (depth > m_limits.depth)
            refuse("is nested deeper than " + std::to_string(m_limits.depth) + " levels");
        if (event == Event::object_start)
            m_keys.emplace_back();
        else if (event == Event::object_end)
            m_keys.pop_back();
        else if (event == Event::key && !m_keys.back().insert(hashOf(parsed)).second)
            refuse("has the key " + quoteJson(parsed.get_ref<const std::string&>()) + " twice in one object");
        return true;
    }

private:
    // As the library and the allocator take it, with the room that vectors grow into.
    static std::size_t memoryOf(nlohmann::json::parse_event_t event, const nlohmann::json& parsed)
    {
        using Event = nlohmann::json::parse_event_t;
        constexpr std::size_t value = 40, text = 48, container = 48, key = 184;
        switch (event) {
        case Event::key:
            return key + parsed.get_ref<const std::string&>().size();
        case Event::value:
            return value + (parsed.is_string() ? text + parsed.get_ref<const std::string&>().size() : 0);
        case Event::object_start:
        case Event::array_start:
            return value + container;
        default:
            return 0;
        }
    }

    static std::size_t hashOf(const nlohmann::json& key)
    {
        return std::hash<std::string>()(key.get_ref<const std::string&>());
    }

    [[noreturn]] void refuse(const std::string& why) const
    {
        throw Error(Fault::Format, m_name + ": " + why + ", at byte " + std::to_string(m_position));
    }

    const std::string& m_name;
    const JsonLimits& m_limits;
    const std::size_t& m_position;
    std::size_t m_memory = 0;
    std::vector<std::unordered_set<std::size_t>> m_keys; // hashes: the keys themselves would take as much as the text
};

// Text that a message can hold: as JSON writes it, which has no control characters.
std::string cut(const nlohmann::json& value)
{
    constexpr std::size_t longest = 60;
    std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (text.size() > longest)
        text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace).substr(0, longest) +
               "…"; // ASCII, so that no character is cut in two
    return text;
}

// A step of a path: a key as it is where it is short and plain.
std::string stepOf(const std::string& key)
{
    constexpr std::size_t longest = 100;
    const auto plain = [](unsigned char c) { return c > 0x20 && c != 0x7F; };
    return !key.empty() && key.size() <= longest && std::ranges::all_of(key, plain) ? key : quoteJson(key);
}

} // namespace

Json Json::parse(std::string_view text, const std::string& name, const JsonLimits& limits)
{
    if (text.size() > limits.bytes)
        throw Error(Fault::Format, name + ": is " + std::to_string(text.size()) + " bytes long; at most " +
                                       std::to_string(limits.bytes) + " were expected");
    auto document = std::make_shared<Document>();
    document->name = name;
    std::size_t position = 0;
    Guard guard(document->name, limits, position);
    try {
        document->root = nlohmann::json::parse(CountingIterator(text.data(), &position),
                                               CountingIterator(text.data() + text.size(), &position), std::ref(guard));
    } catch (const nlohmann::json::out_of_range&) {
        throw Error(Fault::Format, name + ": a number is too large at byte " + std::to_string(position));
    } catch (const nlohmann::json::exception&) {
        throw Error(Fault::Format, name + ": is not JSON: the syntax is broken at byte " + std::to_string(position));
    }
    const nlohmann::json* root = &document->root;
    return {std::move(document), root, {}};
}

Json Json::read(const std::filesystem::path& file, const JsonLimits& limits)
{
    return parse(File(file).text(limits.bytes), file.filename().string(), limits);
}

Json::Json(std::shared_ptr<const Document> document, const nlohmann::json* value, std::string path)
    : m_document(std::move(document))
    , m_value(value)
    , m_path(std::move(path))
{
}

Json Json::below(const nlohmann::json& value, const std::string& step) const
{
    const bool dot = !m_path.empty() && step.front() != '[';
    return {m_document, &value, m_path + (dot ? "." : "") + step};
}

bool Json::isNull() const
{
    return m_value->is_null();
}

bool Json::isBool() const
{
    return m_value->is_boolean();
}

bool Json::isNumber() const
{
    return m_value->is_number();
}

bool Json::isString() const
{
    return m_value->is_string();
}

bool Json::isArray() const
{
    return m_value->is_array();
}

bool Json::isObject() const
{
    return m_value->is_object();
}

bool Json::boolean() const
{
    if (!isBool())
        refuse("true or false");
    return m_value->get<bool>();
}

double Json::number() const
{
    if (!isNumber() || !std::isfinite(m_value->get<double>()))
        refuse("a number");
    return m_value->get<double>();
}

std::int64_t Json::integer(std::int64_t least, std::int64_t most) const
{
    const bool fits = m_value->is_number_unsigned() ? std::cmp_less_equal(m_value->get<std::uint64_t>(), INT64_MAX)
                                                    : m_value->is_number_integer();
    if (!fits || m_value->get<std::int64_t>() < least || m_value->get<std::int64_t>() > most)
        refuse("a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return m_value->get<std::int64_t>();
}

const std::string& Json::string() const
{
    if (!isString())
        refuse("a string");
    return m_value->get_ref<const std::string&>();
}

std::size_t Json::size() const
{
    return m_value->size();
}

Json Json::operator[](std::string_view key) const
{
    if (!isObject())
        refuse("an object");
    const auto found = m_value->find(key);
    if (found == m_value->end())
        throw Error(Fault::Format, place() + (m_path.empty() ? "" : " has no member ") + quoteJson(key) +
                                       (m_path.empty() ? " is missing" : ""));
    return below(*found, stepOf(std::string(key)));
}

Json Json::operator[](std::size_t index) const
{
    if (!isArray() || index >= size())
        refuse("an array of more than " + std::to_string(index) + " elements");
    return below((*m_value)[index], "[" + std::to_string(index) + "]");
}

std::optional<Json> Json::find(std::string_view key) const
{
    if (!isObject())
        refuse("an object");
    const auto found = m_value->find(key);
    if (found == m_value->end() || found->is_null())
        return std::nullopt;
    return below(*found, stepOf(std::string(key)));
}

std::vector<Json> Json::elements() const
{
    if (!isArray())
        refuse("an array");
    std::vector<Json> elements;
    elements.reserve(size());
    for (std::size_t i = 0; i < size(); ++i)
        elements.push_back(below((*m_value)[i], "[" + std::to_string(i) + "]"));
    return elements;
}

std::vector<std::pair<std::string, Json>> Json::members() const
{
    if (!isObject())
        refuse("an object");
    std::vector<std::pair<std::string, Json>> members;
    members.reserve(size());
    for (const auto& [key, value] : m_value->items())
        members.emplace_back(key, below(value, stepOf(key)));
    return members;
}

void Json::eachMember(const std::function<void(const std::string& key, const Json& value)>& visit) const
{
    if (!isObject())
        refuse("an object");
    for (const auto& [key, value] : m_value->items())
        visit(key, below(value, stepOf(key)));
}

std::string Json::place() const
{
    return m_document->name + ": " + m_path;
}

std::string Json::text() const
{
    if (m_value->is_structured() && !m_value->empty())
        return isArray() ? "an array" : "an object";
    return cut(*m_value);
}

void Json::refuse(const std::string& expected) const
{
    throw Error(Fault::Format,
                place() + (m_path.empty() ? "" : " ") + "is " + text() + "; " + expected + " was expected");
}

std::string quoteJson(std::string_view text)
{
    return cut(nlohmann::json(std::string(text)));
}

} // namespace engine
