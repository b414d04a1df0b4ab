#pragma once

#include <napi.h>

#include <set>

namespace sonotrack {

class DeviceCore;

/** What the addon keeps per environment (main thread or worker); nothing is kept per process. */
struct AddonData {
  Napi::FunctionReference device_class;
  Napi::FunctionReference image_class;
  Napi::FunctionReference tracker_class;
  /** Devices not closed yet. */
  std::set<DeviceCore*> devices;

  static AddonData* Of(Napi::Env env) { return env.GetInstanceData<AddonData>(); }
};

}  // namespace sonotrack
