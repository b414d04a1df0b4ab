#include "binding/image_object.h"

#include "binding/addon_data.h"

namespace sonotrack {

Napi::Function ImageObject::Define(Napi::Env env) {
  return DefineClass(env, "EngineImage",
                     {InstanceMethod<&ImageObject::Predict>("predict"),
                      InstanceMethod<&ImageObject::Close>("close"),
                      InstanceAccessor<&ImageObject::GetTimings>("timings")});
}

Napi::Object ImageObject::Make(Napi::Env env, std::shared_ptr<DeviceHandle> device,
                               std::shared_ptr<ImageState> state, const Timings& timings) {
  const Napi::Object object = AddonData::Of(env)->image_class.New({});
  ImageObject* self = Unwrap(object);
  self->device_ = std::move(device);
  self->state_ = std::move(state);
  self->timings_ = timings;
  return object;
}

Napi::Value ImageObject::Predict(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const char* stage = "predict";
  return Promised(env, [&]() -> Napi::Value {
    if (!state_) throw Error(ErrorCode::kImageClosed, stage, "the image is closed");
    DeviceHandle& device = *device_;
    device->RequireOpen(stage);
    return device->Submit(
        env, stage,
        [core = device.operator->(), state = state_,
         prompts = ReadPrompts(stage, info[0])](Timings* timings) {
          return core->models().sonosam().Predict("predict", *state->embedding, prompts, timings);
        },
        [](Napi::Env inner, const Prediction& prediction, const Timings& timings) -> Napi::Value {
          Napi::Object result = Napi::Object::New(inner);
          result.Set("mask", ToJs(inner, prediction.mask));
          result.Set("candidates", ToJs(inner, prediction.candidates));
          result.Set("timings", ToJs(inner, timings));
          return result;
        });
  });
}

void ImageObject::Close(const Napi::CallbackInfo&) { state_.reset(); }

Napi::Value ImageObject::GetTimings(const Napi::CallbackInfo& info) {
  return ToJs(info.Env(), timings_);
}

}  // namespace sonotrack
