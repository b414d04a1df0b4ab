#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sonotrack {

enum class DataType { kUint8, kFloat32 };

using Shape = std::vector<int64_t>;

/** Values in a shape; 0 if a dimension is 0. */
size_t CountOf(const Shape& shape);
size_t BytesOf(DataType type);
/** For messages, as in `f32[1, 256, 16, 16]`; -1 reads `?`. */
std::string Describe(DataType type, const Shape& shape);

template <typename T>
struct DataTypeOf;
template <>
struct DataTypeOf<uint8_t> {
  static constexpr DataType value = DataType::kUint8;
};
template <>
struct DataTypeOf<float> {
  static constexpr DataType value = DataType::kFloat32;
};

/** A dense, row-major tensor that owns its values or borrows them from someone who outlives it. */
class Tensor {
 public:
  Tensor() = default;
  /** Owned, all zero. */
  Tensor(DataType type, Shape shape);
  /** Borrowed: `data` holds CountOf(shape) values. */
  template <typename T>
  static Tensor Borrow(T* data, Shape shape) {
    Tensor tensor;
    tensor.type_ = DataTypeOf<T>::value;
    tensor.shape_ = std::move(shape);
    tensor.data_ = data;
    return tensor;
  }
  Tensor(Tensor&& other) noexcept { *this = std::move(other); }
  Tensor& operator=(Tensor&& other) noexcept;
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;

  DataType type() const { return type_; }
  const Shape& shape() const { return shape_; }
  size_t count() const { return CountOf(shape_); }
  size_t bytes() const { return count() * BytesOf(type_); }

  void* raw() { return data_; }
  const void* raw() const { return data_; }
  /** The values; T must be the tensor's own type. */
  template <typename T>
  T* data() {
    return static_cast<T*>(data_);
  }
  template <typename T>
  const T* data() const {
    return static_cast<const T*>(data_);
  }

  /** Copies the values of a tensor of the same type and count. */
  void CopyFrom(const Tensor& other);

 private:
  DataType type_ = DataType::kFloat32;
  Shape shape_ = {0};
  std::vector<float> owned_;  // float for its alignment; u8 tensors use its bytes
  void* data_ = nullptr;
};

}  // namespace sonotrack
