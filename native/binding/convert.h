#pragma once

#include <napi.h>

#include <string>
#include <vector>

#include "core/frame_pool.h"
#include "core/resize.h"
#include "engine/ort_engine.h"
#include "models/models.h"
#include "models/tracker.h"

/** JavaScript values ↔ native ones. Reading throws INVALID_ARGUMENT with the name of the member
 * that is wrong. */
namespace sonotrack {

/** `RuntimeOptions` of src/runtime/engine.ts. */
struct RuntimeOptions {
  std::vector<Provider> providers;
  int threads = 1;
  std::string cache_dir;
  int spin_us = 0;

  OrtEngineOptions On(Provider provider) const { return {provider, threads, cache_dir, spin_us}; }
};

/** `EngineOptions` of src/runtime/engine.ts and the sizes of the bundle. */
struct DeviceOptions {
  GraphPaths graphs;
  ModelGeometry geometry;
  RuntimeOptions runtime;
};

/** One graph to be built ahead of time. */
struct BuildOptions {
  std::string path;
  RuntimeOptions runtime;
};

/** A frame whose samples are a copy of the caller's. */
struct OwnedFrame {
  PooledBytes data;
  Size size;
  int channels = 1;

  FrameView view() const { return {data.data(), size, channels}; }
};

DeviceOptions ReadOptions(const Napi::Value& value);
BuildOptions ReadBuildOptions(const Napi::Value& value);
OwnedFrame ReadFrame(const char* stage, const Napi::Value& value, FramePool* pool);
Prompts ReadPrompts(const char* stage, const Napi::Value& value);
ObjectMask ReadObject(const char* stage, const Napi::Value& value);
std::vector<ObjectMask> ReadObjects(const char* stage, const Napi::Value& value);
int64_t ReadId(const char* stage, const Napi::Value& value);
/** A whole number from 1 to `most`. */
int ReadCount(const char* stage, const Napi::Value& value, const char* name, int most);
/** The bytes of a Uint8Array; valid until JavaScript runs again. */
struct ByteView {
  const uint8_t* data = nullptr;
  size_t size = 0;
};
ByteView ReadBytes(const char* stage, const Napi::Value& value, const char* name);

Napi::Array ToJs(Napi::Env env, const std::vector<Provider>& providers);
Napi::Object ToJs(Napi::Env env, const Timings& timings);
Napi::Object ToJs(Napi::Env env, const Mask& mask);
Napi::Object ToJs(Napi::Env env, const TrackedObject& object);
Napi::Array ToJs(Napi::Env env, const std::vector<Mask>& masks);
Napi::Array ToJs(Napi::Env env, const std::vector<TrackedObject>& objects);
/** An Error with `code` and `stage`. */
Napi::Value ToJs(Napi::Env env, const Error& error);

}  // namespace sonotrack
