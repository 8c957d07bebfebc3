package dev.graft.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What Linux reports about NVIDIA's kernel driver, read without loading any native library. */
record NvidiaDriver(Optional<String> version) {
    private static final Path VERSION_FILE = Path.of("/proc/driver/nvidia/version");
    private static final Pattern NUMBER = Pattern.compile("\\b\\d+\\.\\d+(\\.\\d+)?\\b");

    static NvidiaDriver ofThisMachine() {
        return read(VERSION_FILE);
    }

    /** The first version number in the file; none if there is no such file. */
    static NvidiaDriver read(Path file) {
        try {
            Matcher number = NUMBER.matcher(Files.readString(file));
            return new NvidiaDriver(Optional.of(number.find() ? number.group() : "of unknown version"));
        } catch (IOException e) {
            // absent on machines without the driver, and on systems other than Linux
            return new NvidiaDriver(Optional.empty());
        }
    }
}
