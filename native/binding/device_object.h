#pragma once

#include <napi.h>

#include <memory>

#include "binding/device_core.h"

namespace sonotrack {

/** `Engine`. */
class DeviceObject : public Napi::ObjectWrap<DeviceObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  /** `open(options)`: a promise of a device. */
  static Napi::Value Open(const Napi::CallbackInfo& info);
  using ObjectWrap::ObjectWrap;

 private:
  Napi::Value SetImage(const Napi::CallbackInfo& info);
  Napi::Value CreateTracker(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);
  Napi::Value GetInfo(const Napi::CallbackInfo& info);

  std::shared_ptr<DeviceHandle> device_;
};

}  // namespace sonotrack
