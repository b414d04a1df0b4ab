#include "engine/ort_engine.h"

#include <dlfcn.h>
#include <onnxruntime_cxx_api.h>
#include <onnxruntime_session_options_config_keys.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <optional>

#include "engine/engine_folder.h"
#include "engine/graph_cache.h"
#include "engine/tensorrt_identity.h"

namespace sonotrack {
namespace {

constexpr const char* kOrtNames[] = {"TensorrtExecutionProvider", "CUDAExecutionProvider",
                                     "CPUExecutionProvider"};

/** Failures reach the caller as errors; nothing is printed besides. */
constexpr int kQuiet = ORT_LOGGING_LEVEL_FATAL;

/** The API of the headers this was compiled with; an older library has none to give. */
void CheckApi() {
  if (OrtGetApiBase()->GetApi(ORT_API_VERSION) != nullptr) return;
  throw Error(ErrorCode::kProviderUnavailable, "open",
              "expected an ONNX Runtime library with API version " +
                  std::to_string(ORT_API_VERSION) + " or later but found " + OrtVersion());
}

/**
 * CUDA and TensorRT are libraries of their own beside ONNX Runtime's. Looked for here, because
 * asking for one that is not there makes ONNX Runtime print.
 */
bool HasLibrary(Provider provider) {
  if (provider == Provider::kCpu) return true;
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&OrtGetApiBase), &info) == 0) return false;
  const auto file = std::string("libonnxruntime_providers_") + ProviderName(provider) + ".so";
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::path(info.dli_fname).replace_filename(file),
                                 ignored);
}

/**
 * x86 processors without VNNI add products of signed weights in 16 bits, which saturate. There
 * ONNX Runtime shall take unsigned weights: the error halves for a quarter more time. With VNNI
 * nothing saturates, yet ONNX Runtime would change the weights all the same, and convolutions then
 * take almost three times as long.
 */
bool SignedWeightsSaturate() {
#if defined(__x86_64__)
  constexpr unsigned kFeatures = 7, kAvx512Vnni = 1u << 11, kAvxVnni = 1u << 4;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(kFeatures, 0, &eax, &ebx, &ecx, &edx) && (ecx & kAvx512Vnni)) return false;
  if (__get_cpuid_count(kFeatures, 1, &eax, &ebx, &ecx, &edx) && (eax & kAvxVnni)) return false;
  return true;
#else
  return false;
#endif
}

/** `folder`: for engines; empty: they are built at every start. */
void AppendTensorrt(Ort::SessionOptions* options, const std::string& folder) {
  Ort::TensorRTProviderOptions tensorrt;
  std::unordered_map<std::string, std::string> settings = {{"trt_int8_enable", "1"},
                                                           {"trt_fp16_enable", "1"}};
  if (!folder.empty()) {
    settings["trt_engine_cache_enable"] = "1";
    settings["trt_engine_cache_path"] = folder;
  }
  tensorrt.Update(settings);
  options->AppendExecutionProvider_TensorRT_V2(*tensorrt);
}

TensorSpec SpecOf(const std::string& graph, const std::string& name, const Ort::TypeInfo& info) {
  if (info.GetONNXType() != ONNX_TYPE_TENSOR) {
    throw Error(ErrorCode::kModelInvalid, "open",
                "expected a tensor for `" + name + "` of graph `" + graph + "`");
  }
  const auto tensor = info.GetTensorTypeAndShapeInfo();
  const auto element = tensor.GetElementType();
  TensorSpec spec{name, DataType::kFloat32, tensor.GetShape()};
  if (element == ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8) {
    spec.type = DataType::kUint8;
  } else if (element != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) {
    throw Error(ErrorCode::kModelInvalid, "open",
                "expected u8 or f32 for `" + name + "` of graph `" + graph +
                    "` but found element type " + std::to_string(element));
  }
  if (std::any_of(spec.shape.begin(), spec.shape.end(), [](int64_t size) { return size < 1; })) {
    throw Error(ErrorCode::kModelInvalid, "open",
                "expected a static shape for `" + name + "` of graph `" + graph + "` but found " +
                    Describe(spec.type, spec.shape));
  }
  return spec;
}

Ort::Value ValueOf(const Tensor& tensor) {
  // ONNX Runtime takes inputs and outputs alike as mutable; it does not write to inputs.
  void* data = const_cast<void*>(tensor.raw());
  const auto type = tensor.type() == DataType::kUint8 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8
                                                      : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  const auto memory = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
  return Ort::Value::CreateTensor(memory, data, tensor.bytes(), tensor.shape().data(),
                                  tensor.shape().size(), type);
}

struct LoadedGraph {
  Ort::Session session;
  bool from_cache;
};

/** What a run needs from its engine; shared, so that `Cancel` can never meet a freed one. */
struct RunState {
  Ort::RunOptions options;
  std::atomic<bool> cancelled{false};
};

class OrtSession : public InferenceSession {
 public:
  OrtSession(const std::string& name, LoadedGraph graph, std::shared_ptr<RunState> state)
      : InferenceSession(name), session_(std::move(graph.session)), state_(std::move(state)) {
    from_cache_ = graph.from_cache;
    const auto inputs = session_.GetInputNames();
    for (size_t i = 0; i < inputs.size(); ++i) {
      inputs_.push_back(SpecOf(name, inputs[i], session_.GetInputTypeInfo(i)));
    }
    const auto outputs = session_.GetOutputNames();
    for (size_t i = 0; i < outputs.size(); ++i) {
      outputs_.push_back(SpecOf(name, outputs[i], session_.GetOutputTypeInfo(i)));
    }
  }

 protected:
  void DoRun(const char* stage, const std::vector<Input>& inputs,
             const std::vector<Output>& outputs) override {
    std::vector<const char*> input_names, output_names;
    std::vector<Ort::Value> input_values, output_values;
    for (const Input& input : inputs) {
      input_names.push_back(input.name);
      input_values.push_back(ValueOf(*input.tensor));
    }
    for (const Output& output : outputs) {
      output_names.push_back(output.name);
      output_values.push_back(ValueOf(*output.tensor));
    }
    try {
      session_.Run(state_->options, input_names.data(), input_values.data(), input_values.size(),
                   output_names.data(), output_values.data(), output_values.size());
    } catch (const Ort::Exception& exception) {
      if (state_->cancelled) {
        throw Error(ErrorCode::kInferenceCancelled, stage, "the inference was cancelled");
      }
      throw Error(ErrorCode::kInferenceFailed, stage,
                  "graph `" + name() + "` failed: " + exception.what());
    }
  }

 private:
  Ort::Session session_;
  std::shared_ptr<RunState> state_;
};

class OrtEngine : public InferenceEngine {
 public:
  explicit OrtEngine(const OrtEngineOptions& options)
      : options_(options), env_(ORT_LOGGING_LEVEL_FATAL, "sonotrack") {
    state_->options.SetRunLogSeverityLevel(kQuiet);
    SessionOptions();  // an engine whose provider cannot be loaded is not one
  }

  std::unique_ptr<InferenceSession> Open(const std::string& path) override {
    const std::string name = std::filesystem::path(path).filename().string();
    if (state_->cancelled) {
      throw Error(ErrorCode::kInferenceCancelled, "open", "loading was cancelled");
    }
    try {
      return std::make_unique<OrtSession>(name, Load(path), state_);
    } catch (const Ort::Exception& exception) {
      throw Error(ErrorCode::kModelInvalid, "open",
                  "graph `" + name + "` could not be loaded: " + exception.what());
    }
  }

  void Cancel() override {
    state_->cancelled = true;
    state_->options.SetTerminate();
  }

 private:
  Ort::SessionOptions SessionOptions(const std::string& engine_folder = {}) const {
    Ort::SessionOptions options;
    options.SetLogSeverityLevel(kQuiet);
    options.SetIntraOpNumThreads(options_.threads);
    options.SetInterOpNumThreads(1);
    options.SetExecutionMode(ORT_SEQUENTIAL);
    options.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
    options.AddConfigEntry(kOrtSessionOptionsConfigAllowIntraOpSpinning,
                           options_.spin_us > 0 ? "1" : "0");
    options.AddConfigEntry(kOrtSessionOptionsConfigIntraOpSpinDurationUs,
                           std::to_string(options_.spin_us).c_str());
    // Five sessions share the cores: one that has finished must not spin against the next.
    options.AddConfigEntry(kOrtSessionOptionsConfigForceSpinningStop, "1");
    if (SignedWeightsSaturate()) {
      options.AddConfigEntry(kOrtSessionOptionsAvx2PrecisionMode, "1");
    }
    try {
      if (options_.provider == Provider::kTensorrt) AppendTensorrt(&options, engine_folder);
      if (options_.provider == Provider::kCuda) {
        options.AppendExecutionProvider_CUDA_V2(*Ort::CUDAProviderOptions());
      }
    } catch (const Ort::Exception& exception) {
      throw Error(ErrorCode::kProviderUnavailable, "open",
                  std::string(ProviderName(options_.provider)) +
                      " could not be loaded: " + exception.what());
    }
    return options;
  }

  /** The graph at `path`, from the cache where that holds it. */
  LoadedGraph Load(const std::string& path) {
    const GraphCache cache(options_.cache_dir);
    const auto entry =
        options_.cache_dir.empty() ? std::nullopt : cache.EntryFor(path, Optimizer());
    const auto scratch = entry ? cache.ScratchFor(*entry) : std::nullopt;
    if (options_.provider == Provider::kTensorrt && scratch) {
      return LoadTensorrt(path, *entry + ".engines", *scratch);
    }
    if (!entry || options_.provider == Provider::kTensorrt) {
      return {Ort::Session(env_, path.c_str(), SessionOptions()), false};
    }
    if (const auto graph = GraphCache::Load(*entry)) {
      try {
        Ort::SessionOptions options = SessionOptions();
        options.SetGraphOptimizationLevel(ORT_DISABLE_ALL);  // done before it was written
        return {Ort::Session(env_, graph->data(), graph->size(), options), true};
      } catch (const Ort::Exception&) {
        // Whole, yet of no use to this library: made anew below.
      }
    }
    if (!scratch) return {Ort::Session(env_, path.c_str(), SessionOptions()), false};
    Ort::SessionOptions options = SessionOptions();
    options.SetOptimizedModelFilePath(scratch->c_str());
    try {
      Ort::Session session(env_, path.c_str(), options);
      GraphCache::Commit(*scratch, *entry);
      return {std::move(session), false};
    } catch (const Ort::Exception&) {
      // Either the model is bad, which the second try reports, or the disk is full.
      std::error_code ignored;
      std::filesystem::remove(*scratch, ignored);
      return {Ort::Session(env_, path.c_str(), SessionOptions()), false};
    }
  }

  LoadedGraph LoadTensorrt(const std::string& path, const std::string& folder,
                           const std::string& scratch) {
    LoadedGraph graph{Ort::Session(nullptr), false};
    graph.from_cache = OpenWithFolder(folder, scratch, [&](const std::string& engines) {
      graph.session = Ort::Session(env_, path.c_str(), SessionOptions(engines));
    });
    return graph;
  }

  /** What the optimised form of a graph depends on besides the graph and the processor. */
  std::string Optimizer() const {
    const std::string name = OrtVersion() + " " + ProviderName(options_.provider);
    return options_.provider == Provider::kTensorrt ? name + " " + TensorrtIdentity() : name;
  }

  const OrtEngineOptions options_;
  Ort::Env env_;
  const std::shared_ptr<RunState> state_ = std::make_shared<RunState>();
};

}  // namespace

std::string OrtVersion() { return OrtGetApiBase()->GetVersionString(); }

std::vector<Provider> OrtProviders() {
  CheckApi();
  const auto names = Ort::GetAvailableProviders();
  std::vector<Provider> providers;
  for (size_t i = 0; i < std::size(kOrtNames); ++i) {
    const bool built = std::find(names.begin(), names.end(), kOrtNames[i]) != names.end();
    if (built && HasLibrary(static_cast<Provider>(i))) {
      providers.push_back(static_cast<Provider>(i));
    }
  }
  return providers;
}

std::unique_ptr<InferenceEngine> CreateOrtEngine(const OrtEngineOptions& options) {
  const auto available = OrtProviders();
  if (std::find(available.begin(), available.end(), options.provider) == available.end()) {
    throw Error(ErrorCode::kProviderUnavailable, "open",
                std::string(ProviderName(options.provider)) +
                    " is not part of this installation of ONNX Runtime " + OrtVersion());
  }
  return std::make_unique<OrtEngine>(options);
}

}  // namespace sonotrack
