# What every target shares: warnings, hardening, sanitizers, linker, ccache; and how a room is declared.

find_program(MILLRACE_CCACHE ccache)
if(MILLRACE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MILLRACE_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${MILLRACE_CCACHE})
endif()

find_program(MILLRACE_MOLD mold)
if(MILLRACE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Werror -fstack-protector-strong)
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wconversion> $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wthread-safety>)
  # libstdc++ 12 makes its stable_sort of what the standard has since deprecated.
  add_compile_options(-Wno-deprecated-declarations)
endif()
add_compile_definitions($<$<COMPILE_LANGUAGE:CXX>:_GLIBCXX_ASSERTIONS>)
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  # Asserts of ours are INVARIANT and stay on; _FORTIFY_SOURCE needs optimization.
  add_compile_options(-O2 -g1 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
elseif(CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-g1)
endif()
add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)

if(MILLRACE_SANITIZE)
  add_compile_options(-fsanitize=${MILLRACE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MILLRACE_SANITIZE})
  if(MILLRACE_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio has fences, which this sanitizer doesn't follow; it says so at every include.
    add_compile_options(-Wno-tsan)
  endif()
endif()

if(MILLRACE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)  # counts branches; the targets link the rest
endif()

find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)

# millrace_room(NAME SOURCES a.cc… LINK libs…): the static library of one room. Every .cc of the folder is
# listed (tidy checks it), headers are found from the repository root.
function(millrace_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(millrace_${name} STATIC ${ARG_SOURCES})
  target_include_directories(millrace_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(millrace_${name} PUBLIC fmt::fmt ${ARG_LINK})
endfunction()

# millrace_test(NAME SOURCES a_test.cc… LINK libs…): one Catch2 program, one ctest entry a case.
function(millrace_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE millrace_catch_main ${ARG_LINK})
  catch_discover_tests(${name} TEST_PREFIX "${name}: " PROPERTIES TIMEOUT 300)
endfunction()
