# SPDX-License-Identifier: GPL-3.0-or-later
# Writes the table of every row() below a folder, so that a new method or format needs no other edit.
#   add_registry(engine methods */method.cpp Method methodRows engine/methods/registry.h)
# adds all the matching sources to the target, and `std::span<const Method* const> methodRows()` in namespace engine. A
# seventh argument is the function that stands in each file where it is not row().
function(add_registry target folder pattern type function header)
    set(entry row)
    if(ARGC GREATER 6)
        set(entry ${ARGV6})
    endif()
    set(root ${CMAKE_CURRENT_SOURCE_DIR}/${folder})
    file(GLOB files CONFIGURE_DEPENDS RELATIVE ${root} ${root}/${pattern})
    list(SORT files)
    set(DECLARATIONS "")
    set(ROWS "")
    foreach(file IN LISTS files)
        get_filename_component(name ${file} DIRECTORY) # performer/method.cpp → performer
        if(NOT name)
            get_filename_component(name ${file} NAME_WE) # llama2c.cpp → llama2c
        endif()
        string(APPEND DECLARATIONS "namespace ${name} {\nconst ${type}& ${entry}();\n}\n")
        string(APPEND ROWS "        &${name}::${entry}(),\n")
    endforeach()
    set(TYPE ${type})
    set(FUNCTION ${function})
    set(HEADER ${header})
    list(LENGTH files COUNT)
    configure_file(${PROJECT_SOURCE_DIR}/.cmake/registry.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp @ONLY)
    target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
endfunction()
