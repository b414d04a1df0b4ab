#pragma once

#include <cstdint>
#include <vector>

#include "engine/tensor.h"

/** The soft masks that DeAOT's graphs take: f32[1, K+1, M, M], channel 0 background, sum 1 over the
 * channels. */
namespace sonotrack {

/**
 * Coverages u8[M, M] (0–255) of objects that may overlap → probabilities in channels 1, 2, …: the
 * background is what is left, and where the objects sum to more than 1 each gets its share.
 * Channels without an object become 0.
 */
void SetProbabilities(const std::vector<std::vector<uint8_t>>& coverages, Tensor* masks);

/**
 * Puts an object's mask into `channel`. What the channel held before goes to the background; where
 * the new mask covers c of a cell the other channels keep 1 − c of theirs.
 */
void ReplaceChannel(const std::vector<uint8_t>& coverage, size_t channel, Tensor* masks);

/** The background of f32[channels, cells] is what the objects leave; where they sum to more than 1
 * each gets its share. */
void FillBackground(size_t cells, size_t channels, float* masks);

/** Gives what `channel` holds to the background. */
void ClearChannel(size_t channel, Tensor* masks);

}  // namespace sonotrack
