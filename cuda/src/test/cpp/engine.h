// Runs the threads of a block one after another, as fibers that are switched at barriers and shuffles. What one thread must
// not see of another before a barrier depends on the order in which they run: several orders make a missing barrier show.
#pragma once

#include <string>
#include <vector>

#include "registry.h"

struct uint3 {
    unsigned x, y, z;
};

namespace hostsim {

enum Order {
    FORWARD = 0,
    BACKWARD = 1,
    SHUFFLED = 2,
    // One warp runs as far as it can before the next begins: shows a barrier that is missing between warps only.
    WARPS_FORWARD = 3,
    WARPS_BACKWARD = 4,
};

void order(int order);
int order();

// Runs all blocks. An empty string if all went well, else what the kernel did wrong and where.
std::string launch(const Kernel& kernel, const KernelFile& file, void** arguments, uint3 grid, uint3 block);

const std::vector<const KernelFile*>& files();

}  // namespace hostsim
