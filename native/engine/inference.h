#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "engine/tensor.h"

namespace sonotrack {

/** Name, type and shape of a graph's input or output; all dimensions are known. */
struct TensorSpec {
  std::string name;
  DataType type = DataType::kFloat32;
  Shape shape;
};

struct Input {
  const char* name;
  const Tensor* tensor;
};

struct Output {
  const char* name;
  Tensor* tensor;
};

/** One loaded graph. Used by one thread at a time. */
class InferenceSession {
 public:
  virtual ~InferenceSession() = default;
  InferenceSession(const InferenceSession&) = delete;
  InferenceSession& operator=(const InferenceSession&) = delete;

  const std::string& name() const { return name_; }
  const std::vector<TensorSpec>& inputs() const { return inputs_; }
  const std::vector<TensorSpec>& outputs() const { return outputs_; }
  /** Whether it was opened with what an earlier start had optimised or built. */
  bool from_cache() const { return from_cache_; }

  /**
   * Runs the graph. All inputs must be given; outputs may be a subset and are written in place.
   * Throws INVALID_ARGUMENT for a tensor that does not fit the graph, INFERENCE_FAILED when the
   * engine fails or an output holds a value that is not finite, INFERENCE_CANCELLED after
   * `InferenceEngine::Cancel`.
   */
  void Run(const char* stage, const std::vector<Input>& inputs, const std::vector<Output>& outputs);

  /**
   * The spec of an input or output of this type and shape, -1 standing for any size of one
   * dimension. Throws MODEL_INVALID when the graph has none.
   */
  const TensorSpec& RequireInput(const char* name, DataType type, const Shape& shape) const;
  const TensorSpec& RequireOutput(const char* name, DataType type, const Shape& shape) const;

 protected:
  explicit InferenceSession(std::string name) : name_(std::move(name)) {}
  virtual void DoRun(const char* stage, const std::vector<Input>& inputs,
                     const std::vector<Output>& outputs) = 0;

  std::vector<TensorSpec> inputs_;
  std::vector<TensorSpec> outputs_;
  bool from_cache_ = false;

 private:
  const std::string name_;
};

/** Loads graphs. `Cancel` may be called from any thread, everything else from one at a time. */
class InferenceEngine {
 public:
  virtual ~InferenceEngine() = default;

  /** Loads the graph file at `path`; throws MODEL_INVALID. The session must not outlive the engine.
   */
  virtual std::unique_ptr<InferenceSession> Open(const std::string& path) = 0;

  /** Ends the inference that runs, if any, and makes every later one fail with INFERENCE_CANCELLED.
   */
  virtual void Cancel() = 0;
};

}  // namespace sonotrack
