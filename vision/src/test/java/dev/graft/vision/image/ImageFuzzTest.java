package dev.graft.vision.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.ImageFormatException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Hostile files of every format: an image or one typed exception, in bounded time and memory. */
class ImageFuzzTest {
    private static final long MILLISECONDS = 4000;
    /** Of pixels: what a file announces must not cost more than this, whatever it is. */
    private static final Decoding SMALL =
            Decoding.defaults().maxPixels(1_000_000).notes(note -> {});

    private static List<String> files() {
        List<String> all = new ArrayList<>();
        Goldens.table("formats.tsv").forEach(row -> all.add("formats/" + row[0]));
        Goldens.table("odd.tsv").forEach(row -> all.add("odd/" + row[0]));
        Goldens.table("dicom.tsv").forEach(row -> all.add("dicom/" + row[0]));
        return all;
    }

    private static void read(byte[] damaged, String what) {
        try {
            assertThat(Image.read(damaged, "damaged", SMALL).width()).as(what).isPositive();
        } catch (ImageFormatException e) {
            assertThat(e.getMessage()).as(what).startsWith("image: damaged: ").contains("Hint: ");
        } catch (RuntimeException | Error e) {
            throw new AssertionError(what, e);
        }
    }

    @Test
    void damagedFilesAreRefusedOrRead() {
        long seed = System.nanoTime();
        System.out.println("ImageFuzzTest.damagedFilesAreRefusedOrRead: seed " + seed);
        Random random = new Random(seed);
        List<String> files = files();
        Collections.shuffle(files, random);
        long end = System.currentTimeMillis() + MILLISECONDS;
        int tries = 0;
        for (int round = 0; System.currentTimeMillis() < end; round++) {
            String name = files.get(round % files.size());
            byte[] whole = Goldens.resource(name);
            for (int i = 0; i < 8; i++) {
                read(damage(whole, random), "seed " + seed + ", try " + tries++ + ", " + name);
            }
        }
        System.out.println("ImageFuzzTest.damagedFilesAreRefusedOrRead: " + tries + " files");
    }

    /**
     * Bytes changed, mostly near the start where the structure is; runs cut out, doubled or zeroed; the end cut off.
     */
    private static byte[] damage(byte[] whole, Random random) {
        byte[] damaged = whole.clone();
        int n = damaged.length;
        switch (random.nextInt(5)) {
            case 0 -> {
                return Arrays.copyOf(damaged, random.nextInt(n));
            }
            case 1 -> {
                int from = random.nextInt(n);
                int length = Math.min(n - from, 1 + random.nextInt(64));
                byte[] cut = Arrays.copyOf(damaged, n - length);
                System.arraycopy(damaged, from + length, cut, from, n - from - length);
                return cut;
            }
            case 2 -> {
                int from = random.nextInt(n);
                Arrays.fill(damaged, from, Math.min(n, from + 1 + random.nextInt(64)), (byte)
                        (random.nextBoolean() ? 0 : 0xff));
            }
            case 3 -> {
                for (int k = 1 + random.nextInt(8); k > 0; k--) {
                    damaged[random.nextInt(Math.min(n, 200))] = (byte) random.nextInt(256);
                }
            }
            default -> {
                for (int k = 1 + random.nextInt(4); k > 0; k--) {
                    damaged[random.nextInt(n)] ^= (byte) (1 << random.nextInt(8));
                }
            }
        }
        return damaged;
    }

    @Test
    void everyCutOfASmallFileIsRefusedOrRead() {
        for (String name : List.of(
                "odd/p3.ppm",
                "odd/p4.pbm",
                "odd/p6_1023.ppm",
                "odd/idat_checksum.png",
                "odd/zeros_for_end_64.jpg",
                "odd/lossless_grey9.jpg",
                "odd/grey12.tif",
                "formats/lossless.webp",
                "formats/partial.gif",
                "formats/rle.bmp",
                "dicom/ct_explicit.dcm",
                "dicom/ct_deflated.dcm",
                "dicom/enhanced.dcm",
                "dicom/palette_segments.dcm",
                "dicom/rle_rgb.dcm",
                "dicom/lossless16.dcm")) {
            byte[] whole = Goldens.resource(name);
            int step = Math.max(1, whole.length / 400);
            for (int length = 0; length < whole.length; length += length < 128 ? 1 : step) {
                read(Arrays.copyOf(whole, length), name + " cut to " + length);
            }
        }
    }

    /**
     * Ten megabytes of zeros behind the last row, in a few kilobytes, with a checksum that makes the decoder look for
     * the end.
     */
    @Test
    @Timeout(10)
    void aStreamThatGoesOnIsNotInflated() {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        png.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 26, '\n'});
        chunk(
                png,
                "IHDR",
                ByteBuffer.allocate(13).putInt(4).putInt(4).put((byte) 8).array(),
                0);
        Deflater deflater = new Deflater();
        deflater.setInput(new byte[10 << 20]);
        deflater.finish();
        byte[] buffer = new byte[1 << 20];
        byte[] data = Arrays.copyOf(buffer, deflater.deflate(buffer));
        deflater.end();
        chunk(png, "IDAT", Arrays.copyOf(buffer, data.length), 1);
        chunk(png, "IEND", new byte[0], 0);
        read(png.toByteArray(), "a stream that goes on");
        assertThat(png.size()).isLessThan(20_000);
    }

    private static void chunk(ByteArrayOutputStream out, String type, byte[] data, int wrong) {
        CRC32 crc = new CRC32();
        byte[] body = ByteBuffer.allocate(4 + data.length)
                .put(type.getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                .put(data)
                .array();
        crc.update(body);
        out.writeBytes(ByteBuffer.allocate(8 + body.length)
                .putInt(data.length)
                .put(body)
                .putInt((int) crc.getValue() ^ wrong)
                .array());
    }

    /** Headers of every format that announce more than there is, or than may be. */
    @Test
    void hugeSizesCostNothing() {
        List<byte[]> bombs = new ArrayList<>();
        for (String size : List.of("60000 60000", "999999999 999999999", "1000 999999", "30000 30000")) {
            for (int kind = 1; kind <= 6; kind++) {
                bombs.add(("P" + kind + "\n" + size + (kind % 3 == 1 ? "\n" : "\n65535\n") + "0 1 0 1")
                        .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            }
        }
        for (int at : new int[] {0, 10}) {
            for (String name : List.of(
                    "odd/lossless1.jpg", "odd/lossless_grey16.jpg", "formats/rgb_420.jpg", "formats/progressive.jpg")) {
                byte[] jpeg = Goldens.resource(name).clone();
                for (int i = 0; i < jpeg.length - 9; i++) {
                    if (jpeg[i] == (byte) 0xFF && (jpeg[i + 1] & 0xfc) == 0xC0 && jpeg[i + 1] != (byte) 0xC4) {
                        ByteBuffer.wrap(jpeg)
                                .putShort(i + 5, (short) (65000 - 6000 * at))
                                .putShort(i + 7, (short) (65000 - 6000 * at));
                    }
                }
                bombs.add(jpeg);
            }
        }
        for (String name : List.of(
                "formats/rgb_raw.tif",
                "formats/rgb_lzw.tif",
                "formats/rgb_deflate.tif",
                "formats/rgb_packbits.tif",
                "odd/grey12.tif",
                "odd/rgb16_bigtiff.tif")) {
            bombs.add(withTiffSize(Goldens.resource(name), 13_000));
        }
        byte[] bmp = Goldens.resource("formats/rgb.bmp").clone();
        ByteBuffer.wrap(bmp).order(ByteOrder.LITTLE_ENDIAN).putInt(18, 13_000).putInt(22, 13_000);
        bombs.add(bmp);
        for (byte[] bomb : bombs) {
            long before = System.nanoTime();
            try {
                Image.read(bomb, "bomb", Decoding.defaults().notes(note -> {}));
                throw new AssertionError(
                        "was read: " + new String(bomb, 0, 10, java.nio.charset.StandardCharsets.ISO_8859_1));
            } catch (ImageFormatException e) {
                assertThat(e.getMessage()).containsAnyOf("announces", "cannot hold");
            }
            assertThat((System.nanoTime() - before) / 1e9).isLessThan(1.0);
        }
    }

    private static byte[] withTiffSize(byte[] tiff, int size) {
        ByteBuffer in = ByteBuffer.wrap(tiff.clone()).order(ByteOrder.LITTLE_ENDIAN);
        boolean big = in.getShort(2) == 43;
        int at = big ? (int) in.getLong(8) + 8 : in.getInt(4) + 2;
        for (; in.getShort(at) <= 257; at += big ? 20 : 12) {
            if (in.getShort(at) >= 256) {
                boolean isShort = in.getShort(at + 2) == 3;
                int where = at + (big ? 12 : 8);
                if (isShort) {
                    in.putShort(where, (short) size);
                } else {
                    in.putInt(where, size);
                }
            }
        }
        return in.array();
    }
}
