#include "engine/tensorrt_identity.h"

#include <dlfcn.h>

#include <cstdint>

namespace sonotrack {
namespace {

// Of cuda.h, whose headers are not needed to build.
constexpr int kComputeCapabilityMajor = 75;
constexpr int kComputeCapabilityMinor = 76;

/** A library that stays loaded: what it has initialised must not go away under ONNX Runtime. */
void* Load(const std::string& name) { return ::dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL); }

template <typename Function>
Function* Find(void* library, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(library, name));
}

std::string TensorrtVersion(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    void* library = Load(name);
    if (library == nullptr) continue;
    const auto version = Find<int32_t()>(library, "getInferLibVersion");
    if (version != nullptr) return std::to_string(version());
  }
  return "unknown";
}

std::string Gpu(const std::string& driver) {
  void* library = Load(driver);
  if (library == nullptr) return "unknown";
  const auto init = Find<int(unsigned)>(library, "cuInit");
  const auto get = Find<int(int*, int)>(library, "cuDeviceGet");
  const auto name_of = Find<int(char*, int, int)>(library, "cuDeviceGetName");
  const auto attribute = Find<int(int*, int, int)>(library, "cuDeviceGetAttribute");
  if (!init || !get || !name_of || !attribute) return "unknown";
  int device = 0, major = 0, minor = 0;
  char name[256] = {};
  if (init(0) != 0 || get(&device, 0) != 0 || name_of(name, sizeof(name) - 1, device) != 0 ||
      attribute(&major, kComputeCapabilityMajor, device) != 0 ||
      attribute(&minor, kComputeCapabilityMinor, device) != 0) {
    return "unknown";
  }
  return std::string(name) + ", compute " + std::to_string(major) + "." + std::to_string(minor);
}

}  // namespace

std::string TensorrtIdentity(const TensorrtLibraries& libraries) {
  return "tensorrt " + TensorrtVersion(libraries.tensorrt) + ", " + Gpu(libraries.driver);
}

}  // namespace sonotrack
