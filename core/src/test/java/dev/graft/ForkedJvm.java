package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a {@code main} of the tests in a JVM of its own, with flags of its own and this JVM's class path. */
public final class ForkedJvm {
    private final Class<?> main;
    private String classPath = System.getProperty("java.class.path");
    private int seconds = 120;
    private Path home = Path.of(System.getProperty("java.home"));
    private final List<String> flags = new ArrayList<>(List.of("-Dorg.bytedeco.javacpp.maxphysicalbytes=0"));
    private final List<String> arguments = new ArrayList<>();
    private final Map<String, String> environment = new java.util.TreeMap<>();

    private ForkedJvm(Class<?> main) {
        this.main = main;
    }

    public static ForkedJvm of(Class<?> main) {
        return new ForkedJvm(main);
    }

    /** Another JDK than this one. */
    public ForkedJvm home(Path other) {
        home = other;
        return this;
    }

    /** Another class path than this JVM's. */
    public ForkedJvm classPath(String other) {
        classPath = other;
        return this;
    }

    public ForkedJvm flags(String... more) {
        flags.addAll(List.of(more));
        return this;
    }

    /** With the module of vectors, and whichever kernels this JVM was told to use. */
    public ForkedJvm vectors() {
        flags("--add-modules", "jdk.incubator.vector");
        String kernels = System.getProperty("graft.kernels");
        return kernels == null ? this : flags("-Dgraft.kernels=" + kernels);
    }

    /** How long it may take, even on a busy machine. */
    public ForkedJvm within(int limitInSeconds) {
        seconds = limitInSeconds;
        return this;
    }

    public ForkedJvm arguments(String... more) {
        arguments.addAll(List.of(more));
        return this;
    }

    public ForkedJvm environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /** What the JVM left: its exit code, standard output and standard error together. */
    public record Result(int exit, String output) {
        /** The output of a run that must succeed. */
        public String succeeded() {
            assertThat(exit).as(output).isZero();
            return output;
        }
    }

    public Result run() {
        List<String> command =
                new ArrayList<>(List.of(home.resolve("bin").resolve("java").toString()));
        command.addAll(flags);
        command.addAll(List.of("-cp", classPath, main.getName()));
        command.addAll(arguments);
        try {
            Path output = Files.createTempFile("forked", ".log");
            try {
                ProcessBuilder builder =
                        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
                builder.environment().remove("JAVA_TOOL_OPTIONS");
                builder.environment().remove("JDK_JAVA_OPTIONS");
                builder.environment().remove("GRAFT_THREADS");
                builder.environment().putAll(environment);
                Process process = builder.start();
                if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    throw new AssertionError(
                            main.getName() + " did not end in " + seconds + " s: " + Files.readString(output));
                }
                return new Result(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
            } finally {
                Files.deleteIfExists(output);
            }
        } catch (IOException e) {
            throw new AssertionError(main.getName() + " could not be started", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(main.getName() + " was interrupted", e);
        }
    }
}
