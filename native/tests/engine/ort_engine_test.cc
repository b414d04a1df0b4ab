#include "engine/ort_engine.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "check.h"
#include "temp_folder.h"

using namespace sonotrack;
namespace fs = std::filesystem;

namespace {

/** One field of a protobuf message: `tag` is field number · 8 + wire type 2. */
std::string Field(char tag, const std::string& bytes) {
  return std::string({tag, static_cast<char>(bytes.size())}) + bytes;
}

std::string Varint(char tag, char value) { return {tag, value}; }

/** ValueInfoProto of f32[2]. */
std::string ValueInfo(const std::string& name) {
  const std::string shape = Field(0x0a, Varint(0x08, 2));           // dim_value 2
  const std::string tensor = Varint(0x08, 1) + Field(0x12, shape);  // elem_type FLOAT
  return Field(0x0a, name) + Field(0x12, Field(0x0a, tensor));
}

/** A model y = x · x on f32[2], written field by field after onnx.proto. */
std::string SquareModel() {
  const std::string node =
      Field(0x0a, "x") + Field(0x0a, "x") + Field(0x12, "y") + Field(0x22, "Mul");
  const std::string graph = Field(0x0a, node) + Field(0x12, "g") + Field(0x5a, ValueInfo("x")) +
                            Field(0x62, ValueInfo("y"));
  return Varint(0x08, 8) + Field(0x3a, graph) + Field(0x42, Varint(0x10, 13));  // IR 8, opset 13
}

/** A folder with the model in it. */
struct Folder : TempFolder {
  Folder() { std::ofstream(model(), std::ios::binary) << SquareModel(); }
  std::string model() const { return At("square.onnx"); }
  std::string cache() const { return At("cache"); }
};

float SquareOf(InferenceSession* session, float value) {
  Tensor x(DataType::kFloat32, {2}), y(DataType::kFloat32, {2});
  x.data<float>()[1] = value;
  session->Run("track", {{"x", &x}}, {{"y", &y}});
  return y.data<float>()[1];
}

std::vector<fs::path> Files(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  return files;
}

}  // namespace

TEST("the CPU is always a provider") {
  const auto providers = OrtProviders();
  EXPECT(std::find(providers.begin(), providers.end(), Provider::kCpu) != providers.end());
}

TEST("a graph is opened, described and run") {
  const Folder folder;
  const auto engine = CreateOrtEngine({Provider::kCpu, 1, "", 50});
  const auto session = engine->Open(folder.model());
  EXPECT_EQ(session->name(), std::string("square.onnx"));
  EXPECT_EQ(session->RequireInput("x", DataType::kFloat32, {-1}).shape, (Shape{2}));
  EXPECT_EQ(SquareOf(session.get(), 3), 9.0f);
}

TEST("a missing and a truncated model are MODEL_INVALID") {
  const Folder folder;
  const auto engine = CreateOrtEngine({Provider::kCpu, 1, folder.cache(), 50});
  EXPECT_THROWS(ErrorCode::kModelInvalid, "`missing.onnx`", engine->Open("missing.onnx"));
  const std::string model = SquareModel();
  std::ofstream(folder.model(), std::ios::binary) << model.substr(0, model.size() / 2);
  EXPECT_THROWS(ErrorCode::kModelInvalid, "`square.onnx`", engine->Open(folder.model()));
  EXPECT(Files(folder.cache()).empty());
}

TEST("the optimised graph is cached, used again, and rewritten when broken") {
  const Folder folder;
  const auto engine = CreateOrtEngine({Provider::kCpu, 1, folder.cache(), 0});
  EXPECT_EQ(SquareOf(engine->Open(folder.model()).get(), 2), 4.0f);
  const auto files = Files(folder.cache());
  EXPECT_EQ(files.size(), 1u);
  const auto written = fs::last_write_time(files[0]);
  EXPECT_EQ(SquareOf(engine->Open(folder.model()).get(), 5), 25.0f);
  EXPECT(fs::last_write_time(files[0]) == written);
  std::ofstream(files[0], std::ios::binary) << "broken";
  EXPECT_EQ(SquareOf(engine->Open(folder.model()).get(), 6), 36.0f);
  EXPECT(fs::file_size(files[0]) > 6);
  EXPECT_EQ(Files(folder.cache()).size(), 1u);
}

TEST("after a cancellation nothing runs and nothing opens") {
  const Folder folder;
  const auto engine = CreateOrtEngine({Provider::kCpu, 1, "", 50});
  const auto session = engine->Open(folder.model());
  engine->Cancel();
  EXPECT_THROWS(ErrorCode::kInferenceCancelled, "cancelled", SquareOf(session.get(), 1));
  EXPECT_THROWS(ErrorCode::kInferenceCancelled, "cancelled", engine->Open(folder.model()));
}

TEST_MAIN("ort_engine")
