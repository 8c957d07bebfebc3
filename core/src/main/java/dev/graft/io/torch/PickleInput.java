package dev.graft.io.torch;

import dev.graft.io.bytes.ByteSource;
import dev.graft.io.bytes.FileBytes;
import dev.graft.io.bytes.LittleEndian;
import dev.graft.io.file.WeightFileException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Reads a pickle's bytes in order from a region; every length is checked against what is left before anything is
 * allocated.
 */
final class PickleInput {
    private static final int WINDOW = 1 << 13;
    private static final int MAX_LINE = 512;
    private static final int MAX_TEXT = 1 << 20;

    private final FileBytes file;
    private final ByteSource region;
    private final long end;
    private final String what;
    private byte[] window = new byte[0];
    private long windowStart;
    private int at;

    /** @param what the name of what holds the pickle, for errors, such as "data.pkl" */
    PickleInput(FileBytes file, ByteSource region, long start, long end, String what) {
        this.file = file;
        this.region = region;
        this.windowStart = start;
        this.end = end;
        this.what = what;
    }

    long position() {
        return windowStart + at;
    }

    long remaining() {
        return end - position();
    }

    String what() {
        return what;
    }

    ByteSource region() {
        return region;
    }

    FileBytes file() {
        return file;
    }

    WeightFileException bad(String problem) {
        return file.damaged(what + ": " + problem + " (pickle byte " + position() + ")");
    }

    int readByte() {
        if (at == window.length) {
            fill();
        }
        return window[at++] & 0xff;
    }

    private void fill() {
        long next = position();
        int length = (int) Math.min(WINDOW, end - next);
        if (length <= 0) {
            throw file.truncatedIn(what);
        }
        window = region.read(next, length);
        windowStart = next;
        at = 0;
    }

    byte[] readBytes(long length) {
        if (length < 0) {
            throw bad("negative length " + length);
        }
        if (length > remaining()) {
            throw bad("a value of " + length + " bytes, but only " + remaining()
                    + " are left: the file is truncated or hostile");
        }
        byte[] bytes = new byte[Math.toIntExact(length)];
        int buffered = Math.min(bytes.length, window.length - at);
        System.arraycopy(window, at, bytes, 0, buffered);
        at += buffered;
        if (buffered < bytes.length) {
            long next = position();
            region.read(next, bytes, buffered, bytes.length - buffered);
            windowStart = next + bytes.length - buffered;
            window = new byte[0];
            at = 0;
        }
        return bytes;
    }

    int uint16() {
        return LittleEndian.uint16(readBytes(2), 0);
    }

    int int32() {
        return LittleEndian.int32(readBytes(4), 0);
    }

    long uint32() {
        return LittleEndian.uint32(readBytes(4), 0);
    }

    long int64() {
        return LittleEndian.int64(readBytes(8), 0);
    }

    void skip(long bytes) {
        if (bytes < 0 || bytes > remaining()) {
            throw bad("a block of " + bytes + " bytes, but only " + remaining() + " are left");
        }
        if (bytes <= window.length - at) {
            at += (int) bytes;
        } else {
            windowStart = position() + bytes;
            window = new byte[0];
            at = 0;
        }
    }

    String utf8(long length) {
        byte[] bytes = readBytes(length);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw bad("a string is not valid UTF-8");
        }
    }

    /** Up to the next newline, as GLOBAL's arguments are. */
    String line() {
        return line(MAX_LINE);
    }

    /** Up to the next newline, as protocol 0 writes strings. */
    String longLine() {
        return line(MAX_TEXT);
    }

    private String line(int most) {
        StringBuilder line = new StringBuilder();
        for (int b = readByte(); b != '\n'; b = readByte()) {
            if (line.length() == most) {
                throw bad("a name or number of more than " + most + " characters");
            }
            line.append((char) b);
        }
        return line.toString();
    }
}
