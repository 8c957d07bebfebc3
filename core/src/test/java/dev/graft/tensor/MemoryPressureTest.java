package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.ForkedJvm;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.MemoryStats;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Small heaps: what is only kept to save time gives way before anything fails, and a failure says who holds what. */
class MemoryPressureTest {
    private static final int MEBI = 1 << 20;

    @ParameterizedTest
    @ValueSource(strings = {"-XX:+UseSerialGC", "-XX:+UseParallelGC", "-XX:+UseG1GC"})
    void thePoolGivesWayToTheRestOfTheProgram(String collector) {
        String output = ForkedJvm.of(PoolThenProgram.class)
                .vectors()
                .flags("-Xmx160m", collector)
                .run()
                .succeeded();
        assertThat(output).contains("pooled before 64 MiB", "pooled after 0 MiB");
    }

    static final class PoolThenProgram {
        public static void main(String[] arguments) {
            List<Tensor> tensors = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                tensors.add(Tensor.zeros(MEBI));
            }
            tensors.forEach(Tensor::close);
            System.out.println("pooled before " + Device.cpu().memory().pooled() / MEBI + " MiB");
            List<byte[]> others = new ArrayList<>();
            for (int i = 0; i < 27; i++) {
                others.add(new byte[4 * MEBI - 64]);
            }
            System.out.println("pooled after " + Device.cpu().memory().pooled() / MEBI + " MiB, " + others.size());
        }
    }

    /** 36 MiB of weights and 40 MiB in the pool leave no room for copies of the weights in a heap of 100 MiB. */
    @Test
    void copiesOfWeightsAreDoneWithoutWhereTheyDoNotFit() {
        String output = ForkedJvm.of(FrozenConvolutions.class)
                .vectors()
                .flags("-Xmx100m", "-XX:+UseSerialGC")
                .run()
                .succeeded();
        assertThat(output).contains("same results").contains("at most -Xmx: true");
    }

    static final class FrozenConvolutions {
        public static void main(String[] arguments) {
            SplittableRandom random = new SplittableRandom(3);
            List<Tensor> weights = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                weights.add(Tensor.randn(random, 512, 512, 3, 3));
            }
            List<Tensor> pooled = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                pooled.add(Tensor.zeros(MEBI));
            }
            pooled.forEach(Tensor::close);
            Tensor x = Tensor.randn(random, 1, 512, 7, 7);
            float[] first = null;
            boolean same = true;
            for (int step = 0; step < 4; step++) {
                try (Scope scope = Scope.open()) {
                    Tensor y = x;
                    for (Tensor w : weights) {
                        y = y.conv2d(w, Optional.empty(), Conv2dParams.of(1, 1)).mul(1 / 64f);
                    }
                    float[] values = y.toFloatArray();
                    same &= first == null || java.util.Arrays.equals(first, values);
                    first = values;
                }
            }
            MemoryStats memory = Device.cpu().memory();
            System.out.println((same ? "same" : "other") + " results");
            System.out.println(
                    "at most -Xmx: " + (memory.total() <= Runtime.getRuntime().maxMemory()) + " " + memory);
        }
    }

    @Test
    void exhaustionSaysWhoHoldsWhat() {
        String output =
                ForkedJvm.of(Exhaustion.class).vectors().flags("-Xmx64m").run().succeeded();
        assertThat(output)
                .containsPattern(
                        "zeros: no room for a tensor of 8 MiB \\((3\\d|4\\d|5\\d) MiB live in tensors, 0 MiB in the pool, "
                                + "\\d+ MiB in packed weights, 0 MiB in scratch memory; heap limit 6\\d MiB\\)\\. Hint: raise -Xmx");
    }

    static final class Exhaustion {
        public static void main(String[] arguments) {
            Tensor.zeros(MEBI).close();
            List<Tensor> tensors = new ArrayList<>();
            try {
                while (tensors.size() < 100) {
                    tensors.add(Tensor.zeros(2 * MEBI));
                }
            } catch (IllegalStateException e) {
                System.out.println(e.getMessage());
            }
        }
    }
}
