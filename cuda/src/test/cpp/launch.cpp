// Modules, functions, launches; streams, events and graphs as the driver's functions.
#include <string.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "api.h"
#include "control.h"
#include "engine.h"

using namespace fake;
using hostsim::Argument;
using hostsim::Kernel;
using hostsim::KernelFile;

namespace {

const size_t MOST_SHARED = 49152, MOST_ARGUMENTS = 4096;
const int MOST_THREADS = 1024;

struct Function {
    std::string name;
    const KernelFile* file;  // whose text the module held; null where the text is no compiled file's
};

struct Module {
    const KernelFile* file;
    std::map<std::string, std::unique_ptr<Function>> functions;
};

struct Found {
    const Kernel* kernel = nullptr;
    const KernelFile* file = nullptr;
};

Found find(const std::string& name, const KernelFile* within, int variant) {
    for (const KernelFile* file : hostsim::files()) {
        if (file->variant != variant || (within != nullptr && strcmp(file->name, within->name) != 0)) continue;
        for (int i = 0; i < file->count; i++)
            if (name == file->kernels[i].name) return {&file->kernels[i], file};
    }
    return {};
}

// The kernel that runs now under a name: that of the variant that the test has chosen, if there is one.
Found resolve(const Function& function) {
    Found mutant = variant() == 0 ? Found{} : find(function.name, function.file, variant());
    return mutant.kernel != nullptr ? mutant : find(function.name, function.file, 0);
}

struct Launch {
    const Function* function;
    uint3 grid, block;
    std::vector<char> bytes;
    std::vector<size_t> offsets;
};

size_t up(size_t n, size_t unit) {
    return (n + unit - 1) / unit * unit;
}

std::string wrongPointer(const Kernel& kernel, const std::vector<void*>& arguments) {
    for (int i = 0; i < kernel.count; i++) {
        if (!kernel.arguments[i].pointer) continue;
        Address address = *(Address*) arguments[i];
        if (address != 0 && !contains(address, 0))
            return std::string("kernel ") + kernel.name + ": argument " + std::to_string(i) + " points to " + describe(address);
    }
    return "";
}

int run(Launch& launch) {
    Found found = resolve(*launch.function);
    countLaunch(launch.function->name);
    if (loseDevice()) {
        complain("the device is lost, as the test wishes");
        return LAUNCH_FAILED;
    }
    std::vector<void*> arguments;
    for (size_t offset : launch.offsets) arguments.push_back(launch.bytes.data() + offset);
    std::string wrong = wrongPointer(*found.kernel, arguments);
    if (wrong.empty()) wrong = hostsim::launch(*found.kernel, *found.file, arguments.data(), launch.grid, launch.block);
    if (wrong.empty()) {
        wrong = brokenGuards();
        if (!wrong.empty()) wrong = "kernel " + launch.function->name + " " + wrong;
    }
    if (wrong.empty()) return SUCCESS;
    complain(wrong);
    return wrong.find("barrier") != std::string::npos ? LAUNCH_FAILED : ILLEGAL_ADDRESS;
}

// Copies the arguments, which come as one pointer each or as one packed buffer. False if they do not fit the kernel.
bool copyArguments(Launch& launch, const Kernel& kernel, void** parameters, void** extra) {
    size_t end = 0;
    for (int i = 0; i < kernel.count; i++) {
        end = up(end, kernel.arguments[i].alignment);
        launch.offsets.push_back(end);
        end += kernel.arguments[i].bytes;
    }
    if (end > MOST_ARGUMENTS) return false;
    launch.bytes.resize(end);
    if (kernel.count == 0) return true;
    if (parameters != nullptr) {
        for (int i = 0; i < kernel.count; i++)
            memcpy(launch.bytes.data() + launch.offsets[i], parameters[i], kernel.arguments[i].bytes);
        return true;
    }
    const void* buffer = nullptr;
    size_t bytes = 0;
    for (; extra != nullptr && *extra != nullptr; extra += 2) {
        if (*extra == (void*) 1) buffer = extra[1];
        else if (*extra == (void*) 2) bytes = *(size_t*) extra[1];
        else return false;
    }
    if (buffer == nullptr || bytes < end) return false;
    memcpy(launch.bytes.data(), buffer, end);
    return true;
}

int record(Event* event, Stream* handle) {
    auto s = stream(handle);
    return s && event != nullptr ? fake::record(*event, s) : (int) INVALID_HANDLE;
}

}  // namespace

// The image is the kernel file's text, which FakeDriver.java has compiled into this library.
API(cuModuleLoadData)(Module** module, const void* image) {
    ENTER
    const char* text = (const char*) image;
    if (strstr(text, "KERNEL") == nullptr) return INVALID_IMAGE;
    auto* loaded = new Module{nullptr, {}};
    for (const KernelFile* file : hostsim::files())
        if (file->variant == 0 && file->text[0] != 0 && strstr(text, file->text) != nullptr) loaded->file = file;
    *module = loaded;
    return SUCCESS;
}

API(cuModuleLoadDataEx)(Module** module, const void* image, unsigned, void*, void*) {
    return cuModuleLoadData(module, image);
}

API(cuModuleUnload)(Module* module) {
    ENTER
    if (int error = drainAll()) return error;
    delete module;
    return SUCCESS;
}

API(cuModuleGetFunction)(Function** function, Module* module, const char* name) {
    ENTER
    auto& known = module->functions[name];
    if (!known && find(name, module->file, 0).kernel != nullptr) known.reset(new Function{name, module->file});
    *function = known.get();
    return known ? SUCCESS : NOT_FOUND;
}

API(cuFuncGetAttribute)(int* value, int which, Function* function) {
    ENTER
    Found found = resolve(*function);
    switch (which) {
        case 0: *value = MOST_THREADS; return SUCCESS;
        // What all kernels of the file share, since only the device's compiler knows which uses what.
        case 1: *value = (int) (found.file->sharedEnd - found.file->sharedStart); return SUCCESS;
        case 4: *value = 32; return SUCCESS;
        case 5: case 6: *value = capability(); return SUCCESS;
        default: *value = 0; return SUCCESS;
    }
}

API(cuFuncSetAttribute)(Function*, int, int) {
    ENTER
    return SUCCESS;
}

API(cuFuncSetCacheConfig)(Function*, int) {
    ENTER
    return SUCCESS;
}

API(cuOccupancyMaxActiveBlocksPerMultiprocessor)(int* blocks, Function*, int threads, size_t) {
    ENTER
    if (threads < 1 || threads > MOST_THREADS) return INVALID_VALUE;
    *blocks = std::min(16, MOST_THREADS / threads);
    return SUCCESS;
}

API(cuLaunchKernel)(Function* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                    unsigned shared, Stream* handle, void** parameters, void** extra) {
    ENTER
    auto s = stream(handle);
    if (!s || function == nullptr) return INVALID_HANDLE;
    bool fits = gx >= 1 && gx <= 2147483647u && gy >= 1 && gy <= 65535 && gz >= 1 && gz <= 65535 && bx >= 1 && bx <= 1024 &&
                by >= 1 && by <= 1024 && bz >= 1 && bz <= 64 && bx * by * bz <= (unsigned) MOST_THREADS && shared <= MOST_SHARED;
    auto launch = std::make_shared<Launch>(Launch{function, {gx, gy, gz}, {bx, by, bz}, {}, {}});
    if (!fits || !copyArguments(*launch, *resolve(*function).kernel, parameters, extra)) return INVALID_VALUE;
    return enqueue(s, [launch] { return run(*launch); });
}

API(cuStreamCreate)(Stream** handle, unsigned flags) {
    ENTER
    if (flags > 1) return INVALID_VALUE;
    *handle = createStream(flags == 0, 0);
    return SUCCESS;
}

API(cuStreamCreateWithPriority)(Stream** handle, unsigned flags, int priority) {
    ENTER
    if (flags > 1) return INVALID_VALUE;
    *handle = createStream(flags == 0, priority);
    return SUCCESS;
}

API(cuStreamGetPriority)(Stream* handle, int* priority) {
    ENTER
    auto s = stream(handle);
    if (!s) return INVALID_HANDLE;
    *priority = s->priority;
    return SUCCESS;
}

API(cuStreamDestroy_v2)(Stream* handle) {
    ENTER
    return destroyStream(handle);
}

API(cuStreamSynchronize)(Stream* handle) {
    ENTER
    auto s = stream(handle);
    if (!s) return INVALID_HANDLE;
    if (s->capture) {
        s->capture->invalid = true;
        return CAPTURE_UNSUPPORTED;
    }
    synchronizations++;
    return drain(*s, s->issued);
}

API(cuStreamQuery)(Stream* handle) {
    ENTER
    auto s = stream(handle);
    if (!s) return INVALID_HANDLE;
    if (s->capture) {
        s->capture->invalid = true;
        return CAPTURE_UNSUPPORTED;
    }
    return poll(*s, s->issued) ? SUCCESS : NOT_READY;
}

API(cuStreamIsCapturing)(Stream* handle, int* status) {
    ENTER
    auto s = stream(handle);
    if (!s) return INVALID_HANDLE;
    *status = !s->capture ? 0 : s->capture->invalid ? 2 : 1;
    return SUCCESS;
}

API(cuStreamWaitEvent)(Stream* handle, Event* event, unsigned) {
    ENTER
    auto s = stream(handle);
    return s && event != nullptr ? wait(s, *event) : (int) INVALID_HANDLE;
}

API(cuStreamBeginCapture_v2)(Stream* handle, int mode) {
    ENTER
    auto s = stream(handle);
    return s ? beginCapture(*s, mode) : (int) INVALID_HANDLE;
}

API(cuStreamEndCapture)(Stream* handle, Graph** graph) {
    ENTER
    auto s = stream(handle);
    return s ? endCapture(*s, graph) : (int) INVALID_HANDLE;
}

API(cuEventCreate)(Event** event, unsigned) {
    ENTER
    *event = new Event();
    return SUCCESS;
}

API(cuEventDestroy_v2)(Event* event) {
    ENTER
    delete event;
    return SUCCESS;
}

API(cuEventRecord)(Event* event, Stream* handle) {
    ENTER
    return record(event, handle);
}

API(cuEventRecordWithFlags)(Event* event, Stream* handle, unsigned) {
    ENTER
    return record(event, handle);
}

API(cuEventQuery)(Event* event) {
    ENTER
    if (event->capture) return CAPTURED_EVENT;
    return !event->stream || poll(*event->stream, event->at) ? SUCCESS : NOT_READY;
}

API(cuEventSynchronize)(Event* event) {
    ENTER
    if (event->capture) return CAPTURED_EVENT;
    synchronizations++;
    return event->stream ? drain(*event->stream, event->at) : (int) SUCCESS;
}

API(cuEventElapsedTime_v2)(float* milliseconds, Event* from, Event* to) {
    ENTER
    if (!from->stream || !to->stream) return INVALID_HANDLE;
    if (from->stream->done < from->at || to->stream->done < to->at) return NOT_READY;
    *milliseconds = (float) (*to->milliseconds - *from->milliseconds);
    return SUCCESS;
}

API(cuEventElapsedTime)(float* milliseconds, Event* from, Event* to) {
    return cuEventElapsedTime_v2(milliseconds, from, to);
}

API(cuGraphInstantiateWithFlags)(std::shared_ptr<Graph>** executable, Graph* graph, unsigned long long) {
    ENTER
    *executable = new std::shared_ptr<Graph>(new Graph(*graph));
    return SUCCESS;
}

API(cuGraphGetNodes)(Graph* graph, void**, size_t* count) {
    ENTER
    *count = graph->nodes.size();
    return SUCCESS;
}

API(cuGraphLaunch)(std::shared_ptr<Graph>* executable, Stream* handle) {
    ENTER
    auto s = stream(handle);
    if (!s) return INVALID_HANDLE;
    auto graph = *executable;
    return enqueue(s, [graph] { return graph->run(); });
}

API(cuGraphDestroy)(Graph* graph) {
    ENTER
    delete graph;
    return SUCCESS;
}

API(cuGraphExecDestroy)(std::shared_ptr<Graph>* executable) {
    ENTER
    delete executable;
    return SUCCESS;
}

API(cuGraphUpload)(std::shared_ptr<Graph>*, Stream*) {
    ENTER
    return SUCCESS;
}
