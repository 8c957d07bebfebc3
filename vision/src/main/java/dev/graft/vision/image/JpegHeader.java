package dev.graft.vision.image;

import java.io.ByteArrayOutputStream;

/**
 * What the markers of a JPEG file say, and the file reduced to what decoding needs: application data, comments, and whatever
 * follows the end marker are left out, so that no broken EXIF block, colour profile or embedded preview reaches the decoder.
 *
 * @param process the low bits of the frame marker: 0 and 1 sequential, 2 progressive, 3 lossless, above: not read by libjpeg
 * @param colour how the components become RGB
 * @param reduced the file without what is said above
 */
record JpegHeader(int width, int height, int components, int precision, int process, Colour colour, byte[] reduced) {
    enum Colour { GREY, RGB, YCBCR, CMYK, YCCK, OTHER }

    static JpegHeader parse(ImageDecoder owner, byte[] b) {
        return new Parser(owner, b).parse();
    }

    private static final class Parser {
        private static final int SOS = 0xDA;
        private static final int EOI = 0xD9;

        private final ImageDecoder owner;
        private final byte[] b;
        private final ByteArrayOutputStream reduced;
        private int frame = -1;
        private int frameMarker;
        private boolean jfif;
        private int adobe = -1;

        Parser(ImageDecoder owner, byte[] b) {
            this.owner = owner;
            this.b = b;
            this.reduced = new ByteArrayOutputStream(b.length + 2);
        }

        JpegHeader parse() {
            reduced.write(b, 0, 2);
            boolean ended = false;
            boolean scans = false;
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
                    throw owner.error("the JPEG data is corrupt (a segment of " + length + " bytes)",
                            "copy the file again from its source");
                }
                if (length < 2 || length > b.length - pos) {
                    break;
                }
                segment(marker, pos, length);
                int from = pos - 2;
                pos += length;
                if (marker == SOS) {
                    scans = true;
                    pos = endOfScan(pos);
                }
                if (marker < 0xE0 || marker > 0xFE) {
                    reduced.write(0xFF);
                    reduced.write(b, from + 1, pos - from - 1);
                }
            }
            if (frame < 0 || !scans) {
                throw owner.truncated("the JPEG ends before its pixels");
            }
            if (!ended) {
                // libjpeg would fill what is missing with grey and only warn; Pillow refuses such files too.
                throw owner.truncated("the JPEG has no end marker, its pixels end early");
            }
            reduced.write(0xFF);
            reduced.write(EOI);
            return new JpegHeader(int16(frame + 5), int16(frame + 3), b[frame + 7] & 0xff, b[frame + 2] & 0xff,
                    frameMarker & 0x0F, colour(), reduced.toByteArray());
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
                frameMarker = marker;
                owner.checkSize(int16(pos + 5), int16(pos + 3));
            } else if (marker == 0xE0 && length >= 16 && text(pos + 2, "JFIF\0")) {
                jfif = true;
            } else if (marker == 0xEE && length >= 14 && text(pos + 2, "Adobe")) {
                adobe = b[pos + 13] & 0xff;
            }
        }

        /** The first marker behind entropy-coded data: one that is neither a stuffed zero nor a restart. */
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

        /** libjpeg's rules, which Pillow follows; the JDK's reader has its own. */
        private Colour colour() {
            int n = b[frame + 7] & 0xff;
            if (n == 1) {
                return Colour.GREY;
            } else if (n == 3) {
                boolean named = b[frame + 8] == 'R' && b[frame + 11] == 'G' && b[frame + 14] == 'B';
                boolean rgb = adobe < 0 ? named : adobe == 0;
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
            return (b[at] & 0xff) << 8 | b[at + 1] & 0xff;
        }
    }
}
