package dev.graft.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Conv2dParams;
import dev.graft.tensor.Device;
import dev.graft.tensor.Tensor;
import dev.graft.testing.Requirement;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * Every barrier of the library's own kernels is needed: without it, results differ from the CPU's, or the fake driver
 * complains, in at least one order of threads.
 */
class KernelMutationTest {
    @Test
    void everyBarrierOfTheLibraryIsNeeded() throws IOException {
        Optional<String> reason = FakeDriver.unavailable();
        Requirement.of(reason.isEmpty(), reason.orElse(""));
        List<String> mutants = mutants().names();
        assertThat(mutants).isNotEmpty();
        Fork.Result result = Fork.run(Main.class, entry -> true, Map.of(), List.of("-Dgraft.cuda.pool=off"));
        assertThat(result.exit()).as(result.output()).isZero();
        assertThat(Fork.lines(result, "true"))
                .as(result.output())
                .hasSize(FakeDriver.ORDERS)
                .allMatch(""::equals);
        List<String> found = Fork.lines(result, "found");
        assertThat(mutants.stream().filter(mutant -> found.stream().noneMatch(line -> line.startsWith(mutant + ": "))))
                .as("not found: %s", result.output())
                .isEmpty();
    }

    private static Mutants mutants() throws IOException {
        Mutants mutants = new Mutants();
        new FakeBuild().libraryFiles().forEach(mutants::withoutEachBarrier);
        return mutants;
    }

    /** One operator for each kernel that has a barrier, on operands that take several warps and several steps. */
    private static Map<String, Function<Device, Tensor>> work() {
        Map<String, Function<Device, Tensor>> work = new LinkedHashMap<>();
        work.put("sum", device -> random(device, 1, 3000).sum());
        work.put("sums", device -> random(device, 2, 300, 7).sum(0));
        work.put("norm", device -> random(device, 3, 3000).norm());
        work.put("argmax", device -> random(device, 4, 3, 1000).argmax(1).to(dev.graft.type.DType.F32));
        work.put("cumsum", device -> random(device, 5, 2, 1000).cumsum(1));
        work.put("matmul", device -> random(device, 6, 70, 50).matmul(random(device, 7, 50, 90)));
        work.put(
                "conv2d",
                device -> gradient(
                        x -> x.conv2d(
                                random(device, 8, 6, 5, 3, 3).requireGrad(true),
                                Optional.empty(),
                                Conv2dParams.of(1, 1)),
                        device,
                        2,
                        5,
                        9,
                        11));
        work.put("conv2d's weight", device -> {
            Tensor weight = random(device, 9, 6, 5, 3, 3).requireGrad(true);
            random(device, 10, 2, 5, 9, 11)
                    .conv2d(weight, Optional.empty(), Conv2dParams.of(1, 1))
                    .pow(3)
                    .sum()
                    .backward();
            return weight.grad().orElseThrow();
        });
        work.put(
                "batchNormTrain",
                device -> gradient(
                        x -> x.batchNormTrain(
                                random(device, 11, 6),
                                random(device, 12, 6),
                                1e-3f,
                                Tensor.zeros(device, 6),
                                Tensor.full(device, 1, 6),
                                0.1f),
                        device,
                        4,
                        6,
                        9,
                        9));
        work.put("layerNorm's gamma", device -> {
            Tensor gamma = random(device, 13, 40).requireGrad(true);
            random(device, 14, 50, 40)
                    .layerNorm(gamma, random(device, 15, 40), 1e-3f)
                    .pow(3)
                    .sum()
                    .backward();
            return gamma.grad().orElseThrow();
        });
        return work;
    }

    private static Tensor gradient(Function<Tensor, Tensor> function, Device device, int... dims) {
        Tensor x = random(device, 16, dims).requireGrad(true);
        function.apply(x).pow(3).sum().backward();
        return x.grad().orElseThrow();
    }

    private static Tensor random(Device device, int seed, int... dims) {
        return Tensor.randn(new SplittableRandom(seed), dims).to(device);
    }

    /** Does all work for every mutant in every order, and prints what was found. */
    static final class Main {
        public static void main(String[] arguments) throws IOException {
            Mutants mutants = mutants();
            FakeDriver.load(mutants.units());
            Map<String, float[]> expected = new LinkedHashMap<>();
            work().forEach((name, operator) ->
                    expected.put(name, operator.apply(Device.cpu()).toFloatArray()));
            for (int mutant = 0; mutant <= mutants.names().size(); mutant++) {
                for (int order = 0; order < FakeDriver.ORDERS; order++) {
                    String wrong = wrong(mutant, order, expected);
                    if (mutant == 0) {
                        System.out.println("true " + wrong);
                    } else if (!wrong.isEmpty()) {
                        System.out.println(
                                "found " + mutants.names().get(mutant - 1) + ": order " + order + ", " + wrong);
                    }
                }
            }
        }

        private static String wrong(int mutant, int order, Map<String, float[]> expected) {
            List<String> wrong = new ArrayList<>();
            FakeDriver.reset();
            FakeDriver.order(order);
            FakeDriver.variant(mutant);
            // a lost device stays lost: each gets a backend of its own
            Device device = FakeDevice.create();
            for (Map.Entry<String, Function<Device, Tensor>> entry : work().entrySet()) {
                try {
                    if (differ(entry.getValue().apply(device).toFloatArray(), expected.get(entry.getKey()))) {
                        wrong.add(entry.getKey());
                    }
                } catch (IllegalStateException e) {
                    wrong.add(entry.getKey() + " fails: " + FakeDriver.complaint());
                    break;
                }
            }
            return String.join(", ", wrong);
        }

        private static boolean differ(float[] values, float[] expected) {
            double scale = 0;
            double difference = 0;
            for (int i = 0; i < values.length; i++) {
                scale = Math.max(scale, Math.abs(expected[i]));
                // NaN counts as a difference
                difference = Math.abs(values[i] - expected[i]) <= difference
                        ? difference
                        : Math.abs(values[i] - expected[i]);
                if (Float.isNaN(values[i])) {
                    return true;
                }
            }
            return difference > 1e-4 * scale;
        }
    }
}
