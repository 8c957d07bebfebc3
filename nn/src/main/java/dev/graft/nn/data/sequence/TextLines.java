package dev.graft.nn.data.sequence;

import dev.graft.io.file.FileException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/** The lines of a text file, plain or compressed, with their numbers. */
final class TextLines implements AutoCloseable {
    private final Path file;
    private final BufferedReader reader;
    private long line;

    TextLines(Path file) {
        this.file = file;
        this.reader =
                new BufferedReader(new InputStreamReader(SequenceFiles.open(file), StandardCharsets.UTF_8), 1 << 16);
    }

    /** The next line; empty at the end. */
    Optional<String> next() {
        try {
            Optional<String> text = Optional.ofNullable(reader.readLine());
            line += text.isPresent() ? 1 : 0;
            return text;
        } catch (IOException e) {
            throw SequenceFiles.unreadable(file, line, e);
        }
    }

    /** The number of the line that was read last, from 1. */
    long line() {
        return line;
    }

    /** What is wrong with the line that was read last. */
    FileException wrong(String problem, String hint) {
        return SequenceFiles.at(file, line, problem, hint);
    }

    /** A whole number of the line that was read last, in a range. */
    long number(String text, String column, long least, long most) {
        try {
            long value = Long.parseLong(text);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw wrong(
                column + " is '" + text + "'",
                "it must be a whole number of at least " + least + "; are the columns separated by tabs?");
    }

    @Override
    public void close() {
        try {
            reader.close();
        } catch (IOException e) {
            throw SequenceFiles.unreadable(file, line, e);
        }
    }
}
