package dev.graft.vision.image;

import javax.imageio.stream.ImageInputStreamImpl;

/** ImageIO's stream over an array, without the cache (let alone a disk file) that {@code ImageIO.createImageInputStream} puts between. */
final class ByteArrayImageStream extends ImageInputStreamImpl {
    private final byte[] bytes;

    ByteArrayImageStream(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public int read() {
        bitOffset = 0;
        return streamPos < bytes.length ? bytes[(int) streamPos++] & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        bitOffset = 0;
        if (length == 0) {
            return 0;
        }
        if (streamPos >= bytes.length) {
            return -1;
        }
        int n = Math.min(length, bytes.length - (int) streamPos);
        System.arraycopy(bytes, (int) streamPos, target, offset, n);
        streamPos += n;
        return n;
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
