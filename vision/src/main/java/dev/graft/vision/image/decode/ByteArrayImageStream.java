package dev.graft.vision.image.decode;

import java.io.IOException;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * ImageIO's stream over an array, without the cache (or even a disk file) that {@code ImageIO.createImageInputStream}
 * would add.
 */
final class ByteArrayImageStream extends ImageInputStreamImpl {
    private final byte[] bytes;
    private final boolean strict;

    /**
     * @param strict whether reading beyond the end is an immediate error; some decoders treat end-of-file as zeros, and
     *     never stop
     */
    ByteArrayImageStream(byte[] bytes, boolean strict) {
        this.bytes = bytes;
        this.strict = strict;
    }

    @Override
    public int read() throws IOException {
        bitOffset = 0;
        return atEnd() ? -1 : bytes[(int) streamPos++] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        bitOffset = 0;
        if (length == 0) {
            return 0;
        }
        if (atEnd()) {
            return -1;
        }
        int n = Math.min(length, bytes.length - (int) streamPos);
        System.arraycopy(bytes, (int) streamPos, target, offset, n);
        streamPos += n;
        return n;
    }

    private boolean atEnd() throws IOException {
        if (strict && streamPos >= bytes.length) {
            throw new IOException("the data ends early");
        }
        return streamPos >= bytes.length;
    }

    @Override
    public long length() {
        return bytes.length;
    }

    @Override
    public boolean isCached() {
        return true;
    }

    @Override
    public boolean isCachedMemory() {
        return true;
    }
}
