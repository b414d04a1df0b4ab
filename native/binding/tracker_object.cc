#include "binding/tracker_object.h"

#include "binding/addon_data.h"

namespace sonotrack {

Napi::Function TrackerObject::Define(Napi::Env env) {
  return DefineClass(env, "EngineTracker",
                     {InstanceMethod<&TrackerObject::Start>("start"),
                      InstanceMethod<&TrackerObject::Track>("track"),
                      InstanceMethod<&TrackerObject::Correct>("correct"),
                      InstanceMethod<&TrackerObject::Add>("add"),
                      InstanceMethod<&TrackerObject::Replace>("replace"),
                      InstanceMethod<&TrackerObject::Remove>("remove"),
                      InstanceMethod<&TrackerObject::Close>("close"),
                      InstanceAccessor<&TrackerObject::GetMemoryBytes>("memoryBytes")});
}

Napi::Object TrackerObject::Make(Napi::Env env, std::shared_ptr<DeviceHandle> device,
                                 int max_objects) {
  const Napi::Object object = AddonData::Of(env)->tracker_class.New({});
  TrackerObject* self = Unwrap(object);
  self->device_ = std::move(device);
  self->state_ = std::make_shared<TrackerState>(max_objects);
  return object;
}

void TrackerObject::RequireOpen(const char* stage) const {
  if (!state_) throw Error(ErrorCode::kTrackerClosed, stage, "the tracker is closed");
  (*device_)->RequireOpen(stage);
}

Napi::Value TrackerObject::Start(const Napi::CallbackInfo& info) {
  return Promised(info.Env(), [&]() -> Napi::Value {
    RequireOpen("start");
    DeviceCore* core = device_->operator->();
    auto frame = ReadFrame("start", info[0], core->pool());
    auto objects = ReadObjects("start", info[1]);
    return core->Submit(info.Env(), "start",
                        [core, state = state_, frame = std::move(frame),
                         objects = std::move(objects)](Timings* timings) {
                          core->Adopt(state);
                          state->Get(&core->models()).Start(frame.view(), objects, timings);
                        });
  });
}

Napi::Value TrackerObject::Track(const Napi::CallbackInfo& info) {
  return Promised(info.Env(), [&]() -> Napi::Value {
    RequireOpen("track");
    DeviceCore* core = device_->operator->();
    return core->Submit(
        info.Env(), "track",
        [core, state = state_, frame = ReadFrame("track", info[0], core->pool())](
            Timings* timings) { return state->Get(&core->models()).Track(frame.view(), timings); },
        [](Napi::Env env, const std::vector<TrackedObject>& objects,
           const Timings& timings) -> Napi::Value {
          Napi::Object result = Napi::Object::New(env);
          result.Set("objects", ToJs(env, objects));
          result.Set("timings", ToJs(env, timings));
          return result;
        });
  });
}

Napi::Value TrackerObject::Correct(const Napi::CallbackInfo& info) {
  return Promised(info.Env(), [&]() -> Napi::Value {
    RequireOpen("correct");
    DeviceCore* core = device_->operator->();
    return core->Submit(
        info.Env(), "correct",
        [core, state = state_, id = ReadId("correct", info[0]),
         prompts = ReadPrompts("correct", info[1])](Timings* timings) {
          return state->Get(&core->models()).Correct(id, prompts, timings);
        },
        [](Napi::Env env, const TrackedObject& object, const Timings&) -> Napi::Value {
          return ToJs(env, object);
        });
  });
}

Napi::Value TrackerObject::Add(const Napi::CallbackInfo& info) {
  return Promised(info.Env(), [&]() -> Napi::Value {
    RequireOpen("add");
    DeviceCore* core = device_->operator->();
    return core->Submit(
        info.Env(), "add",
        [core, state = state_, object = ReadObject("add", info[0])](Timings* timings) {
          state->Get(&core->models()).Add(object, timings);
        });
  });
}

Napi::Value TrackerObject::Replace(const Napi::CallbackInfo& info) {
  return Promised(info.Env(), [&]() -> Napi::Value {
    RequireOpen("replace");
    DeviceCore* core = device_->operator->();
    return core->Submit(
        info.Env(), "replace",
        [core, state = state_, object = ReadObject("replace", info[0])](Timings* timings) {
          state->Get(&core->models()).Replace(object, timings);
        });
  });
}

Napi::Value TrackerObject::Remove(const Napi::CallbackInfo& info) {
  return Promised(info.Env(), [&]() -> Napi::Value {
    RequireOpen("remove");
    DeviceCore* core = device_->operator->();
    return core->Submit(info.Env(), "remove",
                        [core, state = state_, id = ReadId("remove", info[0])](Timings* timings) {
                          state->Get(&core->models()).Remove(id, timings);
                        });
  });
}

void TrackerObject::Close(const Napi::CallbackInfo&) { state_.reset(); }

Napi::Value TrackerObject::GetMemoryBytes(const Napi::CallbackInfo& info) {
  const size_t bytes = state_ ? (*device_)->tracker_memory_bytes() : 0;
  return Napi::Number::New(info.Env(), static_cast<double>(bytes));
}

}  // namespace sonotrack
