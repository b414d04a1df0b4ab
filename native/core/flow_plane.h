#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/geometry.h"
#include "core/vectorise.h"

namespace sonotrack {

/** An image f32[h, w] with a margin of `pad` px on all sides, which `FillMargin` fills. */
class FlowPlane {
 public:
  FlowPlane() = default;
  FlowPlane(Size size, int pad);

  Size size() const { return size_; }
  int pad() const { return pad_; }
  /** Pixel 0 of row y, −pad ≤ y < h + pad; columns −pad to w + pad − 1 may be read. */
  float* row(int y) { return data_.data() + Offset(y); }
  const float* row(int y) const { return data_.data() + Offset(y); }
  /** Elements from one row to the next. */
  size_t stride() const { return stride_; }
  /** Repeats the border pixels into the margin. */
  void FillMargin();
  void Fill(float value);

 private:
  size_t Offset(int y) const {
    return static_cast<size_t>(y + pad_) * stride_ + static_cast<size_t>(pad_);
  }

  Size size_;
  int pad_ = 0;
  size_t stride_ = 0;
  std::vector<float> data_;
};

/** u8[size] into the top left of a plane that is at least as large; the border repeats. */
void LoadGray(const uint8_t* gray, Size size, FlowPlane* plane);

/** Means of 2 × 2 px: f32[2h, 2w] → f32[h, w], margin filled. */
void HalvePlane(const FlowPlane& source, FlowPlane* half);

/** A flow of one level: x and y in px of that level's grid, f32[h, w] each. */
struct FlowField {
  FlowPlane x;
  FlowPlane y;
};

/** Bilinear read at (x, y) in pixel indices, held to the image. */
float ReadPlane(const FlowPlane& plane, float x, float y);

/**
 * Enlarges a level's flow 2^`scale` times to f32[size.h, size.w, 2] px of the full image; pixel
 * centres lie at +0.5 on both grids.
 */
void EnlargeFlow(const FlowField& flow, int scale, Size size, float* flow_xy);

/** The other way: the mean over each 2^`scale` px square, in px of the level's grid. */
void ShrinkFlow(const float* flow_xy, Size size, int scale, FlowField* flow);

}  // namespace sonotrack
