package dev.graft.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/** A JVM of its own for what can happen only once in a process, such as loading a driver. */
final class Fork {
    private static final int SECONDS = 120;

    private Fork() {}

    /** What it printed, on both streams, and how it ended. */
    record Result(int exit, String output) {}

    /**
     * Runs a main class with this JVM's class path.
     *
     * @param keep which entries of the class path it gets
     * @param environment what differs from this process's
     */
    static Result run(
            Class<?> main,
            Predicate<String> keep,
            Map<String, String> environment,
            List<String> options,
            String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx512m", "-Xshare:auto", "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of("-Dorg.bytedeco.javacpp.maxphysicalbytes=0", "--add-modules", "jdk.incubator.vector"));
        command.addAll(options);
        command.add("-cp");
        command.add(String.join(":", classPath().stream().filter(keep).toList()));
        command.add(main.getName());
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile("graft-fork", ".txt");
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.redirectOutput(output.toFile()).environment().putAll(environment);
            Process process = builder.start();
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                throw new IOException("no end after " + SECONDS + " s:\n" + Files.readString(output));
            }
            return new Result(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        } finally {
            Files.delete(output);
        }
    }

    /** The entries of this JVM's class path, those that Surefire hides in the manifest of a jar included. */
    static List<String> classPath() throws IOException {
        List<String> entries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(":", -1)) {
            if (entry.contains("surefirebooter")) {
                try (JarFile jar = new JarFile(entry)) {
                    String inside = jar.getManifest().getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
                    Path folder = Path.of(entry).toAbsolutePath().getParent();
                    Stream.of(inside.split(" ", -1))
                            .map(uri -> folder.toUri().resolve(uri))
                            .map(uri -> Path.of(uri).normalize().toString())
                            .forEach(entries::add);
                }
            } else {
                entries.add(entry);
            }
        }
        return entries.stream().filter(e -> !e.isEmpty()).distinct().toList();
    }

    /** The lines of what it printed that begin with this word, without it. */
    static List<String> lines(Result result, String word) {
        return Arrays.stream(result.output().split("\n", -1))
                .filter(line -> line.startsWith(word + " "))
                .map(line -> line.substring(word.length() + 1))
                .toList();
    }
}
