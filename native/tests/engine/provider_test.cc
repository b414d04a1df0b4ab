#include "engine/provider.h"

#include "check.h"
#include "core/error.h"

using namespace sonotrack;

namespace {

[[noreturn]] void Missing() {
  throw Error(ErrorCode::kProviderUnavailable, "open", "no such library");
}

}  // namespace

TEST("names and providers correspond") {
  for (const char* name : {"tensorrt", "cuda", "cpu"}) {
    EXPECT_EQ(std::string(ProviderName(ProviderOf(name))), std::string(name));
  }
  EXPECT_THROWS(ErrorCode::kInvalidArgument, "received 'CUDA'", ProviderOf("CUDA"));
}

TEST("the first provider that opens is taken, those before it are recorded") {
  std::vector<Provider> tried;
  const auto choice =
      OpenWithFirst({Provider::kTensorrt, Provider::kCuda, Provider::kCpu}, [&](Provider provider) {
        tried.push_back(provider);
        if (provider == Provider::kTensorrt) Missing();
      });
  EXPECT(choice.chosen == Provider::kCuda);
  EXPECT(choice.fell_back_from == std::vector<Provider>{Provider::kTensorrt});
  EXPECT_EQ(tried.size(), 2u);
}

TEST("what the CPU throws is passed on") {
  EXPECT_THROWS(ErrorCode::kModelInvalid, "truncated",
                OpenWithFirst({Provider::kCuda, Provider::kCpu}, [](Provider) {
                  throw Error(ErrorCode::kModelInvalid, "open", "truncated");
                }));
}

TEST("without the CPU in the list the last reason is told") {
  EXPECT_THROWS(ErrorCode::kProviderUnavailable, "cuda: no such library",
                OpenWithFirst({Provider::kTensorrt, Provider::kCuda}, [](Provider) { Missing(); }));
}

TEST_MAIN("provider")
