package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The program's flags ({@link Launch}) are those that everything else runs with or recommends. Maven and annotations
 * cannot read them from there, so they repeat them, and this test holds them together.
 */
class JvmFlagsTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern FLAG =
            Pattern.compile("-(?:XX:|-add-modules|-enable-native|Dorg\\.bytedeco)[^\\s\"<`|,]*");
    private static final String VECTORS = "--add-modules=jdk.incubator.vector";
    private static final String PHYSICAL = "-Dorg.bytedeco.javacpp.maxphysicalbytes=0";

    private static final Set<String> PROGRAM = new TreeSet<>(new Launch(
                    List.of(),
                    22,
                    true,
                    true,
                    new LocaleText(StandardCharsets.UTF_8, Path.of("/proc/self/cmdline")),
                    new Streams(Optional.empty(), Optional.empty()))
            .missing());

    private static Set<String> flags(String text) {
        return FLAG.matcher(text.replace("--add-modules jdk", "--add-modules=jdk"))
                .results()
                .map(MatchResult::group)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String between(Path file, String start, String end) throws IOException {
        String text = Files.readString(ROOT.resolve(file));
        int from = text.indexOf(start);
        assertThat(from).as(start + " in " + file).isNotNegative();
        return text.substring(from, text.indexOf(end, from));
    }

    @Test
    void theDocumentationRecommendsWhatTheProgramTakes() throws IOException {
        Set<String> wanted = new TreeSet<>(PROGRAM);
        // For the size of one's own machine; and a second limit that matters to no one who sets the first.
        wanted.remove("-XX:MaxRAMPercentage=70");
        wanted.remove("-Dorg.bytedeco.javacpp.maxbytes=0");
        wanted.remove("-Djava.awt.headless=true");
        assertThat(flags(between(Path.of("docs/settings.md"), "| flag | why |", "\n\n")))
                .isEqualTo(wanted);
        assertThat(flags(between(Path.of("README.md"), "```\n" + VECTORS, "\n```")))
                .isEqualTo(wanted);
    }

    @Test
    void theTestsRunWithTheProgramsModuleAndLimits() throws IOException {
        Set<String> tests = flags(between(Path.of("pom.xml"), "<graft.test.args>", "</graft.test.args>"));
        assertThat(tests).containsExactlyInAnyOrder(VECTORS, PHYSICAL);
        assertThat(PROGRAM).containsAll(tests);
        assertThat(PROGRAM)
                .contains(between(Path.of("pom.xml"), "<graft.jdk.args>--", "</graft.jdk.args>")
                        .replace("<graft.jdk.args>", ""));
    }

    @Test
    void theSideBySideRunsMeasureTheProgramsFlags() throws IOException {
        Set<String> peers = flags(between(Path.of("benchmarks/pom.xml"), "<peers.jvm>", "</peers.jvm>"));
        assertThat(PROGRAM).containsAll(peers);
        assertThat(peers).isEqualTo(collector(true));
        assertThat(PROGRAM)
                .containsAll(flags(between(Path.of("benchmarks/pom.xml"), "<commandlineArgs>", "</commandlineArgs>")));
    }

    @Test
    void everyBenchmarkForksWithTheProgramsFlags() throws IOException {
        Set<String> wanted = collector(false);
        wanted.add(VECTORS);
        wanted.add(PHYSICAL);
        // lets one annotation serve systems without large pages
        wanted.add("-XX:+IgnoreUnrecognizedVMOptions");
        try (Stream<Path> files = Files.walk(ROOT.resolve("benchmarks/src/main/java"))) {
            List<Path> forks = files.filter(file -> file.toString().endsWith(".java"))
                    .filter(JvmFlagsTest::forks)
                    .toList();
            assertThat(forks).hasSizeGreaterThan(1);
            for (Path file : forks) {
                assertThat(flags(between(ROOT.relativize(file), "@Fork(", "})")))
                        .as(file.toString())
                        .isEqualTo(wanted);
            }
        }
    }

    private static boolean forks(Path file) {
        try {
            return Files.readString(file).contains("@Fork(");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** The flags of the collector and the compiler; the latter's concern the start alone, which JMH warms up past. */
    private static Set<String> collector(boolean withStart) {
        return PROGRAM.stream()
                .filter(flag -> flag.startsWith("-XX:") && !flag.contains("MaxRAM"))
                .filter(flag -> withStart || !flag.contains("Tier4"))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
