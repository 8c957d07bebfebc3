package dev.graft.examples.cli;

import dev.graft.io.file.AtomicText;
import dev.graft.nn.json.Json;
import dev.graft.nn.run.RunException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that reports to people on the terminal and to programs as JSON. */
abstract class ReportingCommand implements Callable<Integer> {
    /** What a shell reports for a program ended by Ctrl-C. */
    static final int STOPPED = 130;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write the result as JSON to this file; - is standard output.")
    private Optional<Path> json;

    private boolean delivered;

    /** Does the work and returns the result as maps, lists, strings and numbers. */
    abstract Object report();

    /** The exit code after a report. */
    int exitCode() {
        return 0;
    }

    @Override
    public final Integer call() {
        json.filter(file -> !Output.isStandardOutput(file)).ifPresent(file -> {
            Output.checkIsItsOwn(spec, "--json", file);
            Output.checkFile("--json", file);
        });
        deliver(report());
        return exitCode();
    }

    /** Writes the result for programs, once: by a command that goes on to something that may fail, or after it. */
    final void deliver(Object result) {
        if (delivered) {
            return;
        }
        delivered = true;
        json.ifPresent(file -> {
            if (Output.isStandardOutput(file)) {
                spec.commandLine().getOut().print(Json.write(result));
                spec.commandLine().getOut().flush();
            } else {
                AtomicText.write(file, Json.write(result));
            }
        });
    }

    /**
     * Writes a page for people, after the result: the work must not be lost because its page cannot be made.
     *
     * @throws RunException where it cannot be made
     */
    final void deliver(Object result, Path file, Supplier<String> page) {
        deliver(result);
        String html;
        try {
            html = page.get();
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError | LinkageError e) {
            throw new RunException(
                    "all is computed and the result is written, but --report could not be made ("
                            + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage()) + ")",
                    "use the result of --json",
                    e);
        }
        AtomicText.write(file, html);
        say("report written to " + file);
    }

    /** Tells a person at once. */
    final void say(String line) {
        out().println(line);
        out().flush();
    }

    final boolean hasJson() {
        return json.isPresent();
    }

    /** The file to report to. */
    final Optional<Path> json() {
        return json;
    }

    /** Whether something else than JSON is written to standard output for programs. */
    boolean writesStandardOutput() {
        return false;
    }

    /** Where people read: standard output, unless JSON or another file goes there. */
    final PrintWriter out() {
        return json.filter(Output::isStandardOutput).isPresent() || writesStandardOutput()
                ? spec.commandLine().getErr()
                : spec.commandLine().getOut();
    }
}
