package dev.graft.io.archive;

import dev.graft.io.bytes.ByteSource;
import dev.graft.io.bytes.CheckedSizes;
import dev.graft.io.bytes.FileBytes;
import dev.graft.io.bytes.LittleEndian;
import dev.graft.io.file.WeightFileException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The members of a ZIP (and ZIP64) file, checked before use: the central directory must agree with every local header,
 * members may not overlap, and the unpacked size must be in proportion to the file.
 *
 * @see <a href="https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT">APPNOTE.TXT</a>
 */
public final class ZipArchive {
    private static final int END_SIZE = 22;
    private static final int LOCATOR64_SIZE = 20;
    private static final int END64_SIZE = 56;
    private static final int MAX_COMMENT = 0xffff;
    private static final int CENTRAL_SIZE = 46;
    private static final int LOCAL_SIZE = 30;
    private static final int STORED = 0;
    private static final int DEFLATED = 8;
    private static final int CHUNK = 1 << 16;
    private static final long MAX_DIRECTORY = 64L << 20;
    private static final int MAX_MEMBERS = 500_000;

    private record Entry(String name, int flags, int method, long crc, long packed, long size, long header) {}

    private final FileBytes file;
    private final Map<String, ByteSource> members = new LinkedHashMap<>();
    private final long directoryStart;
    private long unpacked;

    private ZipArchive(FileBytes file) {
        this.file = file;
        long[] directory = findDirectory();
        this.directoryStart = directory[0];
        readMembers(directory[0], directory[1]);
    }

    public static ZipArchive open(FileBytes file) {
        return new ZipArchive(file);
    }

    public List<String> names() {
        return List.copyOf(members.keySet());
    }

    public Optional<ByteSource> member(String name) {
        return Optional.ofNullable(members.get(name));
    }

    /** Whether the file ends with a ZIP directory; an incomplete download does not. */
    public static boolean hasDirectory(FileBytes file) {
        return findEnd(file).isPresent();
    }

    private static Optional<Long> findEnd(FileBytes file) {
        int length = (int) Math.min(file.size(), END_SIZE + MAX_COMMENT);
        byte[] tail = file.read(file.size() - length, length);
        for (int at = length - END_SIZE; at >= 0; at--) {
            // whatever follows the comment is padding, which Python's zipfile accepts too
            if (LittleEndian.int32(tail, at) == 0x06054b50
                    && LittleEndian.uint16(tail, at + 20) <= length - at - END_SIZE) {
                return Optional.of(file.size() - length + at);
            }
        }
        return Optional.empty();
    }

    /** @return start and size of the central directory */
    private long[] findDirectory() {
        long end = findEnd(file).orElseThrow(() -> file.truncatedIn("the archive, before its directory"));
        byte[] record = file.read(end, END_SIZE);
        long size = LittleEndian.uint32(record, 12);
        long start = LittleEndian.uint32(record, 16);
        long limit = end;
        if (LittleEndian.uint16(record, 10) == 0xffff || size == 0xffffffffL || start == 0xffffffffL) {
            limit = findEnd64(end);
            byte[] record64 = file.read(limit, END64_SIZE);
            size = LittleEndian.int64(record64, 40);
            start = LittleEndian.int64(record64, 48);
        }
        if (size < 0 || start < 0 || start > limit || size > limit - start || size > MAX_DIRECTORY) {
            throw file.damaged("the ZIP directory is outside the file", end);
        }
        return new long[] {start, size};
    }

    private long findEnd64(long end) {
        if (end >= LOCATOR64_SIZE) {
            byte[] locator = file.read(end - LOCATOR64_SIZE, LOCATOR64_SIZE);
            long at = LittleEndian.int64(locator, 8);
            if (LittleEndian.int32(locator, 0) == 0x07064b50
                    && at >= 0
                    && at <= end - LOCATOR64_SIZE - END64_SIZE
                    && LittleEndian.int32(file.read(at, 4), 0) == 0x06064b50) {
                return at;
            }
        }
        throw file.damaged("the ZIP64 end record is missing", end);
    }

    private void readMembers(long start, long size) {
        byte[] directory = file.read(start, (int) size);
        List<Entry> entries = new ArrayList<>();
        int at = 0;
        while (at < directory.length) {
            if (directory.length - at < CENTRAL_SIZE || LittleEndian.int32(directory, at) != 0x02014b50) {
                throw file.damaged("the ZIP directory is broken", start + at);
            }
            int nameLength = LittleEndian.uint16(directory, at + 28);
            int extraLength = LittleEndian.uint16(directory, at + 30);
            int next = at + CENTRAL_SIZE + nameLength + extraLength + LittleEndian.uint16(directory, at + 32);
            if (next > directory.length) {
                throw file.damaged("the ZIP directory is broken", start + at);
            }
            if (entries.size() == MAX_MEMBERS) {
                throw file.damaged("the archive has more than " + MAX_MEMBERS + " members");
            }
            entries.add(entry(directory, at, nameLength, extraLength));
            at = next;
        }
        locate(entries);
    }

    private Entry entry(byte[] directory, int at, int nameLength, int extraLength) {
        String name = new String(directory, at + CENTRAL_SIZE, nameLength, StandardCharsets.UTF_8);
        checkName(name);
        long packed = LittleEndian.uint32(directory, at + 20);
        long size = LittleEndian.uint32(directory, at + 24);
        long header = LittleEndian.uint32(directory, at + 42);
        int extra = at + CENTRAL_SIZE + nameLength;
        int extraEnd = extra + extraLength;
        while (extraEnd - extra >= 4) {
            int tag = LittleEndian.uint16(directory, extra);
            int length = LittleEndian.uint16(directory, extra + 2);
            int field = extra + 4;
            extra = field + length;
            if (tag == 1 && extra <= extraEnd) {
                if (size == 0xffffffffL && extra - field >= 8) {
                    size = LittleEndian.int64(directory, field);
                    field += 8;
                }
                if (packed == 0xffffffffL && extra - field >= 8) {
                    packed = LittleEndian.int64(directory, field);
                    field += 8;
                }
                if (header == 0xffffffffL && extra - field >= 8) {
                    header = LittleEndian.int64(directory, field);
                }
            }
        }
        return new Entry(
                name,
                LittleEndian.uint16(directory, at + 8),
                LittleEndian.uint16(directory, at + 10),
                LittleEndian.uint32(directory, at + 16),
                packed,
                size,
                header);
    }

    /** Nothing is ever unpacked to disk, but an archive with paths outside its folder is not a checkpoint. */
    private void checkName(String name) {
        boolean climbs = name.startsWith("/")
                || name.indexOf('\\') >= 0
                || name.indexOf('\0') >= 0
                || List.of(name.split("/", -1)).contains("..");
        if (climbs) {
            throw file.damaged(
                    "the archive has a member outside its folder: " + name.replaceAll("[^\\x20-\\x7e]", "?"));
        }
    }

    private void locate(List<Entry> entries) {
        entries.sort(Comparator.comparingLong(Entry::header));
        long free = 0;
        for (Entry e : entries) {
            long data = checkLocalHeader(e, free);
            free = data + e.packed();
            ByteSource packed = file.slice(data, e.packed());
            ByteSource region =
                    e.method() == STORED ? new StoredMember(e.name(), packed, e.crc()) : new DeflatedMember(e, packed);
            if (members.put(e.name(), region) != null) {
                throw file.damaged("the archive has two members named " + e.name());
            }
        }
    }

    /** @return where the member's bytes start */
    private long checkLocalHeader(Entry e, long free) {
        if ((e.flags() & 1) != 0) {
            throw file.refused("the archive is encrypted", "save it without a password");
        }
        if (e.method() != STORED && e.method() != DEFLATED) {
            throw file.refused(
                    "member " + e.name() + " is compressed by method " + e.method(),
                    "save it uncompressed, as torch.save does");
        }
        boolean sizes = e.packed() >= 0 && e.size() >= 0 && (e.method() != STORED || e.packed() == e.size());
        if (!sizes || e.header() < free || e.header() > directoryStart - LOCAL_SIZE) {
            throw file.damaged(
                    "member " + e.name() + " overlaps another or is outside the archive", Math.max(0, e.header()));
        }
        byte[] expectedName = e.name().getBytes(StandardCharsets.UTF_8);
        byte[] local =
                file.read(e.header(), (int) Math.min(LOCAL_SIZE + expectedName.length, directoryStart - e.header()));
        int nameLength = LittleEndian.uint16(local, 26);
        long data = e.header() + LOCAL_SIZE + nameLength + LittleEndian.uint16(local, 28);
        if (LittleEndian.int32(local, 0) != 0x04034b50 || data > directoryStart || e.packed() > directoryStart - data) {
            throw file.damaged("member " + e.name() + " is not where the ZIP directory says", e.header());
        }
        boolean sameName = nameLength == expectedName.length
                && Arrays.equals(local, LOCAL_SIZE, local.length, expectedName, 0, nameLength);
        boolean sizesFollow = (LittleEndian.uint16(local, 6) & 8) != 0;
        boolean agree = sameName
                && LittleEndian.uint16(local, 8) == e.method()
                && (sizesFollow || (agrees(local, 18, e.packed()) && agrees(local, 22, e.size())));
        if (!agree) {
            throw file.damaged("the ZIP directory and the local header of " + e.name() + " disagree", e.header());
        }
        return data;
    }

    private static boolean agrees(byte[] local, int at, long value) {
        long there = LittleEndian.uint32(local, at);
        return there == value || there == 0xffffffffL;
    }

    private WeightFileException wrongChecksum(String name) {
        return file.damaged("member " + name + " fails its checksum");
    }

    /** An uncompressed member. PyTorch can be configured to write no checksum, and then writes 0. */
    private final class StoredMember implements ByteSource {
        private final String name;
        private final ByteSource bytes;
        private final long crc;
        private boolean verified;

        StoredMember(String name, ByteSource bytes, long crc) {
            this.name = name;
            this.bytes = bytes;
            this.crc = crc;
            this.verified = crc == 0;
        }

        @Override
        public long size() {
            return bytes.size();
        }

        @Override
        public void read(long offset, byte[] target, int at, int length) {
            bytes.read(offset, target, at, length);
        }

        @Override
        public void verify(byte[] whole) {
            if (!verified) {
                CRC32 sum = new CRC32();
                sum.update(whole);
                finish(sum);
            }
        }

        @Override
        public void verify() {
            if (!verified) {
                CRC32 sum = new CRC32();
                byte[] chunk = new byte[(int) Math.min(CHUNK, size())];
                for (long at = 0; at < size(); at += chunk.length) {
                    int length = (int) Math.min(chunk.length, size() - at);
                    bytes.read(at, chunk, 0, length);
                    sum.update(chunk, 0, length);
                }
                finish(sum);
            }
        }

        private void finish(CRC32 sum) {
            if (sum.getValue() != crc) {
                throw wrongChecksum(name);
            }
            verified = true;
        }
    }

    /** A compressed member, as in archives repacked by other tools. It is unpacked when it is first read. */
    private final class DeflatedMember implements ByteSource {
        private final Entry entry;
        private final ByteSource packed;
        private Optional<byte[]> content = Optional.empty();

        DeflatedMember(Entry entry, ByteSource packed) {
            this.entry = entry;
            this.packed = packed;
        }

        @Override
        public long size() {
            return entry.size();
        }

        @Override
        public void read(long offset, byte[] target, int at, int length) {
            if (content.isEmpty()) {
                content = Optional.of(unpack());
            }
            System.arraycopy(content.get(), Math.toIntExact(offset), target, at, length);
        }

        private byte[] unpack() {
            unpacked = CheckedSizes.add(unpacked, entry.size()).orElse(Long.MAX_VALUE);
            if (entry.size() > Integer.MAX_VALUE - 16 || unpacked > file.mayExpandTo()) {
                throw file.refused(
                        "member " + entry.name() + " would unpack to " + entry.size()
                                + " bytes, out of proportion to the file's " + file.size(),
                        "save it uncompressed, as torch.save does");
            }
            byte[] out = new byte[(int) entry.size()];
            Inflater inflater = new Inflater(true);
            try {
                inflate(inflater, out);
            } catch (DataFormatException e) {
                throw file.damaged("member " + entry.name() + " is not valid DEFLATE data");
            } finally {
                inflater.end();
            }
            CRC32 sum = new CRC32();
            sum.update(out);
            if (sum.getValue() != entry.crc()) {
                throw wrongChecksum(entry.name());
            }
            return out;
        }

        private void inflate(Inflater inflater, byte[] out) throws DataFormatException {
            byte[] spare = new byte[1];
            long from = 0;
            int to = 0;
            while (!inflater.finished()) {
                if (inflater.needsInput()) {
                    int length = (int) Math.min(CHUNK, packed.size() - from);
                    if (length == 0) {
                        throw new DataFormatException("ends early");
                    }
                    inflater.setInput(packed.read(from, length));
                    from += length;
                }
                int n = to < out.length ? inflater.inflate(out, to, out.length - to) : inflater.inflate(spare);
                if (inflater.needsDictionary() || (to == out.length && n > 0)) {
                    throw new DataFormatException("longer than declared");
                }
                to += n;
            }
            if (to != out.length) {
                throw new DataFormatException("shorter than declared");
            }
        }
    }
}
