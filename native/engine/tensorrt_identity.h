#pragma once

#include <string>
#include <vector>

namespace sonotrack {

/** Where TensorRT and the CUDA driver are looked for. */
struct TensorrtLibraries {
  /** The first that loads counts. */
  std::vector<std::string> tensorrt = {"libnvinfer.so.10", "libnvinfer.so.8", "libnvinfer.so"};
  std::string driver = "libcuda.so.1";
};

/**
 * What a TensorRT engine depends on besides its graph, for instance
 * `tensorrt 100300, Orin, compute 8.7`: the library's version, name and compute capability of the
 * first GPU. ONNX Runtime looks at none of the version, the name and the graph's weights when it
 * takes an engine from its cache, hence they are part of the folder's name. `unknown` stands for
 * what is not there.
 */
std::string TensorrtIdentity(const TensorrtLibraries& libraries = {});

}  // namespace sonotrack
