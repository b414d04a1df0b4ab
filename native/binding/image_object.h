#pragma once

#include <napi.h>

#include <memory>

#include "binding/device_core.h"

namespace sonotrack {

/** An embedding that lives on the inference thread. */
struct ImageState : Resource {
  std::unique_ptr<Embedding> embedding;
  void Free() override { embedding.reset(); }
};

/** `EngineImage`. */
class ImageObject : public Napi::ObjectWrap<ImageObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  static Napi::Object Make(Napi::Env env, std::shared_ptr<DeviceHandle> device,
                           std::shared_ptr<ImageState> state, const Timings& timings);
  using ObjectWrap::ObjectWrap;

 private:
  Napi::Value Predict(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  Napi::Value GetTimings(const Napi::CallbackInfo& info);

  std::shared_ptr<DeviceHandle> device_;
  std::shared_ptr<ImageState> state_;  // null when closed
  Timings timings_;
};

}  // namespace sonotrack
