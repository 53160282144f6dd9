# SPDX-License-Identifier: GPL-3.0-or-later
# Puts text files into the program: embed_texts(engine compute/*.cl methods/*/about.md …) makes each readable by
# engine::embedded("compute/prelude.cl"). Patterns are relative to the current source folder.
function(embed_texts target)
    set(root ${CMAKE_CURRENT_SOURCE_DIR})
    set(files "")
    foreach(pattern IN LISTS ARGN)
        file(GLOB found CONFIGURE_DEPENDS RELATIVE ${root} ${root}/${pattern})
        list(APPEND files ${found})
    endforeach()
    list(SORT files)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded.cpp)
    set(inputs ${files})
    list(TRANSFORM inputs PREPEND ${root}/)
    add_custom_command(
        OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -DROOT=${root} "-DFILES=${files}" -DOUTPUT=${output} -P ${PROJECT_SOURCE_DIR}/.cmake/embedfiles.cmake
        DEPENDS ${inputs} ${PROJECT_SOURCE_DIR}/.cmake/embedfiles.cmake
        VERBATIM)
    target_sources(${target} PRIVATE ${output})
endfunction()
