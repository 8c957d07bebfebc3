// What tests ask of the fake driver, through cuCtxSetLimit and cuCtxGetLimit with numbers that CUDA does not use: Java 17
// cannot call functions of its own choice without JNI. FakeDriver.java holds the same numbers.
#pragma once

#include <stddef.h>

#include <string>

namespace fake {

enum Control {
    // cuCtxSetLimit
    RESET = 0x6000,               // forget errors and queued work; memory stays
    ORDER = 0x6001,               // see engine.h
    TOTAL = 0x6002,               // bytes of the device
    FAIL_ALLOCATIONS = 0x6003,    // that many from now on
    LOSE_AFTER = 0x6004,          // the device is lost after that many kernels; -1: never
    VARIANT = 0x6005,             // the kernels of this variant run, where there are any
    NAME = 0x6006,                // address of a zero-terminated name, for LAUNCHES
    EAGER = 0x6007,               // 1: operations run when they are queued
    CAPABILITY = 0x6008,          // compute capability, 75 for 7.5
    COPY_COMPLAINT = 0x6009,      // copies the last complaint to this address, 1,000 bytes
    // cuCtxGetLimit
    LIVE_BYTES = 0x6100,
    PEAK_BYTES = 0x6101,
    LAUNCHES = 0x6102,            // of the kernel NAME, or of all where NAME is empty
    SYNCHRONIZATIONS = 0x6103,
    ALLOCATIONS = 0x6104,
    LIVE_BLOCKS = 0x6105,
    PINNED_BYTES = 0x6106,
};

bool control(int what, size_t value);
bool read(int what, size_t* value);

// Says on stderr, and keeps for COPY_COMPLAINT, what is wrong.
void complain(const std::string& what);

int capability();
// True once for every allocation that has to fail.
bool failAllocation();
// True once the device is lost.
bool loseDevice();
int variant();
void countLaunch(const std::string& kernel);
size_t pinnedBytes();

}  // namespace fake
