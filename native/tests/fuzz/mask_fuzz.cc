// What a bitmap becomes: area, box, run lengths, contours, masks by label.
#include <algorithm>
#include <numeric>

#include "core/contours.h"
#include "core/mask.h"
#include "core/rle.h"
#include "fuzz/fuzz.h"

using namespace sonotrack;

namespace {

int64_t CountOf(const std::vector<uint8_t>& bitmap) {
  return std::count_if(bitmap.begin(), bitmap.end(), [](uint8_t v) { return v != 0; });
}

/** Pixels inside of closed polygons: outer ones run clockwise (y down), holes the other way. */
double AreaOf(const std::vector<std::vector<float>>& contours) {
  double twice = 0;
  for (const auto& c : contours) {
    for (size_t i = 0; i < c.size(); i += 2) {
      const size_t j = (i + 2) % c.size();
      twice += static_cast<double>(c[i]) * c[j + 1] - static_cast<double>(c[j]) * c[i + 1];
    }
  }
  return twice / 2;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  const Size frame = fuzz::TakeSize(&input, 40);
  const auto own = input.ConsumeIntegral<uint8_t>();
  std::vector<size_t> clicks(input.ConsumeIntegralInRange<size_t>(0, 4));
  for (size_t& click : clicks) click = input.ConsumeIntegralInRange<size_t>(0, frame.area() - 1);
  std::vector<uint8_t> labels = fuzz::TakeBytes(&input, frame.area());
  if (input.ConsumeBool()) {
    for (uint8_t& label : labels) label &= 3;
  }

  Mask mask;
  Measure(labels.data(), frame, &mask);
  FUZZ_EXPECT(mask.area_px == CountOf(labels));
  FUZZ_EXPECT(mask.box.has_value() == (mask.area_px > 0));

  const auto runs = MaskRle(labels.data(), frame);
  FUZZ_EXPECT(std::accumulate(runs.begin(), runs.end(), size_t{0}) == frame.area());
  int64_t ones = 0;
  for (size_t i = 1; i < runs.size(); i += 2) ones += runs[i];
  FUZZ_EXPECT(ones == mask.area_px);

  FUZZ_EXPECT(AreaOf(MaskContours(labels.data(), frame)) == static_cast<double>(mask.area_px));

  std::vector<uint8_t> values(labels);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  int64_t total = 0;
  for (const Mask& part : MasksOfLabels(labels.data(), frame, values)) {
    FUZZ_EXPECT(part.area_px == CountOf(part.bitmap));
    total += part.area_px;
  }
  FUZZ_EXPECT(total == static_cast<int64_t>(frame.area()));

  std::vector<uint8_t> bitmap(frame.area(), 1);
  YieldToNeighbours(labels.data(), own, clicks, frame, bitmap.data());
  for (size_t i = 0; i < bitmap.size(); ++i) {
    if (labels[i] == 0 || labels[i] == own) FUZZ_EXPECT(bitmap[i] == 1);
  }
  return 0;
}
