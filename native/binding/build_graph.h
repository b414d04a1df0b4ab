#pragma once

#include <napi.h>

namespace sonotrack {

/**
 * `buildGraph({ graph, providers, threads, spinUs, cacheDir })`: opens one graph as `open` would,
 * so that its optimised form or its TensorRT engine lies in the cache, and closes it again.
 * Resolves to
 * `{ provider, fellBackFrom, fromCache }`.
 */
Napi::Value BuildGraph(const Napi::CallbackInfo& info);

}  // namespace sonotrack
