# SPDX-License-Identifier: GPL-3.0-or-later
# Writes HEADER with the commit that SOURCE stands at, if it is another than before: figures carry it.
set(commit "")
find_program(git git)
if(git)
    execute_process(COMMAND ${git} -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
        OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(commit STREQUAL "")
    set(commit "unknown")
endif()
set(text "// Made by app/commit.cmake.\n#pragma once\n#define SUBQUAD_COMMIT \"${commit}\"\n")
set(before "")
if(EXISTS ${HEADER})
    file(READ ${HEADER} before)
endif()
if(NOT before STREQUAL text)
    file(WRITE ${HEADER} "${text}")
endif()
