package dev.graft.backend.conformance;

import dev.graft.tensor.Device;

/**
 * A device with primitive kernels only, whose images are row-major: all that {@link dev.graft.backend.ComposedBackend}
 * makes of them has the values and gradients that PyTorch has, and keeps the contract towards the primitive kernels.
 */
class ComposedConformanceTest extends BackendConformanceTest {
    @Override
    protected Device device() {
        return Device.of("reference:2");
    }
}
