// Sends frames of a C++ program to a live session: no library but the system's sockets.
//   sonotrack serve --source ingest: --port 8080
//   g++ -std=c++17 -O2 -o ingest examples/ingest/ingest.cc && ./ingest 127.0.0.1 8080 300
// A scanner's firmware replaces `draw` by its own picture. Messages are proto/live.proto's
// IngestFrame and IngestCredit.
#include <netdb.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>

namespace {

constexpr int kWidthPx = 320, kHeightPx = 240;
constexpr double kMmPerPx = 0.4;
constexpr long kFramePeriodNs = 33'000'000;

using Bytes = std::string;

uint64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return uint64_t(now.tv_sec) * 1'000'000'000u + uint64_t(now.tv_nsec);
}

// ---- protobuf: tags are (field << 3) | wire type; 0 varint, 1 double, 2 bytes

void PutVarint(Bytes& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += char(value | 0x80);
  out += char(value);
}
void PutNumber(Bytes& out, int field, uint64_t value) {
  PutVarint(out, uint64_t(field) << 3);
  PutVarint(out, value);
}
void PutDouble(Bytes& out, int field, double value) {
  PutVarint(out, (uint64_t(field) << 3) | 1);
  char raw[8];  // little-endian, as the machines that this runs on
  std::memcpy(raw, &value, 8);
  out.append(raw, 8);
}
void PutBytes(Bytes& out, int field, const Bytes& value) {
  PutVarint(out, (uint64_t(field) << 3) | 2);
  PutVarint(out, value.size());
  out += value;
}

Bytes IngestFrame(const Bytes& pixels, uint64_t capture_ns) {
  Bytes spacing, frame;
  PutDouble(spacing, 1, kMmPerPx);
  PutDouble(spacing, 2, kMmPerPx);
  PutNumber(frame, 2, capture_ns);
  PutNumber(frame, 3, kWidthPx);
  PutNumber(frame, 4, kHeightPx);
  PutNumber(frame, 5, 1);  // channels
  PutBytes(frame, 6, spacing);
  PutBytes(frame, 7, pixels);
  return frame;
}

/** The one field of IngestCredit, a varint. */
uint64_t CreditOf(const Bytes& message) {
  uint64_t value = 0;
  for (size_t i = 1, shift = 0; i < message.size() && shift < 64; ++i, shift += 7) {
    value |= uint64_t(message[i] & 0x7f) << shift;
    if (!(message[i] & 0x80)) break;
  }
  return value;
}

// ---- WebSocket (RFC 6455), as a client

class Socket {
 public:
  Socket(const std::string& host, const std::string& port) {
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0)
      throw std::runtime_error("no such host");
    fd_ = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    const int failed = fd_ < 0 ? -1 : connect(fd_, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (failed) throw std::runtime_error("cannot connect");
    Write("GET /ingest HTTP/1.1\r\nHost: " + host + ":" + port +
          "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: c29ub3RyYWNrLWluZ2VzdA==\r\n\r\n");
    Bytes answer;
    while (answer.find("\r\n\r\n") == Bytes::npos) answer += Read(1);
    if (answer.compare(0, 12, "HTTP/1.1 101") != 0)
      throw std::runtime_error(answer.substr(0, answer.find('\r')));
  }
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void Send(const Bytes& payload, int opcode = 2) {
    Bytes frame{char(0x80 | opcode)};
    const uint64_t size = payload.size();
    const int bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
    frame += char(0x80 | (bytes == 0 ? size : bytes == 2 ? 126 : 127));
    for (int i = bytes - 1; i >= 0; --i) frame += char(size >> (8 * i));
    char mask[4];
    for (char& byte : mask) byte = char(random_());
    frame.append(mask, 4);
    for (size_t i = 0; i < payload.size(); ++i) frame += char(payload[i] ^ mask[i % 4]);
    Write(frame);
  }

  /** The next binary message; answers pings on the way. */
  Bytes Receive() {
    while (true) {
      const Bytes head = Read(2);
      uint64_t size = head[1] & 0x7f;
      if (size >= 126) {
        const Bytes longer = Read(size == 126 ? 2 : 8);
        size = 0;
        for (const char byte : longer) size = (size << 8) | uint8_t(byte);
      }
      const Bytes payload = Read(size);
      const int opcode = head[0] & 0x0f;
      if (opcode == 2) return payload;
      if (opcode == 9) Send(payload, 10);
      if (opcode == 8)
        throw std::runtime_error("the server closed: " +
                                 payload.substr(payload.size() < 2 ? 0 : 2));
    }
  }

 private:
  void Write(const Bytes& bytes) {
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t sent = send(fd_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("the connection is gone");
      done += size_t(sent);
    }
  }
  Bytes Read(size_t count) {
    Bytes bytes(count, '\0');
    for (size_t done = 0; done < count;) {
      const ssize_t got = recv(fd_, &bytes[done], count - done, 0);
      if (got <= 0) throw std::runtime_error("the connection is gone");
      done += size_t(got);
    }
    return bytes;
  }

  int fd_ = -1;
  std::minstd_rand random_{std::random_device{}()};
};

/** A dark chamber that beats in speckle, gray u8[h, w]. */
Bytes Draw(int index, std::minstd_rand& random) {
  Bytes pixels(size_t(kWidthPx) * kHeightPx, '\0');
  const double radius = 50 + 12 * std::sin(index * 0.2);
  for (int y = 0; y < kHeightPx; ++y) {
    for (int x = 0; x < kWidthPx; ++x) {
      const bool inside = std::hypot(x - kWidthPx / 2.0, y - kHeightPx / 2.0) < radius;
      pixels[size_t(y) * kWidthPx + x] = char(inside ? random() % 30 : 70 + random() % 110);
    }
  }
  return pixels;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::cerr << "usage: ingest HOST PORT FRAMES\n";
    return 2;
  }
  Socket socket(argv[1], argv[2]);
  std::minstd_rand random(1);
  uint64_t credit = 0;
  const int frames = std::atoi(argv[3]);
  for (int i = 0; i < frames; ++i) {
    const uint64_t captured = NowNs();
    const Bytes pixels = Draw(i, random);
    while (credit == 0) credit += CreditOf(socket.Receive());
    socket.Send(IngestFrame(pixels, captured));
    --credit;
    const timespec pause{0, kFramePeriodNs};
    nanosleep(&pause, nullptr);
  }
  std::cout << "sent " << frames << " frames\n";
} catch (const std::exception& error) {
  std::cerr << "ingest: " << error.what() << "\n";
  return 1;
}
