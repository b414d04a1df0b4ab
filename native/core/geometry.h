#pragma once

#include <cstddef>
#include <vector>

/**
 * All coordinate maths: frame px ↔ letterbox px ↔ mask grid. Pixel i spans [i, i+1), its centre is
 * i + 0.5. Sizes are (h, w), points (x, y), boxes (x0, y0, x1, y1).
 */
namespace sonotrack {

struct Size {
  int h = 0;
  int w = 0;
  size_t area() const { return static_cast<size_t>(h) * static_cast<size_t>(w); }
  bool operator==(const Size& other) const { return h == other.h && w == other.w; }
  bool operator!=(const Size& other) const { return !(*this == other); }
};

/** How a frame lies in the top left corner of a square of `side` px: scaled to rh × rw, the rest is
 * padding. */
struct Letterbox {
  Size frame;
  int side = 0;
  double scale = 0;
  int rh = 0;
  int rw = 0;
};

/** Fits `frame` (both sides ≥ 1) into `side` × `side`; rh and rw are rounded halves up and at
 * least 1. */
Letterbox FitLetterbox(Size frame, int side);

/** Frame px → letterbox px. */
double FrameToModelX(const Letterbox& box, double x);
double FrameToModelY(const Letterbox& box, double y);

/** Letterbox px → frame px. */
double ModelToFrameX(const Letterbox& box, double x);
double ModelToFrameY(const Letterbox& box, double y);

/** A bilinear read along one axis: (1 − f) · cell[i0] + f · cell[i1]. */
struct GridTap {
  int i0;
  int i1;
  float f;
};

/** Where each frame pixel reads a mask grid of `grid_side` cells that lies over the letterbox. */
struct GridTaps {
  Size frame;
  int grid_side = 0;
  std::vector<GridTap> rows;     // frame.h
  std::vector<GridTap> columns;  // frame.w
};

GridTaps GridTapsOf(const Letterbox& box, int grid_side);

/**
 * Integer weights that resample one axis: destination i is Σ weight[k] · source[index[k]] / total
 * over k in [first[i], first[i + 1]). Exact area when shrinking, bilinear with half-pixel centres
 * when enlarging.
 */
struct ResampleTaps {
  std::vector<int> first;  // destination length + 1
  std::vector<int> index;
  std::vector<unsigned> weight;
  unsigned total = 1;
};

ResampleTaps ResampleTapsOf(int source, int destination);

}  // namespace sonotrack
