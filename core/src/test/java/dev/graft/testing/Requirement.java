package dev.graft.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** What a test needs of the machine. */
public final class Requirement {
    private Requirement() {}

    /** Skips the test where the machine lacks it, and prints why. */
    public static void of(boolean given, String reason) {
        if (!given) {
            System.out.println("skipped: " + reason);
        }
        Assumptions.assumeTrue(given, reason);
    }

    /** Skips the test where a file or folder is not there, such as real data. */
    public static void file(Path path) {
        of(Files.exists(path), "no " + path);
    }
}
