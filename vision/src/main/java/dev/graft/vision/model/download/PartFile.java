package dev.graft.vision.model.download;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The part of a file that has been downloaded, kept between attempts so that the next one continues. Written by the
 * HTTP client's thread.
 */
final class PartFile implements AutoCloseable {
    private final FileChannel channel;
    private final long limit;
    private volatile long size;

    /** @param limit the most bytes that are accepted from a server */
    PartFile(Path path, long limit) throws IOException {
        channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        this.limit = limit;
        size = channel.size();
        if (size > limit) {
            restart();
        }
    }

    long size() {
        return size;
    }

    void restart() {
        try {
            channel.truncate(0);
            size = 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time
    void append(byte[] bytes) {
        try {
            if (size + bytes.length > limit) {
                throw new IOException("the server sends more than the " + limit + " bytes expected");
            }
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer, size + buffer.position());
            }
            size += bytes.length;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void force() throws IOException {
        channel.force(true);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
