package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.ForkedJvm;
import dev.graft.backend.Conv2dParams;
import dev.graft.cpu.CpuBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What docs/threads.md allows several threads at once: each gets the bits of a call alone. */
@Timeout(120)
class ConcurrentUseTest {
    private static final int ROUNDS = 4;
    private final CpuBackend cpu = CpuBackend.instance();
    private final int before = cpu.threads();

    @AfterEach
    void restore() {
        cpu.setThreads(before);
    }

    /** Weights that all threads share: convolutions with packed copies, a product, a depthwise convolution. */
    private record Shared(Tensor x, Tensor w, Tensor depthwise, Tensor table) {
        static Shared make() {
            SplittableRandom random = new SplittableRandom(4);
            return new Shared(
                    Tensor.randn(random, 2, 64, 20, 20),
                    Tensor.randn(random, 64, 64, 3, 3),
                    Tensor.randn(random, 64, 1, 3, 3),
                    Tensor.randn(random, 400, 50));
        }

        /** The result, and the gradient of what this thread alone has. */
        float[] compute(int number) {
            try (Scope scope = Scope.open()) {
                Tensor own = Tensor.randn(new SplittableRandom(number), 64).requireGrad(true);
                Tensor y = x.conv2d(w, Optional.of(own), Conv2dParams.of(1, 1))
                        .relu()
                        .conv2d(
                                depthwise,
                                Optional.empty(),
                                Conv2dParams.of(1, 1).groups(64));
                Tensor rows = y.reshape(128, 400).matmul(table).softmax(1);
                rows.square().sum().backward();
                float[] result = rows.toFloatArray();
                float[] gradient = own.grad().orElseThrow().toFloatArray();
                float[] all = Arrays.copyOf(result, result.length + gradient.length);
                System.arraycopy(gradient, 0, all, result.length, gradient.length);
                return all;
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 2", "2, 2", "2, 16", "4, 3", "8, 8", "16, 4", "16, 16"})
    void operatorsOnSharedTensorsGiveTheBitsOfACallAlone(int threads, int callers) throws Exception {
        cpu.setThreads(1);
        Shared shared = Shared.make();
        List<float[]> alone = new ArrayList<>();
        for (int i = 0; i < callers; i++) {
            alone.add(shared.compute(i));
        }
        cpu.setThreads(threads);
        atOnce(callers, number -> {
            for (int round = 0; round < ROUNDS; round++) {
                assertThat(Arrays.mismatch(shared.compute(number), alone.get(number)))
                        .as(
                                "first difference of caller %d of %d with %d threads, round %d",
                                number, callers, threads, round)
                        .isEqualTo(-1);
            }
        });
    }

    /** Another number of threads, and memory given back, while others compute. */
    @Test
    void settingsMayChangeBetweenPieces() throws Exception {
        Shared shared = Shared.make();
        float[] alone = shared.compute(0);
        atOnce(4, number -> {
            for (int round = 0; round < 3 * ROUNDS; round++) {
                if (number == 0) {
                    cpu.setThreads(1 + round % 5);
                } else if (number == 1) {
                    cpu.trim();
                }
                assertThat(Arrays.mismatch(shared.compute(0), alone))
                        .as("first difference of caller %d, round %d", number, round)
                        .isEqualTo(-1);
            }
        });
    }

    @Test
    void aStorageEndsOnceWhoeverClosesItsTensors() throws Exception {
        for (int round = 0; round < 50; round++) {
            Tensor whole = Tensor.ones(1000);
            List<Tensor> views = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                views.add(whole.slice(0, i, i + 900));
            }
            whole.close();
            assertThat(views.get(3).sum().item()).isEqualTo(900f);
            atOnce(8, number -> {
                views.get(number).close();
                views.get(number).close(); // as harmless as anywhere
            });
            assertThat(whole.storage().isReleased()).isTrue();
            assertThat(whole.storage().holders()).isZero();
        }
    }

    @Test
    void theFirstUseMayComeFromManyThreadsAtOnce() {
        assertThat(ForkedJvm.of(FirstUse.class).vectors().run().succeeded()).contains("results: [1000.0]");
    }

    static final class FirstUse {
        public static void main(String[] arguments) throws Exception {
            List<Float> results = new ArrayList<>();
            atOnce(8, number -> {
                float sum =
                        Tensor.ones(10, 10).matmul(Tensor.ones(10, 10)).sum().item();
                synchronized (results) {
                    results.add(sum);
                }
            });
            System.out.println("results: " + results.stream().distinct().toList());
        }
    }

    private interface Caller {
        void call(int number) throws Exception;
    }

    private static void atOnce(int count, Caller caller) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(count);
        CountDownLatch begin = new CountDownLatch(count);
        try {
            List<Future<?>> calls = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int number = i;
                calls.add(threads.submit(() -> {
                    begin.countDown();
                    begin.await();
                    caller.call(number);
                    return null;
                }));
            }
            for (Future<?> call : calls) {
                call.get();
            }
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }
}
