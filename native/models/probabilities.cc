#include "models/probabilities.h"

#include <algorithm>

namespace sonotrack {
namespace {

size_t CellsOf(const Tensor& masks) {
  return static_cast<size_t>(masks.shape()[2]) * static_cast<size_t>(masks.shape()[3]);
}

}  // namespace

void SetProbabilities(const std::vector<std::vector<uint8_t>>& coverages, Tensor* masks) {
  const size_t cells = CellsOf(*masks);
  float* background = masks->data<float>();
  std::fill(background, background + masks->count(), 0.0f);
  for (size_t cell = 0; cell < cells; ++cell) {
    int sum = 0;
    for (const auto& coverage : coverages) sum += coverage[cell];
    const float scale = 1.0f / static_cast<float>(std::max(sum, 255));
    background[cell] = static_cast<float>(std::max(255 - sum, 0)) * scale;
    for (size_t k = 0; k < coverages.size(); ++k) {
      background[(k + 1) * cells + cell] = static_cast<float>(coverages[k][cell]) * scale;
    }
  }
}

void ReplaceChannel(const std::vector<uint8_t>& coverage, size_t channel, Tensor* masks) {
  ClearChannel(channel, masks);
  const size_t cells = CellsOf(*masks);
  const size_t channels = static_cast<size_t>(masks->shape()[1]);
  float* values = masks->data<float>();
  for (size_t k = 0; k < channels; ++k) {
    float* row = values + k * cells;
    for (size_t cell = 0; cell < cells; ++cell) {
      const float c = static_cast<float>(coverage[cell]) / 255.0f;
      row[cell] = k == channel ? c : row[cell] * (1.0f - c);
    }
  }
}

void FillBackground(size_t cells, size_t channels, float* masks) {
  for (size_t cell = 0; cell < cells; ++cell) {
    float sum = 0;
    for (size_t k = 1; k < channels; ++k) sum += masks[k * cells + cell];
    masks[cell] = std::max(1.0f - sum, 0.0f);
    if (sum <= 1) continue;
    for (size_t k = 1; k < channels; ++k) masks[k * cells + cell] /= sum;
  }
}

void ClearChannel(size_t channel, Tensor* masks) {
  const size_t cells = CellsOf(*masks);
  float* background = masks->data<float>();
  float* row = background + channel * cells;
  for (size_t cell = 0; cell < cells; ++cell) {
    background[cell] += row[cell];
    row[cell] = 0;
  }
}

}  // namespace sonotrack
