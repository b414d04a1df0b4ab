#include "models/deaot.h"

namespace sonotrack {
namespace {

constexpr auto kF32 = DataType::kFloat32;
constexpr auto kU8 = DataType::kUint8;

DisFlowOptions SearchOptions(int threads) {
  DisFlowOptions options;
  options.threads = threads;
  return options;
}

}  // namespace

DeAot::DeAot(std::unique_ptr<InferenceSession> encoder, std::unique_ptr<InferenceSession> memorize,
             std::unique_ptr<InferenceSession> propagate, const ModelGeometry& geometry,
             int threads)
    : geometry_(geometry),
      encoder_(std::move(encoder)),
      memorize_(std::move(memorize)),
      propagate_(std::move(propagate)),
      scratch_(geometry.input_size, SearchOptions(threads)) {
  const int64_t s = geometry.input_size;
  const int64_t m = geometry.mask_size;
  const int64_t channels = geometry.object_slots + 1;
  const auto features = [&](const char* name, int64_t stride) {
    const auto& spec = encoder_->RequireOutput(name, kF32, {1, -1, s / stride, s / stride});
    propagate_->RequireInput(name, kF32, spec.shape);
    return spec.shape;
  };
  encoder_->RequireInput("image", kU8, {1, 1, s, s});
  shape16_ = features("features16", 16);
  const Shape shape8 = features("features8", 8);
  const Shape shape4 = features("features4", 4);
  memorize_->RequireInput("features16", kF32, shape16_);
  memorize_->RequireInput("masks", kF32, {1, channels, m, m});
  memory_shape_ = memorize_->RequireOutput("memory", kF32, {1, -1, -1}).shape;
  propagate_->RequireInput("image", kU8, {1, 1, s, s});
  propagate_->RequireInput("carried", kF32, {kSources, channels, m, m});
  propagate_->RequireInput("evidence", kF32, {kSources, 2, m, m});
  propagate_->RequireInput("known", kF32, {kSources});
  propagate_->RequireInput("references", kF32, NewReferences().shape());
  propagate_->RequireInput("previous_memory", kF32, memory_shape_);
  propagate_->RequireInput("active", kF32, {channels});
  propagate_->RequireOutput("masks", kF32, {1, channels, m, m});
  propagate_->RequireOutput("quality", kF32, {channels});
  scratch_.image = NewImage();
  scratch_.features = {NewFeatures16(), Tensor(kF32, shape8), Tensor(kF32, shape4)};
  scratch_.carried = Tensor(kF32, {kSources, channels, m, m});
  scratch_.evidence = Tensor(kF32, {kSources, 2, m, m});
  scratch_.known = Tensor(kF32, {kSources});
  scratch_.masks = NewMasks();
  scratch_.quality = Tensor(kF32, {channels});
  for (Tensor& memory : scratch_.memories) memory = NewMemory();
}

Tensor DeAot::NewImage() const {
  return Tensor(kU8, {1, 1, geometry_.input_size, geometry_.input_size});
}

Tensor DeAot::NewMasks() const {
  return Tensor(kF32, {1, geometry_.object_slots + 1, geometry_.mask_size, geometry_.mask_size});
}

Tensor DeAot::NewMemory() const { return Tensor(kF32, memory_shape_); }

Tensor DeAot::NewReferences() const {
  return Tensor(kF32, {kReferences, memory_shape_[1], memory_shape_[2]});
}

void DeAot::Encode(const char* stage, const Tensor& image, Features* features, Timings* timings) {
  Stopwatch watch(&timings->inference_ms);
  // image u8[1,1,S,S] → features16/8/4 f32[1,C,S/16,S/16] … f32[1,C,S/4,S/4]
  encoder_->Run(stage, {{"image", &image}},
                {{"features16", &features->features16},
                 {"features8", &features->features8},
                 {"features4", &features->features4}});
}

void DeAot::Memorize(const char* stage, const Tensor& features16, const Tensor& masks,
                     Tensor* memory, Timings* timings) {
  Stopwatch watch(&timings->inference_ms);
  // features16 f32[1,C,S/16,S/16], masks f32[1,K+1,M,M] → memory f32[1,T,D]
  memorize_->Run(stage, {{"features16", &features16}, {"masks", &masks}}, {{"memory", memory}});
}

void DeAot::Propagate(const char* stage, const PropagateInputs& inputs, Tensor* masks,
                      Tensor* quality, Timings* timings) {
  Stopwatch watch(&timings->inference_ms);
  // image u8[1,1,S,S], carried f32[C,K+1,M,M] with its evidence f32[C,2,M,M], features, references
  // f32[2,T,D], previous memory f32[1,T,D] → masks f32[1,K+1,M,M], quality f32[K+1]
  propagate_->Run(stage,
                  {{"image", inputs.image},
                   {"carried", inputs.carried},
                   {"evidence", inputs.evidence},
                   {"known", inputs.known},
                   {"features16", &inputs.features->features16},
                   {"features8", &inputs.features->features8},
                   {"features4", &inputs.features->features4},
                   {"references", inputs.references},
                   {"previous_memory", inputs.previous_memory},
                   {"active", inputs.active}},
                  {{"masks", masks}, {"quality", quality}});
}

}  // namespace sonotrack
