package dev.graft.io.archive;

import dev.graft.io.bytes.ByteSource;
import dev.graft.io.bytes.CheckedSizes;
import dev.graft.io.bytes.FileBytes;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The members of a tar file (ustar; extended headers are skipped), checked against the file's length. */
public final class TarArchive {
    private static final int BLOCK = 512;
    /** Python's tarfile, which wrote these checkpoints, pads the last record to 20 blocks. */
    private static final int RECORD = 20 * BLOCK;

    private static final int MAX_MEMBERS = 10_000;

    private TarArchive() {}

    /** Whether the file starts with a tar header, judged by its checksum. */
    public static boolean isTar(FileBytes file) {
        return file.size() >= BLOCK && isHeader(file.read(0, BLOCK));
    }

    /**
     * The files in the archive, by name.
     *
     * @param last the member that the format puts last, so that the full size of a truncated file is known
     */
    public static Map<String, ByteSource> members(FileBytes file, String last) {
        Map<String, ByteSource> members = new LinkedHashMap<>();
        long at = 0;
        for (int count = 0; at + BLOCK <= file.size(); count++) {
            byte[] header = file.read(at, BLOCK);
            if (header[0] == 0) {
                return members;
            }
            if (!isHeader(header) || count == MAX_MEMBERS) {
                throw file.damaged("not a tar header", at);
            }
            long size = octal(header, 124, 12);
            if (size < 0) {
                throw file.damaged("a tar member has no readable size", at);
            }
            String name = name(header);
            long data = at + BLOCK;
            at = CheckedSizes.add(data, (size + BLOCK - 1) / BLOCK * BLOCK).orElseThrow();
            if (size > file.size() - data) {
                boolean isLast = name.equals(last);
                throw file.truncated(isLast ? (at + 2 * BLOCK + RECORD - 1) / RECORD * RECORD : at, !isLast);
            }
            boolean plainFile = header[156] == '0' || header[156] == 0;
            if (plainFile && members.put(name, file.slice(data, size)) != null) {
                throw file.damaged("the tar file has two members named " + name);
            }
        }
        return members;
    }

    private static String name(byte[] header) {
        int end = 0;
        while (end < 100 && header[end] != 0) {
            end++;
        }
        String name = new String(header, 0, end, StandardCharsets.UTF_8);
        return name.startsWith("./") ? name.substring(2) : name;
    }

    private static boolean isHeader(byte[] header) {
        long sum = 8 * ' ';
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? 0 : header[i] & 0xff;
        }
        return sum > 8 * ' ' && octal(header, 148, 8) == sum;
    }

    /** An octal number ended by NUL or space, or -1. */
    private static long octal(byte[] header, int at, int length) {
        long value = 0;
        int digits = 0;
        for (int i = at; i < at + length; i++) {
            int c = header[i];
            if (c == ' ' && digits == 0) {
                continue;
            }
            if (c < '0' || c > '7') {
                return c == 0 || c == ' ' ? (digits == 0 ? -1 : value) : -1;
            }
            value = value << 3 | c - '0';
            digits++;
        }
        return value;
    }
}
