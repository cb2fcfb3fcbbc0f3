# The three ways to add a target. Every source is listed by name: a forgotten
# file is then an error, not a silent change of the build.
include(GoogleTest)

# Flags of all code that we write; generated code is exempt.
# -Wno-maybe-uninitialized: GCC 12 reports moves of std::variant, falsely
# (bug 105562 and its kin).
add_library(elanus_flags INTERFACE)
target_compile_features(elanus_flags INTERFACE cxx_std_20)
target_compile_options(elanus_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Werror -Wno-missing-field-initializers
  -Wno-maybe-uninitialized)
if(ELANUS_FUZZ)
  # Another compiler than that of all other builds: its warnings do not count.
  target_compile_options(elanus_flags INTERFACE -w)
endif()

# elanus_library(NAME hnsw SRCS a.cc DEPS elanus::base PRIVATE_DEPS fmt::fmt)
#
# DEPS are the libraries whose types stand in our headers, PRIVATE_DEPS the
# rest. Makes elanus_<name> with the alias elanus::<name>.
function(elanus_library)
  cmake_parse_arguments(ARG "" "NAME" "SRCS;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(elanus_${ARG_NAME} STATIC ${ARG_SRCS})
  add_library(elanus::${ARG_NAME} ALIAS elanus_${ARG_NAME})
  target_include_directories(elanus_${ARG_NAME} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(elanus_${ARG_NAME}
    PUBLIC ${ARG_DEPS} PRIVATE elanus_flags ${ARG_PRIVATE_DEPS})
  if(TARGET elanus_precompiled)
    target_precompile_headers(elanus_${ARG_NAME} REUSE_FROM elanus_precompiled)
  endif()
endfunction()

# The libraries that are added after this call include cmake/precompiled.h, in
# a sanitizer build: generated headers take a third of its time to parse. The
# few that are compiled with -pthread parse it as any other header.
set(CMAKE_PCH_WARN_INVALID OFF)
function(elanus_precompile_headers)
  if(NOT ELANUS_SANITIZER OR ELANUS_FUZZ)
    return()
  endif()
  add_library(elanus_precompiled OBJECT
    ${PROJECT_SOURCE_DIR}/cmake/precompiled.cc)
  target_include_directories(elanus_precompiled
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(elanus_precompiled
    PRIVATE elanus_flags elanus::proto fmt::fmt absl::statusor
      absl::flat_hash_map absl::any_invocable)
  target_precompile_headers(elanus_precompiled
    PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.h)
endfunction()

# elanus_test(NAME record_test SRCS record_test.cc DEPS elanus::segment
#             LABELS concurrent)
#
# One program of unit tests, each test its own ctest entry with the label
# `unit` besides the given ones. A test labelled `concurrent` also runs under
# the thread sanitizer with each change; one labelled `no_tsan` never.
function(elanus_test)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SRCS;DEPS;LABELS" ${ARGN})
  if(NOT ELANUS_BUILD_TESTS)
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(ELANUS_SANITIZER)
    # Several times slower, and scripts/nightly runs the slow tests there too.
    math(EXPR ARG_TIMEOUT "10 * ${ARG_TIMEOUT}")
  endif()
  add_executable(${ARG_NAME} ${ARG_SRCS})
  target_link_libraries(${ARG_NAME}
    PRIVATE elanus_flags ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  # Most of the time to build a test goes into matchers that run once. What is
  # tested has all optimisations and all checks.
  if(ELANUS_SANITIZER MATCHES "undefined")
    target_compile_options(${ARG_NAME} PRIVATE -fno-sanitize=undefined)
  elseif(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    target_compile_options(${ARG_NAME} PRIVATE -O1)
  endif()
  # One ctest entry a program: starting a process for every test costs more
  # than the tests.
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME})
  set_tests_properties(${ARG_NAME} PROPERTIES
    LABELS "unit;${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  if("concurrent" IN_LIST ARG_LABELS)
    set_property(GLOBAL APPEND PROPERTY ELANUS_CONCURRENT_TESTS ${ARG_NAME})
  endif()
  set_property(GLOBAL APPEND PROPERTY ELANUS_UNIT_TESTS ${ARG_NAME})
endfunction()
