#include "core/local_match.h"

#include <algorithm>
#include <cmath>

#include "core/vectorise.h"

namespace sonotrack {
namespace {

/** Added to the variances, gray levels². */
constexpr float kNoise2 = 4;
constexpr int kRadius = LocalMatch::kWindow / 2;
constexpr size_t kSums = 5;  // a, b, aa, bb, ab
/** Rows that a thread takes at a time; the sums begin anew with each band. */
constexpr int kBandRows = 64;

/** Of a window of `radius` about place i of `count`: how many lie inside. */
float Within(int i, int count, int radius) {
  return static_cast<float>(std::min(i + radius, count - 1) - std::max(i - radius, 0) + 1);
}

}  // namespace

LocalMatch::LocalMatch(Size size)
    : size_(size), bands_(static_cast<size_t>(size.h / kBandRows + 1)) {
  const auto w = static_cast<size_t>(size.w);
  for (Band& band : bands_) {
    band.columns.resize(kSums * (w + 2 * kRadius), 0.0f);
    band.windows.resize(kSums * w);
  }
  for (int x = 0; x < size.w; ++x) share_.push_back(1 / Within(x, size.w, kRadius));
}

void LocalMatch::Compute(const float* a, const float* b, float* out, ForkJoin* fork) {
  fork->ForRows(size_.h, kBandRows,
                [&](int first, int end) { ComputeRows(a, b, out, first, end); });
}

SONOTRACK_CLONES void LocalMatch::ComputeRows(const float* a, const float* b, float* out,
                                              int first_row, int end_row) {
  const auto w = static_cast<size_t>(size_.w);
  const size_t padded = w + 2 * kRadius;
  Band& band = bands_[static_cast<size_t>(first_row / kBandRows)];
  std::fill(band.columns.begin(), band.columns.end(), 0.0f);
  float* const columns = band.columns.data();
  float* const windows = band.windows.data();
  const auto add_row = [&](int y, float sign) {
    const float* ra = a + static_cast<size_t>(y) * w;
    const float* rb = b + static_cast<size_t>(y) * w;
    float* const sums = columns + kRadius;
    SONOTRACK_INDEPENDENT
    for (size_t x = 0; x < w; ++x) {
      sums[x] += sign * ra[x];
      sums[padded + x] += sign * rb[x];
      sums[2 * padded + x] += sign * ra[x] * ra[x];
      sums[3 * padded + x] += sign * rb[x] * rb[x];
      sums[4 * padded + x] += sign * ra[x] * rb[x];
    }
  };
  const int before = std::max(first_row - kRadius, 0);
  for (int y = before; y < std::min(first_row + kRadius, size_.h); ++y) add_row(y, 1);
  for (int y = first_row; y < end_row; ++y) {
    if (y + kRadius < size_.h) add_row(y + kRadius, 1);
    if (y - kRadius - 1 >= before) add_row(y - kRadius - 1, -1);
    // Beyond the border the columns are 0.
    for (size_t s = 0; s < kSums; ++s) {
      const float* column = columns + s * padded;
      float* window = windows + s * w;
      SONOTRACK_INDEPENDENT
      for (size_t x = 0; x < w; ++x) {
        float sum = 0;
        for (size_t k = 0; k < kWindow; ++k) sum += column[x + k];
        window[x] = sum;
      }
    }
    const float* share_of_columns = share_.data();
    const float share_of_rows = 1 / Within(y, size_.h, kRadius);
    float* to = out + static_cast<size_t>(y) * w;
    SONOTRACK_INDEPENDENT
    for (size_t x = 0; x < w; ++x) {
      const float share = share_of_rows * share_of_columns[x];
      const float mean_a = windows[x] * share;
      const float mean_b = windows[w + x] * share;
      const float variance_a = std::max(windows[2 * w + x] * share - mean_a * mean_a, 0.0f);
      const float variance_b = std::max(windows[3 * w + x] * share - mean_b * mean_b, 0.0f);
      const float covariance = windows[4 * w + x] * share - mean_a * mean_b;
      to[x] = covariance / std::sqrt((variance_a + kNoise2) * (variance_b + kNoise2));
    }
  }
}

SONOTRACK_CLONES void BoxBlur3(Size size, int radius, float* image, std::vector<float>* scratch) {
  const auto w = static_cast<size_t>(size.w);
  scratch->resize(size.area() + w);
  float* const across = scratch->data();
  float* const sums = across + size.area();
  for (int pass = 0; pass < 3; ++pass) {
    for (int y = 0; y < size.h; ++y) {
      const float* from = image + static_cast<size_t>(y) * w;
      float* to = across + static_cast<size_t>(y) * w;
      float sum = 0;
      for (int x = 0; x < std::min(radius, size.w); ++x) sum += from[x];
      for (int x = 0; x < size.w; ++x) {
        if (x + radius < size.w) sum += from[x + radius];
        if (x - radius - 1 >= 0) sum -= from[x - radius - 1];
        to[x] = sum / Within(x, size.w, radius);
      }
    }
    std::fill_n(sums, w, 0.0f);
    const auto add_row = [&](int y, float sign) {
      if (y < 0 || y >= size.h) return;
      const float* row = across + static_cast<size_t>(y) * w;
      for (size_t x = 0; x < w; ++x) sums[x] += sign * row[x];
    };
    for (int y = 0; y < radius; ++y) add_row(y, 1);
    for (int y = 0; y < size.h; ++y) {
      add_row(y + radius, 1);
      add_row(y - radius - 1, -1);
      const float share = 1 / Within(y, size.h, radius);
      float* to = image + static_cast<size_t>(y) * w;
      for (size_t x = 0; x < w; ++x) to[x] = sums[x] * share;
    }
  }
}

}  // namespace sonotrack
