#include "binding/device_object.h"

#include "binding/addon_data.h"
#include "binding/image_object.h"
#include "binding/tracker_object.h"
#include "engine/ort_engine.h"

namespace sonotrack {

Napi::Function DeviceObject::Define(Napi::Env env) {
  return DefineClass(env, "Engine",
                     {InstanceMethod<&DeviceObject::SetImage>("setImage"),
                      InstanceMethod<&DeviceObject::CreateTracker>("createTracker"),
                      InstanceMethod<&DeviceObject::Close>("close"),
                      InstanceAccessor<&DeviceObject::GetInfo>("info")});
}

Napi::Value DeviceObject::Open(const Napi::CallbackInfo& info) {
  return Promised(info.Env(), [&]() -> Napi::Value {
    auto options = ReadOptions(info[0]);
    auto device = std::make_shared<DeviceHandle>(DeviceCore::Create(info.Env()));
    DeviceCore* core = device->operator->();
    return core->Submit(
        info.Env(), "open",
        [core, options = std::move(options)](Timings*) {
          core->Open(options);
          return true;
        },
        [device = std::move(device)](Napi::Env env, bool, const Timings&) -> Napi::Value {
          const Napi::Object object = AddonData::Of(env)->device_class.New({});
          Unwrap(object)->device_ = device;
          return object;
        });
  });
}

Napi::Value DeviceObject::SetImage(const Napi::CallbackInfo& info) {
  return Promised(info.Env(), [&]() -> Napi::Value {
    DeviceCore* core = device_->operator->();
    core->RequireOpen("setImage");
    return core->Submit(
        info.Env(), "setImage",
        [core, frame = ReadFrame("setImage", info[0], core->pool())](Timings* timings) {
          SonoSamLite& sonosam = core->models().sonosam();
          auto state = std::make_shared<ImageState>();
          state->embedding = std::make_unique<Embedding>(sonosam.NewEmbedding());
          sonosam.Encode("setImage", frame.view(), state->embedding.get(), timings);
          core->Adopt(state);
          return state;
        },
        [device = device_](Napi::Env env, const std::shared_ptr<ImageState>& state,
                           const Timings& timings) -> Napi::Value {
          return ImageObject::Make(env, device, state, timings);
        });
  });
}

Napi::Value DeviceObject::CreateTracker(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const char* stage = "createTracker";
  try {
    (*device_)->RequireOpen(stage);
    const Napi::Value options = info[0];
    const Napi::Value max_objects =
        options.IsObject() ? options.As<Napi::Object>().Get("maxObjects") : env.Undefined();
    const int slots = (*device_)->object_slots();
    return TrackerObject::Make(env, device_, ReadCount(stage, max_objects, "maxObjects", slots));
  } catch (const Error& error) {
    throw Napi::Error(env, ToJs(env, error));
  }
}

Napi::Value DeviceObject::Close(const Napi::CallbackInfo& info) {
  return (*device_)->Close(info.Env());
}

Napi::Value DeviceObject::GetInfo(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ProviderChoice& provider = (*device_)->provider();
  Napi::Object object = Napi::Object::New(env);
  object.Set("engine", "native");
  object.Set("executionProvider", ProviderName(provider.chosen));
  object.Set("fellBackFrom", ToJs(env, provider.fell_back_from));
  object.Set("addonVersion", SONOTRACK_VERSION);
  object.Set("onnxruntimeVersion", OrtVersion());
  return object;
}

}  // namespace sonotrack
