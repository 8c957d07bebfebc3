package dev.graft.io.archive;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * Writes stored ZIP members as PyTorch does: each member's bytes start at a multiple of 64, by padding in the header's
 * extra field, and records past 4 GB or 65,535 members use ZIP64.
 */
@SuppressWarnings("ByteBufferBackingArray") // each record is allocated here, whole
public final class ZipWriter {
    public static final int ALIGNMENT = 64;
    private static final int UTF8_NAMES = 1 << 11;
    private static final int VERSION = 20;
    private static final int VERSION64 = 45;
    /** 1 January 1980, the earliest date of the ZIP format, so that equal weights give equal files. */
    private static final int DATE = 0x21;

    private static final long MAX32 = 0xffffffffL;
    private static final int MAX16 = 0xffff;

    private final OutputStream out;
    private final ByteArrayOutputStream directory = new ByteArrayOutputStream();
    private long position;
    private int members;

    public ZipWriter(OutputStream out) {
        this.out = out;
    }

    public void add(String name, byte[] content) throws IOException {
        byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
        CRC32 crc = new CRC32();
        crc.update(content);
        int padding = padding(position + 30 + nameBytes.length);
        long header = position;
        ByteBuffer local = record(30 + nameBytes.length + padding);
        local.putInt(0x04034b50).putShort((short) VERSION);
        common(local, crc.getValue(), content.length, nameBytes.length, padding);
        local.put(nameBytes).put((byte) 'F').put((byte) 'B').putShort((short) (padding - 4));
        write(local);
        out.write(content);
        position += content.length;
        addToDirectory(nameBytes, crc.getValue(), content.length, header);
        members++;
    }

    /** At least the four bytes that an extra field's tag and length need. */
    private static int padding(long end) {
        int padding = (int) ((ALIGNMENT - end % ALIGNMENT) % ALIGNMENT);
        return padding < 4 ? padding + ALIGNMENT : padding;
    }

    private void addToDirectory(byte[] name, long crc, int size, long header) {
        int extra = header >= MAX32 ? 12 : 0;
        ByteBuffer entry = record(46 + name.length + extra);
        entry.putInt(0x02014b50).putShort((short) VERSION64).putShort((short) (extra > 0 ? VERSION64 : VERSION));
        common(entry, crc, size, name.length, extra);
        entry.putShort((short) 0)
                .putShort((short) 0)
                .putShort((short) 0)
                .putInt(0)
                .putInt((int) Math.min(header, MAX32))
                .put(name);
        if (extra > 0) {
            entry.putShort((short) 1).putShort((short) 8).putLong(header);
        }
        directory.writeBytes(entry.array());
    }

    private static void common(ByteBuffer record, long crc, int size, int nameLength, int extraLength) {
        record.putShort((short) UTF8_NAMES)
                .putShort((short) 0)
                .putShort((short) 0)
                .putShort((short) DATE)
                .putInt((int) crc)
                .putInt(size)
                .putInt(size)
                .putShort((short) nameLength)
                .putShort((short) extraLength);
    }

    public void finish() throws IOException {
        long start = position;
        directory.writeTo(out);
        position += directory.size();
        if (start >= MAX32 || members >= MAX16) {
            write(record(76)
                    .putInt(0x06064b50)
                    .putLong(44)
                    .putShort((short) VERSION64)
                    .putShort((short) VERSION64)
                    .putInt(0)
                    .putInt(0)
                    .putLong(members)
                    .putLong(members)
                    .putLong(directory.size())
                    .putLong(start)
                    .putInt(0x07064b50)
                    .putInt(0)
                    .putLong(start + directory.size())
                    .putInt(1));
        }
        short count = (short) Math.min(members, MAX16);
        write(record(22)
                .putInt(0x06054b50)
                .putInt(0)
                .putShort(count)
                .putShort(count)
                .putInt(directory.size())
                .putInt((int) Math.min(start, MAX32))
                .putShort((short) 0));
    }

    private static ByteBuffer record(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void write(ByteBuffer record) throws IOException {
        out.write(record.array());
        position += record.capacity();
    }
}
