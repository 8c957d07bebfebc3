package dev.graft.examples;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The JVM flags that the program wants and this JVM was not given.
 *
 * @param given the flags this JVM was started with
 * @param features the JDK's feature version, such as 17
 * @param hugePages whether the system gives large pages to a program that asks for them
 * @param allowed whether the program may restart itself: not where {@code GRAFT_NO_RESTART=1} or it is the restarted
 *     one
 * @param text what this JVM takes names for
 */
record Launch(List<String> given, int features, boolean hugePages, boolean allowed, LocaleText text) {
    /** Set in the restarted JVM to the number of the process that started it. */
    static final String PARENT = "graft.launcher.pid";

    private static final Map<String, String> PROPERTIES = properties();

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
                LocaleText.ofThisJvm());
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
            // loops of kernels are not compiled once more to be entered in their midst while the kernels themselves
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
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        Optional<List<String>> escaped = text.escaped(arguments);
        escaped.ifPresent(all -> command.add("-D" + LocaleText.ESCAPED + "=true"));
        command.add(Main.class.getName());
        command.addAll(escaped.orElse(List.of(arguments)));
        return command;
    }

    /** Sets what a running JVM can still take, and ends it with the launcher where that was killed. */
    void prepareThisJvm() {
        PROPERTIES.forEach((name, value) -> {
            if (System.getProperty(name) == null) {
                System.setProperty(name, value);
            }
        });
        Optional.ofNullable(System.getProperty(PARENT))
                .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid)))
                .ifPresent(launcher -> launcher.onExit().thenRun(() -> System.exit(1)));
    }
}
