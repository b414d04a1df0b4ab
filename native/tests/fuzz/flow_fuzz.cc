// Dense flow of arbitrary pictures from arbitrary beginnings, alone and anchored.
#include "core/anchored_flow.h"
#include "fuzz/fuzz.h"

using namespace sonotrack;

namespace {

bool AllFinite(const float* values, size_t count) {
  return std::all_of(values, values + count, [](float v) { return std::isfinite(v); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  DisFlowOptions options;
  options.search.patch_size_px = input.PickValueInArray({4, 8, 12, 16});
  options.search.patch_stride_px = input.ConsumeIntegralInRange(2, options.search.patch_size_px);
  options.search.mean_normalization = input.ConsumeBool();
  options.finest_scale = input.ConsumeIntegralInRange(0, 2);
  options.refinement.iterations = input.ConsumeIntegralInRange(0, 2);

  const Size frame = fuzz::TakeSize(&input, 48);
  const auto from = fuzz::TakeBytes(&input, frame.area());
  const auto to = fuzz::TakeBytes(&input, frame.area());
  const auto initial = fuzz::TakeFloats(&input, 2 * frame.area());
  std::vector<float> flow(initial.size());
  DisFlow alone(frame.w, frame.h, options);
  alone.Compute(from.data(), to.data(), flow.data(),
                input.ConsumeBool() ? initial.data() : nullptr);
  FUZZ_EXPECT(AllFinite(flow.data(), flow.size()));

  const int side = input.ConsumeIntegralInRange(2, 24);
  const Size square{side, side};
  DisFlow search(side, side, options);
  AnchoredFlow anchored(side);
  anchored.Start(fuzz::TakeBytes(&input, square.area()).data());
  for (int i = input.ConsumeIntegralInRange(1, 5); i > 0; --i) {
    anchored.Follow(fuzz::TakeBytes(&input, square.area()).data(), &search);
    for (size_t source = 0; source < AnchoredFlow::kSources; ++source) {
      if (!anchored.known(source)) continue;
      FUZZ_EXPECT(AllFinite(anchored.flow(source), 2 * square.area()));
      FUZZ_EXPECT(AllFinite(anchored.match(source), square.area()));
      FUZZ_EXPECT(AllFinite(anchored.variance(source), square.area()));
    }
    if (input.ConsumeBool()) anchored.Accept();
    if (input.ConsumeBool()) anchored.SetAnchor(input.ConsumeIntegralInRange<size_t>(0, 1));
  }
  return 0;
}
