// Devices, contexts, limits, errors' names, and the memory of the device and of the host.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <map>

#include "api.h"
#include "control.h"
#include "engine.h"

using namespace fake;

std::recursive_mutex driverLock;
bool initialized;
thread_local void* currentContext;
unsigned long long synchronizations;

namespace {

int primaryContext;  // its address is the handle
std::map<char*, size_t> pinned;

bool isPinned(const void* address, size_t bytes) {
    auto after = pinned.upper_bound((char*) address);
    if (after == pinned.begin()) return false;
    --after;
    return (const char*) address + bytes <= after->first + after->second;
}

int attribute(int which) {
    switch (which) {
        case 1: return 1024;                // threads per block
        case 2: case 3: return 1024;        // block x, y
        case 4: return 64;                  // block z
        case 5: return 2147483647;          // grid x
        case 6: case 7: return 65535;       // grid y, z
        case 8: return 49152;               // shared memory per block
        case 9: return 65536;               // constant memory
        case 10: return 32;                 // warp
        case 11: return 2147483647;         // pitch
        case 12: return 65536;              // registers per block
        case 13: return 1000000;            // kHz
        case 14: return 512;                // alignment of textures
        case 16: return 4;                  // multiprocessors
        case 36: return 1000000;            // kHz of the memory
        case 37: return 256;                // bits of its bus
        case 38: return 4 << 20;            // second-level cache
        case 39: return 1024;               // threads per multiprocessor
        case 40: return 2;                  // copy engines
        case 41: return 1;                  // one address space
        case 75: return capability() / 10;
        case 76: return capability() % 10;
        case 81: return 65536;              // shared memory per multiprocessor
        case 82: return 65536;              // registers per multiprocessor
        case 97: return 65536;              // shared memory per block, on request
        case 106: return 16;                // blocks per multiprocessor
        default: return 0;
    }
}

// Looked at again when the copy runs: a graph may run after its memory was freed.
int copyIn(Address to, const void* from, size_t bytes) {
    if (!contains(to, bytes)) return ILLEGAL_ADDRESS;
    memcpy((void*) to, from, bytes);
    return SUCCESS;
}

int copyOut(void* to, Address from, size_t bytes) {
    if (!contains(from, bytes)) return ILLEGAL_ADDRESS;
    memmove(to, (const void*) from, bytes);
    return SUCCESS;
}

int outside(const char* what) {
    complain(std::string(what) + " of memory that is not the device's, or not all");
    return INVALID_VALUE;
}

int fill(Address at, unsigned value, int width, size_t count, Stream* handle) {
    auto s = stream(handle);
    if (!s) return INVALID_HANDLE;
    if (!contains(at, count * width) || at % width != 0) return outside("a fill");
    return enqueue(s, [=] {
        if (!contains(at, count * width)) return (int) ILLEGAL_ADDRESS;
        for (size_t i = 0; i < count; i++) memcpy((char*) at + i * width, &value, width);
        return (int) SUCCESS;
    });
}

int waitFor(Stream* handle) {
    auto s = stream(handle);
    synchronizations++;
    return drain(*s, s->issued);
}

}  // namespace

size_t fake::pinnedBytes() {
    size_t sum = 0;
    for (auto& [start, bytes] : pinned) sum += bytes;
    return sum;
}

API(cuInit)(unsigned) {
    std::lock_guard<std::recursive_mutex> guard(driverLock);
    if (initialized) return SUCCESS;
    if (const char* order = getenv("GRAFT_FAKE_ORDER")) control(ORDER, (size_t) atoi(order));
    if (const char* total = getenv("GRAFT_FAKE_TOTAL")) control(TOTAL, strtoull(total, nullptr, 10));
    if (const char* eager = getenv("GRAFT_FAKE_EAGER")) control(EAGER, (size_t) atoi(eager));
    initialized = true;
    return SUCCESS;
}

API(cuDriverGetVersion)(int* version) {
    *version = 13000;
    return SUCCESS;
}

// Libraries ask for private tables; a refusal is enough for them.
API(cuGetExportTable)(const void** table, const void*) {
    *table = nullptr;
    return INVALID_VALUE;
}

API(cuGetErrorName)(int error, const char** name) {
    static const std::map<int, const char*> names = {
        {SUCCESS, "CUDA_SUCCESS"},
        {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE"},
        {OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY"},
        {NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED"},
        {NO_DEVICE, "CUDA_ERROR_NO_DEVICE"},
        {INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE"},
        {INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE"},
        {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT"},
        {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE"},
        {NOT_FOUND, "CUDA_ERROR_NOT_FOUND"},
        {NOT_READY, "CUDA_ERROR_NOT_READY"},
        {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS"},
        {LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED"},
        {NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED"},
        {CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
        {CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"},
        {CAPTURE_UNJOINED, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED"},
        {CAPTURE_ISOLATION, "CUDA_ERROR_STREAM_CAPTURE_ISOLATION"},
        {CAPTURE_IMPLICIT, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT"},
        {CAPTURED_EVENT, "CUDA_ERROR_CAPTURED_EVENT"},
        {CAPTURE_WRONG_THREAD, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD"},
    };
    auto found = names.find(error);
    *name = found == names.end() ? nullptr : found->second;
    return found == names.end() ? INVALID_VALUE : SUCCESS;
}

API(cuGetErrorString)(int error, const char** text) {
    return cuGetErrorName(error, text);
}

API(cuDeviceGetCount)(int* count) {
    *count = 1;
    return initialized ? SUCCESS : NOT_INITIALIZED;
}

API(cuDeviceGet)(int* device, int ordinal) {
    if (!initialized) return NOT_INITIALIZED;
    if (ordinal != 0) return INVALID_DEVICE;
    *device = 0;
    return SUCCESS;
}

API(cuDeviceGetName)(char* name, int length, int) {
    snprintf(name, (size_t) length, "Fake CUDA device (CPU)");
    return SUCCESS;
}

API(cuDeviceTotalMem_v2)(size_t* bytes, int) {
    *bytes = total();
    return SUCCESS;
}

API(cuDeviceGetAttribute)(int* value, int which, int) {
    *value = attribute(which);
    return SUCCESS;
}

API(cuDeviceGetUuid_v2)(char* uuid, int) {
    memcpy(uuid, "graft-fake-gpu-0", 16);
    return SUCCESS;
}

API(cuDeviceGetUuid)(char* uuid, int device) {
    return cuDeviceGetUuid_v2(uuid, device);
}

API(cuDeviceGetPCIBusId)(char* text, int length, int) {
    snprintf(text, (size_t) length, "0000:00:00.0");
    return SUCCESS;
}

API(cuDevicePrimaryCtxRetain)(void** context, int) {
    if (!initialized) return NOT_INITIALIZED;
    *context = &primaryContext;
    return SUCCESS;
}

API(cuDevicePrimaryCtxRelease_v2)(int) {
    return SUCCESS;
}

API(cuCtxSetCurrent)(void* context) {
    currentContext = context;
    return SUCCESS;
}

API(cuCtxGetCurrent)(void** context) {
    *context = currentContext;
    return SUCCESS;
}

API(cuCtxPushCurrent_v2)(void* context) {
    return cuCtxSetCurrent(context);
}

API(cuCtxPopCurrent_v2)(void** context) {
    *context = currentContext;
    currentContext = nullptr;
    return SUCCESS;
}

API(cuCtxGetDevice)(int* device) {
    ENTER
    *device = 0;
    return SUCCESS;
}

API(cuCtxGetStreamPriorityRange)(int* least, int* greatest) {
    *least = 0;
    *greatest = -5;
    return SUCCESS;
}

API(cuCtxSetLimit)(int limit, size_t value) {
    std::lock_guard<std::recursive_mutex> guard(driverLock);
    return control(limit, value) ? SUCCESS : INVALID_VALUE;
}

API(cuCtxGetLimit)(size_t* value, int limit) {
    std::lock_guard<std::recursive_mutex> guard(driverLock);
    return read(limit, value) ? SUCCESS : INVALID_VALUE;
}

API(cuCtxSynchronize)() {
    ENTER
    if (forbiddenByCapture() || anyCapture()) return CAPTURE_UNSUPPORTED;
    synchronizations++;
    return drainAll();
}

API(cuMemAlloc_v2)(Address* address, size_t bytes) {
    ENTER
    if (bytes == 0) return INVALID_VALUE;
    if (forbiddenByCapture()) return CAPTURE_UNSUPPORTED;
    *address = failAllocation() ? 0 : allocate(bytes);
    return *address == 0 ? OUT_OF_MEMORY : SUCCESS;
}

API(cuMemFree_v2)(Address address) {
    ENTER
    if (address == 0) return SUCCESS;
    if (forbiddenByCapture()) return CAPTURE_UNSUPPORTED;
    // A real driver waits too, which makes freeing dear.
    synchronizations++;
    if (int error = drainAll()) return error;
    std::string broken;
    if (!release(address, &broken)) {
        complain("cuMemFree of an address where no allocation begins, or one that is freed already");
        return INVALID_VALUE;
    }
    if (broken.empty()) return SUCCESS;
    complain("found when memory was freed: something " + broken);
    setSticky(ILLEGAL_ADDRESS);
    return ILLEGAL_ADDRESS;
}

API(cuMemGetInfo_v2)(size_t* free, size_t* all) {
    ENTER
    *all = total();
    *free = *all - std::min(*all, liveBytes());
    return SUCCESS;
}

API(cuMemGetAddressRange_v2)(Address*, size_t*, Address) {
    return NOT_SUPPORTED;
}

API(cuMemHostAlloc)(void** address, size_t bytes, unsigned) {
    ENTER
    if (forbiddenByCapture()) return CAPTURE_UNSUPPORTED;
    *address = bytes == 0 ? nullptr : aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    if (*address == nullptr) return bytes == 0 ? INVALID_VALUE : OUT_OF_MEMORY;
    memset(*address, 0xff, bytes);
    pinned[(char*) *address] = bytes;
    return SUCCESS;
}

API(cuMemAllocHost_v2)(void** address, size_t bytes) {
    return cuMemHostAlloc(address, bytes, 0);
}

API(cuMemFreeHost)(void* address) {
    ENTER
    auto found = pinned.find((char*) address);
    if (found == pinned.end()) return INVALID_VALUE;
    int result = drainAll();
    memset(address, 0xff, found->second);
    pinned.erase(found);
    free(address);
    return result;
}

API(cuMemcpyHtoDAsync_v2)(Address to, const void* from, size_t bytes, Stream* handle) {
    ENTER
    auto s = stream(handle);
    if (!s) return INVALID_HANDLE;
    if (!contains(to, bytes)) return outside("a copy to the device");
    // Memory that is not pinned is read before the call returns, pinned memory when the stream gets there; and a graph reads
    // what its pointer points to when it runs.
    if (isPinned(from, bytes) || s->capture) return enqueue(s, [=] { return copyIn(to, from, bytes); });
    auto staged = std::make_shared<std::string>((const char*) from, bytes);
    return enqueue(s, [=] { return copyIn(to, staged->data(), bytes); });
}

API(cuMemcpyDtoHAsync_v2)(void* to, Address from, size_t bytes, Stream* handle) {
    ENTER
    auto s = stream(handle);
    if (!s) return INVALID_HANDLE;
    if (!contains(from, bytes)) return outside("a copy from the device");
    int result = enqueue(s, [=] { return copyOut(to, from, bytes); });
    return result != SUCCESS || s->capture || isPinned(to, bytes) ? result : drain(*s, s->issued);
}

API(cuMemcpyDtoDAsync_v2)(Address to, Address from, size_t bytes, Stream* handle) {
    ENTER
    auto s = stream(handle);
    if (!s) return INVALID_HANDLE;
    if (!contains(to, bytes) || !contains(from, bytes)) return outside("a copy");
    return enqueue(s, [=] { return contains(to, bytes) ? copyOut((void*) to, from, bytes) : (int) ILLEGAL_ADDRESS; });
}

API(cuMemcpyHtoD_v2)(Address to, const void* from, size_t bytes) {
    if (int error = cuMemcpyHtoDAsync_v2(to, from, bytes, nullptr)) return error;
    return waitFor(nullptr);
}

API(cuMemcpyDtoH_v2)(void* to, Address from, size_t bytes) {
    if (int error = cuMemcpyDtoHAsync_v2(to, from, bytes, nullptr)) return error;
    return waitFor(nullptr);
}

// The host does not wait for these two, nor does it with a real driver.
API(cuMemcpyDtoD_v2)(Address to, Address from, size_t bytes) {
    return cuMemcpyDtoDAsync_v2(to, from, bytes, nullptr);
}

API(cuMemsetD8_v2)(Address at, unsigned char value, size_t count) {
    ENTER
    return fill(at, value, 1, count, nullptr);
}

API(cuMemsetD32_v2)(Address at, unsigned value, size_t count) {
    ENTER
    return fill(at, value, 4, count, nullptr);
}

API(cuMemsetD8Async)(Address at, unsigned char value, size_t count, Stream* handle) {
    ENTER
    return fill(at, value, 1, count, handle);
}

API(cuMemsetD16Async)(Address at, unsigned short value, size_t count, Stream* handle) {
    ENTER
    return fill(at, value, 2, count, handle);
}

API(cuMemsetD32Async)(Address at, unsigned value, size_t count, Stream* handle) {
    ENTER
    return fill(at, value, 4, count, handle);
}
