package dev.graft.examples.genomics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The most memory that this process has had, as Linux counts it ({@code VmHWM}). */
public final class PeakMemory {
    private PeakMemory() {}

    /** In bytes; empty where the system does not tell. */
    public static OptionalLong bytes() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst();
        } catch (IOException e) {
            return OptionalLong.empty(); // no Linux
        }
    }
}
