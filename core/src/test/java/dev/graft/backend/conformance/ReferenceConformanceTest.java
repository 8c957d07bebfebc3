package dev.graft.backend.conformance;

import dev.graft.tensor.Device;

/**
 * The reference backend: its kernels run later on a thread of its own, its memory is no heap array and begins as NaN.
 * Where the CPU passes and this fails, code above the contract leans on what only the CPU does.
 */
class ReferenceConformanceTest extends BackendConformanceTest {
    @Override
    protected Device device() {
        return Device.of("reference");
    }
}
