#include "core/flow_refinement.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/error.h"

namespace sonotrack {
namespace {

/** ε² of Ψ in the data terms, px². */
constexpr float kDataEpsilon2 = 1e-6f;
/** ε² of Ψ in the smoothness term: below such differences of neighbours it is quadratic, px². */
constexpr float kSmoothEpsilon2 = 0.015f * 0.015f;
/** Over-relaxation. */
constexpr float kOmega = 1.6f;
/** Rows that a thread takes at a time. */
constexpr int kBandRows = 32;

/** Row y of a plane of all pixels → the elements of one colour. */
inline void Pick(const float* row, int first, int count, float* out) {
  for (int k = 0; k < count; ++k) out[k] = row[2 * k + first];
}

}  // namespace

void FlowRefinement::Check(const FlowRefinementOptions& options) {
  if (options.iterations < 0 || options.sweeps < 1) {
    throw Error(ErrorCode::kInvalidArgument, "open",
                "expected at least 0 `iterations` of at least 1 `sweeps` but received " +
                    std::to_string(options.iterations) + " and " + std::to_string(options.sweeps));
  }
  if (!(options.alpha > 0) || !std::isfinite(options.alpha)) {
    throw Error(
        ErrorCode::kInvalidArgument, "open",
        "expected a number above 0 for `alpha` but received " + std::to_string(options.alpha));
  }
  const std::pair<const char*, float> others[] = {
      {"delta", options.delta}, {"gamma", options.gamma}, {"noise_weight", options.noise_weight}};
  for (const auto& [name, weight] : others) {
    if (weight >= 0 && std::isfinite(weight)) continue;
    throw Error(ErrorCode::kInvalidArgument, "open",
                std::string("expected at least 0 for `") + name + "` but received " +
                    std::to_string(weight));
  }
}

FlowRefinement::FlowRefinement(Size size, const FlowRefinementOptions& options)
    : half_{size.h, size.w / 2},
      options_(options),
      constraints_(size, options.noise_weight),
      colours_{Colour(half_), Colour(half_)} {}

FlowRefinement::Colour::Colour(Size half) : constraints(half) {
  u0 = v0 = a12 = b1 = b2 = inverse1 = inverse2 = FlowPlane(half, 0);
  // The margin of the weights is 0 and stays 0: there is no edge across the border.
  u = v = right = below = FlowPlane(half, 1);
}

/** The smoothness weights of the edges to the right and below, by forward differences. */
SONOTRACK_CLONES void FlowRefinement::Weigh(int colour, int first_row, int end_row) {
  Colour& own = colours_[static_cast<size_t>(colour)];
  const Colour& other = colours_[static_cast<size_t>(1 - colour)];
  const int count = half_.w;
  const float alpha = options_.alpha;
  for (int y = first_row; y < end_row; ++y) {
    const int first = (y + colour) & 1;
    const float* u = own.u.row(y);
    const float* v = own.v.row(y);
    const float* u_right = other.u.row(y) + first;
    const float* v_right = other.v.row(y) + first;
    const float* u_below = other.u.row(y + 1);
    const float* v_below = other.v.row(y + 1);
    float* right = own.right.row(y);
    float* below = own.below.row(y);
    SONOTRACK_INDEPENDENT
    for (int k = 0; k < count; ++k) {
      const float ux = u_right[k] - u[k];
      const float vx = v_right[k] - v[k];
      const float uy = u_below[k] - u[k];
      const float vy = v_below[k] - v[k];
      const float square = ux * ux + vx * vx + uy * uy + vy * vy;
      const float weight = alpha / std::sqrt(square + kSmoothEpsilon2);
      right[k] = weight;
      below[k] = weight;
    }
    if (first == 1) right[half_.w - 1] = 0;
    if (y == half_.h - 1) std::fill(below, below + half_.w, 0.0f);
  }
}

/** The 2 × 2 system of each pixel, with its diagonal inverted. */
SONOTRACK_CLONES void FlowRefinement::Assemble(int colour, int first_row, int end_row) {
  Colour& own = colours_[static_cast<size_t>(colour)];
  const Colour& other = colours_[static_cast<size_t>(1 - colour)];
  const int count = half_.w;
  const float delta = options_.delta;
  const float gamma = options_.gamma;
  for (int y = first_row; y < end_row; ++y) {
    const int first = (y + colour) & 1;
    const float* gray_x = own.constraints.gray.x.row(y);
    const float* gray_y = own.constraints.gray.y.row(y);
    const float* gray_t = own.constraints.gray.t.row(y);
    const float* across_x = own.constraints.across.x.row(y);
    const float* across_y = own.constraints.across.y.row(y);
    const float* across_t = own.constraints.across.t.row(y);
    const float* down_x = own.constraints.down.x.row(y);
    const float* down_y = own.constraints.down.y.row(y);
    const float* down_t = own.constraints.down.t.row(y);
    const float* u = own.u.row(y);
    const float* v = own.v.row(y);
    const float* u0 = own.u0.row(y);
    const float* v0 = own.v0.row(y);
    const float* right = own.right.row(y);
    const float* below = own.below.row(y);
    const float* left = other.right.row(y) + first - 1;
    const float* above = other.below.row(y - 1);
    float* a12 = own.a12.row(y);
    float* b1 = own.b1.row(y);
    float* b2 = own.b2.row(y);
    float* inverse1 = own.inverse1.row(y);
    float* inverse2 = own.inverse2.row(y);
    SONOTRACK_INDEPENDENT
    for (int k = 0; k < count; ++k) {
      const float du = u[k] - u0[k];
      const float dv = v[k] - v0[k];
      const float gray = gray_t[k] + gray_x[k] * du + gray_y[k] * dv;
      const float across = across_t[k] + across_x[k] * du + across_y[k] * dv;
      const float down = down_t[k] + down_x[k] * du + down_y[k] * dv;
      const float wi = delta / std::sqrt(gray * gray + kDataEpsilon2);
      const float wg = gamma / std::sqrt(across * across + down * down + kDataEpsilon2);
      const float a11 =
          wi * gray_x[k] * gray_x[k] + wg * (across_x[k] * across_x[k] + down_x[k] * down_x[k]);
      const float a22 =
          wi * gray_y[k] * gray_y[k] + wg * (across_y[k] * across_y[k] + down_y[k] * down_y[k]);
      const float cross =
          wi * gray_x[k] * gray_y[k] + wg * (across_x[k] * across_y[k] + down_x[k] * down_y[k]);
      const float t1 =
          wi * gray_x[k] * gray_t[k] + wg * (across_x[k] * across_t[k] + down_x[k] * down_t[k]);
      const float t2 =
          wi * gray_y[k] * gray_t[k] + wg * (across_y[k] * across_t[k] + down_y[k] * down_t[k]);
      const float edges = right[k] + left[k] + below[k] + above[k];
      a12[k] = cross;
      // In terms of the whole flow rather than of its change.
      b1[k] = a11 * u0[k] + cross * v0[k] - t1;
      b2[k] = cross * u0[k] + a22 * v0[k] - t2;
      inverse1[k] = kOmega / (a11 + edges);
      inverse2[k] = kOmega / (a22 + edges);
    }
  }
}

/** One step of red-black successive over-relaxation for one row. */
SONOTRACK_CLONES void FlowRefinement::SweepRow(int colour, int y) {
  Colour& own = colours_[static_cast<size_t>(colour)];
  const Colour& other = colours_[static_cast<size_t>(1 - colour)];
  const int count = half_.w;
  const int first = (y + colour) & 1;
  const float* u_right = other.u.row(y) + first;
  const float* v_right = other.v.row(y) + first;
  const float* u_left = u_right - 1;
  const float* v_left = v_right - 1;
  const float* u_above = other.u.row(y - 1);
  const float* v_above = other.v.row(y - 1);
  const float* u_below = other.u.row(y + 1);
  const float* v_below = other.v.row(y + 1);
  const float* right = own.right.row(y);
  const float* below = own.below.row(y);
  const float* left = other.right.row(y) + first - 1;
  const float* above = other.below.row(y - 1);
  const float* a12 = own.a12.row(y);
  const float* b1 = own.b1.row(y);
  const float* b2 = own.b2.row(y);
  const float* inverse1 = own.inverse1.row(y);
  const float* inverse2 = own.inverse2.row(y);
  float* u = own.u.row(y);
  float* v = own.v.row(y);
  SONOTRACK_INDEPENDENT
  for (int k = 0; k < count; ++k) {
    const float sum_u =
        right[k] * u_right[k] + left[k] * u_left[k] + below[k] * u_below[k] + above[k] * u_above[k];
    const float sum_v =
        right[k] * v_right[k] + left[k] * v_left[k] + below[k] * v_below[k] + above[k] * v_above[k];
    const float new_u = (1 - kOmega) * u[k] + inverse1[k] * (sum_u + b1[k] - a12[k] * v[k]);
    u[k] = new_u;
    v[k] = (1 - kOmega) * v[k] + inverse2[k] * (sum_v + b2[k] - a12[k] * new_u);
  }
}

/**
 * All sweeps at once, in two wedges that do not touch, from the top and from the bottom: there each
 * colour is a row behind the one before it, so that every row sees the values that whole sweeps
 * would show it, and is still in the cache. Then what lies between the wedges.
 */
void FlowRefinement::Sweep(ForkJoin* fork) {
  const int passes = 2 * options_.sweeps;
  const int middle = half_.h / 2;
  const auto wedge = [&](int from_below) {
    for (int front = 0; front < (from_below == 1 ? half_.h - middle : middle); ++front) {
      for (int pass = 0; pass <= std::min(passes - 1, front); ++pass) {
        const int row = front - pass;
        SweepRow(pass & 1, from_below == 1 ? half_.h - 1 - row : row);
      }
    }
  };
  fork->ForEach(2, wedge);
  for (int pass = 1; pass < passes; ++pass) {
    const int end = std::min(middle + pass, half_.h);
    for (int y = std::max(middle - pass, 0); y < end; ++y) SweepRow(pass & 1, y);
  }
}

/** The flow and the constraints, by colours. */
void FlowRefinement::Begin(const FlowField& flow, int first_row, int end_row) {
  for (int colour = 0; colour < 2; ++colour) {
    Colour& own = colours_[static_cast<size_t>(colour)];
    for (int y = first_row; y < end_row; ++y) {
      const int first = (y + colour) & 1;
      Pick(flow.x.row(y), first, half_.w, own.u.row(y));
      Pick(flow.y.row(y), first, half_.w, own.v.row(y));
      std::copy_n(own.u.row(y), half_.w, own.u0.row(y));
      std::copy_n(own.v.row(y), half_.w, own.v0.row(y));
    }
    constraints_.Pick(colour, first_row, end_row, &own.constraints);
  }
}

void FlowRefinement::End(FlowField* flow, int first_row, int end_row) const {
  for (int colour = 0; colour < 2; ++colour) {
    const Colour& own = colours_[static_cast<size_t>(colour)];
    for (int y = first_row; y < end_row; ++y) {
      const int first = (y + colour) & 1;
      const float* u = own.u.row(y);
      const float* v = own.v.row(y);
      float* to_x = flow->x.row(y) + first;
      float* to_y = flow->y.row(y) + first;
      for (int k = 0; k < half_.w; ++k) to_x[2 * k] = u[k];
      for (int k = 0; k < half_.w; ++k) to_y[2 * k] = v[k];
    }
  }
}

void FlowRefinement::Refine(const FlowPlane& from, const FlowPlane& to, FlowField* flow,
                            ForkJoin* fork) {
  if (options_.iterations <= 0) return;
  const auto for_rows = [&](const auto& band) { fork->ForRows(half_.h, kBandRows, band); };
  constraints_.Linearise(from, to, *flow, fork);
  for_rows([&](int first, int end) { Begin(*flow, first, end); });
  for (int i = 0; i < options_.iterations; ++i) {
    for (Colour& colour : colours_) {
      // Weights are 0 across the border, but what lies there is read.
      colour.u.FillMargin();
      colour.v.FillMargin();
    }
    for_rows([&](int first, int end) {
      for (int colour = 0; colour < 2; ++colour) Weigh(colour, first, end);
    });
    for_rows([&](int first, int end) {
      for (int colour = 0; colour < 2; ++colour) Assemble(colour, first, end);
    });
    Sweep(fork);
  }
  for_rows([&](int first, int end) { End(flow, first, end); });
}

}  // namespace sonotrack
