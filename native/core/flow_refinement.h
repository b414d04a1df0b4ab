#pragma once

#include <array>

#include "core/flow_constraints.h"
#include "core/flow_plane.h"
#include "core/fork_join.h"

namespace sonotrack {

/** Settings of `FlowRefinement`; gray levels are 0–255. */
struct FlowRefinementOptions {
  /** Times that the robust weights are renewed; 0: no refinement. `DisFlow` adds one for each
   * halving of the image. */
  int iterations = 3;
  /** Sweeps over the linear system per iteration. */
  int sweeps = 5;
  /** α, weight of smoothness; above 0. */
  float alpha = 30;
  /** δ, weight of constant gray levels. */
  float delta = 5;
  /** γ, weight of constant derivatives of the gray levels. */
  float gamma = 10;
  /** How much a mismatch left by the search weakens δ and γ around it; 0: not at all, as in the
   * paper. */
  float noise_weight = 3;
};

/**
 * Variational refinement of one level's flow (Kroeger et al., ECCV 2016, section 2.3, after Brox et
 * al., ECCV 2004): minimises the sum over all pixels of
 *   c · (δ Ψ(E_I) + γ Ψ(E_G)) + α Ψ(E_S),  Ψ(a²) = √(a² + ε²),
 * where E_I and E_G are the squared mismatches of gray levels and of their derivatives, normalised
 * by the local gradient, and E_S = |∇u|² + |∇v|². One warp; the weights Ψ′ are renewed `iterations`
 * times, each time followed by `sweeps` sweeps of red-black successive over-relaxation.
 *
 * Not in the paper is the confidence c = G / (G + `noise_weight` · N), with G the mean squared
 * gradient and N the variance of the mismatch of gray levels in a small window: where speckle has
 * decorrelated the patches still differ after the search, and there smoothness decides.
 *
 * Pixels of one colour of the checkerboard depend on those of the other colour alone. The colours
 * lie in planes of their own, so that the sweeps run along rows of neighbours in memory.
 */
class FlowRefinement {
 public:
  /** Throws `kInvalidArgument` for options out of range. */
  static void Check(const FlowRefinementOptions& options);

  /** For images of `size` and checked options; the width must be even. Allocates here only. */
  FlowRefinement(Size size, const FlowRefinementOptions& options);

  /** Refines `flow` f32[size], of `from` into `to`, in place; both have a margin of at least 1. */
  void Refine(const FlowPlane& from, const FlowPlane& to, FlowField* flow, ForkJoin* fork);

 private:
  /** Half of the pixels: pixel (2k + (row + colour) mod 2, row) is element k. */
  struct Colour {
    explicit Colour(Size half);

    ColourConstraints constraints;
    FlowPlane u0, v0;  // the flow before
    FlowPlane u, v;
    FlowPlane right, below;  // smoothness weight of the edge to the next pixel
    FlowPlane a12, b1, b2, inverse1, inverse2;
  };

  void Begin(const FlowField& flow, int first_row, int end_row);
  void Weigh(int colour, int first_row, int end_row);
  void Assemble(int colour, int first_row, int end_row);
  void Sweep(ForkJoin* fork);
  void SweepRow(int colour, int y);
  void End(FlowField* flow, int first_row, int end_row) const;

  Size half_;
  FlowRefinementOptions options_;
  FlowConstraints constraints_;
  std::array<Colour, 2> colours_;
};

}  // namespace sonotrack
