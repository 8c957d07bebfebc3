package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.ForkedJvm;
import dev.graft.cpu.CpuBackend;
import dev.graft.testing.Requirement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The promises of {@code docs/determinism.md}: which kinds of operators keep their bits when something about the run
 * changes.
 */
class DeterminismTest {
    private static final Set<String> CONVOLUTIONS = Set.of(
            "3x3 convolutions, 32 channels and more",
            "other convolutions",
            "depthwise convolutions",
            "grouped convolutions");

    @Test
    void repetitionsAndThreadsChangeNoBit() {
        CpuBackend cpu = CpuBackend.instance();
        int before = cpu.threads();
        try {
            cpu.setThreads(1);
            Map<String, Long> one = BitsProbe.checksums();
            for (int threads : new int[] {1, 2, 16}) {
                cpu.setThreads(threads);
                assertThat(BitsProbe.checksums()).as("%d threads", threads).isEqualTo(one);
            }
        } finally {
            cpu.setThreads(before);
        }
    }

    private static Map<String, String> run(ForkedJvm jvm, int threads) {
        Map<String, String> sums = new LinkedHashMap<>();
        String output = jvm.arguments(Integer.toString(threads)).run().succeeded();
        output.lines().filter(l -> l.contains("\t")).forEach(l -> {
            String[] columns = l.split("\t", -1);
            sums.put(columns[0], columns[1]);
        });
        assertThat(sums).as(output).hasSizeGreaterThan(10);
        return sums;
    }

    private static ForkedJvm jvm(String... flags) {
        return ForkedJvm.of(BitsProbe.class).vectors().flags("-Xmx1g").flags(flags);
    }

    /** A JVM whose kernels do not follow this one's setting. */
    private static ForkedJvm other(String... flags) {
        return ForkedJvm.of(BitsProbe.class)
                .flags("--add-modules", "jdk.incubator.vector", "-Xmx1g")
                .flags(flags);
    }

    private static void expectSame(
            String what, Map<String, String> actual, Map<String, String> expected, Set<String> but) {
        Set<String> changed = new HashSet<>();
        expected.forEach((kind, sum) -> {
            if (!sum.equals(actual.get(kind))) {
                changed.add(kind);
            }
        });
        changed.removeAll(but);
        assertThat(changed).as("kinds of operators that changed with %s", what).isEmpty();
    }

    @Test
    @Tag("slow")
    void anotherProcessGivesTheSameBits() {
        Map<String, String> first = run(jvm(), 1);
        expectSame("another process and 16 threads", run(jvm(), 16), first, Set.of());
        expectSame(
                "the client compiler",
                run(other("-Dgraft.kernels=plain", "-XX:TieredStopAtLevel=1"), 2),
                run(other("-Dgraft.kernels=plain"), 1),
                Set.of());
    }

    @Test
    @Tag("slow")
    void vectorsOfOtherLengthsChangeConvolutionsAlone() {
        Requirement.of(
                System.getProperty("os.arch").matches("amd64|x86_64"), "the flags of this test are those of x86-64");
        Map<String, String> widest = run(other(), 1);
        Map<String, String> eight = run(other("-XX:UseAVX=2"), 1);
        expectSame("vectors of 8 floats", eight, widest, CONVOLUTIONS);
        expectSame("vectors of 4 floats", run(other("-XX:MaxVectorSize=16"), 1), widest, CONVOLUTIONS);
        expectSame("threads, with vectors of 8 floats", run(other("-XX:UseAVX=2"), 16), eight, Set.of());
        Map<String, String> plain = run(other("-Dgraft.kernels=plain"), 1);
        expectSame(
                "vectors of 8 floats in plain kernels",
                run(other("-Dgraft.kernels=plain", "-XX:UseAVX=2"), 2),
                plain,
                Set.of());
        Set<String> withNorm = new HashSet<>(CONVOLUTIONS);
        withNorm.add("batch norm");
        withNorm.add("matrix products");
        expectSame("plain kernels", plain, widest, withNorm);
    }

    @Test
    @Tag("slow")
    void winogradChangesItsConvolutionsAlone() {
        Map<String, String> usual = run(jvm(), 1);
        for (String choice : List.of("2", "off")) {
            expectSame(
                    "graft.winograd=" + choice,
                    run(jvm("-Dgraft.winograd=" + choice), 1),
                    usual,
                    Set.of("3x3 convolutions, 32 channels and more"));
        }
    }

    @Test
    @Tag("slow")
    void anotherMatrixProductChangesProductsOfPlainKernelsAlone() {
        expectSame("graft.blas=java", run(other("-Dgraft.blas=java"), 2), run(other(), 1), Set.of());
        Set<String> products = new HashSet<>(CONVOLUTIONS);
        products.remove("depthwise convolutions");
        products.add("matrix products");
        expectSame(
                "graft.blas=java in plain kernels",
                run(other("-Dgraft.kernels=plain", "-Dgraft.blas=java"), 2),
                run(other("-Dgraft.kernels=plain"), 1),
                products);
    }

    @Test
    @Tag("slow")
    void anotherJdkGivesTheSameBits() throws IOException {
        List<Path> others = otherJdks();
        Requirement.of(!others.isEmpty(), "no other JDK from 17 on lies beside " + System.getProperty("java.home"));
        Map<String, String> usual = run(jvm(), 1);
        for (Path home : others) {
            expectSame(home.toString(), run(jvm().home(home), 2), usual, Set.of());
        }
    }

    private static List<Path> otherJdks() throws IOException {
        Path own = Path.of(System.getProperty("java.home")).toRealPath();
        if (own.getParent() == null) {
            return List.of();
        }
        try (Stream<Path> homes = Files.list(own.getParent())) {
            return homes.filter(home -> Files.isExecutable(home.resolve("bin").resolve("java"))
                            && Files.isRegularFile(home.resolve("release")))
                    .filter(home -> feature(home) >= 17
                            && feature(home) != Runtime.version().feature())
                    .sorted()
                    .toList();
        }
    }

    private static int feature(Path home) {
        try (Stream<String> lines = Files.lines(home.resolve("release"))) {
            return lines.filter(l -> l.startsWith("JAVA_VERSION="))
                    .map(l -> l.replaceAll("[^0-9.]", "").split("\\."))
                    .mapToInt(v -> Integer.parseInt(v[0]))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }
}
