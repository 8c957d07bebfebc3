package dev.graft.nn.data.sequence;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/**
 * The bytes of a file from any place on. A file of bgzip consists of blocks of at most 64 KiB, each compressed by
 * itself; their headers say how long they are.
 *
 * @see <a href="https://samtools.github.io/hts-specs/SAMv1.pdf">The BGZF compression format, section 4.1</a>
 */
final class RandomBytes implements AutoCloseable {
    private static final int HEADER = 18;
    private static final int TRAILER = 8;

    private final Path file;
    private final FileChannel channel;
    private final long size;
    /** Empty for a plain file; else the place of each block in the file, and of its first byte in the content. */
    private final long[] blockAt;

    private final long[] contentAt;
    private int cached = -1;
    private byte[] block = new byte[0];

    private RandomBytes(Path file, FileChannel channel, long size, long[] blockAt, long[] contentAt) {
        this.file = file;
        this.channel = channel;
        this.size = size;
        this.blockAt = blockAt;
        this.contentAt = contentAt;
    }

    static RandomBytes open(Path file) {
        boolean plain = SequenceFiles.packing(file) == SequenceFiles.Packing.PLAIN;
        try {
            FileChannel channel = FileChannel.open(file);
            try {
                return plain
                        ? new RandomBytes(file, channel, channel.size(), new long[0], new long[0])
                        : ofBlocks(file, channel);
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw SequenceFiles.unreadable(file, 0, e);
        }
    }

    private static RandomBytes ofBlocks(Path file, FileChannel channel) throws IOException {
        List<Long> blocks = new ArrayList<>();
        List<Long> contents = new ArrayList<>();
        long content = 0;
        long at = 0;
        while (at < channel.size()) {
            long length = (read(channel, at, HEADER).getShort(16) & 0xffff) + 1L;
            blocks.add(at);
            contents.add(content);
            content += read(channel, at + length - 4, 4).getInt(0) & 0xffffffffL;
            at += length;
        }
        blocks.add(at);
        contents.add(content);
        return new RandomBytes(
                file,
                channel,
                content,
                blocks.stream().mapToLong(Long::longValue).toArray(),
                contents.stream().mapToLong(Long::longValue).toArray());
    }

    private static ByteBuffer read(FileChannel channel, long at, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, at + bytes.position()) < 0) {
                throw new EOFException();
            }
        }
        return bytes;
    }

    /** The length of the content. */
    long size() {
        return size;
    }

    /** Reads bytes from a place on, and returns how many there were. */
    int read(long at, byte[] target) {
        int count = (int) Math.max(0, Math.min(target.length, size - at));
        try {
            if (blockAt.length == 0) {
                read(channel, at, count).get(0, target, 0, count);
                return count;
            }
            int done = 0;
            while (done < count) {
                int index = blockOf(at + done);
                load(index);
                int from = (int) (at + done - contentAt[index]);
                int piece = Math.min(count - done, block.length - from);
                System.arraycopy(block, from, target, done, piece);
                done += piece;
            }
            return count;
        } catch (IOException e) {
            throw SequenceFiles.unreadable(file, 0, e);
        }
    }

    private int blockOf(long place) {
        int low = 0;
        int high = contentAt.length - 1;
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (contentAt[middle] <= place) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private void load(int index) throws IOException {
        if (index == cached) {
            return;
        }
        int packed = (int) (blockAt[index + 1] - blockAt[index]);
        ByteBuffer bytes = read(channel, blockAt[index], packed);
        byte[] compressed = new byte[packed];
        bytes.get(0, compressed);
        int extra = bytes.getShort(10) & 0xffff;
        Inflater inflater = new Inflater(true);
        try {
            int start = 12 + extra;
            inflater.setInput(compressed, start, packed - start - TRAILER);
            byte[] content = new byte[(int) (contentAt[index + 1] - contentAt[index])];
            int done = 0;
            while (done < content.length) {
                int n = inflater.inflate(content, done, content.length - done);
                if (n == 0) {
                    throw new ZipException("a block is shorter than it says");
                }
                done += n;
            }
            block = content;
            cached = index;
        } catch (DataFormatException e) {
            throw new ZipException("a block cannot be decompressed");
        } finally {
            inflater.end();
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw SequenceFiles.unreadable(file, 0, e);
        }
    }
}
