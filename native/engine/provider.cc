#include "engine/provider.h"

#include <array>

#include "core/error.h"

namespace sonotrack {
namespace {

constexpr std::array kNames = {"tensorrt", "cuda", "cpu"};
static_assert(kNames.size() == static_cast<size_t>(Provider::kCount));

}  // namespace

const char* ProviderName(Provider provider) { return kNames[static_cast<size_t>(provider)]; }

Provider ProviderOf(const std::string& name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<Provider>(i);
  }
  throw Error(
      ErrorCode::kInvalidArgument, "open",
      "expected 'tensorrt', 'cuda' or 'cpu' for `providers` but received '" + name + "' (string)");
}

ProviderChoice OpenWithFirst(const std::vector<Provider>& providers,
                             const std::function<void(Provider)>& open) {
  ProviderChoice choice;
  std::string reason = "no provider was asked for";
  for (const Provider provider : providers) {
    try {
      open(provider);
      choice.chosen = provider;
      return choice;
    } catch (const Error& error) {
      if (provider == Provider::kCpu) throw;
      choice.fell_back_from.push_back(provider);
      reason = std::string(ProviderName(provider)) + ": " + error.what();
    }
  }
  throw Error(ErrorCode::kProviderUnavailable, "open",
              "none of the execution providers could be used; " + reason);
}

}  // namespace sonotrack
