package dev.graft.benchmarks.peers;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Starts programs in fresh processes. */
final class ChildJvm {
    private ChildJvm() {}

    /** The flags that the README asks for. */
    static List<String> graftFlags() {
        List<String> flags = new ArrayList<>(List.of(
                "--add-modules=jdk.incubator.vector",
                "-XX:+UseParallelGC",
                "-XX:MaxNewSize=128m",
                "-XX:+UseTransparentHugePages",
                "-XX:Tier4BackEdgeThreshold=400000",
                "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
                "-Dorg.bytedeco.javacpp.maxbytes=0"));
        if (Runtime.version().feature() >= 22) {
            flags.add("--enable-native-access=ALL-UNNAMED");
        }
        return flags;
    }

    static List<String> command(List<String> flags, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** The same class path without the peers' libraries. */
    static List<String> withoutPeers(List<String> command) {
        List<String> shorter = new ArrayList<>(command);
        int at = shorter.indexOf("-cp") + 1;
        shorter.set(
                at,
                Arrays.stream(shorter.get(at).split(File.pathSeparator))
                        .filter(entry -> !entry.matches(".*(pytorch|djl|jna|jmh).*"))
                        .collect(Collectors.joining(File.pathSeparator)));
        return shorter;
    }

    /** Runs to the end and returns what it printed on standard output; OpenMP and OpenBLAS get {@code threads}. */
    static String run(List<String> command, int threads) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("OMP_NUM_THREADS", "" + threads);
        builder.environment().put("OPENBLAS_NUM_THREADS", "1");
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int code = process.waitFor();
        if (code != 0) {
            throw new IOException("exit code " + code + " of " + String.join(" ", command));
        }
        return out;
    }
}
