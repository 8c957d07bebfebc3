package dev.graft.examples.cli;

import dev.graft.examples.cli.text.VisibleText;
import dev.graft.io.file.AtomicFile;
import dev.graft.nn.train.StopSignal;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;

/** The program's root: it holds the commands and turns their failures into one line and an exit code. */
@Command(
        name = "graft",
        mixinStandardHelpOptions = true,
        versionProvider = VersionText.class,
        synopsisSubcommandLabel = "COMMAND",
        header = "Fine-tunes pretrained image networks on your own pictures, on the CPU.",
        subcommands = {
            FinetuneCommand.class,
            LrFindCommand.class,
            KfoldCommand.class,
            LearningCurveCommand.class,
            EvaluateCommand.class,
            PredictCommand.class,
            ExplainCommand.class,
            ServeCommand.class,
            InspectCommand.class,
            GenomicsCommand.class,
            DoctorCommand.class,
            DemoCommand.class,
            ReadmissionCommand.class
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

    private Optional<StopSignal> stop = Optional.empty();

    private Program() {}

    /** Runs one command line on the standard streams and ends this JVM with its exit code. */
    public static void runAndExit(String... args) {
        Program program = new Program();
        int code = program.execute(new FileOutputStream(FileDescriptor.out), System.err, args);
        if (program.stop.isPresent()) {
            if (program.stop.get().isRequested()) {
                // the JVM ends already, and with the code of Ctrl-C, whatever was achieved meanwhile
                Runtime.getRuntime().halt(code);
            }
            program.stop.get().close();
        }
        System.exit(code);
    }

    /** Runs one command line on the standard streams and returns its exit code. */
    public static int run(String... args) {
        return run(new FileOutputStream(FileDescriptor.out), System.err, args);
    }

    /** Runs one command line on other streams and returns its exit code: 1 where the answer was not written whole. */
    static int run(OutputStream standardOut, OutputStream standardErr, String... args) {
        Program program = new Program();
        try {
            return program.execute(standardOut, standardErr, args);
        } finally {
            program.stop.ifPresent(StopSignal::close);
        }
    }

    private int execute(OutputStream standardOut, OutputStream standardErr, String... args) {
        Charset charset = consoleCharset();
        StandardOutput out = new StandardOutput(standardOut, charset);
        PrintWriter err = new PrintWriter(new OutputStreamWriter(standardErr, charset), true);
        int code = execute(out.writer(), err, args);
        Optional<IOException> lost = out.failure();
        lost.ifPresent(e -> err.println("graft: standard output cannot be written (" + AtomicFile.reason(e)
                + "), so the answer is not whole. Hint: check what reads it, and that its disk has space left."));
        return lost.isPresent() && code == 0 ? FAILURE : code;
    }

    /** As {@link #run(OutputStream, OutputStream, String...)} on writers. */
    public static int run(PrintWriter out, PrintWriter err, String... args) {
        Program program = new Program();
        try {
            return program.execute(out, err, args);
        } finally {
            program.stop.ifPresent(StopSignal::close);
        }
    }

    /**
     * What Ctrl-C sets off. It stays open until the last line of the answer is written: what is complete by then shall
     * be told, and not be cut off.
     */
    StopSignal stopOnShutdown() {
        StopSignal signal = StopSignal.onShutdown();
        stop = Optional.of(signal);
        return signal;
    }

    private int execute(PrintWriter standardOut, PrintWriter standardErr, String... args) {
        PrintWriter out = VisibleText.to(standardOut);
        PrintWriter err = VisibleText.to(standardErr);
        CommandLine line = commandLine(out, err);
        try {
            return line.execute(args);
        } catch (OutOfMemoryError | LinkageError | StackOverflowError e) {
            return failed(err, args.length == 0 ? "" : args[0], e);
        } finally {
            out.flush();
            err.flush();
        }
    }

    /** The commands, to look at without running them. */
    static CommandLine commands(PrintWriter out, PrintWriter err) {
        return new Program().commandLine(out, err);
    }

    private CommandLine commandLine(PrintWriter out, PrintWriter err) {
        return new CommandLine(this)
                .registerConverter(Path.class, word -> Path.of(notEmpty(word)))
                .registerConverter(String.class, Program::notEmpty)
                .setOut(out)
                .setErr(err)
                .setColorScheme(Help.defaultColorScheme(Help.Ansi.OFF)) // what it colours with, VisibleText shows
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOverwrittenOptionsAllowed(true)
                .setParameterExceptionHandler(new WrongUsage())
                .setExecutionExceptionHandler((e, command, parsed) -> failed(err, name(command), e));
    }

    /** A command with those above it, without the program's own name. */
    private static String name(CommandLine command) {
        return command.getCommandSpec().qualifiedName(" ").replaceFirst("^\\S+ ", "");
    }

    /** An unset variable of a script makes an empty word, which as a path would mean the current folder. */
    private static String notEmpty(String word) {
        if (word.isEmpty()) {
            throw new TypeConversionException("is empty");
        }
        return word;
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
