#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/dis_flow.h"
#include "core/local_match.h"
#include "core/warp.h"

namespace sonotrack {

/** Settings of `AnchoredFlow`, chosen on synthetic cines of held-out patients whose speckle renews
 * itself within a cycle (training/sonotrack_training/measure_anchors.py). */
struct AnchoredFlowOptions {
  /** Variance that a step from frame to frame adds, px². */
  float step_variance = 0.005f;
  /** What a step adds beside that where the frames do not match: times ((1 − k) / k)³, px². */
  float mismatch_variance = 0.05f;
  /** Variance of a flow measured straight into an anchor: times ((1 − k) / k)³, px². */
  float anchor_variance = 16;
  /** Mean match of the tissue of two frames below which the step is searched anew, from coarse to
   * fine (training/sonotrack_training/measure_jumps.py). */
  float jump_match = 0.4f;
};

/**
 * Where the tissue of the present frame was on earlier frames of a stream: on the frame before, and
 * on up to `kAnchors` frames that the stream is anchored to (those whose masks a person drew).
 *
 * Flow chained from frame to frame is precise but drifts; flow measured straight into an anchor
 * does not drift but fails while the speckle has decorrelated, as between diastole and systole.
 * Each pixel therefore keeps the flow to its anchor with a variance, as a Kalman filter does: the
 * chained flow predicts it, adding variance with every step; dense inverse search, begun at the
 * prediction, measures it; how well the anchor matches there (k, a local correlation) says how much
 * the measurement is worth. Where a beating heart comes back to its first phase, the drift is gone.
 *
 * A step over a whole contraction leaves little of the speckle that the search goes by. Where a
 * step's frames match as badly as that it is searched anew, first between frames that are blurred
 * until only the anatomy shows, and from there between ever sharper ones.
 *
 * A frame is first followed, then accepted, so that a caller whose other work fails can leave the
 * stream where it was. Allocates in its constructor only; one thread at a time.
 */
class AnchoredFlow {
 public:
  static constexpr size_t kAnchors = 2;
  /** The frame before, then the anchors. */
  static constexpr size_t kSources = 1 + kAnchors;

  /** For gray frames u8[side, side]. */
  explicit AnchoredFlow(int side, const AnchoredFlowOptions& options = {});

  /** A stream begins with this frame, as anchor 0. */
  void Start(const uint8_t* gray);
  /** The frame last accepted becomes an anchor, in place of what was there. */
  void SetAnchor(size_t anchor);

  /** Finds the flow of the next frame into all sources; `Start` must have been called. */
  void Follow(const uint8_t* gray, DisFlow* search);
  /** The frame last followed is the present one from here on. */
  void Accept();

  /** Whether source `i` is there: the frame before always. */
  bool known(size_t i) const { return i == 0 || anchors_[i - 1].set; }
  /** Of the frame last followed into source `i`: f32[side, side, 2] px, x first. */
  const float* flow(size_t i) const;
  /** How well source `i`, carried by that flow, matches the frame: f32[side, side], −1 to 1. */
  const float* match(size_t i) const;
  /** Variance of that flow, px², f32[side, side]; of the frame before: what the step adds. */
  const float* variance(size_t i) const;

  /** Bytes of one for frames of this side. */
  static size_t Bytes(int side);

 private:
  struct Found {
    explicit Found(size_t cells) : flow(2 * cells), match(cells), variance(cells) {}
    std::vector<float> flow, match, variance;
  };
  struct Anchor {
    explicit Anchor(size_t cells) : gray(cells), flow(2 * cells), variance(cells), next(cells) {}
    bool set = false;
    std::vector<uint8_t> gray;
    std::vector<float> flow, variance;  // of the present frame
    Found next;                         // of the frame last followed
  };

  /** The step between blurred frames, then ever sharper ones. */
  void SearchJump(const uint8_t* gray, DisFlow* search);
  void Match(const uint8_t* source, const float* flow_xy, ForkJoin* fork, float* match);
  void FollowAnchor(const uint8_t* gray, DisFlow* search, Anchor* anchor);

  const size_t cells_;
  const AnchoredFlowOptions options_;
  std::vector<uint8_t> present_, followed_;
  std::vector<uint8_t> blurred_from_, blurred_to_;  // scratch
  Found step_;
  std::vector<Anchor> anchors_;
  Warp warp_;
  LocalMatch local_match_;
  // Scratch: gray levels of the frame and of a carried source, a predicted flow, a blur.
  std::vector<float> frame_, source_, carried_, predicted_, blur_;
};

}  // namespace sonotrack
