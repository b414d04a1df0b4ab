#include "core/dis_flow.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"

namespace sonotrack {
namespace {

/** Section 2.2: the scale at which the longer side is about 2.5 to 5 patches long. */
int CoarsestScale(Size size, int patch) {
  const double ratio = 2.0 * std::max(size.w, size.h) / (5.0 * patch);
  return static_cast<int>(std::log2(std::max(1.0, ratio)));
}

DisFlowOptions AtScale(DisFlowOptions options, int scale) {
  if (options.refinement.iterations > 0) options.refinement.iterations += scale;
  return options;
}

int RoundUp(int value, int unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

DisFlow::Level::Level(Size size, const DisFlowOptions& options)
    : search(size, options.search),
      refinement(size, options.refinement),
      flow{FlowPlane(size, 0), FlowPlane(size, 0)},
      initial{FlowPlane(size, 0), FlowPlane(size, 0)} {}

DisFlow::DisFlow(int width, int height, const DisFlowOptions& options)
    : size_{height, width}, fork_(options.threads) {
  if (width < 1 || height < 1) {
    throw Error(ErrorCode::kInvalidArgument, "open",
                "expected at least 1 px for the size but received " + std::to_string(width) +
                    " x " + std::to_string(height));
  }
  PatchSearch::Check(options.search);
  FlowRefinement::Check(options.refinement);
  const int patch = options.search.patch_size_px;
  int most = 0;
  while (std::min(width, height) >> (most + 1) >= patch) ++most;
  const int wanted =
      options.coarsest_scale < 0 ? CoarsestScale(size_, patch) : options.coarsest_scale;
  const int coarsest = std::min(wanted, most);
  finest_ = std::clamp(options.finest_scale, 0, coarsest);
  // Every level then is exactly half of the one below, and of even width.
  const int unit = 2 << coarsest;
  const Size full{std::max(RoundUp(height, unit), patch), std::max(RoundUp(width, unit), patch)};
  const int margin = PatchSearch::Margin(options.search);
  for (int scale = 0; scale <= coarsest; ++scale) {
    const Size size{full.h >> scale, full.w >> scale};
    from_.emplace_back(size, margin);
    to_.emplace_back(size, margin);
    if (scale >= finest_) levels_.emplace_back(size, AtScale(options, scale));
  }
}

void DisFlow::Compute(const uint8_t* from, const uint8_t* to, float* flow_xy,
                      const float* initial) {
  LoadGray(from, size_, &from_[0]);
  LoadGray(to, size_, &to_[0]);
  for (size_t scale = 1; scale < from_.size(); ++scale) {
    HalvePlane(from_[scale - 1], &from_[scale]);
    HalvePlane(to_[scale - 1], &to_[scale]);
  }
  const FlowField* coarser = nullptr;
  for (size_t i = levels_.size(); i-- > 0;) {
    Level& level = levels_[i];
    const int scale = finest_ + static_cast<int>(i);
    const FlowPlane& own = from_[static_cast<size_t>(scale)];
    const FlowPlane& other = to_[static_cast<size_t>(scale)];
    if (initial != nullptr) ShrinkFlow(initial, size_, scale, &level.initial);
    level.search.Search(own, other, coarser, initial != nullptr ? &level.initial : nullptr, &fork_);
    level.search.Densify(own, other, &level.flow, &fork_);
    level.refinement.Refine(own, other, &level.flow, &fork_);
    coarser = &level.flow;
  }
  EnlargeFlow(*coarser, finest_, size_, flow_xy);
}

}  // namespace sonotrack
