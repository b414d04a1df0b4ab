#pragma once

#include <cstdint>
#include <vector>

#include "core/geometry.h"

namespace sonotrack {

/**
 * Carries images by a flow: out(p) = image(p + flow(p)), bilinear; beyond the border the border's
 * value is read. The places are found once and serve any number of images. Allocates in its
 * constructor only.
 */
class Warp {
 public:
  explicit Warp(Size size);

  Size size() const { return size_; }
  /** `flow_xy` f32[h, w, 2] px, x first. */
  void SetFlow(const float* flow_xy);
  /** f32[h, w] → f32[h, w]; must not be the same. */
  void Carry(const float* image, float* out) const;
  /** A flow f32[h, w, 2]: its two values are carried as two images. */
  void CarryFlow(const float* flow_xy, float* out) const;

 private:
  struct Place {
    int32_t first;  // index of the top left of the four
    float fx, fy;
  };

  Size size_;
  int right_ = 0;  // from a pixel to its neighbour; 0 where there is one column only
  int below_ = 0;
  std::vector<Place> places_;
};

/** Means of 2 × 2 cells: f32[2h, 2w] → f32[h, w], times `factor`. */
void HalveImage(const float* image, Size half, float factor, float* out);

/** The same for a flow f32[2h, 2w, 2] px → f32[h, w, 2] px of the half grid. */
void HalveFlow(const float* flow_xy, Size half, float* out);

}  // namespace sonotrack
