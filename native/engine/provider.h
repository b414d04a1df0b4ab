#pragma once

#include <functional>
#include <string>
#include <vector>

namespace sonotrack {

/** Execution providers, best first. Their names are the strings of the firmware profiles. */
enum class Provider { kTensorrt, kCuda, kCpu, kCount };

/** `tensorrt`, `cuda` or `cpu`. */
const char* ProviderName(Provider provider);
/** The provider of that name; throws INVALID_ARGUMENT for another. */
Provider ProviderOf(const std::string& name);

struct ProviderChoice {
  Provider chosen = Provider::kCpu;
  /** Tried before `chosen`, and not available, in order. */
  std::vector<Provider> fell_back_from;
};

/**
 * Calls `open(provider)` in order until one does not throw. What the CPU throws is about the model
 * and is passed on; when every provider of a list without the CPU has failed, throws
 * PROVIDER_UNAVAILABLE with the last reason.
 */
ProviderChoice OpenWithFirst(const std::vector<Provider>& providers,
                             const std::function<void(Provider)>& open);

}  // namespace sonotrack
