#include "core/rle.h"

namespace sonotrack {

std::vector<uint32_t> MaskRle(const uint8_t* bitmap, Size size) {
  std::vector<uint32_t> counts;
  const size_t width = static_cast<size_t>(size.w);
  bool value = false;
  uint32_t run = 0;
  for (size_t x = 0; x < width; ++x) {
    const uint8_t* p = bitmap + x;
    for (int y = 0; y < size.h; ++y, p += width) {
      if ((*p != 0) != value) {
        counts.push_back(run);
        run = 0;
        value = !value;
      }
      ++run;
    }
  }
  counts.push_back(run);
  return counts;
}

}  // namespace sonotrack
