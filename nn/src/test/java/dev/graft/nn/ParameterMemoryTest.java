package dev.graft.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.tensor.Device;
import dev.graft.tensor.Tensor;
import java.lang.ref.Reference;
import org.junit.jupiter.api.Test;

/** A parameter that moves keeps neither its old values nor their gradient. */
class ParameterMemoryTest {
    private static final int N = 1 << 18;
    private static final long BYTES = 4L * N;
    /** What other tests leave to the collector only lowers the count. */
    private static final long SLACK = BYTES / 4;

    @Test
    void movingFreesTheOldValuesAndTheirGradient() {
        long before = Device.cpu().memory().live();
        Parameter parameter = new Parameter(Tensor.ones(N));
        try {
            Tensor old = parameter.value();
            try (Tensor square = old.square();
                    Tensor sum = square.sum()) {
                sum.backward();
            }
            assertThat(parameter.grad()).isPresent();
            try (Tensor plain = old.detach()) {
                parameter.become(plain.copy());
            }
            assertThat(old.isClosed()).isTrue();
            assertThat(parameter.grad()).isEmpty();
            assertThat(Device.cpu().memory().live()).isLessThanOrEqualTo(before + BYTES + SLACK);
            parameter.close();
            parameter.close();
            assertThat(Device.cpu().memory().live()).isLessThanOrEqualTo(before + SLACK);
        } finally {
            Reference.reachabilityFence(parameter);
        }
    }
}
