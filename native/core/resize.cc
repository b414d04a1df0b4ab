#include "core/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace sonotrack {
namespace {

/**
 * Resamples the rows that `row_at(y)` gives. Vertical first: the inner loops run along rows of
 * plain integers, which the compiler vectorises. Sums stay below 2^53, so that the division in
 * double is exact enough to round right.
 */
template <typename RowAt>
void Letterbox8(Size size, int side, uint8_t* out, RowAt row_at) {
  const Letterbox box = FitLetterbox(size, side);
  const ResampleTaps vertical = ResampleTapsOf(size.h, box.rh);
  const ResampleTaps horizontal = ResampleTapsOf(size.w, box.rw);
  const double total = static_cast<double>(vertical.total) * horizontal.total;
  const size_t width = static_cast<size_t>(size.w);
  std::vector<uint32_t> sums(width);
  std::memset(out, 0, static_cast<size_t>(side) * static_cast<size_t>(side));
  for (int y = 0; y < box.rh; ++y) {
    std::fill(sums.begin(), sums.end(), 0u);
    for (int k = vertical.first[y]; k < vertical.first[y + 1]; ++k) {
      const uint8_t* row = row_at(vertical.index[k]);
      const uint32_t weight = vertical.weight[k];
      uint32_t* sum = sums.data();
      for (size_t x = 0; x < width; ++x) sum[x] += weight * row[x];
    }
    uint8_t* out_row = out + static_cast<size_t>(y) * static_cast<size_t>(side);
    for (int x = 0; x < box.rw; ++x) {
      uint64_t sum = 0;
      for (int k = horizontal.first[x]; k < horizontal.first[x + 1]; ++k) {
        sum += static_cast<uint64_t>(horizontal.weight[k]) * sums[horizontal.index[k]];
      }
      out_row[x] = static_cast<uint8_t>(std::floor(static_cast<double>(sum) / total + 0.5));
    }
  }
}

/** A row of luma, kept until another row is asked for: neighbouring output rows share a source row.
 */
class LumaRows {
 public:
  explicit LumaRows(const FrameView& frame)
      : frame_(frame), row_(frame.channels == 1 ? 0 : static_cast<size_t>(frame.size.w)) {}

  const uint8_t* operator()(int y) {
    const size_t width = static_cast<size_t>(frame_.size.w);
    const size_t channels = static_cast<size_t>(frame_.channels);
    const uint8_t* source = frame_.data + static_cast<size_t>(y) * width * channels;
    if (channels == 1) return source;
    if (y != at_) {
      for (size_t x = 0; x < width; ++x) {
        const uint8_t* p = source + x * channels;
        row_[x] = static_cast<uint8_t>((299 * p[0] + 587 * p[1] + 114 * p[2] + 500) / 1000);
      }
      at_ = y;
    }
    return row_.data();
  }

 private:
  FrameView frame_;
  std::vector<uint8_t> row_;
  int at_ = -1;
};

}  // namespace

void LetterboxGray(const FrameView& frame, int side, uint8_t* out) {
  Letterbox8(frame.size, side, out, LumaRows(frame));
}

void LetterboxCoverage(const uint8_t* bitmap, Size size, int side, uint8_t* out) {
  const size_t width = static_cast<size_t>(size.w);
  const auto stride = static_cast<size_t>(side);
  std::vector<uint8_t> row(width), pixels(stride * stride);
  Letterbox8(size, side, pixels.data(), [&](int y) {
    const uint8_t* source = bitmap + static_cast<size_t>(y) * width;
    for (size_t x = 0; x < width; ++x) row[x] = source[x] != 0 ? 255 : 0;
    return static_cast<const uint8_t*>(row.data());
  });
  const Letterbox box = FitLetterbox(size, side);
  const auto half = stride / 2;
  std::memset(out, 0, half * half);
  for (int y = 0; y < box.rh; y += 2) {
    const uint8_t* a = pixels.data() + static_cast<size_t>(y) * stride;
    const uint8_t* b = y + 1 < box.rh ? a + stride : a;
    uint8_t* to = out + static_cast<size_t>(y / 2) * half;
    for (int x = 0; x < box.rw; x += 2) {
      const int beside = x + 1 < box.rw ? x + 1 : x;
      to[x / 2] = static_cast<uint8_t>((a[x] + a[beside] + b[x] + b[beside] + 2) / 4);
    }
  }
}

}  // namespace sonotrack
