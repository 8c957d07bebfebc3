package dev.graft.examples;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The JVM flags that the program wants and this JVM was not given.
 *
 * @param given the flags this JVM was started with
 * @param features the JDK's feature version, such as 17
 * @param hugePages whether the system gives large pages to a program that asks for them
 * @param allowed whether the program may restart itself: not where {@code GRAFT_NO_RESTART=1} or it is the restarted
 *     one
 * @param text what this JVM takes names for
 * @param streams where what it prints goes
 */
record Launch(List<String> given, int features, boolean hugePages, boolean allowed, LocaleText text, Streams streams) {
    /** Set in the restarted JVM to the number of the process that started it. */
    static final String PARENT = "graft.launcher.pid";

    /** Set in the restarted JVM whose standard error leads to where its standard output does. */
    static final String ONE_STREAM = "graft.launcher.onestream";

    private static final Map<String, String> PROPERTIES = properties();
    private static final Pattern OWN_FILE = Pattern.compile("(.*?)/(?:dev|proc/self)/fd/([0-9]+)", Pattern.DOTALL);
    private static final int STANDARD_STREAMS = 3;

    Launch {
        given = List.copyOf(given);
    }

    /** @throws IllegalArgumentException where {@code GRAFT_NO_RESTART} cannot be read */
    static Launch ofThisJvm() {
        boolean forbidden = Switch.isOn("GRAFT_NO_RESTART", Optional.ofNullable(System.getenv("GRAFT_NO_RESTART")))
                || System.getProperty(PARENT) != null;
        return new Launch(
                ManagementFactory.getRuntimeMXBean().getInputArguments(),
                Runtime.version().feature(),
                givesHugePages(),
                !forbidden,
                LocaleText.ofThisJvm(),
                Streams.ofThisProcess());
    }

    // A switch of Linux alone; elsewhere, and where it says never, the JVM would refuse the flag or warn of it.
    private static boolean givesHugePages() {
        try {
            return !Files.readString(Path.of("/sys/kernel/mm/transparent_hugepage/enabled"))
                    .contains("[never]");
        } catch (IOException | SecurityException e) {
            return false;
        }
    }

    private static Map<String, String> properties() {
        Map<String, String> properties = new LinkedHashMap<>();
        // JavaCPP counts the whole process, heap included, against these limits and runs System.gc() when it comes near
        properties.put("org.bytedeco.javacpp.maxphysicalbytes", "0");
        properties.put("org.bytedeco.javacpp.maxbytes", "0");
        properties.put("java.awt.headless", "true");
        return properties;
    }

    /** A debugger listens on one port, so a JVM under one is left as it is. */
    boolean needsRestart() {
        return allowed
                && given.stream().noneMatch(flag -> flag.startsWith("-agentlib:jdwp"))
                && (!missing().isEmpty() || text.isPoor());
    }

    /** The flags to add, those that only a new JVM can take among them; what the user chose stays. */
    List<String> missing() {
        List<String> missing = new ArrayList<>();
        if (!has("-XX:+Use", "GC")) {
            // training makes garbage in bursts between steps; the parallel collector gives most throughput and no
            // barrier costs
            missing.add("-XX:+UseParallelGC");
            if (!has("-Xmn") && !has("-XX:MaxNewSize") && !has("-XX:NewSize")) {
                // tensors come from a pool that outlives steps; a young generation that grows to gigabytes would only
                // keep dead copies
                missing.add("-XX:MaxNewSize=128m");
            }
        }
        if (hugePages && !has("-XX:", "UseTransparentHugePages") && !has("-XX:", "UseLargePages")) {
            // tensors are read from end to end; with pages of 4 KiB, and in virtual machines most of all, their
            // addresses take time to find
            missing.add("-XX:+UseTransparentHugePages");
        }
        if (!has("-XX:Tier4BackEdgeThreshold")) {
            // avoids on-stack-replacement compilations of kernels' loops while the kernels themselves
            // wait to be compiled
            missing.add("-XX:Tier4BackEdgeThreshold=400000");
        }
        if (!has("-Xmx") && !has("-XX:MaxRAM") && !has("-XX:MaxHeapSize")) {
            missing.add("-XX:MaxRAMPercentage=70");
        }
        if (features >= 22 && !has("--enable-native-access")) {
            missing.add("--enable-native-access=ALL-UNNAMED");
        }
        if (given.stream()
                .noneMatch(flag -> flag.startsWith("--add-modules") && flag.contains("jdk.incubator.vector"))) {
            missing.add("--add-modules=jdk.incubator.vector");
        }
        if (!missing.isEmpty()) {
            PROPERTIES.forEach((name, value) -> {
                if (!has("-D" + name + "=")) {
                    missing.add("-D" + name + "=" + value);
                }
            });
        }
        return missing;
    }

    private boolean has(String start) {
        return has(start, "");
    }

    private boolean has(String start, String end) {
        return given.stream().anyMatch(flag -> flag.startsWith(start) && flag.endsWith(end));
    }

    /** The command line of the JVM that takes over. */
    List<String> command(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(given);
        command.addAll(missing());
        command.add("-D" + PARENT + "=" + ProcessHandle.current().pid());
        streams.terminal()
                .filter(known -> System.getProperty(Streams.FROM_SCRIPT) == null)
                .ifPresent(terminal -> command.add("-D" + Streams.FROM_SCRIPT + "=" + (terminal ? "err" : "none")));
        if (streams.same().orElse(false)) {
            command.add("-D" + ONE_STREAM + "=true");
        }
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        Optional<List<String>> escaped = text.escaped(arguments);
        escaped.ifPresent(all -> command.add("-D" + LocaleText.ESCAPED + "=true"));
        command.add(Main.class.getName());
        command.addAll(escaped.orElseGet(
                () -> Arrays.stream(arguments).map(Launch::forTheChild).toList()));
        return command;
    }

    /**
     * A shell's {@code >(...)} is an open file of this process, which the restarted JVM finds under this one's number.
     */
    private static String forTheChild(String argument) {
        Matcher own = OWN_FILE.matcher(argument);
        boolean readable = Files.isDirectory(Path.of("/proc/self/fd"));
        return readable && own.matches() && Long.parseLong(own.group(2)) >= STANDARD_STREAMS
                ? own.group(1) + "/proc/" + ProcessHandle.current().pid() + "/fd/" + own.group(2)
                : argument;
    }

    /**
     * Whether the JVM's line about the Vector API is taken out. The restarted JVM then prints its errors into a pipe,
     * whose content arrives a moment later; so it must be known whether the order with standard output can be seen.
     */
    boolean isFiltered() {
        return streams.same().isPresent();
    }

    /**
     * Sets what a running JVM can still take, and ends it with the launcher where that was killed. Lines on standard
     * output and standard error keep their order where both lead to one place.
     */
    void prepareThisJvm() {
        if (System.getProperty(ONE_STREAM) != null) {
            System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.out), true, charset()));
        }
        PROPERTIES.forEach((name, value) -> {
            if (System.getProperty(name) == null) {
                System.setProperty(name, value);
            }
        });
        Optional.ofNullable(System.getProperty(PARENT))
                .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid)))
                .ifPresent(launcher -> {
                    var unused = launcher.onExit().thenRun(() -> System.exit(1));
                });
    }

    private static Charset charset() {
        String name = System.getProperty("stdout.encoding", System.getProperty("native.encoding", ""));
        return !name.isEmpty() && Charset.isSupported(name) ? Charset.forName(name) : Charset.defaultCharset();
    }
}
