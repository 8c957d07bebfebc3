#include "streams.h"

#include <pthread.h>
#include <time.h>

#include <algorithm>

#include "engine.h"

namespace fake {
namespace {

// A real driver's queue is full at about this length, and the call that would add to it waits.
const size_t LONGEST_QUEUE = 4096;

int theSticky = SUCCESS;
bool isEager = false;
std::vector<std::shared_ptr<Stream>> streams;

std::shared_ptr<Stream> legacy() {
    static std::shared_ptr<Stream> stream = [] {
        auto made = std::make_shared<Stream>();
        made->blocking = true;
        return made;
    }();
    return stream;
}

double now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

unsigned long thisThread() {
    return (unsigned long) pthread_self();
}

// What the operation has to wait for, because the legacy stream and the blocking ones are in step.
std::vector<std::pair<std::shared_ptr<Stream>, unsigned long long>> inStep(const std::shared_ptr<Stream>& stream) {
    std::vector<std::pair<std::shared_ptr<Stream>, unsigned long long>> before;
    if (stream == legacy()) {
        for (auto& other : streams)
            if (other->blocking && other->done < other->issued) before.push_back({other, other->issued});
    } else if (stream->blocking && legacy()->done < legacy()->issued) {
        before.push_back({legacy(), legacy()->issued});
    }
    return before;
}

}  // namespace

int Graph::run() const {
    bool latestFirst = hostsim::order() % 2 == 1;
    int n = (int) nodes.size();
    if (!latestFirst) {
        for (auto& node : nodes)
            if (int error = node.operation()) return error;
        return SUCCESS;
    }
    std::vector<bool> done(n);
    std::vector<int> missing(n), ready;
    std::vector<std::vector<int>> next(n);
    for (int i = 0; i < n; i++) {
        missing[i] = (int) nodes[i].after.size();
        for (int before : nodes[i].after) next[before].push_back(i);
        if (missing[i] == 0) ready.push_back(i);
    }
    while (!ready.empty()) {
        auto latest = std::max_element(ready.begin(), ready.end());
        int i = *latest;
        ready.erase(latest);
        if (int error = nodes[i].operation()) return error;
        for (int after : next[i])
            if (--missing[after] == 0) ready.push_back(after);
    }
    return SUCCESS;
}

bool Graph::allBefore(const std::vector<int>& ends) const {
    std::vector<bool> reached(nodes.size());
    std::vector<int> open = ends;
    while (!open.empty()) {
        int i = open.back();
        open.pop_back();
        if (reached[i]) continue;
        reached[i] = true;
        open.insert(open.end(), nodes[i].after.begin(), nodes[i].after.end());
    }
    return std::find(reached.begin(), reached.end(), false) == reached.end();
}

int sticky() {
    return theSticky;
}

void setSticky(int error) {
    theSticky = error;
}

void setEager(bool eager) {
    isEager = eager;
}

Stream* createStream(bool blocking, int priority) {
    auto stream = std::make_shared<Stream>();
    stream->blocking = blocking;
    stream->priority = priority;
    streams.push_back(stream);
    return stream.get();
}

std::shared_ptr<Stream> stream(Stream* handle) {
    // 0 and CU_STREAM_LEGACY
    if (handle == nullptr || (unsigned long) handle == 1) return legacy();
    for (auto& stream : streams)
        if (stream.get() == handle) return stream;
    return nullptr;
}

int destroyStream(Stream* handle) {
    auto it = std::find_if(streams.begin(), streams.end(), [=](auto& stream) { return stream.get() == handle; });
    if (it == streams.end()) return INVALID_HANDLE;
    auto stream = *it;
    int result = drain(*stream, stream->issued);
    streams.erase(std::find(streams.begin(), streams.end(), stream));
    return result;
}

void forgetQueues() {
    streams.push_back(legacy());
    for (auto& stream : streams) {
        stream->queue.clear();
        stream->done = stream->issued;
        stream->capture = nullptr;
        stream->origin = false;
    }
    streams.pop_back();
}

int drain(Stream& stream, unsigned long long upTo) {
    while (stream.done < upTo && !stream.queue.empty()) {
        Operation operation = std::move(stream.queue.front());
        stream.queue.pop_front();
        int error = theSticky != SUCCESS ? SUCCESS : operation();
        stream.done++;
        if (error != SUCCESS) theSticky = error;
    }
    return theSticky;
}

bool poll(Stream& stream, unsigned long long upTo) {
    bool ended = stream.done >= upTo;
    if (!ended) drain(stream, stream.done + 1);
    return ended;
}

int drainAll() {
    // The youngest stream first: work that should have waited for an older stream's, and does not, comes too early.
    for (int i = (int) streams.size() - 1; i >= 0; i--) drain(*streams[i], streams[i]->issued);
    return drain(*legacy(), legacy()->issued);
}

int enqueue(const std::shared_ptr<Stream>& stream, Operation operation) {
    if (stream->capture) {
        if (stream->capture->invalid) return CAPTURE_INVALIDATED;
        auto& nodes = stream->capture->graph.nodes;
        nodes.push_back({std::move(operation), stream->ends});
        stream->ends = {(int) nodes.size() - 1};
        return SUCCESS;
    }
    if (stream == legacy())
        for (auto& other : streams)
            if (other->blocking && other->capture) {
                other->capture->invalid = true;
                return CAPTURE_IMPLICIT;
            }
    auto before = inStep(stream);
    if (!before.empty()) {
        operation = [before, operation] {
            for (auto& [other, upTo] : before)
                if (int error = drain(*other, upTo)) return error;
            return operation();
        };
    }
    stream->queue.push_back(std::move(operation));
    stream->issued++;
    if (isEager) return drain(*stream, stream->issued);
    if (stream->queue.size() > LONGEST_QUEUE) return drain(*stream, stream->issued - LONGEST_QUEUE / 2);
    return SUCCESS;
}

bool anyCapture() {
    return std::any_of(streams.begin(), streams.end(), [](auto& stream) { return stream->capture != nullptr; });
}

bool forbiddenByCapture() {
    const int GLOBAL = 0, THREAD_LOCAL = 1;
    bool forbidden = false;
    for (auto& stream : streams) {
        auto& capture = stream->capture;
        if (!capture) continue;
        if (capture->mode == GLOBAL || (capture->mode == THREAD_LOCAL && capture->thread == thisThread())) {
            capture->invalid = true;
            forbidden = true;
        }
    }
    return forbidden;
}

int record(Event& event, const std::shared_ptr<Stream>& stream) {
    if (stream->capture) {
        event.capture = stream->capture;
        event.nodes = stream->ends;
        event.stream = nullptr;
        return SUCCESS;
    }
    event.capture = nullptr;
    auto milliseconds = event.milliseconds = std::make_shared<double>(0);
    int result = enqueue(stream, [milliseconds] {
        *milliseconds = now();
        return SUCCESS;
    });
    event.stream = stream;
    event.at = stream->issued;
    return result;
}

int wait(const std::shared_ptr<Stream>& stream, Event& event) {
    if (event.capture) {
        if (!stream->capture) {
            stream->capture = event.capture;
            stream->ends = event.nodes;
            return SUCCESS;
        }
        if (stream->capture != event.capture) return CAPTURE_ISOLATION;
        stream->ends.insert(stream->ends.end(), event.nodes.begin(), event.nodes.end());
        return SUCCESS;
    }
    auto other = event.stream;
    auto upTo = event.at;
    if (!other) return SUCCESS;
    if (stream->capture) {
        stream->capture->invalid = true;
        return CAPTURE_ISOLATION;
    }
    if (other == stream) return SUCCESS;
    return enqueue(stream, [other, upTo] { return drain(*other, upTo); });
}

int beginCapture(Stream& stream, int mode) {
    if (stream.capture || &stream == legacy().get()) return CAPTURE_UNSUPPORTED;
    stream.capture = std::make_shared<Capture>(Capture{{}, mode, thisThread()});
    stream.origin = true;
    stream.ends.clear();
    return SUCCESS;
}

int endCapture(Stream& stream, Graph** graph) {
    const int RELAXED = 2;
    *graph = nullptr;
    if (!stream.capture || !stream.origin) return INVALID_VALUE;
    auto capture = stream.capture;
    if (capture->mode != RELAXED && capture->thread != thisThread()) return CAPTURE_WRONG_THREAD;
    auto ends = stream.ends;
    for (auto& other : streams)
        if (other->capture == capture) {
            other->capture = nullptr;
            other->origin = false;
            other->ends.clear();
        }
    if (capture->invalid) return CAPTURE_INVALIDATED;
    if (!capture->graph.allBefore(ends)) return CAPTURE_UNJOINED;
    *graph = new Graph(capture->graph);
    return SUCCESS;
}

}  // namespace fake
