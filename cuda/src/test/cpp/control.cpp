#include "control.h"

#include <stdio.h>
#include <string.h>

#include <algorithm>
#include <map>

#include "api.h"
#include "engine.h"

namespace fake {
namespace {

std::map<std::string, size_t> launches;
size_t allLaunches;
std::string name, complaint;
long long failures, launchesLeft = -1;
int theVariant, theCapability = 75;

}  // namespace

bool control(int what, size_t value) {
    switch (what) {
        case RESET:
            setSticky(SUCCESS);
            forgetQueues();
            failures = 0;
            launchesLeft = -1;
            complaint.clear();
            return true;
        case ORDER: hostsim::order((int) value); return true;
        case TOTAL: setTotal(value); return true;
        case FAIL_ALLOCATIONS: failures = (long long) value; return true;
        case LOSE_AFTER: launchesLeft = (long long) value; return true;
        case VARIANT: theVariant = (int) value; return true;
        case NAME: name = (const char*) value; return true;
        case EAGER: setEager(value != 0); return true;
        case CAPABILITY: theCapability = (int) value; return true;
        case COPY_COMPLAINT: {
            size_t length = std::min<size_t>(complaint.size(), 999);
            memcpy((char*) value, complaint.data(), length);
            ((char*) value)[length] = 0;
            return true;
        }
        default: return false;
    }
}

bool read(int what, size_t* value) {
    switch (what) {
        case LIVE_BYTES: *value = liveBytes(); return true;
        case PEAK_BYTES: *value = peakBytes(); return true;
        case LAUNCHES: {
            auto found = launches.find(name);
            *value = name.empty() ? allLaunches : found == launches.end() ? 0 : found->second;
            return true;
        }
        case SYNCHRONIZATIONS: *value = synchronizations; return true;
        case ALLOCATIONS: *value = allocations(); return true;
        case LIVE_BLOCKS: *value = liveBlocks(); return true;
        case PINNED_BYTES: *value = pinnedBytes(); return true;
        default: return false;
    }
}

void complain(const std::string& what) {
    complaint = what;
    fprintf(stderr, "fake CUDA: %s\n", what.c_str());
}

int capability() {
    return theCapability;
}

bool failAllocation() {
    return failures > 0 && failures-- > 0;
}

bool loseDevice() {
    return launchesLeft >= 0 && launchesLeft-- == 0;
}

int variant() {
    return theVariant;
}

void countLaunch(const std::string& kernel) {
    launches[kernel]++;
    allLaunches++;
}

}  // namespace fake
