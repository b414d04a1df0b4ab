#include "core/anchored_flow.h"

#include <algorithm>
#include <array>

namespace sonotrack {
namespace {

/** A match below is taken as this: no evidence is ever infinitely bad. */
constexpr float kLeastMatch = 0.02f;
/** Half the side of the box (three passes) that smooths what measurements are worth, px. */
constexpr int kTrustRadius = 2;
/** The same of the boxes that blur the frames of a jump, one search after the other; 0: as they
 * are. */
constexpr std::array<int, 5> kJumpRadii = {6, 4, 2, 1, 0};
/** Gray level above which there is tissue. */
constexpr uint8_t kDark = 8;

/** ((1 − k) / k)³: 0 for a perfect match k, 1 at 0.5. */
float Doubt(float match) {
  const float k = std::min(std::max(match, kLeastMatch), 1.0f);
  const float odds = (1 - k) / k;
  return odds * odds * odds;
}

/** The mean of `match` over the tissue of `gray`; 1 where there is none. */
double MeanOverTissue(const std::vector<float>& match, const uint8_t* gray) {
  double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < match.size(); ++i) {
    if (gray[i] <= kDark) continue;
    sum += match[i];
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : 1;
}

}  // namespace

AnchoredFlow::AnchoredFlow(int side, const AnchoredFlowOptions& options)
    : cells_(Size{side, side}.area()),
      options_(options),
      present_(cells_),
      followed_(cells_),
      blurred_from_(cells_),
      blurred_to_(cells_),
      step_(cells_),
      anchors_(kAnchors, Anchor(cells_)),
      warp_({side, side}),
      local_match_({side, side}),
      frame_(cells_),
      source_(cells_),
      carried_(cells_),
      predicted_(2 * cells_),
      blur_(cells_ + static_cast<size_t>(side)) {}

void AnchoredFlow::Start(const uint8_t* gray) {
  std::copy_n(gray, cells_, present_.begin());
  for (Anchor& anchor : anchors_) anchor.set = false;
  SetAnchor(0);
}

void AnchoredFlow::SetAnchor(size_t index) {
  Anchor& anchor = anchors_.at(index);
  anchor.set = true;
  anchor.gray = present_;
  std::fill(anchor.flow.begin(), anchor.flow.end(), 0.0f);
  std::fill(anchor.variance.begin(), anchor.variance.end(), 0.0f);
}

void AnchoredFlow::Match(const uint8_t* source, const float* flow_xy, ForkJoin* fork,
                         float* match) {
  std::copy_n(source, cells_, source_.begin());
  warp_.SetFlow(flow_xy);
  warp_.Carry(source_.data(), carried_.data());
  local_match_.Compute(frame_.data(), carried_.data(), match, fork);
}

void AnchoredFlow::Follow(const uint8_t* gray, DisFlow* search) {
  std::copy_n(gray, cells_, followed_.begin());
  std::copy_n(gray, cells_, frame_.begin());
  search->Compute(gray, present_.data(), step_.flow.data());
  Match(present_.data(), step_.flow.data(), search->fork(), step_.match.data());
  if (MeanOverTissue(step_.match, gray) < options_.jump_match) SearchJump(gray, search);
  for (size_t i = 0; i < cells_; ++i) {
    step_.variance[i] = options_.step_variance + options_.mismatch_variance * Doubt(step_.match[i]);
  }
  for (Anchor& anchor : anchors_) {
    if (anchor.set) FollowAnchor(gray, search, &anchor);
  }
}

void AnchoredFlow::SearchJump(const uint8_t* gray, DisFlow* search) {
  const int side = warp_.size().w;
  const auto blur = [&](const uint8_t* image, int radius, std::vector<uint8_t>* out) {
    std::copy_n(image, cells_, source_.begin());
    if (radius > 0) BoxBlur3({side, side}, radius, source_.data(), &blur_);
    for (size_t i = 0; i < cells_; ++i) (*out)[i] = static_cast<uint8_t>(source_[i] + 0.5);
  };
  const float* initial = nullptr;
  for (const int radius : kJumpRadii) {
    blur(gray, radius, &blurred_from_);
    blur(present_.data(), radius, &blurred_to_);
    search->Compute(blurred_from_.data(), blurred_to_.data(), step_.flow.data(), initial);
    std::copy(step_.flow.begin(), step_.flow.end(), predicted_.begin());
    initial = predicted_.data();
  }
  Match(present_.data(), step_.flow.data(), search->fork(), step_.match.data());
}

void AnchoredFlow::FollowAnchor(const uint8_t* gray, DisFlow* search, Anchor* anchor) {
  Found& next = anchor->next;
  // Predict: the flow that the tissue had on the frame before, on top of this step's.
  warp_.SetFlow(step_.flow.data());
  warp_.CarryFlow(anchor->flow.data(), predicted_.data());
  warp_.Carry(anchor->variance.data(), next.variance.data());
  for (size_t i = 0; i < 2 * cells_; ++i) predicted_[i] += step_.flow[i];
  for (size_t i = 0; i < cells_; ++i) next.variance[i] += step_.variance[i];
  // Measure.
  search->Compute(gray, anchor->gray.data(), next.flow.data(), predicted_.data());
  Match(anchor->gray.data(), next.flow.data(), search->fork(), next.match.data());
  const int side = warp_.size().w;
  BoxBlur3({side, side}, kTrustRadius, next.match.data(), &blur_);
  // Update: `next.flow` is the measurement until here.
  for (size_t i = 0; i < cells_; ++i) {
    const float predicted = next.variance[i];
    const float gain = predicted / (predicted + options_.anchor_variance * Doubt(next.match[i]));
    for (size_t k = 2 * i; k < 2 * i + 2; ++k) {
      next.flow[k] = predicted_[k] + gain * (next.flow[k] - predicted_[k]);
    }
    next.variance[i] = (1 - gain) * predicted;
  }
  Match(anchor->gray.data(), next.flow.data(), search->fork(), next.match.data());
}

void AnchoredFlow::Accept() {
  std::swap(present_, followed_);
  for (Anchor& anchor : anchors_) {
    if (!anchor.set) continue;
    anchor.flow = anchor.next.flow;
    anchor.variance = anchor.next.variance;
  }
}

const float* AnchoredFlow::flow(size_t i) const {
  return i == 0 ? step_.flow.data() : anchors_.at(i - 1).next.flow.data();
}

const float* AnchoredFlow::match(size_t i) const {
  return i == 0 ? step_.match.data() : anchors_.at(i - 1).next.match.data();
}

const float* AnchoredFlow::variance(size_t i) const {
  return i == 0 ? step_.variance.data() : anchors_.at(i - 1).next.variance.data();
}

size_t AnchoredFlow::Bytes(int side) {
  const size_t cells = Size{side, side}.area();
  // Frames and anchors' pictures in bytes; in floats the step, the anchors, the places of a warp
  // and the scratch.
  const size_t floats = 4 + kAnchors * (3 + 4) + 3 + 3 + 2 + 1;
  return cells * (4 + kAnchors) + sizeof(float) * (cells * floats + static_cast<size_t>(side));
}

}  // namespace sonotrack
