package dev.graft.examples.cli;

import java.io.PrintWriter;
import java.nio.charset.Charset;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The program's root: it holds the commands and turns their failures into one line and an exit code. */
@Command(
        name = "graft",
        mixinStandardHelpOptions = true,
        versionProvider = VersionText.class,
        synopsisSubcommandLabel = "COMMAND",
        header = "Fine-tunes pretrained image networks on your own pictures, on the CPU.",
        subcommands = {
            FinetuneCommand.class,
            EvaluateCommand.class,
            PredictCommand.class,
            InspectCommand.class,
            DoctorCommand.class,
            DemoCommand.class
        },
        footer = {
            "",
            "Start with: graft demo",
            "Exit codes: 0 success, 1 failure, 2 wrong usage, 130 stopped by Ctrl-C."
        })
public final class Program {
    /** The command could not do its work. */
    public static final int FAILURE = 1;
    /** The command line cannot be understood. */
    public static final int WRONG_USAGE = CommandLine.ExitCode.USAGE;

    @Option(
            names = "--stacktrace",
            scope = ScopeType.INHERIT,
            description = "On failure, print where in the program it happened.")
    private boolean stacktrace;

    private Program() {}

    /** Runs one command line on the standard streams and returns its exit code. */
    public static int run(String... args) {
        Charset charset = consoleCharset();
        return run(
                new PrintWriter(new java.io.OutputStreamWriter(System.out, charset), true),
                new PrintWriter(new java.io.OutputStreamWriter(System.err, charset), true),
                args);
    }

    /** As {@link #run(String...)} on other streams. */
    public static int run(PrintWriter out, PrintWriter err, String... args) {
        CommandLine line = commandLine(out, err);
        try {
            return line.execute(args);
        } catch (OutOfMemoryError | LinkageError | StackOverflowError e) {
            return line.<Program>getCommand().failed(err, args.length == 0 ? "" : args[0], e);
        } finally {
            out.flush();
            err.flush();
        }
    }

    static CommandLine commandLine(PrintWriter out, PrintWriter err) {
        Program program = new Program();
        return new CommandLine(program)
                .setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOverwrittenOptionsAllowed(true)
                .setExecutionExceptionHandler((e, command, parsed) -> program.failed(err, command.getCommandName(), e));
    }

    private int failed(PrintWriter err, String command, Throwable e) {
        err.println("graft " + command + ": " + Failures.line(e));
        if (stacktrace) {
            e.printStackTrace(err);
        }
        return FAILURE;
    }

    /** Java 18 and later say what the terminal reads; before that the platform's charset is the best guess. */
    private static Charset consoleCharset() {
        String name = System.getProperty("stdout.encoding", System.getProperty("native.encoding", ""));
        return !name.isEmpty() && Charset.isSupported(name) ? Charset.forName(name) : Charset.defaultCharset();
    }
}
