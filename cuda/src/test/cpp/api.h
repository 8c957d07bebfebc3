// What every function of the driver does first.
#pragma once

#include <mutex>

#include "memory.h"
#include "streams.h"

// The calls of all threads run one after another: kernels, too, since they run inside calls.
extern std::recursive_mutex driverLock;

// What the calls of a thread need: cuInit, and a context that this thread has made current.
extern bool initialized;
extern thread_local void* currentContext;

// Waits for a stream or for all, counted.
extern unsigned long long synchronizations;

#define API(name) extern "C" __attribute__((visibility("default"))) int name

// An error that has made the device useless comes back from every call.
#define ENTER                                                   \
    std::lock_guard<std::recursive_mutex> guard(driverLock);    \
    if (!initialized) return fake::NOT_INITIALIZED;             \
    if (currentContext == nullptr) return fake::INVALID_CONTEXT; \
    if (fake::sticky() != fake::SUCCESS) return fake::sticky();
