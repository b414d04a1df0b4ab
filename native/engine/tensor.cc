#include "engine/tensor.h"

#include <cstring>
#include <utility>

namespace sonotrack {

size_t CountOf(const Shape& shape) {
  size_t count = 1;
  for (const int64_t dimension : shape) count *= static_cast<size_t>(dimension);
  return count;
}

size_t BytesOf(DataType type) { return type == DataType::kUint8 ? 1 : sizeof(float); }

std::string Describe(DataType type, const Shape& shape) {
  std::string text = type == DataType::kUint8 ? "u8[" : "f32[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += shape[i] < 0 ? "?" : std::to_string(shape[i]);
  }
  return text + "]";
}

Tensor::Tensor(DataType type, Shape shape)
    : type_(type),
      shape_(std::move(shape)),
      owned_((CountOf(shape_) * BytesOf(type_) + sizeof(float) - 1) / sizeof(float)),
      data_(owned_.data()) {}

Tensor& Tensor::operator=(Tensor&& other) noexcept {
  type_ = other.type_;
  shape_ = std::exchange(other.shape_, {0});
  owned_ = std::move(other.owned_);
  data_ = std::exchange(other.data_, nullptr);
  return *this;
}

void Tensor::CopyFrom(const Tensor& other) { std::memcpy(data_, other.data_, bytes()); }

}  // namespace sonotrack
