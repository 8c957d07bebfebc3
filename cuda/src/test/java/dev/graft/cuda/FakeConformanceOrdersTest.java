package dev.graft.cuda;

import dev.graft.backend.conformance.BackendConformanceTest;
import dev.graft.tensor.Device;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The conformance suite in the orders of threads that {@link FakeConformanceTest} leaves out. */
@Tag("slow")
class FakeConformanceOrdersTest {
    private abstract static class InOrder extends BackendConformanceTest {
        private final int order;

        InOrder(int order) {
            this.order = order;
        }

        @Override
        protected Device device() {
            Device device = FakeDevice.exact();
            FakeDriver.order(order);
            return device;
        }
    }

    @AfterAll
    static void forward() {
        if (FakeDriver.unavailable().isEmpty()) {
            FakeDriver.order(0);
        }
    }

    @Nested
    class Forward extends InOrder {
        Forward() {
            super(0);
        }
    }

    @Nested
    class Backward extends InOrder {
        Backward() {
            super(1);
        }
    }

    @Nested
    class Shuffled extends InOrder {
        Shuffled() {
            super(2);
        }
    }

    @Nested
    class WarpByWarp extends InOrder {
        WarpByWarp() {
            super(3);
        }
    }
}
