package dev.graft.nn.data.sequence;

import dev.graft.io.file.FileException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The lines of a text file, plain or compressed, with their numbers. They must be UTF-8, unless they are asked for as
 * bytes, one character each, so that they can be written as they were.
 */
final class TextLines implements AutoCloseable {
    private static final char BYTE_ORDER_MARK = 0xFEFF;

    private final Path file;
    private final BufferedReader reader;
    private final boolean areBytes;
    private long line;

    private TextLines(Path file, boolean areBytes) {
        this.file = file;
        this.areBytes = areBytes;
        this.reader = new BufferedReader(
                new InputStreamReader(SequenceFiles.open(file), StandardCharsets.ISO_8859_1), 1 << 16);
    }

    TextLines(Path file) {
        this(file, false);
    }

    /** The lines of a file in any encoding that ASCII is a part of. */
    static TextLines ofBytes(Path file) {
        return new TextLines(file, true);
    }

    /** The next line; empty at the end. */
    Optional<String> next() {
        try {
            Optional<String> text = Optional.ofNullable(reader.readLine());
            line += text.isPresent() ? 1 : 0;
            return areBytes ? text : text.map(this::decoded);
        } catch (IOException e) {
            throw SequenceFiles.unreadable(file, line, e);
        }
    }

    private String decoded(String bytes) {
        if (bytes.chars().allMatch(c -> c < 0x80)) {
            return bytes;
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)))
                    .toString();
            return line == 1 && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw wrong("is not UTF-8", "convert the file, for example by iconv -f WINDOWS-1252 -t UTF-8");
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
