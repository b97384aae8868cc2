# millrace_embed(TARGET FUNCTION FOLDER PATTERN…): the files of FOLDER that match, in the binary. Gives the
# target `std::span<const EmbeddedFile> FUNCTION()` (base/embedded.h). The assembler takes the files as they
# are; a file that is added, changed or removed is seen by the next build.
function(millrace_embed target function folder)
  list(TRANSFORM ARGN PREPEND "${folder}/" OUTPUT_VARIABLE patterns)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${folder} ${patterns})
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${function}.cc")
  millrace_write_embedded(${out} ${function} ${folder} ${files})
  list(TRANSFORM files PREPEND "${folder}/" OUTPUT_VARIABLE paths)
  target_sources(${target} PRIVATE ${out})
  set_source_files_properties(${out} PROPERTIES OBJECT_DEPENDS "${paths}")
endfunction()

# The C++ of it, in the file OUT. Its text changes with the files: it names their hashes.
function(millrace_write_embedded out function folder)
  set(files ${ARGN})
  list(SORT files)
  set(text "#include \"base/embedded.h\"\n\nasm(R\"(\n  .section .rodata\n")
  set(names "")
  set(entries "")
  set(number 0)
  foreach(file IN LISTS files)
    set(symbol "millrace_${function}_${number}")
    file(SHA256 "${folder}/${file}" hash)
    string(APPEND text "${symbol}:\n  .incbin \"${folder}/${file}\"\n${symbol}_end:\n  .byte 0\n"
                       "  .global ${symbol}\n  .global ${symbol}_end\n")
    string(APPEND names "extern const char ${symbol}[];  // ${hash}\nextern const char ${symbol}_end[];\n")
    string(APPEND entries "      {\"${file}\", {${symbol}, ${symbol}_end}},\n")
    math(EXPR number "${number} + 1")
  endforeach()
  string(APPEND text "  .previous\n)\");\n\nextern \"C\" {\n${names}}\n\nnamespace millrace {\n"
                     "std::span<const EmbeddedFile> ${function}() {\n  static const EmbeddedFile all[] = {\n"
                     "${entries}  };\n  return all;\n}\n}  // namespace millrace\n")
  file(CONFIGURE OUTPUT ${out} CONTENT "${text}" @ONLY)
endfunction()

# As a program, for a folder that a build makes: cmake -DOUT= -DFUNCTION= -DFOLDER= -P cmake/embed.cmake
if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*)
  millrace_write_embedded(${OUT} ${FUNCTION} ${FOLDER} ${files})
endif()
