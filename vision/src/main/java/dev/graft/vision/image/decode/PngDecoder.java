package dev.graft.vision.image.decode;

import dev.graft.vision.image.file.ImageNote;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * PNG (ISO/IEC 15948): every colour type and depth, interlaced or not; alpha is dropped, and ancillary chunks are
 * skipped unread, so compressed texts or profiles in them can do no harm. Beyond the samples themselves, it needs
 * memory for only two rows.
 */
final class PngDecoder {
    private static final int IHDR = 0x49484452;
    private static final int PLTE = 0x504C5445;
    private static final int IDAT = 0x49444154;
    private static final int IEND = 0x49454E44;
    private static final int GREY = 0;
    private static final int RGB = 2;
    private static final int PALETTE = 3;
    private static final int GREY_ALPHA = 4;
    private static final int RGB_ALPHA = 6;
    /** Bytes after the last pixel that are inflated to reach the end of the stream. */
    private static final int MAX_SURPLUS = 1 << 16;
    /** Adam7: first column, first row, column step, row step of each pass. */
    private static final int[][] PASSES = {
        {0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}
    };

    private record Piece(int offset, int length) {}

    private final ImageDecoder owner;
    private final byte[] bytes;
    private final Deque<Piece> compressed = new ArrayDeque<>();
    private final byte[] palette = new byte[3 * 256];
    private final Inflater inflater = new Inflater();
    private int width;
    private int height;
    private int depth;
    private int colour;
    private boolean interlaced;
    private int samples;
    private int channels;
    private byte[] out;
    /** Used instead of {@link #out} if samples have 16 bits. */
    private short[] wide;
    /** What is wrong around the pixels; empty if nothing is. */
    private String damage = "";

    PngDecoder(ImageDecoder owner, byte[] bytes) {
        this.owner = owner;
        this.bytes = bytes;
    }

    Pixels decode() {
        try {
            readChunks();
            if (depth == 16) {
                wide = new short[width * height * channels];
            } else {
                out = new byte[width * height * channels];
            }
            if (interlaced) {
                for (int[] p : PASSES) {
                    decodePass(p[0], p[1], p[2], p[3]);
                }
            } else {
                decodePass(0, 0, 1, 1);
            }
            if (!damage.isEmpty()) {
                checkEnd();
                owner.note(ImageNote.Kind.DAMAGED, damage);
            }
            return depth == 16
                    ? new WideSamples(width, height, channels, wide, false, 0xffff, false).toImage(owner)
                    : new Pixels(width, height, channels, out);
        } catch (DataFormatException e) {
            throw owner.error(
                    "the PNG data is corrupt (" + e.getMessage() + ")", "copy the file again from its source");
        } finally {
            inflater.end();
        }
    }

    private void readChunks() {
        boolean header = false;
        boolean hasPalette = false;
        boolean ended = false;
        int pos = 8;
        while (!ended && pos + 8 <= bytes.length) {
            int length = int32(pos);
            int type = int32(pos + 4);
            int held = Math.min(length, bytes.length - pos - 8);
            boolean whole = length >= 0 && length <= bytes.length - pos - 12;
            if (!whole && (length < 0 || type != IDAT)) {
                break;
            }
            if (!header && type != IHDR) {
                throw owner.error(
                        "the PNG does not start with its header chunk", "copy the file again from its source");
            }
            if (type == IHDR) {
                checkSum(pos + 4, length + 4);
                readHeader(pos + 8, length);
                header = true;
            } else if (type == PLTE) {
                checkSum(pos + 4, length + 4);
                readPalette(pos + 8, length);
                hasPalette = true;
            } else if (type == IDAT) {
                compressed.add(new Piece(pos + 8, held));
                if (!whole || !hasRightSum(pos + 4, length + 4)) {
                    damage = whole ? "a wrong checksum of its pixel data" : "it ends within its pixel data";
                }
            }
            ended = type == IEND;
            if (!whole) {
                break;
            }
            pos += 12 + length;
        }
        if (!header || compressed.isEmpty()) {
            throw owner.truncated("the PNG ends before its pixels");
        }
        if (colour == PALETTE && !hasPalette) {
            throw owner.error("the PNG needs a palette and has none", "copy the file again from its source");
        }
        if (!ended && damage.isEmpty()) {
            damage = "it has no end";
        }
    }

    private void checkSum(int from, int length) {
        if (!hasRightSum(from, length)) {
            throw owner.error(
                    "the PNG data is corrupt (checksum of the chunk at byte " + from + ")",
                    "copy the file again from its source");
        }
    }

    private boolean hasRightSum(int from, int length) {
        CRC32 crc = new CRC32();
        crc.update(bytes, from, length);
        return (int) crc.getValue() == int32(from + length);
    }

    /**
     * Reads on to the checksum of the pixels themselves, which zlib compares and which shows whether the pixels are
     * damaged.
     */
    private void checkEnd() throws DataFormatException {
        byte[] rest = new byte[1 << 10];
        int surplus = 0;
        while (!inflater.finished()) {
            int n = inflater.inflate(rest);
            surplus += n;
            if (n == 0 && !inflater.finished()) {
                nextPiece();
            }
            if (surplus > MAX_SURPLUS) {
                throw owner.error(
                        "the PNG data is corrupt (more pixels than its header announces)",
                        "copy the file again from its source");
            }
        }
    }

    private void nextPiece() {
        if (!inflater.needsInput() || compressed.isEmpty()) {
            throw owner.truncated("the PNG's pixels end early");
        }
        Piece next = compressed.remove();
        inflater.setInput(bytes, next.offset(), next.length());
    }

    private void readHeader(int at, int length) {
        if (length < 13) {
            throw owner.truncated("the PNG header has " + length + " bytes of 13");
        }
        width = int32(at);
        height = int32(at + 4);
        depth = bytes[at + 8];
        colour = bytes[at + 9];
        interlaced = bytes[at + 12] == 1;
        samples = switch (colour) {
            case GREY, PALETTE -> 1;
            case GREY_ALPHA -> 2;
            case RGB -> 3;
            case RGB_ALPHA -> 4;
            default -> 0;
        };
        boolean known =
                switch (depth) {
                    case 1, 2, 4 -> colour == GREY || colour == PALETTE;
                    case 8 -> samples > 0;
                    case 16 -> samples > 0 && colour != PALETTE;
                    default -> false;
                };
        if (!known || bytes[at + 10] != 0 || bytes[at + 11] != 0 || bytes[at + 12] < 0 || bytes[at + 12] > 1) {
            throw owner.error(
                    "the PNG header is corrupt (colour type " + colour + ", depth " + depth + ")",
                    "copy the file again from its source");
        }
        channels = colour == GREY || colour == GREY_ALPHA ? 1 : 3;
        owner.checkSize(width, height);
        owner.checkDeflate(width, height, (long) depth * samples);
    }

    /** Colours that are missing from the file are black, as in Pillow. */
    private void readPalette(int at, int length) {
        System.arraycopy(bytes, at, palette, 0, Math.min(length, palette.length));
    }

    private int int32(int at) {
        return (bytes[at] & 0xff) << 24
                | (bytes[at + 1] & 0xff) << 16
                | (bytes[at + 2] & 0xff) << 8
                | (bytes[at + 3] & 0xff);
    }

    private void decodePass(int x0, int y0, int stepX, int stepY) throws DataFormatException {
        int columns = (width - x0 + stepX - 1) / stepX;
        int rows = (height - y0 + stepY - 1) / stepY;
        if (columns <= 0 || rows <= 0) {
            return;
        }
        int bytesPerPixel = Math.max(1, depth * samples / 8);
        int rowBytes = Math.toIntExact(((long) columns * depth * samples + 7) / 8);
        byte[] above = new byte[rowBytes];
        byte[] row = new byte[rowBytes];
        byte[] filter = new byte[1];
        for (int r = 0; r < rows; r++) {
            inflate(filter, 1);
            inflate(row, rowBytes);
            unfilter(filter[0], row, above, bytesPerPixel);
            store(row, columns, ((y0 + r * stepY) * width + x0) * channels, stepX * channels);
            byte[] swap = above;
            above = row;
            row = swap;
        }
    }

    private void inflate(byte[] target, int length) throws DataFormatException {
        int done = 0;
        while (done < length) {
            int n = inflater.inflate(target, done, length - done);
            done += n;
            if (n == 0) {
                nextPiece();
            }
        }
    }

    private void unfilter(int filter, byte[] row, byte[] above, int bpp) {
        int n = row.length;
        switch (filter) {
            case 0 -> {}
            case 1 -> {
                for (int i = bpp; i < n; i++) {
                    row[i] += row[i - bpp];
                }
            }
            case 2 -> {
                for (int i = 0; i < n; i++) {
                    row[i] += above[i];
                }
            }
            case 3 -> {
                for (int i = 0; i < n; i++) {
                    int left = i < bpp ? 0 : row[i - bpp] & 0xff;
                    row[i] += (byte) ((left + (above[i] & 0xff)) >> 1);
                }
            }
            case 4 -> {
                for (int i = 0; i < Math.min(bpp, n); i++) {
                    row[i] += above[i];
                }
                for (int i = bpp; i < n; i++) {
                    row[i] += (byte) paeth(row[i - bpp] & 0xff, above[i] & 0xff, above[i - bpp] & 0xff);
                }
            }
            default ->
                throw owner.error(
                        "the PNG data is corrupt (row filter " + filter + ")", "copy the file again from its source");
        }
    }

    private static int paeth(int left, int up, int corner) {
        int p = left + up - corner;
        int a = Math.abs(p - left);
        int b = Math.abs(p - up);
        int c = Math.abs(p - corner);
        return a <= b && a <= c ? left : b <= c ? up : corner;
    }

    /** Writes one row's pixels from {@code at} on, {@code step} bytes apart. */
    private void store(byte[] row, int columns, int at, int step) {
        if (depth < 8) {
            int mask = (1 << depth) - 1;
            int scale = 255 / mask;
            for (int x = 0; x < columns; x++, at += step) {
                int bit = x * depth;
                int v = row[bit >> 3] >> (8 - depth - (bit & 7)) & mask;
                if (colour == PALETTE) {
                    storeColour(v, at);
                } else {
                    out[at] = (byte) (v * scale);
                }
            }
        } else if (colour == PALETTE) {
            for (int x = 0; x < columns; x++, at += step) {
                storeColour(row[x] & 0xff, at);
            }
        } else if (depth == 16) {
            int pixel = 2 * samples;
            for (int x = 0, i = 0; x < columns; x++, at += step, i += pixel) {
                for (int c = 0; c < channels; c++) {
                    wide[at + c] = (short) (row[i + 2 * c] << 8 | (row[i + 2 * c + 1] & 0xff));
                }
            }
        } else if (samples == channels && step == channels) {
            System.arraycopy(row, 0, out, at, columns * channels);
        } else {
            for (int x = 0, i = 0; x < columns; x++, at += step, i += samples) {
                out[at] = row[i];
                if (channels == 3) {
                    out[at + 1] = row[i + 1];
                    out[at + 2] = row[i + 2];
                }
            }
        }
    }

    private void storeColour(int index, int at) {
        out[at] = palette[3 * index];
        out[at + 1] = palette[3 * index + 1];
        out[at + 2] = palette[3 * index + 2];
    }
}
