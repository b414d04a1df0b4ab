#pragma once

#include <array>
#include <memory>

#include "core/anchored_flow.h"
#include "core/timings.h"
#include "engine/inference.h"
#include "models/model_geometry.h"

namespace sonotrack {

/** What the encoder made of one frame. */
struct Features {
  Tensor features16;
  Tensor features8;
  Tensor features4;
};

/** What propagation reads, all borrowed; docs/reference/graphs.md has the shapes. */
struct PropagateInputs {
  const Tensor* image;
  const Tensor* carried;
  const Tensor* evidence;
  const Tensor* known;
  const Features* features;
  const Tensor* references;
  const Tensor* previous_memory;
  const Tensor* active;
};

/** The three graphs of DeAOT (paper section 2.2). Holds no stream's state: that is `Tracker`. */
class DeAot {
 public:
  /** Slots of the long-term memory: the first frame and the last corrected one; both are anchors of
   * the flow. */
  static constexpr int kReferences = AnchoredFlow::kAnchors;
  /** From where flow carries masks: the frame before, then the references. */
  static constexpr int kSources = AnchoredFlow::kSources;

  /** `threads`: of the search for flow, of which it uses at most 2.
   * Throws MODEL_INVALID when a graph lacks an input or output of docs/reference/graphs.md. */
  DeAot(std::unique_ptr<InferenceSession> encoder, std::unique_ptr<InferenceSession> memorize,
        std::unique_ptr<InferenceSession> propagate, const ModelGeometry& geometry, int threads);

  const ModelGeometry& geometry() const { return geometry_; }

  // Tensors of the right shapes, all zero.
  Tensor NewImage() const;
  Tensor NewMasks() const;
  Tensor NewMemory() const;
  Tensor NewReferences() const;
  Tensor NewFeatures16() const { return Tensor(DataType::kFloat32, shape16_); }

  void Encode(const char* stage, const Tensor& image, Features* features, Timings* timings);
  void Memorize(const char* stage, const Tensor& features16, const Tensor& masks, Tensor* memory,
                Timings* timings);
  void Propagate(const char* stage, const PropagateInputs& inputs, Tensor* masks, Tensor* quality,
                 Timings* timings);

  /**
   * Room for the results of a call before it commits them, so that one that fails leaves its
   * tracker as it was. One for all trackers: they run on one thread, and none leaves anything in
   * it.
   */
  struct Scratch {
    Scratch(int side, const DisFlowOptions& options) : search(side, side, options) {}
    DisFlow search;
    Tensor image;
    Features features;
    Tensor carried;
    Tensor evidence;
    Tensor known;
    Tensor masks;
    Tensor quality;
    std::array<Tensor, kReferences + 1> memories;
  };
  Scratch& scratch() { return scratch_; }

 private:
  const ModelGeometry geometry_;
  const std::unique_ptr<InferenceSession> encoder_;
  const std::unique_ptr<InferenceSession> memorize_;
  const std::unique_ptr<InferenceSession> propagate_;
  Shape shape16_;
  Shape memory_shape_;
  Scratch scratch_;
};

}  // namespace sonotrack
