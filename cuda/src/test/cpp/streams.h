// Streams that run only when something waits for them, so that a missing wait shows; events, captures and graphs.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace fake {

enum Result {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    NOT_INITIALIZED = 3,
    NO_DEVICE = 100,
    INVALID_DEVICE = 101,
    INVALID_IMAGE = 200,
    INVALID_CONTEXT = 201,
    INVALID_HANDLE = 400,
    NOT_FOUND = 500,
    NOT_READY = 600,
    ILLEGAL_ADDRESS = 700,
    LAUNCH_FAILED = 719,
    NOT_SUPPORTED = 801,
    CAPTURE_UNSUPPORTED = 900,
    CAPTURE_INVALIDATED = 901,
    CAPTURE_UNJOINED = 904,
    CAPTURE_ISOLATION = 905,
    CAPTURE_IMPLICIT = 906,
    CAPTURED_EVENT = 907,
    CAPTURE_WRONG_THREAD = 908,
};

// What a stream does, at last: an error makes the device useless, as on a real one.
typedef std::function<int()> Operation;

struct Graph {
    struct Node {
        Operation operation;
        std::vector<int> after;
    };
    std::vector<Node> nodes;

    // In one of the orders that the dependencies allow; the engine's order chooses which.
    int run() const;
    // Whether everything happens before the last of these nodes has ended.
    bool allBefore(const std::vector<int>& ends) const;
};

struct Capture {
    Graph graph;
    int mode;
    unsigned long thread;
    bool invalid = false;
};

struct Stream {
    bool blocking;  // in step with the legacy stream
    int priority = 0;
    std::deque<Operation> queue;
    unsigned long long issued = 0, done = 0;
    std::shared_ptr<Capture> capture;
    bool origin = false;
    std::vector<int> ends;  // the nodes of the capture that the stream's next operation comes after
};

struct Event {
    std::shared_ptr<Stream> stream;
    unsigned long long at = 0;
    std::shared_ptr<double> milliseconds;  // outlives the event while its record is queued
    std::shared_ptr<Capture> capture;
    std::vector<int> nodes;
};

// The error that every call answers from now on.
int sticky();
void setSticky(int error);
void setEager(bool eager);

Stream* createStream(bool blocking, int priority);
// Null for a stream that is not, or is no more.
std::shared_ptr<Stream> stream(Stream* handle);
int destroyStream(Stream* handle);
void forgetQueues();

int enqueue(const std::shared_ptr<Stream>& stream, Operation operation);
// Runs a stream until the operation with that number has ended.
int drain(Stream& stream, unsigned long long upTo);
int drainAll();
// Whether that operation has ended. If not, the stream gets one operation further, so that a loop of questions ends.
bool poll(Stream& stream, unsigned long long upTo);

// Whether this thread may not make calls now that a capture cannot hold, an allocation for example.
bool forbiddenByCapture();
bool anyCapture();

int record(Event& event, const std::shared_ptr<Stream>& stream);
int wait(const std::shared_ptr<Stream>& stream, Event& event);
int beginCapture(Stream& stream, int mode);
int endCapture(Stream& stream, Graph** graph);

}  // namespace fake
