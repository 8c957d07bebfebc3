package dev.graft.vision.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.SampleModel;

/** An ImageIO result's samples as an {@link Image}, by Pillow's rules; colour spaces and their profiles play no part. */
final class RasterConverter {
    private final ImageDecoder owner;

    RasterConverter(ImageDecoder owner) {
        this.owner = owner;
    }

    Image convert(BufferedImage decoded) {
        Raster raster = decoded.getRaster();
        ColorModel colours = decoded.getColorModel();
        owner.checkSize(raster.getWidth(), raster.getHeight());
        int type = raster.getTransferType();
        if (type != DataBuffer.TYPE_BYTE && type != DataBuffer.TYPE_USHORT && type != DataBuffer.TYPE_INT) {
            throw owner.error("its samples are not 8 or 16 bit integers", "scale it to 8 bits");
        }
        if (colours instanceof IndexColorModel palette) {
            return expand(raster, palette);
        }
        int bands = raster.getNumBands();
        if (colours.getColorSpace().getType() == ColorSpace.TYPE_CMYK && bands >= 4) {
            byte[] cmyk = samples(raster, 4);
            int pixels = raster.getWidth() * raster.getHeight();
            return Image.wrap(raster.getWidth(), raster.getHeight(), 3, ColourConversion.cmykToRgb(cmyk, pixels));
        }
        int channels = bands < 3 ? 1 : 3;
        return raster.getSampleModel().getSampleSize(0) > 8 ? wide(raster, channels).toImage(owner)
                : Image.wrap(raster.getWidth(), raster.getHeight(), channels, samples(raster, channels));
    }

    private WideSamples wide(Raster raster, int channels) {
        int w = raster.getWidth();
        int h = raster.getHeight();
        int bands = raster.getNumBands();
        int bits = raster.getSampleModel().getSampleSize(0);
        short[] out = new short[Math.multiplyExact(w * h, channels)];
        int[] row = new int[w * bands];
        for (int y = 0, o = 0; y < h; y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, w, 1, row);
            for (int x = 0, i = 0; x < w; x++, i += bands) {
                for (int c = 0; c < channels; c++) {
                    out[o++] = (short) row[i + c];
                }
            }
        }
        return new WideSamples(w, h, channels, out, false, (1 << bits) - 1);
    }

    private static Image expand(Raster raster, IndexColorModel palette) {
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
        return Image.wrap(w, h, 3, out);
    }

    /** The first {@code n} bands as 8-bit samples: the high byte of wider ones, narrower ones spread over 0 to 255. */
    private byte[] samples(Raster raster, int n) {
        int w = raster.getWidth();
        int h = raster.getHeight();
        int bands = raster.getNumBands();
        SampleModel model = raster.getSampleModel();
        for (int c = 0; c < n; c++) {
            if (model.getSampleSize(c) > 16) {
                throw owner.error("its samples have " + model.getSampleSize(c) + " bits", "scale it to 8 bits");
            }
        }
        byte[] out = new byte[Math.multiplyExact(w * h, n)];
        int[] row = new int[w * bands];
        for (int y = 0, o = 0; y < h; y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, w, 1, row);
            for (int c = 0; c < n; c++) {
                int bits = model.getSampleSize(c);
                int max = (1 << bits) - 1;
                for (int x = 0, i = c; x < w; x++, i += bands) {
                    int v = row[i];
                    out[o + x * n + c] = (byte) (bits == 8 ? v : bits > 8 ? v >> (bits - 8) : v * 255 / max);
                }
            }
            o += w * n;
        }
        return out;
    }
}
