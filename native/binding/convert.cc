#include "binding/convert.h"

#include <cmath>
#include <cstring>

namespace sonotrack {
namespace {

constexpr int kMaxSidePx = 16384;
constexpr double kMaxSafeInteger = 9007199254740991.0;

std::string TypeName(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return "boolean";
    case napi_number:
      return "number";
    case napi_string:
      return "string";
    case napi_function:
      return "function";
    default:
      return value.IsArray() ? "array" : "object";
  }
}

/** ``expected <what> for `name` but received <value> (<type>)``. */
[[noreturn]] void ThrowUnexpected(const char* stage, const std::string& what,
                                  const std::string& name, const Napi::Value& value) {
  std::string received = "a value";
  if (value.IsNumber() || value.IsBoolean()) received = value.ToString().Utf8Value();
  if (value.IsString()) received = "'" + value.As<Napi::String>().Utf8Value() + "'";
  if (value.IsUndefined() || value.IsNull()) received = TypeName(value);
  throw Error(ErrorCode::kInvalidArgument, stage,
              "expected " + what + " for `" + name + "` but received " + received + " (" +
                  TypeName(value) + ")");
}

Napi::Object ReadObjectValue(const char* stage, const Napi::Value& value, const char* name) {
  if (!value.IsObject()) ThrowUnexpected(stage, "an object", name, value);
  return value.As<Napi::Object>();
}

std::string ReadString(const char* stage, const Napi::Value& value, const char* name) {
  if (!value.IsString()) ThrowUnexpected(stage, "a string", name, value);
  return value.As<Napi::String>().Utf8Value();
}

template <typename T>
struct ArrayView {
  const T* data = nullptr;
  size_t count = 0;
};

template <typename T>
ArrayView<T> ReadTypedArray(const char* stage, const Napi::Value& value, const char* name,
                            napi_typedarray_type wanted, const char* what) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (!value.IsTypedArray() ||
      napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) !=
          napi_ok ||
      type != wanted) {
    ThrowUnexpected(stage, what, name, value);
  }
  return {static_cast<const T*>(data), length};
}

int ReadWhole(const char* stage, const Napi::Value& value, const char* name, int least, int most) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (!(number >= least && number <= most) || number != std::floor(number)) {
    ThrowUnexpected(stage,
                    "a whole number from " + std::to_string(least) + " to " + std::to_string(most),
                    name, value);
  }
  return static_cast<int>(number);
}

RuntimeOptions ReadRuntime(const char* stage, const Napi::Object& object) {
  RuntimeOptions options;
  const Napi::Value providers = object.Get("providers");
  if (!providers.IsArray() || providers.As<Napi::Array>().Length() == 0) {
    ThrowUnexpected(stage, "an array of execution providers", "providers", providers);
  }
  for (uint32_t i = 0; i < providers.As<Napi::Array>().Length(); ++i) {
    const Napi::Value provider = providers.As<Napi::Array>().Get(i);
    options.providers.push_back(ProviderOf(ReadString(stage, provider, "providers")));
  }
  options.threads = ReadCount(stage, object.Get("threads"), "threads", 256);
  const Napi::Value cache_dir = object.Get("cacheDir");
  if (!cache_dir.IsNull()) options.cache_dir = ReadString(stage, cache_dir, "cacheDir");
  options.spin_us = ReadWhole(stage, object.Get("spinUs"), "spinUs", 0, 10'000);
  return options;
}

}  // namespace

int ReadCount(const char* stage, const Napi::Value& value, const char* name, int most) {
  return ReadWhole(stage, value, name, 1, most);
}

int64_t ReadId(const char* stage, const Napi::Value& value) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (!(std::abs(number) <= kMaxSafeInteger) || number != std::floor(number)) {
    ThrowUnexpected(stage, "a whole number", "id", value);
  }
  return static_cast<int64_t>(number);
}

ByteView ReadBytes(const char* stage, const Napi::Value& value, const char* name) {
  const auto view = ReadTypedArray<uint8_t>(stage, value, name, napi_uint8_array, "a Uint8Array");
  return {view.data, view.count};
}

DeviceOptions ReadOptions(const Napi::Value& value) {
  const char* stage = "open";
  const Napi::Object object = ReadObjectValue(stage, value, "options");
  const Napi::Object graphs = ReadObjectValue(stage, object.Get("graphs"), "graphs");
  const auto path = [&](const char* name) { return ReadString(stage, graphs.Get(name), name); };
  DeviceOptions options;
  options.graphs = {path("sonosamEncoder"), path("sonosamDecoder"), path("deaotEncoder"),
                    path("deaotMemorize"), path("deaotPropagate")};
  options.runtime = ReadRuntime(stage, object);
  const auto size = [&](const char* name, int most) {
    return ReadCount(stage, object.Get(name), name, most);
  };
  // Labels are u8 and the background takes one, hence at most 255 slots.
  options.geometry = {size("inputSizePx", 4096), size("maskSizePx", 4096), size("maxPoints", 4096),
                      size("objectSlots", 255)};
  return options;
}

BuildOptions ReadBuildOptions(const Napi::Value& value) {
  const char* stage = "open";
  const Napi::Object object = ReadObjectValue(stage, value, "options");
  return {ReadString(stage, object.Get("graph"), "graph"), ReadRuntime(stage, object)};
}

OwnedFrame ReadFrame(const char* stage, const Napi::Value& value, FramePool* pool) {
  const Napi::Object object = ReadObjectValue(stage, value, "frame");
  OwnedFrame frame;
  frame.size.w = ReadCount(stage, object.Get("widthPx"), "widthPx", kMaxSidePx);
  frame.size.h = ReadCount(stage, object.Get("heightPx"), "heightPx", kMaxSidePx);
  const Napi::Value channels = object.Get("channels");
  frame.channels = ReadCount(stage, channels, "channels", 4);
  if (frame.channels == 2) ThrowUnexpected(stage, "1, 3 or 4", "channels", channels);
  const ByteView data = ReadBytes(stage, object.Get("data"), "data");
  const size_t expected = frame.size.area() * static_cast<size_t>(frame.channels);
  if (data.size != expected) {
    throw Error(ErrorCode::kInvalidArgument, stage,
                "expected " + std::to_string(expected) + " values for `data` but received " +
                    std::to_string(data.size) + " (Uint8Array)");
  }
  frame.data = pool->Copy(data.data, data.size);
  return frame;
}

Prompts ReadPrompts(const char* stage, const Napi::Value& value) {
  const Napi::Object object = ReadObjectValue(stage, value, "prompts");
  Prompts prompts;
  const auto points = ReadTypedArray<float>(stage, object.Get("points"), "points",
                                            napi_float32_array, "a Float32Array");
  prompts.points.assign(points.data, points.data + points.count);
  const Napi::Value box = object.Get("box");
  if (!box.IsNull() && !box.IsUndefined()) {
    const auto corners =
        ReadTypedArray<float>(stage, box, "box", napi_float32_array, "a Float32Array or null");
    if (corners.count != 4) ThrowUnexpected(stage, "4 values", "box", box);
    prompts.box.emplace();
    std::memcpy(prompts.box->data(), corners.data, sizeof(float) * 4);
  }
  const Napi::Value previous = object.Get("previous");
  if (!previous.IsNull() && !previous.IsUndefined()) {
    const ByteView bytes = ReadBytes(stage, previous, "previous");
    prompts.previous.assign(bytes.data, bytes.data + bytes.size);
  }
  prompts.multimask = object.Get("multimask").ToBoolean();
  return prompts;
}

ObjectMask ReadObject(const char* stage, const Napi::Value& value) {
  const Napi::Object object = ReadObjectValue(stage, value, "object");
  ObjectMask mask;
  mask.id = ReadId(stage, object.Get("id"));
  const ByteView bytes = ReadBytes(stage, object.Get("bitmap"), "bitmap");
  mask.bitmap.assign(bytes.data, bytes.data + bytes.size);
  return mask;
}

std::vector<ObjectMask> ReadObjects(const char* stage, const Napi::Value& value) {
  if (!value.IsArray()) ThrowUnexpected(stage, "an array", "objects", value);
  const auto array = value.As<Napi::Array>();
  std::vector<ObjectMask> objects;
  for (uint32_t i = 0; i < array.Length(); ++i) objects.push_back(ReadObject(stage, array.Get(i)));
  return objects;
}

Napi::Array ToJs(Napi::Env env, const std::vector<Provider>& providers) {
  Napi::Array array = Napi::Array::New(env);
  for (const Provider provider : providers) array.Set(array.Length(), ProviderName(provider));
  return array;
}

Napi::Object ToJs(Napi::Env env, const Timings& timings) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("queueMs", timings.queue_ms);
  object.Set("preprocessMs", timings.preprocess_ms);
  object.Set("inferenceMs", timings.inference_ms);
  object.Set("postprocessMs", timings.postprocess_ms);
  object.Set("totalMs", timings.total_ms);
  return object;
}

Napi::Object ToJs(Napi::Env env, const Mask& mask) {
  Napi::Object object = Napi::Object::New(env);
  Napi::Uint8Array bitmap = Napi::Uint8Array::New(env, mask.bitmap.size());
  std::memcpy(bitmap.Data(), mask.bitmap.data(), mask.bitmap.size());
  object.Set("bitmap", bitmap);
  object.Set("areaPx", static_cast<double>(mask.area_px));
  if (mask.box) {
    Napi::Array box = Napi::Array::New(env, 4);
    for (uint32_t i = 0; i < 4; ++i) box.Set(i, (*mask.box)[i]);
    object.Set("box", box);
  } else {
    object.Set("box", env.Null());
  }
  object.Set("score", mask.score);
  return object;
}

Napi::Object ToJs(Napi::Env env, const TrackedObject& object) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("id", static_cast<double>(object.id));
  result.Set("mask", ToJs(env, object.mask));
  result.Set("quality", object.quality);
  return result;
}

Napi::Array ToJs(Napi::Env env, const std::vector<Mask>& masks) {
  Napi::Array array = Napi::Array::New(env, masks.size());
  for (size_t i = 0; i < masks.size(); ++i)
    array.Set(static_cast<uint32_t>(i), ToJs(env, masks[i]));
  return array;
}

Napi::Array ToJs(Napi::Env env, const std::vector<TrackedObject>& objects) {
  Napi::Array array = Napi::Array::New(env, objects.size());
  for (size_t i = 0; i < objects.size(); ++i) {
    array.Set(static_cast<uint32_t>(i), ToJs(env, objects[i]));
  }
  return array;
}

Napi::Value ToJs(Napi::Env env, const Error& error) {
  Napi::Object object = Napi::Error::New(env, error.what()).Value();
  object.Set("code", error.code_name());
  object.Set("stage", error.stage());
  return object;
}

}  // namespace sonotrack
