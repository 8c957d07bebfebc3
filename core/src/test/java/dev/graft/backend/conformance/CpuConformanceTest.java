package dev.graft.backend.conformance;

import dev.graft.tensor.Device;

/** The CPU, with the kernels that this JVM's settings choose. */
class CpuConformanceTest extends BackendConformanceTest {
    @Override
    protected Device device() {
        return Device.cpu();
    }
}
