package dev.graft.examples.cli;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** What this machine and its JVM offer. */
final class Machine {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    /** The instruction sets that matrix kernels are chosen by, as Linux names them. */
    private static final Set<String> INSTRUCTION_SETS = Set.of(
            "sse4_2",
            "avx",
            "avx2",
            "fma",
            "f16c",
            "avx512f",
            "avx512bw",
            "avx512vl",
            "avx512_bf16",
            "avx512_vnni",
            "amx_bf16",
            "asimd",
            "sve",
            "sve2");

    private Machine() {}

    /** The processor's name where the system tells it. */
    static Optional<String> cpuModel() {
        return cpuInfo("model name");
    }

    /** The instruction sets that matter here; empty where the system does not tell. */
    static List<String> instructionSets() {
        Set<String> found = new TreeSet<>(INSTRUCTION_SETS);
        found.retainAll(Arrays.asList(
                cpuInfo("flags").or(() -> cpuInfo("Features")).orElse("").split(" ")));
        return List.copyOf(found);
    }

    private static Optional<String> cpuInfo(String key) {
        if (!Files.isReadable(CPU_INFO)) {
            return Optional.empty();
        }
        try {
            return Files.readAllLines(CPU_INFO).stream()
                    .filter(line -> line.startsWith(key))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Bytes of memory, the container's limit included. */
    static long memory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean os
                ? os.getTotalMemorySize()
                : 0;
    }

    static List<String> jvmFlags() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments();
    }

    static List<String> collectors() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .map(bean -> bean.getName())
                .toList();
    }
}
