#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "core/geometry.h"
#include "core/mask.h"
#include "core/resize.h"
#include "core/timings.h"
#include "engine/inference.h"
#include "models/model_geometry.h"

namespace sonotrack {

/** What the encoder made of one image. */
struct Embedding {
  Letterbox letterbox;
  Tensor embedding;
  Tensor skip8;
  Tensor skip4;
  Tensor skip2;

  size_t bytes() const { return embedding.bytes() + skip8.bytes() + skip4.bytes() + skip2.bytes(); }
};

/** Prompts in frame px. */
struct Prompts {
  /** x, y, label triples; label 1 foreground, 0 background. All clicks so far, oldest first. */
  std::vector<float> points;
  std::optional<std::array<float, 4>> box;
  /** The mask that the last click answered, u8 of the frame's size; empty: none. */
  std::vector<uint8_t> previous;
  bool multimask = false;
};

struct Prediction {
  Mask mask;
  /** Best first; empty unless `Prompts::multimask`. */
  std::vector<Mask> candidates;
};

/** SonoSAMLite (paper section 2.1): the encoder once an image, the decoder once a click. */
class SonoSamLite {
 public:
  /** Throws MODEL_INVALID when a graph lacks an input or output of docs/reference/graphs.md. */
  SonoSamLite(std::unique_ptr<InferenceSession> encoder, std::unique_ptr<InferenceSession> decoder,
              const ModelGeometry& geometry);

  /** Tensors of the right shapes for `Encode` to fill. */
  Embedding NewEmbedding() const;

  /** u8[h, w, channels] → embedding and skips. */
  void Encode(const char* stage, const FrameView& frame, Embedding* out, Timings* timings);
  /** The same from an image that is letterboxed already: u8[1, 1, S, S] of a frame of this size. */
  void EncodeLetterboxed(const char* stage, const Tensor& image, Size frame, Embedding* out,
                         Timings* timings);

  /** Embedding and prompts → mask of the frame's size. Throws INVALID_ARGUMENT for prompts that do
   * not fit. */
  Prediction Predict(const char* stage, const Embedding& embedding, const Prompts& prompts,
                     Timings* timings);

 private:
  void SetPrompts(const char* stage, const Letterbox& box, const Prompts& prompts);

  const ModelGeometry geometry_;
  const std::unique_ptr<InferenceSession> encoder_;
  const std::unique_ptr<InferenceSession> decoder_;
  Tensor image_;
  Tensor points_;
  Tensor box_;
  Tensor previous_;
  Tensor mask_;
  Tensor score_;
  Tensor candidates_;
  Tensor candidate_scores_;
};

}  // namespace sonotrack
