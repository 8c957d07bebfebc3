package dev.graft.vision.image.decode;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.SampleModel;

/**
 * Converts the samples of an ImageIO result to {@link Pixels}, by Pillow's rules; colour spaces and their profiles are
 * ignored.
 */
final class RasterConverter {
    private final ImageDecoder owner;
    private final Meaning meaning;

    /**
     * The meaning of a raster's samples.
     *
     * @param bits their depth, which may be less than the raster's; 0 for the raster's own
     * @param signed whether samples of more than 8 bits are signed
     * @param surplus a value to be subtracted from every sample
     */
    record Meaning(int bits, boolean signed, int surplus) {
        /** Unsigned, of the raster's own depth. */
        static final Meaning PLAIN = new Meaning(0, false, 0);
    }

    RasterConverter(ImageDecoder owner, Meaning meaning) {
        this.owner = owner;
        this.meaning = meaning;
    }

    Pixels convert(BufferedImage decoded) {
        Raster raster = decoded.getRaster();
        ColorModel colours = decoded.getColorModel();
        if (colours instanceof IndexColorModel palette) {
            checkType(raster);
            return expand(raster, palette);
        }
        int bands = raster.getNumBands();
        if (colours.getColorSpace().getType() == ColorSpace.TYPE_CMYK && bands >= 4) {
            checkType(raster);
            byte[] cmyk = samples(raster, 4);
            int pixels = raster.getWidth() * raster.getHeight();
            return new Pixels(raster.getWidth(), raster.getHeight(), 3, ColourConversion.cmykToRgb(cmyk, pixels));
        }
        return convert(raster, false);
    }

    /**
     * One or three bands, unchanged.
     *
     * @param ycc whether they are JFIF's YCbCr with 8 bits
     */
    Pixels convert(Raster raster, boolean ycc) {
        checkType(raster);
        int channels = raster.getNumBands() < 3 ? 1 : 3;
        int w = raster.getWidth();
        int h = raster.getHeight();
        if (bits(raster) > 8) {
            return new WideSamples(
                            w, h, channels, wide(raster, channels), meaning.signed, (1 << bits(raster)) - 1, false)
                    .toImage(owner);
        }
        byte[] samples = samples(raster, channels);
        if (ycc) {
            ColourConversion.yccToRgb(samples, w * h, channels);
        }
        return new Pixels(w, h, channels, samples);
    }

    private int bits(Raster raster) {
        return meaning.bits > 0 ? meaning.bits : raster.getSampleModel().getSampleSize(0);
    }

    private void checkType(Raster raster) {
        owner.checkSize(raster.getWidth(), raster.getHeight());
        int type = raster.getTransferType();
        boolean whole = type == DataBuffer.TYPE_BYTE
                || type == DataBuffer.TYPE_USHORT
                || type == DataBuffer.TYPE_INT
                || (type == DataBuffer.TYPE_SHORT && meaning.signed);
        for (int size : raster.getSampleModel().getSampleSize()) {
            whole &= size <= 16;
        }
        if (!whole) {
            throw owner.error("its samples are not whole numbers of at most 16 bits", "scale it to 8 or 16 bits");
        }
    }

    private static Pixels expand(Raster raster, IndexColorModel palette) {
        int w = raster.getWidth();
        int h = raster.getHeight();
        int[] colour = new int[palette.getMapSize()];
        palette.getRGBs(colour);
        byte[] out = new byte[w * h * 3];
        int[] row = new int[w];
        for (int y = 0, o = 0; y < h; y++) {
            raster.getSamples(raster.getMinX(), raster.getMinY() + y, w, 1, 0, row);
            for (int x = 0; x < w; x++, o += 3) {
                int rgb = row[x] < colour.length ? colour[row[x]] : 0;
                out[o] = (byte) (rgb >> 16);
                out[o + 1] = (byte) (rgb >> 8);
                out[o + 2] = (byte) rgb;
            }
        }
        return new Pixels(w, h, 3, out);
    }

    /** The first {@code channels} bands, interleaved. */
    short[] wide(Raster raster, int channels) {
        int w = raster.getWidth();
        int bands = raster.getNumBands();
        short[] out = new short[Math.multiplyExact(w * raster.getHeight(), channels)];
        int[] row = new int[w * bands];
        for (int y = 0, o = 0; y < raster.getHeight(); y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, w, 1, row);
            for (int x = 0, i = 0; x < w; x++, i += bands) {
                for (int c = 0; c < channels; c++) {
                    out[o++] = (short) (row[i + c] - meaning.surplus);
                }
            }
        }
        return out;
    }

    /**
     * The first {@code n} bands as 8-bit samples: the high bits of wider samples; narrower samples are scaled to 0 to
     * 255.
     */
    private byte[] samples(Raster raster, int n) {
        int w = raster.getWidth();
        int bands = raster.getNumBands();
        SampleModel model = raster.getSampleModel();
        byte[] out = new byte[Math.multiplyExact(w * raster.getHeight(), n)];
        int[] row = new int[w * bands];
        for (int y = 0, o = 0; y < raster.getHeight(); y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, w, 1, row);
            for (int c = 0; c < n; c++) {
                int bits = meaning.bits > 0 ? meaning.bits : model.getSampleSize(c);
                int max = (1 << bits) - 1;
                for (int x = 0, i = c; x < w; x++, i += bands) {
                    int v = row[i] - meaning.surplus;
                    out[o + x * n + c] = (byte) (bits == 8 ? v : bits > 8 ? v >> (bits - 8) : v * 255 / max);
                }
            }
            o += w * n;
        }
        return out;
    }
}
