#include "core/patch_search.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>

#include "core/error.h"

namespace sonotrack {
namespace {

/** Gray levels² that a patch's Hessian gets per px: where there is no texture nothing moves. */
constexpr float kDamping = 0.5f;
/** A step shorter than this ends a descent, px. */
constexpr float kShortestStep = 0.01f;

/** Rows of pixels, and of patches, that a thread takes at a time. */
constexpr int kBandRows = 32;
constexpr int kBandPatchRows = 8;

/** Patch positions along one axis: every `stride` px, the last flush with the border. */
int PatchCount(int length, int patch, int stride) {
  return (length - patch + stride - 1) / stride + 1;
}

/** Where a patch reads the other image: whole px, and the share of the next ones. */
struct Place {
  int x, y;
  float fx, fy;
};

Place PlaceOf(float x, float y) {
  // Positions are at least −16: shifted, so that truncation rounds down.
  constexpr int kShift = 32;
  const int ix = static_cast<int>(x + kShift) - kShift;
  const int iy = static_cast<int>(y + kShift) - kShift;
  return {ix, iy, x - static_cast<float>(ix), y - static_cast<float>(iy)};
}

/** NaN becomes `least`. */
float Hold(float value, float least, float most) { return std::min(std::max(least, value), most); }

/** Calls `run` with the side of a patch as a constant. */
template <class Run>
void WithSide(int side, const Run& run) {
  switch (side) {
    case 4:
      return run(std::integral_constant<int, 4>());
    case 12:
      return run(std::integral_constant<int, 12>());
    case 16:
      return run(std::integral_constant<int, 16>());
    default:
      return run(std::integral_constant<int, 8>());
  }
}

}  // namespace

void PatchSearch::Check(const PatchSearchOptions& options) {
  const int side = options.patch_size_px;
  const auto fail = [](const std::string& message) {
    throw Error(ErrorCode::kInvalidArgument, "open", message);
  };
  if (side != 4 && side != 8 && side != 12 && side != 16) {
    fail("expected 4, 8, 12 or 16 for `patch_size_px` but received " + std::to_string(side));
  }
  if (options.patch_stride_px < 1 || options.patch_stride_px > side) {
    fail("expected 1 to " + std::to_string(side) + " for `patch_stride_px` but received " +
         std::to_string(options.patch_stride_px));
  }
  if (options.descent_iterations < 0) {
    fail("expected at least 0 for `descent_iterations` but received " +
         std::to_string(options.descent_iterations));
  }
  if (!(options.prior_weight >= 0 && std::isfinite(options.prior_weight))) {
    fail("expected at least 0 for `prior_weight` but received " +
         std::to_string(options.prior_weight));
  }
}

PatchSearch::PatchSearch(Size size, const PatchSearchOptions& options)
    : size_(size),
      options_(options),
      columns_(PatchCount(size.w, options.patch_size_px, options.patch_stride_px)),
      rows_(PatchCount(size.h, options.patch_size_px, options.patch_stride_px)),
      patches_(static_cast<size_t>(columns_) * static_cast<size_t>(rows_)),
      gradient_x_(size, 0),
      gradient_y_(size, 0),
      weight_(size, 0),
      sum_x_(size, 0),
      sum_y_(size, 0) {
  for (int r = 0; r < rows_; ++r) {
    for (int c = 0; c < columns_; ++c) {
      Patch& patch = patches_[static_cast<size_t>(r * columns_ + c)];
      patch.x = std::min(c * options.patch_stride_px, size.w - options.patch_size_px);
      patch.y = std::min(r * options.patch_stride_px, size.h - options.patch_size_px);
    }
  }
}

SONOTRACK_CLONES void PatchSearch::Derive(const FlowPlane& from, int first_row, int end_row) {
  for (int y = first_row; y < end_row; ++y) {
    const float* a = from.row(y - 1);
    const float* b = from.row(y);
    const float* c = from.row(y + 1);
    float* gx = gradient_x_.row(y);
    float* gy = gradient_y_.row(y);
    SONOTRACK_INDEPENDENT
    for (int x = 0; x < size_.w; ++x) {
      // Sobel: a derivative across, a blur along.
      gx[x] = ((a[x + 1] - a[x - 1]) + 2 * (b[x + 1] - b[x - 1]) + (c[x + 1] - c[x - 1])) * 0.125f;
      gy[x] = ((c[x - 1] - a[x - 1]) + 2 * (c[x] - a[x]) + (c[x + 1] - a[x + 1])) * 0.125f;
    }
  }
}

template <int P>
inline void PatchSearch::Prepare(Patch* patch) const {
  const float area = static_cast<float>(P * P);
  float sx[P] = {}, sy[P] = {}, sxx[P] = {}, sxy[P] = {}, syy[P] = {};
  for (int y = 0; y < P; ++y) {
    const float* gx = gradient_x_.row(patch->y + y) + patch->x;
    const float* gy = gradient_y_.row(patch->y + y) + patch->x;
    for (int x = 0; x < P; ++x) {
      sx[x] += gx[x];
      sy[x] += gy[x];
      sxx[x] += gx[x] * gx[x];
      sxy[x] += gx[x] * gy[x];
      syy[x] += gy[x] * gy[x];
    }
  }
  float gx = 0, gy = 0, xx = 0, xy = 0, yy = 0;
  for (int x = 0; x < P; ++x) {
    gx += sx[x];
    gy += sy[x];
    xx += sxx[x];
    xy += sxy[x];
    yy += syy[x];
  }
  if (options_.mean_normalization) {
    xx -= gx * gx / area;
    xy -= gx * gy / area;
    yy -= gy * gy / area;
  }
  xx += kDamping * area;
  yy += kDamping * area;
  const float scale = 1 / (xx * yy - xy * xy);
  patch->hxx = xx;
  patch->hxy = xy;
  patch->hyy = yy;
  patch->ixx = yy * scale;
  patch->ixy = -xy * scale;
  patch->iyy = xx * scale;
  patch->gx = gx;
  patch->gy = gy;
}

template <int P>
inline PatchSearch::Sums PatchSearch::Compare(const FlowPlane& from, const FlowPlane& to,
                                              const Patch& patch, float ux, float uy) const {
  const Place at = PlaceOf(static_cast<float>(patch.x) + ux, static_cast<float>(patch.y) + uy);
  // One sum per column, so that rows of P floats are the vectors.
  float d[P] = {}, dx[P] = {}, dy[P] = {}, dd[P] = {};
  float above[P], below[P];
  const float* source = to.row(at.y) + at.x;
  for (int x = 0; x < P; ++x) above[x] = source[x] + at.fx * (source[x + 1] - source[x]);
  for (int y = 0; y < P; ++y) {
    source += to.stride();
    const float* own = from.row(patch.y + y) + patch.x;
    const float* gx = gradient_x_.row(patch.y + y) + patch.x;
    const float* gy = gradient_y_.row(patch.y + y) + patch.x;
    for (int x = 0; x < P; ++x) {
      below[x] = source[x] + at.fx * (source[x + 1] - source[x]);
      const float difference = above[x] + at.fy * (below[x] - above[x]) - own[x];
      d[x] += difference;
      dx[x] += difference * gx[x];
      dy[x] += difference * gy[x];
      dd[x] += difference * difference;
      above[x] = below[x];
    }
  }
  Sums sums = {0, 0, 0, 0};
  for (int x = 0; x < P; ++x) {
    sums.d += d[x];
    sums.dx += dx[x];
    sums.dy += dy[x];
    sums.dd += dd[x];
  }
  return sums;
}

float PatchSearch::Cost(const Sums& sums) const {
  const int side = options_.patch_size_px;
  if (!options_.mean_normalization) return sums.dd;
  return sums.dd - sums.d * sums.d / static_cast<float>(side * side);
}

template <int P>
inline void PatchSearch::Consider(const FlowPlane& from, const FlowPlane& to, float ux, float uy,
                                  Patch* patch) const {
  // A patch stays in view by at least its border.
  ux = Hold(ux, static_cast<float>(-P - patch->x), static_cast<float>(size_.w - patch->x));
  uy = Hold(uy, static_cast<float>(-P - patch->y), static_cast<float>(size_.h - patch->y));
  const float cost = Cost(Compare<P>(from, to, *patch, ux, uy));
  if (cost < patch->cost) {
    patch->ux = ux;
    patch->uy = uy;
    patch->cost = cost;
  }
}

template <int P>
inline void PatchSearch::Descend(const FlowPlane& from, const FlowPlane& to, Patch* patch) const {
  const float area = static_cast<float>(P * P);
  const float least_x = static_cast<float>(-P - patch->x);
  const float least_y = static_cast<float>(-P - patch->y);
  const float most_x = static_cast<float>(size_.w - patch->x);
  const float most_y = static_cast<float>(size_.h - patch->y);
  float ux = patch->start_x;
  float uy = patch->start_y;
  float best = INFINITY;
  for (int i = 0; i <= options_.descent_iterations; ++i) {
    const Sums sums = Compare<P>(from, to, *patch, ux, uy);
    const float cost = Cost(sums);
    if (cost >= best) break;
    best = cost;
    patch->ux = ux;
    patch->uy = uy;
    float bx = sums.dx;
    float by = sums.dy;
    if (options_.mean_normalization) {
      bx -= sums.d * patch->gx / area;
      by -= sums.d * patch->gy / area;
    }
    const float step_x = patch->ixx * bx + patch->ixy * by;
    const float step_y = patch->ixy * bx + patch->iyy * by;
    if (step_x * step_x + step_y * step_y < kShortestStep * kShortestStep) break;
    ux = Hold(ux - step_x, least_x, most_x);
    uy = Hold(uy - step_y, least_y, most_y);
    // A patch that runs away has lost its way (section 2.2): back to the start.
    const float away_x = ux - patch->start_x;
    const float away_y = uy - patch->start_y;
    if (away_x * away_x + away_y * away_y > area) {
      patch->ux = patch->start_x;
      patch->uy = patch->start_y;
      return;
    }
  }
  patch->cost = best;
}

template <int P>
SONOTRACK_CLONES void PatchSearch::SearchRows(const FlowPlane& from, const FlowPlane& to,
                                              const FlowField* coarser, const FlowField* initial,
                                              int first_row, int end_row) {
  for (int i = first_row * columns_; i < end_row * columns_; ++i) {
    Patch& patch = patches_[static_cast<size_t>(i)];
    Prepare<P>(&patch);
    const float x = static_cast<float>(patch.x) + 0.5f * (P - 1);
    const float y = static_cast<float>(patch.y) + 0.5f * (P - 1);
    float ux = 0;
    float uy = 0;
    if (coarser != nullptr) {
      ux = 2 * ReadPlane(coarser->x, 0.5f * x - 0.25f, 0.5f * y - 0.25f);
      uy = 2 * ReadPlane(coarser->y, 0.5f * x - 0.25f, 0.5f * y - 0.25f);
    }
    patch.cost = INFINITY;
    Consider<P>(from, to, ux, uy, &patch);
    if (initial != nullptr) {
      Consider<P>(from, to, ReadPlane(initial->x, x, y), ReadPlane(initial->y, x, y), &patch);
    }
    patch.start_x = patch.ux;
    patch.start_y = patch.uy;
    Descend<P>(from, to, &patch);
    if (coarser != nullptr) Regress(&patch);
  }
}

template <int P>
void PatchSearch::SearchAll(const FlowPlane& from, const FlowPlane& to, const FlowField* coarser,
                            const FlowField* initial, ForkJoin* fork) {
  fork->ForRows(size_.h, kBandRows, [&](int first, int end) { Derive(from, first, end); });
  fork->ForRows(rows_, kBandPatchRows,
                [&](int first, int end) { SearchRows<P>(from, to, coarser, initial, first, end); });
  // At the coarsest level nothing is known before, but what a neighbour found.
  if (coarser == nullptr) Propagate<P>(from, to);
}

/** Tries each neighbour's flow, from the top left and back: a large motion that few patches found
 * spreads to all. (At finer levels this spreads errors where speckle decorrelates.) */
template <int P>
SONOTRACK_CLONES void PatchSearch::Propagate(const FlowPlane& from, const FlowPlane& to) {
  const int last = columns_ * rows_ - 1;
  for (const bool back : {false, true}) {
    for (int i = 0; i <= last; ++i) {
      const int at = back ? last - i : i;
      const int step = back ? 1 : -1;
      const int column = at % columns_ + step;
      const int row = at / columns_ + step;
      Patch& patch = patches_[static_cast<size_t>(at)];
      const float cost = patch.cost;
      if (column >= 0 && column < columns_) {
        const Patch& beside = patches_[static_cast<size_t>(at + step)];
        Consider<P>(from, to, beside.ux, beside.uy, &patch);
      }
      if (row >= 0 && row < rows_) {
        const Patch& beside = patches_[static_cast<size_t>(at + step * columns_)];
        Consider<P>(from, to, beside.ux, beside.uy, &patch);
      }
      if (patch.cost == cost) continue;
      patch.start_x = patch.ux;
      patch.start_y = patch.uy;
      Descend<P>(from, to, &patch);
    }
  }
}

/** A patch that still differs, or has little texture, keeps nearer to where it started. */
void PatchSearch::Regress(Patch* patch) const {
  const int side = options_.patch_size_px;
  const float doubt =
      options_.prior_weight * std::max(patch->cost, 0.0f) / static_cast<float>(side * side);
  const float xx = patch->hxx + doubt;
  const float yy = patch->hyy + doubt;
  const float xy = patch->hxy;
  const float back = doubt / (xx * yy - xy * xy);
  const float dx = patch->ux - patch->start_x;
  const float dy = patch->uy - patch->start_y;
  patch->ux -= back * (yy * dx - xy * dy);
  patch->uy -= back * (xx * dy - xy * dx);
}

template <int P>
SONOTRACK_CLONES void PatchSearch::AddRows(const FlowPlane& from, const FlowPlane& to,
                                           int first_row, int end_row) {
  for (int y = first_row; y < end_row; ++y) {
    for (FlowPlane* sums : {&weight_, &sum_x_, &sum_y_}) std::fill_n(sums->row(y), size_.w, 0.0f);
  }
  for (const Patch& patch : patches_) {
    // Those of its rows that lie in the band.
    const int first = std::max(first_row - patch.y, 0);
    const int end = std::min(end_row - patch.y, P);
    if (first >= end) continue;
    const Place at =
        PlaceOf(static_cast<float>(patch.x) + patch.ux, static_cast<float>(patch.y) + patch.uy);
    float above[P];
    const float* source = to.row(at.y + first) + at.x;
    for (int x = 0; x < P; ++x) above[x] = source[x] + at.fx * (source[x + 1] - source[x]);
    for (int y = first; y < end; ++y) {
      source += to.stride();
      const float* own = from.row(patch.y + y) + patch.x;
      float* weight = weight_.row(patch.y + y) + patch.x;
      float* sum_x = sum_x_.row(patch.y + y) + patch.x;
      float* sum_y = sum_y_.row(patch.y + y) + patch.x;
      SONOTRACK_INDEPENDENT
      for (int x = 0; x < P; ++x) {
        const float below = source[x] + at.fx * (source[x + 1] - source[x]);
        const float difference = above[x] + at.fy * (below - above[x]) - own[x];
        const float share = 1.0f / std::max(std::fabs(difference), 1.0f);
        weight[x] += share;
        sum_x[x] += share * patch.ux;
        sum_y[x] += share * patch.uy;
        above[x] = below;
      }
    }
  }
}

SONOTRACK_CLONES void PatchSearch::DivideRows(int first_row, int end_row, FlowField* flow) const {
  for (int y = first_row; y < end_row; ++y) {
    const float* weight = weight_.row(y);
    const float* sum_x = sum_x_.row(y);
    const float* sum_y = sum_y_.row(y);
    float* to_x = flow->x.row(y);
    float* to_y = flow->y.row(y);
    SONOTRACK_INDEPENDENT
    for (int x = 0; x < size_.w; ++x) {
      to_x[x] = sum_x[x] / weight[x];
      to_y[x] = sum_y[x] / weight[x];
    }
  }
}

void PatchSearch::Search(const FlowPlane& from, const FlowPlane& to, const FlowField* coarser,
                         const FlowField* initial, ForkJoin* fork) {
  WithSide(options_.patch_size_px,
           [&](auto side) { SearchAll<decltype(side)::value>(from, to, coarser, initial, fork); });
}

void PatchSearch::Densify(const FlowPlane& from, const FlowPlane& to, FlowField* flow,
                          ForkJoin* fork) {
  fork->ForRows(size_.h, kBandRows, [&](int first, int end) {
    WithSide(options_.patch_size_px,
             [&](auto side) { AddRows<decltype(side)::value>(from, to, first, end); });
    DivideRows(first, end, flow);
  });
}

}  // namespace sonotrack
