#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/geometry.h"

namespace sonotrack {

/** Half-open x0, y0, x1, y1 in px. */
using PixelBox = std::array<int, 4>;

/** A mask on the frame: bitmap u8[h, w] of 0 and 1, its area and its box (none when empty). */
struct Mask {
  std::vector<uint8_t> bitmap;
  int64_t area_px = 0;
  std::optional<PixelBox> box;
  /** Predicted IoU, 0–1. */
  float score = 0;
};

/** Foreground where the bilinearly read logit is > 0: f32[M, M] → u8[h, w] of 0 and 1. */
void LogitsToBitmap(const float* logits, const GridTaps& taps, uint8_t* bitmap);

/**
 * The channel of the highest bilinearly read probability: f32[channels, M, M] → u8[h, w]. Channels
 * with `active` 0 are passed over; of equals the lowest wins, so that 0, the background, wins where
 * nothing is known.
 */
void ProbabilitiesToLabels(const float* probabilities, const std::vector<float>& active,
                           const GridTaps& taps, uint8_t* labels);

/**
 * The masks of the pixels that equal each of `values`, in their order: u8[h, w] → u8[h, w] of 0 and
 * 1 each, measured. Labels are read once, and written only inside the boxes.
 */
std::vector<Mask> MasksOfLabels(const uint8_t* labels, Size size,
                                const std::vector<uint8_t>& values);

/**
 * Gives `bitmap` u8[h, w] back the pixels that `labels` hold for other objects (neither 0 nor
 * `own`), but for each 4-connected patch of them that holds one of `clicks` (px indices): so that
 * correcting one object leaves the others alone unless the user points into them.
 */
void YieldToNeighbours(const uint8_t* labels, uint8_t own, const std::vector<size_t>& clicks,
                       Size size, uint8_t* bitmap);

/** Area and box of a bitmap (non-zero is 1), filled into `mask`, whose bitmap is left as it is. */
void Measure(const uint8_t* bitmap, Size size, Mask* mask);

}  // namespace sonotrack
