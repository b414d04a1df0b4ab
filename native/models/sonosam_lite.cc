#include "models/sonosam_lite.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace sonotrack {
namespace {

/** px from the frame's corner: far beyond any frame, and finite in the graph's coordinates too. */
constexpr float kMostCoordinate = 1e6f;

constexpr int kCandidates = 3;

Mask MaskOf(const float* logits, float score, const GridTaps& taps) {
  Mask mask;
  mask.bitmap.resize(taps.frame.area());
  LogitsToBitmap(logits, taps, mask.bitmap.data());
  Measure(mask.bitmap.data(), taps.frame, &mask);
  mask.score = std::clamp(score, 0.0f, 1.0f);
  return mask;
}

[[noreturn]] void ThrowInvalid(const char* stage, const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, stage, message);
}

}  // namespace

SonoSamLite::SonoSamLite(std::unique_ptr<InferenceSession> encoder,
                         std::unique_ptr<InferenceSession> decoder, const ModelGeometry& geometry)
    : geometry_(geometry), encoder_(std::move(encoder)), decoder_(std::move(decoder)) {
  const int64_t s = geometry.input_size;
  const int64_t m = geometry.mask_size;
  constexpr auto kF32 = DataType::kFloat32;
  constexpr auto kU8 = DataType::kUint8;
  encoder_->RequireInput("image", kU8, {1, 1, s, s});
  for (const auto& [name, stride] : {std::pair("embedding", 16), std::pair("skip8", 8),
                                     std::pair("skip4", 4), std::pair("skip2", 2)}) {
    const auto& spec = encoder_->RequireOutput(name, kF32, {1, -1, s / stride, s / stride});
    decoder_->RequireInput(name, kF32, spec.shape);
  }
  decoder_->RequireInput("points", kF32, {1, geometry.max_points, 3});
  decoder_->RequireInput("box", kF32, {1, 4});
  decoder_->RequireInput("previous", kU8, {1, 1, m, m});
  decoder_->RequireOutput("mask", kF32, {1, 1, m, m});
  decoder_->RequireOutput("score", kF32, {1});
  decoder_->RequireOutput("candidates", kF32, {1, kCandidates, m, m});
  decoder_->RequireOutput("candidate_scores", kF32, {1, kCandidates});
  image_ = Tensor(kU8, {1, 1, s, s});
  points_ = Tensor(kF32, {1, geometry.max_points, 3});
  box_ = Tensor(kF32, {1, 4});
  previous_ = Tensor(kU8, {1, 1, m, m});
  mask_ = Tensor(kF32, {1, 1, m, m});
  score_ = Tensor(kF32, {1});
  candidates_ = Tensor(kF32, {1, kCandidates, m, m});
  candidate_scores_ = Tensor(kF32, {1, kCandidates});
}

Embedding SonoSamLite::NewEmbedding() const {
  const auto tensor = [this](const char* name) {
    return Tensor(DataType::kFloat32,
                  encoder_->RequireOutput(name, DataType::kFloat32, {1, -1, -1, -1}).shape);
  };
  Embedding embedding;
  embedding.embedding = tensor("embedding");
  embedding.skip8 = tensor("skip8");
  embedding.skip4 = tensor("skip4");
  embedding.skip2 = tensor("skip2");
  return embedding;
}

void SonoSamLite::Encode(const char* stage, const FrameView& frame, Embedding* out,
                         Timings* timings) {
  {
    Stopwatch watch(&timings->preprocess_ms);
    LetterboxGray(frame, geometry_.input_size, image_.data<uint8_t>());
  }
  EncodeLetterboxed(stage, image_, frame.size, out, timings);
}

void SonoSamLite::EncodeLetterboxed(const char* stage, const Tensor& image, Size frame,
                                    Embedding* out, Timings* timings) {
  Stopwatch watch(&timings->inference_ms);
  out->letterbox = FitLetterbox(frame, geometry_.input_size);
  // image u8[1,1,S,S] → embedding f32[1,256,S/16,S/16], skip8/4/2 f32[1,C,S/8,S/8] …
  // f32[1,C,S/2,S/2]
  encoder_->Run(stage, {{"image", &image}},
                {{"embedding", &out->embedding},
                 {"skip8", &out->skip8},
                 {"skip4", &out->skip4},
                 {"skip2", &out->skip2}});
}

void SonoSamLite::SetPrompts(const char* stage, const Letterbox& box, const Prompts& prompts) {
  const size_t given = prompts.points.size() / 3;
  if (prompts.points.size() % 3 != 0) {
    ThrowInvalid(stage, "expected x, y, label triples for `points` but received " +
                            std::to_string(prompts.points.size()) + " values (Float32Array)");
  }
  // False for NaN, too.
  const auto sane = [](float value) { return std::abs(value) <= kMostCoordinate; };
  if (!std::all_of(prompts.points.begin(), prompts.points.end(), sane) ||
      (prompts.box && !std::all_of(prompts.box->begin(), prompts.box->end(), sane))) {
    ThrowInvalid(stage, "expected finite numbers within a million for `points` and `box`");
  }
  if (!prompts.previous.empty() && prompts.previous.size() != box.frame.area()) {
    ThrowInvalid(stage, "expected " + std::to_string(box.frame.area()) +
                            " values for `previous` but received " +
                            std::to_string(prompts.previous.size()) + " (Uint8Array)");
  }
  if (given == 0 && !prompts.box && prompts.previous.empty()) {
    ThrowInvalid(stage, "expected at least one point, a box or a previous mask");
  }
  // Too many clicks: the first says which object is meant, the latest what is still wrong.
  const size_t rows = static_cast<size_t>(geometry_.max_points);
  const size_t skipped = given > rows ? given - rows : 0;
  float* row = points_.data<float>();
  for (size_t i = 0; i < rows; ++i, row += 3) {
    if (i >= given) {
      row[0] = row[1] = 0;
      row[2] = -1;
      continue;
    }
    const float* point = prompts.points.data() + 3 * (i == 0 ? 0 : i + skipped);
    row[0] = static_cast<float>(FrameToModelX(box, point[0]));
    row[1] = static_cast<float>(FrameToModelY(box, point[1]));
    row[2] = point[2];
  }
  float* corners = box_.data<float>();
  std::fill(corners, corners + 4, 0.0f);
  if (prompts.box) {
    for (size_t i = 0; i < 4; i += 2) {
      corners[i] = static_cast<float>(FrameToModelX(box, (*prompts.box)[i]));
      corners[i + 1] = static_cast<float>(FrameToModelY(box, (*prompts.box)[i + 1]));
    }
  }
  if (prompts.previous.empty()) {
    std::memset(previous_.raw(), 0, previous_.bytes());
  } else {
    LetterboxCoverage(prompts.previous.data(), box.frame, geometry_.input_size,
                      previous_.data<uint8_t>());
  }
}

Prediction SonoSamLite::Predict(const char* stage, const Embedding& embedding,
                                const Prompts& prompts, Timings* timings) {
  {
    Stopwatch watch(&timings->preprocess_ms);
    SetPrompts(stage, embedding.letterbox, prompts);
  }
  {
    Stopwatch watch(&timings->inference_ms);
    // points f32[1,32,3], box f32[1,4], previous u8[1,1,M,M] → mask f32[1,1,M,M], score f32[1],
    // candidates f32[1,3,M,M], candidate_scores f32[1,3]
    decoder_->Run(stage,
                  {{"embedding", &embedding.embedding},
                   {"skip8", &embedding.skip8},
                   {"skip4", &embedding.skip4},
                   {"skip2", &embedding.skip2},
                   {"points", &points_},
                   {"box", &box_},
                   {"previous", &previous_}},
                  {{"mask", &mask_},
                   {"score", &score_},
                   {"candidates", &candidates_},
                   {"candidate_scores", &candidate_scores_}});
  }
  Stopwatch watch(&timings->postprocess_ms);
  const GridTaps taps = GridTapsOf(embedding.letterbox, geometry_.mask_size);
  const size_t cells = mask_.count();
  Prediction prediction;
  prediction.mask = MaskOf(mask_.data<float>(), score_.data<float>()[0], taps);
  for (size_t i = 0; prompts.multimask && i < kCandidates; ++i) {
    prediction.candidates.push_back(
        MaskOf(candidates_.data<float>() + i * cells, candidate_scores_.data<float>()[i], taps));
  }
  return prediction;
}

}  // namespace sonotrack
