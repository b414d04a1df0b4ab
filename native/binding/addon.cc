#include <napi.h>

#include <memory>

#include "binding/addon_data.h"
#include "binding/build_graph.h"
#include "binding/device_object.h"
#include "binding/image_object.h"
#include "binding/tracker_object.h"
#include "core/contours.h"
#include "core/rle.h"
#include "engine/ort_engine.h"

namespace sonotrack {
namespace {

struct BitmapArg {
  const uint8_t* data;
  Size size;
};

/** `(bitmap, widthPx, heightPx)` of the mask functions. */
BitmapArg ReadBitmap(const char* stage, const Napi::CallbackInfo& info) {
  constexpr int kMaxSidePx = 16384;
  const ByteView bytes = ReadBytes(stage, info[0], "bitmap");
  const Size size = {ReadCount(stage, info[2], "heightPx", kMaxSidePx),
                     ReadCount(stage, info[1], "widthPx", kMaxSidePx)};
  if (bytes.size != size.area()) {
    throw Error(ErrorCode::kInvalidArgument, stage,
                "expected " + std::to_string(size.area()) + " values for `bitmap` but received " +
                    std::to_string(bytes.size) + " (Uint8Array)");
  }
  return {bytes.data, size};
}

/** Makes a synchronous function's `Error` a JavaScript one. */
template <typename Body>
Napi::Value Throwing(Napi::Env env, Body body) {
  try {
    return body();
  } catch (const Error& error) {
    throw Napi::Error(env, ToJs(env, error));
  }
}

Napi::Value Rle(const Napi::CallbackInfo& info) {
  return Throwing(info.Env(), [&]() -> Napi::Value {
    const BitmapArg bitmap = ReadBitmap("maskRle", info);
    const std::vector<uint32_t> counts = MaskRle(bitmap.data, bitmap.size);
    Napi::Uint32Array result = Napi::Uint32Array::New(info.Env(), counts.size());
    std::copy(counts.begin(), counts.end(), result.Data());
    return result;
  });
}

Napi::Value Contours(const Napi::CallbackInfo& info) {
  return Throwing(info.Env(), [&]() -> Napi::Value {
    const BitmapArg bitmap = ReadBitmap("maskContours", info);
    const auto contours = MaskContours(bitmap.data, bitmap.size);
    Napi::Array result = Napi::Array::New(info.Env(), contours.size());
    for (size_t i = 0; i < contours.size(); ++i) {
      Napi::Float32Array points = Napi::Float32Array::New(info.Env(), contours[i].size());
      std::copy(contours[i].begin(), contours[i].end(), points.Data());
      result.Set(static_cast<uint32_t>(i), points);
    }
    return result;
  });
}

Napi::Value AvailableProviders(const Napi::CallbackInfo& info) {
  return Throwing(info.Env(), [&]() -> Napi::Value { return ToJs(info.Env(), OrtProviders()); });
}

/** `process.exit` ends the process without ending the environment, so the threads are stopped here.
 */
void OnProcessExit(const Napi::CallbackInfo& info) {
  for (DeviceCore* device : AddonData::Of(info.Env())->devices) device->Shutdown();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  auto data = std::make_unique<AddonData>();
  data->device_class = Napi::Persistent(DeviceObject::Define(env));
  data->image_class = Napi::Persistent(ImageObject::Define(env));
  data->tracker_class = Napi::Persistent(TrackerObject::Define(env));
  env.SetInstanceData(data.release());

  const Napi::Value process = env.Global().Get("process");
  if (process.IsObject()) {
    const auto on = process.As<Napi::Object>().Get("on").As<Napi::Function>();
    on.Call(process, {Napi::String::New(env, "exit"), Napi::Function::New(env, OnProcessExit)});
  }
  exports.Set("version", SONOTRACK_VERSION);
  exports.Set("onnxruntimeVersion", OrtVersion());
  exports.Set("availableProviders", Napi::Function::New(env, AvailableProviders));
  exports.Set("open", Napi::Function::New(env, DeviceObject::Open));
  exports.Set("buildGraph", Napi::Function::New(env, BuildGraph));
  exports.Set("maskRle", Napi::Function::New(env, Rle));
  exports.Set("maskContours", Napi::Function::New(env, Contours));
  return exports;
}

}  // namespace
}  // namespace sonotrack

static Napi::Object InitModule(Napi::Env env, Napi::Object exports) {
  return sonotrack::Init(env, exports);
}

NODE_API_MODULE(sonotrack, InitModule)
