# millrace_embed_web(TARGET FUNCTION): the pages of web/, built by vite into the build folder, compressed, and
# in the binary as millrace_embed puts files there. Nothing is built while web/ is as it was.
set(MILLRACE_WEB ${PROJECT_SOURCE_DIR}/web)
set(MILLRACE_WEB_DIST ${CMAKE_BINARY_DIR}/web/dist)
set(MILLRACE_WEB_MANIFEST ${CMAKE_BINARY_DIR}/web/manifest.json)
set(MILLRACE_NODE ${PROJECT_SOURCE_DIR}/tools/node)

function(millrace_embed_web target function)
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${function}.cc")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${MILLRACE_WEB}/src/* ${MILLRACE_WEB}/public/*)
  list(FILTER sources EXCLUDE REGEX "\\.test\\.tsx?$")
  list(TRANSFORM "index.html;package.json;package-lock.json;tsconfig.json;vite.config.ts;tools/pack.mjs"
       PREPEND "${MILLRACE_WEB}/" OUTPUT_VARIABLE others)
  add_custom_command(
    OUTPUT ${out}
    BYPRODUCTS ${MILLRACE_WEB_MANIFEST}
    COMMAND ${PROJECT_SOURCE_DIR}/tools/fetch-web
    COMMAND ${MILLRACE_NODE} node_modules/vite/bin/vite.js build --outDir ${MILLRACE_WEB_DIST} --emptyOutDir
            --manifest --logLevel warn
    COMMAND ${MILLRACE_NODE} tools/pack.mjs ${MILLRACE_WEB_DIST} ${MILLRACE_WEB_MANIFEST}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DFUNCTION=${function} -DFOLDER=${MILLRACE_WEB_DIST}
            -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    WORKING_DIRECTORY ${MILLRACE_WEB}
    DEPENDS ${sources} ${others} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    COMMENT "Building the pages of web/"
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
