#include "access/grpc/classify.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace elanus::access {
namespace {

struct Sample {
  std::string bytes;
  Protocol protocol;
};

const Sample kSamples[] = {
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Protocol::kGrpc},
    {"GET / HTTP/1.1\r\n", Protocol::kHttp1},
    {"POST /v2/vectordb/entities/search HTTP/1.1\r\n", Protocol::kHttp1},
    {"PUT /x HTTP/1.1\r\n", Protocol::kHttp1},
    {"PATCH /x HTTP/1.1\r\n", Protocol::kHttp1},
    {"DELETE /x HTTP/1.1\r\n", Protocol::kHttp1},
    {"OPTIONS * HTTP/1.1\r\n", Protocol::kHttp1},
    {"HEAD / HTTP/1.1\r\n", Protocol::kHttp1},
    {std::string("\x16\x03\x01\x02\x00\x01", 6), Protocol::kTls},
    {"SSH-2.0-OpenSSH_9.2\r\n", Protocol::kUnknown},
    {"PRI * HTTP/1.1 is not what it says\r\n", Protocol::kUnknown},
    {std::string(16, '\0'), Protocol::kUnknown},
    {"get / http/1.1\r\n", Protocol::kUnknown},
};

TEST(ClassifyTest, WholeBeginningsAreTold) {
  for (const Sample& sample : kSamples) {
    EXPECT_EQ(Classify(sample.bytes), sample.protocol) << sample.bytes;
  }
}

TEST(ClassifyTest, EveryPrefixIsUndecidedOrTheFinalAnswer) {
  for (const Sample& sample : kSamples) {
    for (std::size_t size = 0; size <= sample.bytes.size(); ++size) {
      const Protocol protocol = Classify(sample.bytes.substr(0, size));
      if (protocol != Protocol::kUndecided) {
        EXPECT_EQ(protocol, sample.protocol) << sample.bytes << " " << size;
      } else {
        EXPECT_LT(size, kClassifyBytesMax) << sample.bytes;
      }
    }
  }
}

TEST(ClassifyTest, TwelveBytesAlwaysDecide) {
  std::mt19937 random(3);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = kSamples[random() % std::size(kSamples)].bytes;
    bytes.resize(kClassifyBytesMax, 'x');
    bytes[random() % bytes.size()] = static_cast<char>(random());
    EXPECT_NE(Classify(bytes), Protocol::kUndecided) << bytes;
  }
}

}  // namespace
}  // namespace elanus::access
