# The addon: build/Release/sonotrack.node.

if(NOT SONOTRACK_ORT_FOUND)
  message(FATAL_ERROR "ONNX Runtime was not found: install the npm packages onnxruntime-node and "
    "com.github.asus4.onnxruntime, or set ORT_ROOT to a folder with include/ and lib/")
endif()

execute_process(
  COMMAND node -p "require('node-addon-api').include_dir"
  WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
  OUTPUT_VARIABLE node_addon_api OUTPUT_STRIP_TRAILING_WHITESPACE
  RESULT_VARIABLE node_addon_api_result)
if(NOT node_addon_api_result EQUAL 0)
  message(FATAL_ERROR "The npm package node-addon-api was not found")
endif()
get_filename_component(node_addon_api "${node_addon_api}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")

file(READ "${CMAKE_CURRENT_SOURCE_DIR}/package.json" package_json)
string(REGEX MATCH "\"version\": *\"([^\"]+)\"" unused "${package_json}")
set(sonotrack_version "${CMAKE_MATCH_1}")

file(GLOB binding_sources CONFIGURE_DEPENDS native/binding/*.cc)
add_library(sonotrack SHARED ${binding_sources} ${CMAKE_JS_SRC})
set_target_properties(sonotrack PROPERTIES PREFIX "" SUFFIX ".node")
target_include_directories(sonotrack SYSTEM PRIVATE ${CMAKE_JS_INC} "${node_addon_api}")
target_compile_definitions(sonotrack PRIVATE
  NAPI_VERSION=8 NAPI_CPP_EXCEPTIONS NODE_ADDON_API_DISABLE_DEPRECATED
  SONOTRACK_VERSION="${sonotrack_version}")
target_link_libraries(sonotrack PRIVATE sonotrack_models sonotrack_ort ${CMAKE_JS_LIB})
if(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
  target_link_options(sonotrack PRIVATE "LINKER:-undefined,dynamic_lookup")
  set(origin "@loader_path")
else()
  # Static libraries keep their symbols to themselves.
  target_link_options(sonotrack PRIVATE "LINKER:--exclude-libs,ALL")
  set(origin "$ORIGIN")
endif()

# Where the addon looks for ONNX Runtime: two levels up is the package (build/Release, prebuilds/<platform>). The
# library is in the package's own node_modules (the repository), beside the package (installed as a dependency), or
# where ORT_ROOT says. pnpm and scoped layouts put it one level higher.
if(ORT_ROOT)
  get_filename_component(ort_lib_dir "${SONOTRACK_ORT_LIBRARY}" DIRECTORY)
  set(rpath "${ort_lib_dir}")
else()
  set(rpath
    "${origin}/../../node_modules/${SONOTRACK_ORT_NPM_DIR}"
    "${origin}/../../../${SONOTRACK_ORT_NPM_DIR}"
    "${origin}/../../../../${SONOTRACK_ORT_NPM_DIR}")
endif()
set_target_properties(sonotrack PROPERTIES
  BUILD_WITH_INSTALL_RPATH TRUE
  INSTALL_RPATH "${rpath}"
  INSTALL_RPATH_USE_LINK_PATH FALSE)
