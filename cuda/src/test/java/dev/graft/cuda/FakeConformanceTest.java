package dev.graft.cuda;

import dev.graft.backend.conformance.BackendConformanceTest;
import dev.graft.tensor.Device;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The whole conformance suite on the text of the kernels, in one order of threads. */
class FakeConformanceTest extends BackendConformanceTest {
    /** Warp by warp, the last one first: as far as one runs before the next, missing barriers show best. */
    private static final int ORDER = 4;

    @BeforeAll
    static void order() {
        FakeDriver.load();
        FakeDriver.order(ORDER);
    }

    @AfterAll
    static void forward() {
        FakeDriver.order(0);
    }

    @Override
    protected Device device() {
        return FakeDevice.exact();
    }
}
