// Frames of any shape through the letterbox, and what a network gives back onto them.
#include "core/mask.h"
#include "core/resize.h"
#include "fuzz/fuzz.h"

using namespace sonotrack;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  const Size frame = fuzz::TakeSize(&input, input.ConsumeBool() ? 24 : 700);
  if (frame.area() > 70'000) return -1;  // slow, and nothing new
  const int side = 2 * input.ConsumeIntegralInRange(1, 32);
  const int channels = input.PickValueInArray({1, 3, 4});
  const auto pixels = fuzz::TakeBytes(&input, frame.area() * static_cast<size_t>(channels));

  std::vector<uint8_t> gray(static_cast<size_t>(side) * static_cast<size_t>(side));
  LetterboxGray({pixels.data(), frame, channels}, side, gray.data());
  const Letterbox box = FitLetterbox(frame, side);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const uint8_t value = gray[static_cast<size_t>(y * side + x)];
      if (y >= box.rh || x >= box.rw) FUZZ_EXPECT(value == 0);
    }
  }

  const std::vector<uint8_t> full(frame.area(), 1);
  const int grid = side / 2;
  std::vector<uint8_t> coverage(static_cast<size_t>(grid) * static_cast<size_t>(grid));
  LetterboxCoverage(full.data(), frame, side, coverage.data());
  FUZZ_EXPECT(coverage[0] == 255);

  constexpr int kChannels = 4;
  const GridTaps taps = GridTapsOf(box, grid);
  const auto values = fuzz::TakeFloats(&input, kChannels * coverage.size());
  std::vector<uint8_t> bitmap(frame.area(), 9);
  LogitsToBitmap(values.data(), taps, bitmap.data());
  for (const uint8_t v : bitmap) FUZZ_EXPECT(v <= 1);
  ProbabilitiesToLabels(values.data(), {1, 0, 1, 1}, taps, bitmap.data());
  for (const uint8_t v : bitmap) FUZZ_EXPECT(v < kChannels && v != 1);
  return 0;
}
