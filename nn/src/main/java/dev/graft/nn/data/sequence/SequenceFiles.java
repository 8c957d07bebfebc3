package dev.graft.nn.data.sequence;

import dev.graft.io.file.AtomicFile;
import dev.graft.io.file.FileException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Opens files that may be compressed by gzip or bgzip, and says in one way what is wrong with them. */
final class SequenceFiles {
    private static final int BUFFER = 1 << 16;
    /** The empty block at the end of every whole file of bgzip. */
    private static final int END_BLOCK = 28;

    private SequenceFiles() {}

    /** How a file is compressed. */
    enum Packing {
        PLAIN,
        GZIP,
        BGZIP
    }

    /** The file's bytes, decompressed. */
    static InputStream open(Path file) {
        try {
            Packing packing = packing(file);
            InputStream raw = Files.newInputStream(file);
            return packing == Packing.PLAIN
                    ? new BufferedInputStream(raw, BUFFER)
                    : new GZIPInputStream(new BufferedInputStream(raw, BUFFER), BUFFER);
        } catch (IOException e) {
            throw unreadable(file, 0, e);
        }
    }

    /**
     * How a file is compressed, by its first bytes.
     *
     * @throws FileException for an empty file, and a bgzip file without its end block
     */
    static Packing packing(Path file) {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer head = ByteBuffer.allocate(18);
            while (head.hasRemaining() && channel.read(head) >= 0) {
                // until the head is full or the file ends
            }
            if (head.position() == 0) {
                throw new FileException(file + " is empty", "name a file with content");
            }
            byte[] bytes = head.array();
            if ((bytes[0] & 0xff) != 0x1f || (bytes[1] & 0xff) != 0x8b) {
                return Packing.PLAIN;
            }
            boolean blocks = (bytes[3] & 4) != 0 && bytes[12] == 'B' && bytes[13] == 'C';
            if (blocks && !endsWithEmptyBlock(channel)) {
                throw new FileException(
                        file + " is cut off: bgzip's end block is missing", "copy or download the file again");
            }
            return blocks ? Packing.BGZIP : Packing.GZIP;
        } catch (IOException e) {
            throw unreadable(file, 0, e);
        }
    }

    private static boolean endsWithEmptyBlock(FileChannel channel) throws IOException {
        if (channel.size() < END_BLOCK) {
            return false;
        }
        ByteBuffer end = ByteBuffer.allocate(END_BLOCK);
        channel.read(end, channel.size() - END_BLOCK);
        // its last eight bytes are the checksum and the size of nothing
        return (end.get(0) & 0xff) == 0x1f && (end.get(1) & 0xff) == 0x8b && end.getLong(END_BLOCK - 8) == 0;
    }

    /** @param line the last line that was read, from 1; 0 if it is not known */
    static FileException unreadable(Path file, long line, IOException cause) {
        String place = line > 0 ? " after line " + line : "";
        if (cause instanceof EOFException) {
            return new FileException(
                    file + " is cut off: its gzip data end early" + place, "copy or download the file again", cause);
        }
        if (cause instanceof ZipException) {
            return new FileException(
                    file + " is damaged" + place + ": " + cause.getMessage(), "copy or download the file again", cause);
        }
        if (cause instanceof NoSuchFileException) {
            return new FileException(file + " does not exist", "check the path", cause);
        }
        return new FileException(
                file + " cannot be read" + place + " (" + AtomicFile.reason(cause) + ")",
                "name a file that can be read",
                cause);
    }

    /** What is wrong at a line. */
    static FileException at(Path file, long line, String problem, String hint) {
        return new FileException(file + " line " + line + ": " + problem, hint);
    }
}
