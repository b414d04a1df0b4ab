#pragma once

#include <vector>

#include "core/flow_plane.h"
#include "core/fork_join.h"

namespace sonotrack {

/** Settings of `PatchSearch`. */
struct PatchSearchOptions {
  /** Side of a patch: 4, 8, 12 or 16. */
  int patch_size_px = 8;
  /** From one patch to the next, 1 to the side of a patch. */
  int patch_stride_px = 4;
  /** Most steps of gradient descent per patch; it ends as soon as a step does not pay. */
  int descent_iterations = 8;
  /** Compares patches less their means, so that a change of gain is no motion. */
  bool mean_normalization = true;
  /** How much a patch that still differs after its search is pulled back to where it began, as if
   * that were known to 1 / √`prior_weight` px; 0: not at all (the paper). */
  float prior_weight = 1;
};

/**
 * One level of dense inverse search (Kroeger et al., ECCV 2016, section 2.1): a grid of square
 * patches of one image, each of which looks for its place in the other by inverse compositional
 * gradient descent, and the dense flow that they add up to. Allocates in its constructor only.
 */
class PatchSearch {
 public:
  /** Throws `kInvalidArgument` for options out of range. */
  static void Check(const PatchSearchOptions& options);

  /** For images of `size`, at least a patch in both directions, and checked options. */
  PatchSearch(Size size, const PatchSearchOptions& options);

  /** The margin that `from` and `to` need. */
  static int Margin(const PatchSearchOptions& options) { return options.patch_size_px + 2; }

  /**
   * Finds each patch of `from` in `to`, both f32[size] with a filled margin. The search starts at
   * `coarser`, the flow of the next coarser level (half the size), or at `initial`, a flow of this
   * level's size, where that fits better (null: none). Without `coarser` it starts at no motion,
   * and patches try what their neighbours found.
   */
  void Search(const FlowPlane& from, const FlowPlane& to, const FlowField* coarser,
              const FlowField* initial, ForkJoin* fork);

  /**
   * The dense flow (section 2.2): each pixel's mean over the patches that cover it, those weighted
   * down that do not explain it: by 1 / max(1, gray levels of difference).
   */
  void Densify(const FlowPlane& from, const FlowPlane& to, FlowField* flow, ForkJoin* fork);

 private:
  struct Patch {
    int x, y;  // top left, px
    // The 2 × 2 Hessian, its inverse, and the gradient's sums over the patch.
    float hxx, hxy, hyy, ixx, ixy, iyy, gx, gy;
    float start_x, start_y;  // px, where the search began
    float ux, uy;            // px
    float cost;              // of ux, uy
  };
  /** Sums over a patch of its difference d, of d times the derivatives, and of d². */
  struct Sums {
    float d, dx, dy, dd;
  };

  void Derive(const FlowPlane& from, int first_row, int end_row);
  template <int P>
  void Prepare(Patch* patch) const;
  template <int P>
  Sums Compare(const FlowPlane& from, const FlowPlane& to, const Patch& patch, float ux,
               float uy) const;
  template <int P>
  void Consider(const FlowPlane& from, const FlowPlane& to, float ux, float uy, Patch* patch) const;
  template <int P>
  void Descend(const FlowPlane& from, const FlowPlane& to, Patch* patch) const;
  template <int P>
  void Propagate(const FlowPlane& from, const FlowPlane& to);
  template <int P>
  void SearchAll(const FlowPlane& from, const FlowPlane& to, const FlowField* coarser,
                 const FlowField* initial, ForkJoin* fork);
  template <int P>
  void SearchRows(const FlowPlane& from, const FlowPlane& to, const FlowField* coarser,
                  const FlowField* initial, int first_row, int end_row);
  template <int P>
  void AddRows(const FlowPlane& from, const FlowPlane& to, int first_row, int end_row);
  void DivideRows(int first_row, int end_row, FlowField* flow) const;
  float Cost(const Sums& sums) const;
  void Regress(Patch* patch) const;

  Size size_;
  PatchSearchOptions options_;
  int columns_ = 0;
  int rows_ = 0;
  std::vector<Patch> patches_;  // [rows, columns]
  FlowPlane gradient_x_, gradient_y_;
  FlowPlane weight_, sum_x_, sum_y_;
};

}  // namespace sonotrack
