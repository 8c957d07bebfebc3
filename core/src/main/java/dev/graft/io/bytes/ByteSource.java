package dev.graft.io.bytes;

/** A run of bytes that can be read at any position: a whole file, a member of an archive, a storage. */
public interface ByteSource {
    /** Length in bytes. */
    long size();

    /**
     * Copies {@code length} bytes from {@code offset} to {@code target[at...]}; the caller stays inside
     * {@link #size()}.
     */
    void read(long offset, byte[] target, int at, int length);

    /**
     * Called with the bytes of the whole region if they were read in one piece, so that a checksum costs no second
     * pass.
     */
    default void verify(byte[] whole) {}

    /** Called before parts of the region are read. */
    default void verify() {}

    default byte[] read(long offset, int length) {
        byte[] bytes = new byte[length];
        read(offset, bytes, 0, length);
        return bytes;
    }

    /** The bytes from {@code start} on as a separate region; the caller has checked the range. */
    default ByteSource slice(long start, long size) {
        ByteSource parent = this;
        return new ByteSource() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public void read(long offset, byte[] target, int at, int length) {
                parent.read(start + offset, target, at, length);
            }

            @Override
            public void verify() {
                parent.verify();
            }
        };
    }

    /** Bytes that are already in memory. */
    static ByteSource of(byte[] bytes) {
        return new ByteSource() {
            @Override
            public long size() {
                return bytes.length;
            }

            @Override
            public void read(long offset, byte[] target, int at, int length) {
                System.arraycopy(bytes, Math.toIntExact(offset), target, at, length);
            }
        };
    }
}
