package dev.graft.cuda;

import dev.graft.tensor.Device;
import java.nio.charset.StandardCharsets;

/**
 * The GPU backend on the fake driver: unchanged but for the compiler, since the driver takes the text of the kernels.
 */
public final class FakeDevice {
    private FakeDevice() {}

    /** A new device with its own backend. Skips the test where there is no fake driver. */
    public static Device create() {
        FakeDriver.load();
        return Device.of(backend());
    }

    /** As {@link #create}; every block of memory is one of the driver's, so that it sees what is written beyond it. */
    static Device exact() {
        FakeDriver.load();
        return Device.of(new CudaBackend(0, new TextCompiler(), false));
    }

    /** The backend of a new device; {@link FakeDriver#load} comes first. */
    static CudaBackend backend() {
        return new CudaBackend(0, new TextCompiler());
    }

    private static final class TextCompiler implements KernelCompiler {
        @Override
        public byte[] compile(String file, String text, int architecture) {
            return (text + "\0").getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String description() {
            return "the fake driver's kernels, compiled by g++";
        }
    }
}
