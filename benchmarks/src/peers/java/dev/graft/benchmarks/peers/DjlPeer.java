package dev.graft.benchmarks.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** DJL as a contestant, in a child process that is idle between its turns. */
final class DjlPeer implements Turns.Contestant, AutoCloseable {
    static final String READY = "ready";
    static final String ANSWER = "ms ";

    private final Process process;
    private final BufferedReader from;
    private final PrintStream to;

    DjlPeer(Task task, int threads) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        ProcessBuilder builder = new ProcessBuilder(List.of(
                java,
                "-Xmx2g",
                "-XX:+UseParallelGC",
                "-Dai.djl.offline=true",
                "-Dai.djl.pytorch.num_threads=" + threads,
                "-Dai.djl.pytorch.num_interop_threads=1",
                "-Dslf4j.internal.verbosity=ERROR",
                "-cp",
                System.getProperty("java.class.path"),
                DjlWorker.class.getName(),
                task.model(),
                task.mode(),
                "" + task.batch(),
                "" + task.size()));
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("OPT_OUT_TRACKING", "true");
        builder.environment().put("OMP_NUM_THREADS", "" + threads);
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        from = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        to = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        await(READY);
    }

    static boolean knows(Task task) {
        return task.model().equals("resnet18");
    }

    @Override
    public double[] turn(int steps) {
        to.println(steps);
        return Arrays.stream(await(ANSWER).substring(ANSWER.length()).split(" "))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    private String await(String start) {
        try {
            for (String line = from.readLine(); line != null; line = from.readLine()) {
                if (line.startsWith(start)) {
                    return line;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new IllegalStateException("DJL's process ended; its messages are above");
    }

    @Override
    public void close() {
        to.close();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
        }
    }
}
