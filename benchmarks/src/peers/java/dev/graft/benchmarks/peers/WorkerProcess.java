package dev.graft.benchmarks.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A contestant in a child process that is idle between its turns. The process says {@link #READY} and a number, then
 * answers each line, a number of steps, with {@link #ANSWER} and the milliseconds of each step.
 */
final class WorkerProcess implements Turns.Contestant, AutoCloseable {
    static final String READY = "ready";
    static final String ANSWER = "ms ";

    private final String name;
    private final Process process;
    private final BufferedReader from;
    private final PrintStream to;
    private final String ready;

    WorkerProcess(String name, List<String> command, Map<String, String> environment) {
        this.name = name;
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(environment);
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        from = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        to = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        ready = await(READY);
    }

    /** What the process said when it was ready: the result of its first step. */
    float firstResult() {
        return Float.parseFloat(ready.substring(READY.length()).strip());
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
        throw new IllegalStateException(name + "'s process ended; its messages are above");
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
