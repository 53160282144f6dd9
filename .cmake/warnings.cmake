# SPDX-License-Identifier: GPL-3.0-or-later
# subquad_precompile(target header…): where SUBQUAD_PRECOMPILE is on. Without optimisation a compiler mostly reads headers; elsewhere a
# compiler cache that several checkouts share is worth more, and it cannot look inside.
function(subquad_precompile target)
    if(SUBQUAD_PRECOMPILE)
        target_precompile_headers(${target} PRIVATE ${ARGN})
    endif()
endfunction()

# One place for warnings and sanitizers: every target of ours calls subquad_options(target).
function(subquad_options target)
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual)
    if(SUBQUAD_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(SUBQUAD_FUZZ) # every object tells libFuzzer which way it went
        target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
    if(SUBQUAD_SANITIZE)
        target_compile_options(${target} PRIVATE -fsanitize=${SUBQUAD_SANITIZE} -fno-omit-frame-pointer)
        target_link_options(${target} PUBLIC -fsanitize=${SUBQUAD_SANITIZE})
    endif()
endfunction()
