package dev.graft.backend.conformance;

import dev.graft.tensor.Device;

/** The reference with images row-major, and index checks that throw when the device is waited for. */
class ChannelsFirstConformanceTest extends BackendConformanceTest {
    @Override
    protected Device device() {
        return Device.of("reference:1");
    }
}
