#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/inference.h"
#include "engine/provider.h"

namespace sonotrack {

struct OrtEngineOptions {
  Provider provider = Provider::kCpu;
  /** Intra-op threads of one inference, ≥ 1. */
  int threads = 1;
  /** Folder for optimised graphs and TensorRT engines (one folder a graph, ONNX Runtime, TensorRT
   * and GPU); empty: none. */
  std::string cache_dir;
  /** How long a thread spins for work during a run before it sleeps, µs; 0: not at all. Threads
   * never spin between runs. */
  int spin_us = 0;
};

/** Version of the ONNX Runtime library in this process, for instance `1.30.0`. */
std::string OrtVersion();

/** The providers of this installation of ONNX Runtime, best first. Says nothing about hardware. */
std::vector<Provider> OrtProviders();

/**
 * An engine on one execution provider. Throws PROVIDER_UNAVAILABLE when this build of ONNX Runtime
 * lacks the provider or cannot load it.
 */
std::unique_ptr<InferenceEngine> CreateOrtEngine(const OrtEngineOptions& options);

}  // namespace sonotrack
