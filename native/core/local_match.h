#pragma once

#include <vector>

#include "core/fork_join.h"
#include "core/geometry.h"

namespace sonotrack {

/**
 * How alike two gray images are around each pixel: the correlation (−1 to 1) over a square window,
 * held to the image, of values less the window's means. Noise of a few gray levels counts as noise:
 * two flat windows correlate by 0. Allocates in its constructor only.
 */
class LocalMatch {
 public:
  /** Side of the window, px. */
  static constexpr int kWindow = 9;

  explicit LocalMatch(Size size);

  /** `a`, `b` f32[h, w], gray levels 0–255 → `out` f32[h, w]. */
  void Compute(const float* a, const float* b, float* out, ForkJoin* fork);

 private:
  void ComputeRows(const float* a, const float* b, float* out, int first_row, int end_row);

  /** Of a band of rows, which one thread computes. */
  struct Band {
    std::vector<float> columns;  // sums over a column of the window: 5 quantities × padded width
    std::vector<float> windows;  // over the window: 5 quantities × width
  };

  Size size_;
  std::vector<Band> bands_;
  std::vector<float> share_;  // 1 / columns of the window about x that lie inside
};

/** Blurs f32[h, w] in place by three passes of a box of 2 `radius` + 1 px; `scratch` grows to
 * what it needs. */
void BoxBlur3(Size size, int radius, float* image, std::vector<float>* scratch);

}  // namespace sonotrack
