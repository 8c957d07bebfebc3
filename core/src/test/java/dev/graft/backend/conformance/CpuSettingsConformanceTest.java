package dev.graft.backend.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.ForkedJvm;
import dev.graft.testing.Requirement;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The CPU with every other choice of kernels: each setting, and each width of vectors that the JVM can be told to use,
 * in a JVM of its own.
 */
class CpuSettingsConformanceTest {
    private static final String VECTORS = "--add-modules=jdk.incubator.vector";

    /** A JVM's flags, and what the backend must then say of itself. */
    record Run(String name, String kernels, String... flags) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Run> runs() {
        return Stream.of(
                new Run("plain", "plain Java loops", "-Dgraft.kernels=plain"),
                new Run("Winograd F(2x2)", "Vector API", VECTORS, "-Dgraft.winograd=2"),
                new Run("no Winograd", "Vector API", VECTORS, "-Dgraft.winograd=off"),
                new Run("256-bit vectors", "256 bits", VECTORS, "-XX:UseAVX=2"),
                new Run("128-bit vectors", "128 bits", VECTORS, "-XX:MaxVectorSize=16"));
    }

    static Stream<Run> rarerRuns() {
        return Stream.of(
                new Run("plain, Winograd F(2x2)", "plain Java loops", "-Dgraft.kernels=plain", "-Dgraft.winograd=2"),
                new Run("plain, no Winograd", "plain Java loops", "-Dgraft.kernels=plain", "-Dgraft.winograd=off"),
                new Run("plain, products in Java", "plain Java loops", "-Dgraft.kernels=plain", "-Dgraft.blas=java"),
                new Run("256 bits, Winograd F(2x2)", "256 bits", VECTORS, "-XX:UseAVX=2", "-Dgraft.winograd=2"),
                new Run("256 bits, no Winograd", "256 bits", VECTORS, "-XX:UseAVX=2", "-Dgraft.winograd=off"),
                new Run("128 bits, Winograd F(2x2)", "128 bits", VECTORS, "-XX:MaxVectorSize=16", "-Dgraft.winograd=2"),
                new Run("one thread", "Vector API", VECTORS, "-Dgraft.threads=1"),
                new Run("five threads", "Vector API", VECTORS, "-Dgraft.threads=5"));
    }

    @ParameterizedTest
    @MethodSource("runs")
    void conforms(Run run) {
        check(run);
    }

    @Tag("slow")
    @ParameterizedTest
    @MethodSource("rarerRuns")
    void conformsInRarerSettings(Run run) {
        check(run);
    }

    private static void check(Run run) {
        Requirement.of(
                !List.of(run.flags()).contains("-XX:UseAVX=2")
                        || List.of("amd64", "x86_64").contains(System.getProperty("os.arch")),
                run + ": only the JVM of x86 has the flag UseAVX");
        ForkedJvm.Result result = ForkedJvm.of(ConformanceRun.class)
                .flags("-Xmx1500m")
                .flags(run.flags())
                .arguments("cpu")
                .within(300)
                .run();
        Requirement.of(!result.output().contains("Unrecognized VM option"), run + ": this JVM lacks one of its flags");
        assertThat(result.succeeded()).contains(run.kernels());
        System.out.println(
                run + ": " + result.output().substring(result.output().lastIndexOf("conformance: ")));
    }
}
