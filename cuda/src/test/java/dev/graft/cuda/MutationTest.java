package dev.graft.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.testing.Requirement;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * Faults planted in kernels are found by the tests under the fake driver, each in at least one order of threads. Faults
 * of the host's side, such as a missing wait or the use of freed memory, are planted in {@link FakeDriverTest}.
 */
class MutationTest {
    @Test
    void everyFaultPlantedInAKernelIsFound() throws IOException {
        Optional<String> reason = FakeDriver.unavailable();
        Requirement.of(reason.isEmpty(), reason.orElse(""));
        List<String> mutants = mutants().names();
        // a driver with mutants must be a JVM's only driver
        Fork.Result result = Fork.run(Main.class, entry -> true, Map.of(), List.of());
        assertThat(result.exit()).as(result.output()).isZero();
        assertThat(Fork.lines(result, "ran").stream().filter(line -> line.endsWith(": ")))
                .as("the true kernels in every order")
                .hasSize(FakeDriver.ORDERS);
        List<String> found = Fork.lines(result, "found");
        for (String mutant : mutants) {
            assertThat(found).as(result.output()).anyMatch(line -> line.endsWith(mutant));
        }
        assertThat(mutants).hasSize(13);
    }

    private static Mutants mutants() throws IOException {
        FakeBuild.Unit file = new FakeBuild()
                .kernelFiles().stream()
                        .filter(unit -> unit.name().equals(Probes.FILE))
                        .findFirst()
                        .orElseThrow();
        return new Mutants()
                .replace(file, "__syncthreads();  // written before read", "")
                .replace(file, "__syncthreads();  // read before written again", "")
                .replace(file, "__syncthreads();  // filled", "")
                .replace(file, "__syncthreads();  // one level", "")
                .replace(file, "__syncthreads();  // the tile", "")
                // one element too many, written and read
                .replace(
                        file,
                        "if (i < n) {                                                              \\",
                        "if (i <= n) { \\")
                .replace(file, "if (i >= n) return;\n    i64 rest", "if (i > n) return;\n    i64 rest")
                // the last element forgotten: the result keeps what was in the memory
                .replace(file, "if (r < rows && c < columns) y[", "if (r < rows - 1 && c < columns) y[")
                // shared memory read that nobody has written
                .replace(file, "if (lane == 0) partial[warp] = v;", "if (lane == 0 && warp == 0) partial[warp] = v;")
                .replace(file, "if (lane + s < 32)", "if (lane + s <= 32)")
                // an update that is not atomic is none the less right here, since threads do not run at once; a lost
                // one is not
                .replace(file, "atomicAdd(&bins[x[i] & 3], 1);", "bins[x[i] & 3] = 1;")
                .replace(file, "atomicMax(most, x[i]);", "atomicMax(most, -x[i]);")
                // half of a warp asks the other half, which is not there
                .replace(
                        file,
                        "for (int d = 16; d > 0; d >>= 1) v +=",
                        "if (threadIdx.x & 16) for (int d = 16; d > 0; d >>= 1) v +=");
    }

    /** Runs all probes for every mutant in every order, and prints what was found. */
    static final class Main {
        public static void main(String[] arguments) throws IOException {
            Mutants mutants = mutants();
            FakeDriver.load(mutants.units());
            for (int mutant = 0; mutant <= mutants.names().size(); mutant++) {
                String name = mutant == 0 ? "" : mutants.names().get(mutant - 1);
                for (int order = 0; order < FakeDriver.ORDERS; order++) {
                    String wrong = wrong(mutant, order);
                    System.out.println((wrong.isEmpty() ? "ran " : "found ") + order + " " + wrong + ": " + name);
                }
            }
        }

        private static String wrong(int mutant, int order) {
            for (Map.Entry<String, Consumer<RawDriver>> probe : Probes.all().entrySet()) {
                FakeDriver.reset();
                RawDriver driver = new RawDriver(Probes.FILE);
                FakeDriver.order(order);
                FakeDriver.variant(mutant);
                try {
                    probe.getValue().accept(driver);
                } catch (AssertionError | RawDriver.DriverError e) {
                    return probe.getKey() + " "
                            + (FakeDriver.complaint().isEmpty() ? "wrong values" : FakeDriver.complaint());
                } finally {
                    FakeDriver.reset();
                    driver.forget();
                }
            }
            return "";
        }
    }
}
