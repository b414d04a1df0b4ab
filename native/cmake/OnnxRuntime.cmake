# Finds ONNX Runtime and defines the target `onnxruntime`, or sets SONOTRACK_ORT_FOUND to FALSE.
# With ORT_ROOT: its include/ and lib/. Without: the library of the npm package onnxruntime-node and the headers of
# com.github.asus4.onnxruntime, both looked up the way Node does, from this folder upwards.

set(SONOTRACK_ORT_FOUND FALSE)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  set(ort_arch arm64)
else()
  set(ort_arch x64)
endif()
if(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
  set(ort_system darwin)
  set(ort_names libonnxruntime.1.dylib libonnxruntime.dylib)
else()
  set(ort_system linux)
  set(ort_names libonnxruntime.so.1 libonnxruntime.so)
endif()
# Below the folder of onnxruntime-node; the rpath of the addon uses it too.
set(SONOTRACK_ORT_NPM_DIR "onnxruntime-node/bin/napi-v6/${ort_system}/${ort_arch}")
set(ort_npm_headers
  "com.github.asus4.onnxruntime/Plugins/iOS~/onnxruntime.xcframework/ios-arm64/onnxruntime.framework/Headers")

set(ort_lib_dirs)
set(ort_include_dirs "${CMAKE_CURRENT_SOURCE_DIR}/native/onnxruntime") # the headers in an installed package
if(ORT_ROOT)
  list(APPEND ort_lib_dirs "${ORT_ROOT}/lib" "${ORT_ROOT}/lib64")
  list(APPEND ort_include_dirs "${ORT_ROOT}/include" "${ORT_ROOT}/include/onnxruntime"
    "${ORT_ROOT}/include/onnxruntime/core/session")
else()
  # A packed sonotrack brings the headers along, since development dependencies are not installed with it.
  list(APPEND ort_include_dirs "${CMAKE_CURRENT_SOURCE_DIR}/native/onnxruntime")
  set(folder "${CMAKE_CURRENT_SOURCE_DIR}")
  while(TRUE)
    list(APPEND ort_lib_dirs "${folder}/node_modules/${SONOTRACK_ORT_NPM_DIR}")
    list(APPEND ort_include_dirs "${folder}/node_modules/${ort_npm_headers}")
    get_filename_component(parent "${folder}" DIRECTORY)
    if(parent STREQUAL folder)
      break()
    endif()
    set(folder "${parent}")
  endwhile()
endif()

find_file(SONOTRACK_ORT_LIBRARY NAMES ${ort_names} PATHS ${ort_lib_dirs} NO_DEFAULT_PATH)
find_path(SONOTRACK_ORT_INCLUDE NAMES onnxruntime_cxx_api.h PATHS ${ort_include_dirs} NO_DEFAULT_PATH)

if(SONOTRACK_ORT_LIBRARY AND SONOTRACK_ORT_INCLUDE)
  set(SONOTRACK_ORT_FOUND TRUE)
  add_library(onnxruntime SHARED IMPORTED)
  set_target_properties(onnxruntime PROPERTIES
    IMPORTED_LOCATION "${SONOTRACK_ORT_LIBRARY}"
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${SONOTRACK_ORT_INCLUDE}"
    INTERFACE_INCLUDE_DIRECTORIES "${SONOTRACK_ORT_INCLUDE}")
elseif(ORT_ROOT)
  message(FATAL_ERROR "ORT_ROOT is ${ORT_ROOT}, but include/onnxruntime_cxx_api.h or lib/${ort_names} is not there")
endif()
