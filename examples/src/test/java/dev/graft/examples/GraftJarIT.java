package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.graft.examples.cli.TinyImages;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Runs the packaged program as users do. */
class GraftJarIT {
    private static final Path JAR = Path.of(System.getProperty("graft.jar", "target/graft.jar"));
    private static final long MOST_BYTES = 200L << 20;

    @TempDir
    private Path folder;

    private record Run(int code, String out, String err) {}

    @BeforeEach
    void needsTheJar() {
        assumeThat(JAR).as("graft.jar is made by mvn package").exists();
    }

    private Run graft(Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
        return graft(List.of(), environment, arguments);
    }

    private Run graft(List<String> flags, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("-jar", JAR.toString()));
        command.addAll(List.of(arguments));
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("the program ends").isTrue();
        return new Run(
                process.exitValue(),
                Files.readString(out, StandardCharsets.UTF_8),
                Files.readString(err, StandardCharsets.UTF_8));
    }

    @Test
    void doctorRestartsWithTheFlagsItNeedsWithoutAWord() throws Exception {
        Run run = graft(Map.of(), "doctor");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .contains("-XX:+UseParallelGC", "not available: ")
                .containsPattern("matrix products +Vector API");
    }

    @Test
    void plainKernelsLoadOpenBlasWithoutAWord() throws Exception {
        Run run = graft(List.of("-Dgraft.kernels=plain"), Map.of(), "doctor");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).contains("-XX:+UseParallelGC").containsPattern("matrix products +OpenBLAS");
    }

    @Test
    void runsWithoutARestartToo() throws Exception {
        Run run = graft(Map.of("GRAFT_NO_RESTART", "1"), "doctor");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).containsPattern("matrix products +OpenBLAS").doesNotContain("graft.launcher.pid");
    }

    @Test
    void exitCodesPassTheLauncher() throws Exception {
        Run failed = graft(Map.of(), "inspect", folder.resolve("absent.pth").toString());
        assertThat(failed.code()).isEqualTo(1);
        assertThat(failed.err().strip().lines()).hasSize(1);
        assertThat(graft(Map.of(), "inspect").code()).isEqualTo(2);
    }

    /** What Ctrl-C and a polite kill do, through the launcher to the restarted Java. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aPoliteKillSavesACheckpointToResumeFrom() throws Exception {
        Path data = TinyImages.folder(folder.resolve("data"), 20, 1);
        Path run = folder.resolve("run");
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-jar",
                JAR.toString(),
                "finetune",
                "--data",
                data.toString(),
                "--model",
                "resnet20",
                "--weights",
                "none",
                "--freeze",
                "none",
                "--batch",
                "4",
                "--epochs",
                "100000",
                "--out",
                run.toString());
        Path out = folder.resolve("out");
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(folder.resolve("err").toFile())
                .start();
        Path log = run.resolve("log.csv");
        for (int tries = 0; tries < 600 && process.isAlive() && !Files.exists(log); tries++) {
            Thread.sleep(100);
        }
        process.destroy();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).as("the program ends").isTrue();
        assertThat(process.exitValue()).isNotZero();
        assertThat(Files.readString(out))
                .contains("stopped; to continue: java -jar " + JAR + " finetune")
                .contains("--resume");
        assertThat(run.resolve("last.safetensors")).exists();
        assertThat(run.resolve("model.safetensors")).doesNotExist();
    }

    @Test
    void theJarIsOfReasonableSize() throws Exception {
        assertThat(Files.size(JAR)).isLessThan(MOST_BYTES);
    }
}
