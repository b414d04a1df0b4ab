#include "engine/inference.h"

#include <algorithm>
#include <cstring>

namespace sonotrack {
namespace {

const TensorSpec* Find(const std::vector<TensorSpec>& specs, const char* name) {
  const auto found = std::find_if(specs.begin(), specs.end(),
                                  [name](const TensorSpec& spec) { return spec.name == name; });
  return found == specs.end() ? nullptr : &*found;
}

bool Fits(const Shape& shape, const Shape& pattern) {
  return std::equal(
      shape.begin(), shape.end(), pattern.begin(), pattern.end(),
      [](int64_t size, int64_t wanted) { return wanted < 0 ? size > 0 : size == wanted; });
}

const TensorSpec& Require(const std::string& graph, const char* kind,
                          const std::vector<TensorSpec>& specs, const char* name, DataType type,
                          const Shape& shape) {
  const TensorSpec* spec = Find(specs, name);
  if (spec != nullptr && spec->type == type && Fits(spec->shape, shape)) return *spec;
  throw Error(ErrorCode::kModelInvalid, "open",
              "expected " + Describe(type, shape) + " for " + kind + " `" + name + "` of graph `" +
                  graph + "` but found " +
                  (spec == nullptr ? "none" : Describe(spec->type, spec->shape)));
}

void CheckFit(const char* stage, const std::string& graph, const std::vector<TensorSpec>& specs,
              const char* name, const Tensor& tensor) {
  const TensorSpec* spec = Find(specs, name);
  if (spec != nullptr && spec->type == tensor.type() && spec->shape == tensor.shape()) return;
  throw Error(ErrorCode::kInvalidArgument, stage,
              "expected " + (spec == nullptr ? "no tensor" : Describe(spec->type, spec->shape)) +
                  " for `" + name + "` of graph `" + graph + "` but received " +
                  Describe(tensor.type(), tensor.shape()));
}

/** A float is infinite or not a number exactly when all bits of its exponent are set. */
bool AllFinite(const Tensor& tensor) {
  constexpr uint32_t kExponent = 0x7f800000u;
  const float* values = tensor.data<float>();
  const size_t count = tensor.count();
  uint32_t bad = 0;
  for (size_t i = 0; i < count; ++i) {
    uint32_t bits;
    std::memcpy(&bits, values + i, sizeof(bits));
    bad |= static_cast<uint32_t>((bits & kExponent) == kExponent);
  }
  return bad == 0;
}

}  // namespace

void InferenceSession::Run(const char* stage, const std::vector<Input>& inputs,
                           const std::vector<Output>& outputs) {
  for (const TensorSpec& spec : inputs_) {
    const bool given = std::any_of(inputs.begin(), inputs.end(),
                                   [&](const Input& input) { return spec.name == input.name; });
    if (given) continue;
    throw Error(ErrorCode::kInvalidArgument, stage,
                "expected " + Describe(spec.type, spec.shape) + " for `" + spec.name +
                    "` of graph `" + name_ + "` but received nothing");
  }
  for (const Input& input : inputs) CheckFit(stage, name_, inputs_, input.name, *input.tensor);
  for (const Output& output : outputs) {
    CheckFit(stage, name_, outputs_, output.name, *output.tensor);
  }
  DoRun(stage, inputs, outputs);
  for (const Output& output : outputs) {
    if (output.tensor->type() == DataType::kFloat32 && !AllFinite(*output.tensor)) {
      throw Error(ErrorCode::kInferenceFailed, stage,
                  std::string("output `") + output.name + "` of graph `" + name_ +
                      "` holds a value that is not finite");
    }
  }
}

const TensorSpec& InferenceSession::RequireInput(const char* name, DataType type,
                                                 const Shape& shape) const {
  return Require(name_, "input", inputs_, name, type, shape);
}

const TensorSpec& InferenceSession::RequireOutput(const char* name, DataType type,
                                                  const Shape& shape) const {
  return Require(name_, "output", outputs_, name, type, shape);
}

}  // namespace sonotrack
