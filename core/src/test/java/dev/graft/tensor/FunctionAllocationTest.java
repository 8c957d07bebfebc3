package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Vectors stay in registers: a function that is cut wrongly makes objects on JDK 17, 12 to 24 bytes a number. */
class FunctionAllocationTest {
    private static final int N = 1 << 18;
    private static final int MOST_RUNS = 400;

    @Test
    void functionsMakeNoObjectsOnceTheyAreCompiled() {
        Tensor x = Tensor.randn(new SplittableRandom(3), N);
        check("exp", x, Tensor::exp);
        check("tanh", x, Tensor::tanh);
        check("sigmoid", x, Tensor::sigmoid);
        check("gelu", x, Tensor::gelu);
        check("geluTanh", x, Tensor::geluTanh);
        check("silu", x, Tensor::silu);
        check("softplus", x, Tensor::softplus);
        check("erf", x, Tensor::erf);
        check("expm1", x, Tensor::expm1);
        check("elu", x, v -> v.elu(1));
        Tensor rows = x.reshape(N / 1024, 1024);
        Tensor ones = Tensor.ones(1024);
        check("softmax", rows, v -> v.softmax(-1));
        check("logSoftmax", rows, v -> v.logSoftmax(-1));
        check("layerNorm", rows, v -> v.layerNorm(ones, ones, 1e-5f));
    }

    /** Runs until one run makes less than a byte a number, beside what the scratch blocks take. */
    private static void check(String name, Tensor x, UnaryOperator<Tensor> function) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int run = 0; run < MOST_RUNS && least >= N; run++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            try (Scope scope = Scope.open()) {
                assertThat(function.apply(x).numel()).isEqualTo(N);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(least).as("bytes allocated by %s of %d numbers", name, N).isLessThan(N);
    }
}
