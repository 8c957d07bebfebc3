package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A setting that cannot be read: one line that says what, where and the fix, and exit code 1. */
class SettingsTest {
    @TempDir
    private Path folder;

    private record Run(int code, String err) {}

    private Run graft(Map<String, String> environment, List<String> flags, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.add("--add-modules=jdk.incubator.vector");
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.graft.examples.Main"));
        command.addAll(List.of(arguments));
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(err.toFile());
        builder.environment().putAll(environment);
        builder.environment().putIfAbsent("GRAFT_NO_RESTART", "1");
        Process process = builder.start();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).as("the program ends").isTrue();
        return new Run(
                process.exitValue(),
                Files.readString(err)
                        .lines()
                        .filter(line -> !line.startsWith("WARNING: "))
                        .reduce("", (a, b) -> a + b + "\n"));
    }

    @ParameterizedTest
    @CsvSource({
        "GRAFT_THREADS,abc",
        "GRAFT_THREADS,0",
        "GRAFT_THREADS,-3",
        "GRAFT_THREADS,1.5",
        "GRAFT_THREADS,99999999999999999999",
        "GRAFT_NO_RESTART,maybe"
    })
    void ofTheEnvironment(String name, String value) throws Exception {
        Run run = graft(Map.of(name, value), List.of(), "doctor");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err())
                .startsWith("graft")
                .containsIgnoringCase(name.equals("GRAFT_THREADS") ? "threads" : name)
                .contains(value, "Hint: ")
                .doesNotContain("internal error")
                .hasLineCount(1);
    }

    @ParameterizedTest
    @CsvSource({"graft.threads,x", "graft.kernels,fast", "graft.winograd,3", "graft.pool.bytes,1g", "graft.blas,mkl"})
    void ofTheVirtualMachine(String name, String value) throws Exception {
        Run run = graft(Map.of(), List.of("-D" + name + "=" + value), "doctor");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err())
                .startsWith("graft doctor: ")
                .contains(name, value, "Hint: ")
                .doesNotContain("internal error")
                .hasLineCount(1);
    }

    @Test
    void ofTheWeightCache() throws Exception {
        Run run =
                graft(Map.of("GRAFT_OFFLINE", "sometimes"), List.of(), "predict", "--model", "squeezenet1_1", "x.png");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err())
                .isEqualTo(
                        "graft predict: GRAFT_OFFLINE: 'sometimes' says neither yes nor no. Hint: set it to 1 or 0.\n");
    }

    @Test
    void switchesAreReadInTheUsualWays() {
        for (String on : List.of("1", "true", "YES", " on ")) {
            assertThat(Switch.isOn("X", Optional.of(on))).as(on).isTrue();
        }
        for (String off : List.of("", " ", "0", "False", "no", "OFF")) {
            assertThat(Switch.isOn("X", Optional.of(off))).as(off).isFalse();
        }
        assertThat(Switch.isOn("X", Optional.empty())).isFalse();
        assertThatThrownBy(() -> Switch.isOn("X", Optional.of("2")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("X: '2' says neither yes nor no. Hint: set it to 1 or 0.");
    }
}
