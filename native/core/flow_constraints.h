#pragma once

#include <array>
#include <vector>

#include "core/flow_plane.h"
#include "core/fork_join.h"

namespace sonotrack {

/** A linear constraint of each pixel: t + x · du + y · dv = 0, in px. */
struct Constraint {
  FlowPlane x, y, t;
};

/** What one colour of the checkerboard is held to: that gray levels, and their derivatives in x and
 * y, stay constant along the flow. */
struct ColourConstraints {
  explicit ColourConstraints(Size size);

  Constraint gray, across, down;
};

/**
 * Linearises the data terms of `FlowRefinement` about a flow: warps an image, derives, normalises
 * each constraint by its gradient (so that t is a distance), and weighs it by a confidence.
 */
class FlowConstraints {
 public:
  /** For images of `size` with an even width. Allocates here only. */
  FlowConstraints(Size size, float noise_weight);

  /** About `flow` of `from` into `to`, f32[size] all; both images have a margin of at least 1. */
  void Linearise(const FlowPlane& from, const FlowPlane& to, const FlowField& flow, ForkJoin* fork);

  /** The constraints of the pixels (2k + (row + colour) mod 2, row), element k of each row. */
  void Pick(int colour, int first_row, int end_row, ColourConstraints* out) const;

 private:
  void Compare(const FlowPlane& from, const FlowPlane& to, const FlowField& flow, int first_row,
               int end_row);
  void Derive(int first_row, int end_row);
  void FindConfidence(int first_row, int end_row);

  Size size_;
  float noise_weight_;
  FlowPlane mean_, change_;  // of `from` and the warped `to`
  FlowPlane gx_, gy_;        // derivatives of the mean
  FlowPlane confidence_;
  /** Of a band of rows: sums over the rows of a window, [w + 2 · radius]. */
  using Columns = std::array<std::vector<float>, 3>;
  std::vector<Columns> columns_;
};

}  // namespace sonotrack
