# SPDX-License-Identifier: GPL-3.0-or-later
# Run by embed.cmake: writes OUTPUT, a table of the texts of FILES below ROOT. Text stands in raw strings, in pieces short enough for
# every compiler.
set(table "")
foreach(file IN LISTS FILES)
    file(READ ${ROOT}/${file} text)
    string(LENGTH "${text}" length)
    set(literal "")
    set(position 0)
    while(position LESS length)
        string(SUBSTRING "${text}" ${position} 8000 piece)
        string(APPEND literal "R\"subquad(${piece})subquad\"\n")
        math(EXPR position "${position} + 8000")
    endwhile()
    if(literal STREQUAL "")
        set(literal "\"\"\n")
    endif()
    string(APPEND table "    {\"${file}\",\n${literal}    },\n")
endforeach()
file(WRITE ${OUTPUT} "// Written by .cmake/embedfiles.cmake.
#include \"engine/compute/embedded.h\"

#include <utility>

namespace engine {
namespace {

constexpr std::pair<std::string_view, std::string_view> texts[] = {
    {\"\", \"\"},
${table}};

} // namespace

std::string_view embedded(std::string_view path)
{
    for (const auto& [name, text] : texts) {
        if (name == path)
            return text;
    }
    return {};
}

} // namespace engine
")
