#pragma once

#include <napi.h>

#include <memory>

#include "binding/device_core.h"
#include "models/tracker.h"

namespace sonotrack {

/** A tracker that lives on the inference thread, allocated by the first call that needs it. */
struct TrackerState : Resource {
  explicit TrackerState(int max_objects_) : max_objects(max_objects_) {}
  Tracker& Get(Models* models) {
    if (!tracker) {
      tracker = std::make_unique<Tracker>(&models->deaot(), &models->sonosam(), max_objects);
    }
    return *tracker;
  }
  void Free() override { tracker.reset(); }

  const int max_objects;
  std::unique_ptr<Tracker> tracker;
};

/** `EngineTracker`. */
class TrackerObject : public Napi::ObjectWrap<TrackerObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  static Napi::Object Make(Napi::Env env, std::shared_ptr<DeviceHandle> device, int max_objects);
  using ObjectWrap::ObjectWrap;

 private:
  Napi::Value Start(const Napi::CallbackInfo& info);
  Napi::Value Track(const Napi::CallbackInfo& info);
  Napi::Value Correct(const Napi::CallbackInfo& info);
  Napi::Value Add(const Napi::CallbackInfo& info);
  Napi::Value Replace(const Napi::CallbackInfo& info);
  Napi::Value Remove(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  Napi::Value GetMemoryBytes(const Napi::CallbackInfo& info);

  void RequireOpen(const char* stage) const;

  std::shared_ptr<DeviceHandle> device_;
  std::shared_ptr<TrackerState> state_;  // null when closed
};

}  // namespace sonotrack
