#pragma once

#include <cstdint>
#include <vector>

#include "core/flow_plane.h"
#include "core/flow_refinement.h"
#include "core/fork_join.h"
#include "core/patch_search.h"

namespace sonotrack {

/**
 * Settings of `DisFlow`. The defaults were chosen on pairs of frames with known motion, made of
 * training pictures with and without fresh speckle (training/sonotrack_training/measure_flow.py).
 */
struct DisFlowOptions {
  /** Halvings of the image at the coarsest level; −1: log2(2 · longer side / (5 · patch size)),
   * as in section 2.2. Held to where a patch fits. */
  int coarsest_scale = -1;
  /** Halvings at the finest level, whose flow is enlarged to the image. 1 takes a third of the
   * time of 0 and has twice the error where speckle moves with the tissue. */
  int finest_scale = 0;
  /** 2: a second thread takes its share of the rows; the flow is the same to the last bit. */
  int threads = 1;
  PatchSearchOptions search;
  FlowRefinementOptions refinement;
};

/**
 * Dense optical flow by dense inverse search: T. Kroeger, R. Timofte, D. Dai, L. Van Gool, "Fast
 * Optical Flow using Dense Inverse Search", ECCV 2016. From the coarsest level of a pyramid to the
 * finest: `PatchSearch` finds sparse patches from the flow of the level above and makes them dense,
 * `FlowRefinement` refines the dense flow.
 *
 * Allocates in its constructor only; deterministic; not to be called by two threads at once.
 */
class DisFlow {
 public:
  /** For images of this size, of at least 1 px. Throws `kInvalidArgument`. */
  DisFlow(int width, int height, const DisFlowOptions& options = {});

  /**
   * The flow f32[h, w, 2], x first, in px: from(x, y) ≈ to((x, y) + flow(x, y)). `from` and `to`
   * are gray u8[h, w]. Where `initial`, a flow like the result (say that of the frame before), fits
   * a patch better than what the level above found, the search begins there.
   */
  void Compute(const uint8_t* from, const uint8_t* to, float* flow_xy,
               const float* initial = nullptr);

  /** The threads of the search, for the caller's own loops between two calls. */
  ForkJoin* fork() { return &fork_; }

 private:
  struct Level {
    Level(Size size, const DisFlowOptions& options);

    PatchSearch search;
    FlowRefinement refinement;
    FlowField flow;
    FlowField initial;
  };

  Size size_;
  int finest_ = 0;
  // By scale; their sides are even, and at scale 0 the image is enlarged to that by repetition.
  std::vector<FlowPlane> from_;
  std::vector<FlowPlane> to_;
  std::vector<Level> levels_;  // from the finest to the coarsest
  ForkJoin fork_;
};

}  // namespace sonotrack
