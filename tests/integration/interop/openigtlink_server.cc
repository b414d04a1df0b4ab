// Sends pictures with a pose and a state between them, as a scanner does: openigtlink_server FRAMES
// FPS Prints the port that it listens on. Sample i of frame f is (i + f) mod 256.
#include <igtlClientSocket.h>
#include <igtlImageMessage.h>
#include <igtlServerSocket.h>
#include <igtlStatusMessage.h>
#include <igtlTransformMessage.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int frames = std::atoi(argv[1]);
  const double fps = std::atof(argv[2]);
  igtl::ServerSocket::Pointer server = igtl::ServerSocket::New();
  int port = 0;
  for (int candidate = 20000 + std::rand() % 100; candidate < 40000 && port == 0; candidate += 7) {
    if (server->CreateServer(candidate) == 0) port = candidate;
  }
  std::printf("%d\n", port);
  std::fflush(stdout);
  igtl::ClientSocket::Pointer socket = server->WaitForConnection(30000);
  if (socket.IsNull()) return 1;
  const int width = 64, height = 48;
  auto due = std::chrono::steady_clock::now();
  for (int f = 0; f < frames; ++f) {
    igtl::ImageMessage::Pointer image = igtl::ImageMessage::New();
    int size[3] = {width, height, 1}, offset[3] = {0, 0, 0};
    float spacing[3] = {0.2f, 0.3f, 1.0f};
    image->SetDimensions(size);
    image->SetSpacing(spacing);
    image->SetScalarType(igtl::ImageMessage::TYPE_UINT8);
    image->SetDeviceName("Probe");
    image->SetSubVolume(size, offset);
    image->AllocateScalars();
    auto* samples = static_cast<unsigned char*>(image->GetScalarPointer());
    for (int i = 0; i < width * height; ++i) samples[i] = static_cast<unsigned char>(i + f);
    igtl::Matrix4x4 pose;
    igtl::IdentityMatrix(pose);
    pose[0][3] = static_cast<float>(f);
    image->SetMatrix(pose);
    igtl::TimeStamp::Pointer stamp = igtl::TimeStamp::New();
    stamp->SetTime(1000.0 + f / fps);
    image->SetTimeStamp(stamp);
    image->Pack();
    if (!socket->Send(image->GetPackPointer(), image->GetPackSize())) return 1;
    igtl::TransformMessage::Pointer transform = igtl::TransformMessage::New();
    transform->SetDeviceName("Probe");
    transform->SetMatrix(pose);
    transform->Pack();
    if (!socket->Send(transform->GetPackPointer(), transform->GetPackSize())) return 1;
    if (f % 30 == 0) {
      igtl::StatusMessage::Pointer status = igtl::StatusMessage::New();
      status->SetDeviceName("Probe");
      status->SetCode(igtl::StatusMessage::STATUS_OK);
      status->SetStatusString("scanning");
      status->Pack();
      if (!socket->Send(status->GetPackPointer(), status->GetPackSize())) return 1;
    }
    due += std::chrono::nanoseconds(static_cast<long long>(1e9 / fps));
    std::this_thread::sleep_until(due);
  }
  socket->CloseSocket();
  return 0;
}
