#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <map>

namespace fake {
namespace {

const size_t PAGE = 4096;
// As far as a real driver's allocations are aligned. A smaller number would put the end nearer to the page's edge.
const size_t ALIGNMENT = 256;
// Address space, not memory. It bounds what a process can allocate over all its life.
const size_t ARENA = 16ull << 40;
// Uninitialised memory reads as NaN, or -1; a guard as a large negative number.
const int POISON = 0xff, GUARD = 0xfe;

struct Block {
    size_t bytes;
    Address firstPage, endOfPages;
};

std::map<Address, Block> live;
// Only sizes, to say how large the freed memory was that is used.
std::map<Address, size_t> freed;
Address next, limit;
size_t theTotal = 4ull << 30, used, peak, count;

size_t up(size_t bytes, size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

void reserve() {
    void* arena = mmap(nullptr, ARENA, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED) {
        perror("fake CUDA: cannot reserve addresses");
        abort();
    }
    next = (Address) arena;
    limit = next + ARENA;
}

// The first byte of [from, to) that is no guard any more, or `to`.
Address firstBroken(Address from, Address to) {
    for (; from < to; from++)
        if (*(unsigned char*) from != GUARD) return from;
    return to;
}

std::string broken(Address start, const Block& block, size_t before) {
    Address end = start + block.bytes, head = std::max(block.firstPage, start - std::min<Address>(start, before));
    Address low = firstBroken(head, start), high = firstBroken(end, block.endOfPages);
    char text[200];
    if (low < start)
        snprintf(text, sizeof text, "wrote before an allocation of %zu bytes, at byte -%llu", block.bytes, start - low);
    else if (high < block.endOfPages)
        snprintf(text, sizeof text, "wrote past the end of an allocation of %zu bytes, at byte %llu", block.bytes, high - start);
    else return "";
    return text;
}

}  // namespace

Address allocate(size_t bytes) {
    if (next == 0) reserve();
    if (used + bytes > theTotal) return 0;
    size_t pages = up(bytes, PAGE);
    Address from = next + PAGE;  // one page in between belongs to nobody
    if (from + pages + PAGE > limit) {
        fprintf(stderr, "fake CUDA: all addresses are used up\n");
        abort();
    }
    next = from + pages;
    if (mmap((void*) from, pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED) {
        perror("fake CUDA: mmap");
        abort();
    }
    Address start = next - up(bytes, ALIGNMENT);
    memset((void*) from, GUARD, start - from);
    memset((void*) start, POISON, bytes);
    memset((void*) (start + bytes), GUARD, next - start - bytes);
    live[start] = {bytes, from, next};
    used += bytes;
    peak = std::max(peak, used);
    count++;
    return start;
}

bool release(Address start, std::string* brokenText) {
    auto found = live.find(start);
    if (found == live.end()) return false;
    Block block = found->second;
    *brokenText = broken(start, block, PAGE);
    // Mapped anew without access: the pages go back to the system, and whoever still uses them is stopped.
    mmap((void*) block.firstPage, block.endOfPages - block.firstPage, PROT_NONE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    used -= block.bytes;
    live.erase(found);
    freed[start] = block.bytes;
    if (freed.size() > 100000) freed.erase(freed.begin());
    return true;
}

bool contains(Address from, size_t bytes) {
    auto after = live.upper_bound(from);
    if (after == live.begin()) return false;
    --after;
    Address end = after->first + after->second.bytes;
    return from <= end && bytes <= end - from;
}

// Called by a signal handler too, on behalf of a kernel: nothing here is in the midst of a change then.
const char* describe(Address address) {
    static char text[200];
    for (auto* blocks : {&freed}) {
        auto after = blocks->upper_bound(address);
        if (after == blocks->begin()) continue;
        --after;
        if (address < after->first + after->second) {
            snprintf(text, sizeof text, "freed memory: byte %llu of what was an allocation of %zu bytes", address - after->first, after->second);
            return text;
        }
    }
    auto after = live.upper_bound(address);
    if (after != live.begin()) {
        auto before = std::prev(after);
        Address end = before->first + before->second.bytes;
        if (address >= end && address - end < (1 << 20)) {
            snprintf(text, sizeof text, "memory %llu bytes past the end of an allocation of %zu bytes", address - end, before->second.bytes);
            return text;
        }
    }
    if (after != live.end() && after->first - address < (1 << 20)) {
        snprintf(text, sizeof text, "memory %llu bytes before an allocation of %zu bytes", after->first - address, after->second.bytes);
        return text;
    }
    snprintf(text, sizeof text, "memory that is not the device's (address 0x%llx)", address);
    return text;
}

std::string brokenGuards() {
    // All of what lies behind, but only the nearest bytes before: what is farther is looked at when the memory is freed.
    for (auto& [start, block] : live) {
        std::string text = broken(start, block, 64);
        if (!text.empty()) return text;
    }
    return "";
}

void setTotal(size_t bytes) {
    theTotal = bytes;
}

size_t total() {
    return theTotal;
}

size_t liveBytes() {
    return used;
}

size_t peakBytes() {
    return peak;
}

size_t liveBlocks() {
    return live.size();
}

size_t allocations() {
    return count;
}

}  // namespace fake
