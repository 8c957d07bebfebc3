package dev.graft.vision.image.decode;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Optional;

/**
 * The content of a JPEG file's markers, and the file reduced to what decoding needs. Application data, comments, and
 * everything after the end marker are left out, so that no broken EXIF block, colour profile or embedded preview
 * reaches the decoder.
 *
 * @param process the low bits of the frame marker: 0 and 1 sequential, 2 progressive, 3 lossless, above: not read by
 *     libjpeg
 * @param colour how the components become RGB
 * @param sampling horizontal and vertical sampling factors of each component, in turn
 * @param allScans whether a progressive file has every bit of every coefficient; true of all other files
 * @param padding the number of bytes of one value in place of the end marker; 0 if there is an end marker
 * @param frameInReduced the position of the frame's marker in {@code reduced}
 * @param reduced the file without the parts named above and without the padding, always with an end marker
 */
record JpegHeader(
        int width,
        int height,
        int components,
        int precision,
        int process,
        Colour colour,
        int[] sampling,
        boolean allScans,
        int padding,
        int frameInReduced,
        byte[] reduced) {
    enum Colour {
        GREY,
        RGB,
        YCBCR,
        CMYK,
        YCCK,
        OTHER
    }

    /** Fewer bytes after the pixels may belong to them. */
    private static final int LEAST_PADDING = 8;

    boolean isLossless() {
        return process == 3;
    }

    /** {@link #reduced} with another bit depth in its frame header. */
    byte[] withPrecision(int bits) {
        byte[] changed = reduced.clone();
        changed[frameInReduced + 4] = (byte) bits;
        return changed;
    }

    static JpegHeader parse(ImageDecoder owner, byte[] b) {
        return parse(owner, b, Optional.empty());
    }

    /** @param unmarked the colour of three components where no marker of the file says it; empty for libjpeg's guess */
    static JpegHeader parse(ImageDecoder owner, byte[] b, Optional<Colour> unmarked) {
        return new Parser(owner, b, unmarked).parse();
    }

    private static final class Parser {
        private static final int SOS = 0xDA;
        private static final int EOI = 0xD9;
        private static final int PROGRESSIVE = 2;
        private static final int LOSSLESS = 3;
        private static final int COEFFICIENTS = 64;
        private static final int MAX_COMPONENTS = 4;
        /** The bits of a coefficient that no scan has given yet: more than any scan leaves out. */
        private static final byte UNKNOWN = 16;

        private final ImageDecoder owner;
        private final byte[] b;
        private final Optional<Colour> unmarked;
        private final ByteArrayOutputStream reduced;
        /** The number of bits that each coefficient of each component still lacks. */
        private final byte[][] missing = new byte[MAX_COMPONENTS][COEFFICIENTS];

        private int frame = -1;
        private int frameInReduced;
        private int frameMarker;
        private boolean jfif;
        private int adobe = -1;

        Parser(ImageDecoder owner, byte[] b, Optional<Colour> unmarked) {
            this.owner = owner;
            this.b = b;
            this.unmarked = unmarked;
            this.reduced = new ByteArrayOutputStream(b.length + 2);
            for (byte[] component : missing) {
                Arrays.fill(component, UNKNOWN);
            }
        }

        JpegHeader parse() {
            reduced.write(b, 0, 2);
            boolean ended = false;
            int scanEnd = -1;
            int pos = 2;
            while (true) {
                while (pos < b.length && b[pos] != (byte) 0xFF) {
                    pos++;
                }
                while (pos < b.length && b[pos] == (byte) 0xFF) {
                    pos++;
                }
                if (pos >= b.length) {
                    break;
                }
                int marker = b[pos++] & 0xff;
                if (marker == EOI) {
                    ended = true;
                    break;
                }
                if (marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {
                    continue;
                }
                int length = pos + 2 <= b.length ? int16(pos) : 0;
                if (length < 2 && pos + 2 <= b.length) {
                    throw owner.error(
                            "the JPEG data is corrupt (a segment of " + length + " bytes)",
                            "copy the file again from its source");
                }
                if (length < 2 || length > b.length - pos) {
                    break;
                }
                segment(marker, pos, length);
                int from = pos - 2;
                pos += length;
                if (marker == SOS) {
                    scan(from + 2, length);
                    pos = endOfScan(pos);
                    scanEnd = pos;
                }
                if (marker < 0xE0 || marker > 0xFE) {
                    reduced.write(0xFF);
                    reduced.write(b, from + 1, pos - from - 1);
                }
            }
            if (frame < 0 || scanEnd < 0) {
                throw owner.truncated("the JPEG ends before its pixels");
            }
            boolean allScans = allScans();
            int padding = ended || scanEnd < b.length || !allScans ? 0 : padding();
            if (!ended && padding < LEAST_PADDING) {
                // libjpeg would fill the missing part with grey and only warn; Pillow refuses such files too.
                throw owner.truncated("the JPEG has no end marker, its pixels end early");
            }
            byte[] end = {(byte) 0xFF, (byte) EOI};
            byte[] file = Arrays.copyOf(reduced.toByteArray(), reduced.size() - padding + end.length);
            System.arraycopy(end, 0, file, file.length - end.length, end.length);
            return new JpegHeader(
                    int16(frame + 5),
                    int16(frame + 3),
                    components(),
                    b[frame + 2] & 0xff,
                    process(),
                    colour(),
                    sampling(),
                    allScans,
                    padding,
                    frameInReduced,
                    file);
        }

        /** The length of the last run of one value; a zero after 0xFF belongs to the pixels. */
        private int padding() {
            int from = b.length - 1;
            while (from > 0 && b[from - 1] == b[b.length - 1]) {
                from--;
            }
            return b.length - from - (b[from] == 0 && b[from - 1] == (byte) 0xFF ? 1 : 0);
        }

        private int process() {
            return frameMarker & 0x0F;
        }

        private int components() {
            return b[frame + 7] & 0xff;
        }

        private int[] sampling() {
            int[] factors = new int[2 * components()];
            for (int c = 0; c < components(); c++) {
                int both = b[frame + 9 + 3 * c] & 0xff;
                factors[2 * c] = both >> 4;
                factors[2 * c + 1] = both & 0x0F;
            }
            return factors;
        }

        /** Which bits of which components a scan gives. */
        private void scan(int at, int length) {
            int n = b[at + 2] & 0xff;
            if (frame < 0 || process() != PROGRESSIVE || length < 6 + 2 * n) {
                return;
            }
            int first = b[at + 3 + 2 * n] & 0xff;
            int last = b[at + 4 + 2 * n] & 0xff;
            byte low = (byte) (b[at + 5 + 2 * n] & 0x0F);
            if (last >= COEFFICIENTS || first > last) {
                return;
            }
            for (int i = 0; i < n; i++) {
                for (int c = 0; c < Math.min(components(), MAX_COMPONENTS); c++) {
                    if (b[frame + 8 + 3 * c] == b[at + 3 + 2 * i]) {
                        Arrays.fill(missing[c], first, last + 1, low);
                    }
                }
            }
        }

        private boolean allScans() {
            for (int c = 0; process() == PROGRESSIVE && c < Math.min(components(), MAX_COMPONENTS); c++) {
                for (byte bits : missing[c]) {
                    if (bits != 0) {
                        return false;
                    }
                }
            }
            return true;
        }

        private void segment(int marker, int pos, int length) {
            if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
                if (frame >= 0) {
                    throw owner.error("the JPEG data is corrupt (two frames)", "copy the file again from its source");
                }
                if (length < 8 || length < 8 + 3 * (b[pos + 7] & 0xff)) {
                    throw owner.error("the JPEG data is corrupt (frame header)", "copy the file again from its source");
                }
                frame = pos;
                frameInReduced = reduced.size();
                frameMarker = marker;
                owner.checkSize(int16(pos + 5), int16(pos + 3));
            } else if (marker == 0xE0 && length >= 16 && text(pos + 2, "JFIF\0")) {
                jfif = true;
            } else if (marker == 0xEE && length >= 14 && text(pos + 2, "Adobe")) {
                adobe = b[pos + 13] & 0xff;
            }
        }

        /** The first marker after entropy-coded data that is neither a stuffed zero nor a restart. */
        private int endOfScan(int start) {
            int i = start;
            while (i + 1 < b.length) {
                if (b[i] == (byte) 0xFF) {
                    int next = b[i + 1] & 0xff;
                    if (next != 0 && next != 0xFF && (next < 0xD0 || next > 0xD7)) {
                        return i;
                    }
                }
                i++;
            }
            return b.length;
        }

        /** libjpeg's rules, which Pillow follows; the JDK's reader has different ones. */
        private Colour colour() {
            int n = components();
            if (n == 1) {
                return Colour.GREY;
            } else if (n == 3) {
                if (adobe < 0 && !jfif && unmarked.isPresent()) {
                    return unmarked.get();
                }
                boolean named = b[frame + 8] == 'R' && b[frame + 11] == 'G' && b[frame + 14] == 'B';
                boolean rgb = adobe < 0 ? named || process() == LOSSLESS : adobe == 0;
                return rgb && !jfif ? Colour.RGB : Colour.YCBCR;
            } else if (n == 4) {
                return adobe < 0 || adobe == 0 ? Colour.CMYK : Colour.YCCK;
            }
            return Colour.OTHER;
        }

        private boolean text(int at, String expected) {
            for (int i = 0; i < expected.length(); i++) {
                if (b[at + i] != expected.charAt(i)) {
                    return false;
                }
            }
            return true;
        }

        private int int16(int at) {
            return (b[at] & 0xff) << 8 | (b[at + 1] & 0xff);
        }
    }
}
