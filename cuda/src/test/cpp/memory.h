// Device memory of the fake driver. Every allocation lies at the end of pages of its own and its addresses are never used
// again, so that any access past it or after its end is a fault; the bytes that remain to the page's edge are guards.
#pragma once

#include <stddef.h>

#include <string>

namespace fake {

typedef unsigned long long Address;

// 0 where the total would be exceeded.
Address allocate(size_t bytes);
// False if nothing begins there. What it says of broken guards goes to `broken`.
bool release(Address start, std::string* broken);
// Whether all these bytes are of one living allocation. No bytes: also just behind it.
bool contains(Address from, size_t bytes);
// Says what is at an address, in words that follow "a read of".
const char* describe(Address address);
// Which allocation's guards have been overwritten; empty if none.
std::string brokenGuards();

void setTotal(size_t bytes);
size_t total();
size_t liveBytes();
size_t peakBytes();
size_t liveBlocks();
size_t allocations();

}  // namespace fake
