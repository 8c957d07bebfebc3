package dev.graft.vision.image.transform;

import dev.graft.vision.image.Image;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Encodes an image as JPEG and decodes it again. */
final class JpegRoundTrip {
    private JpegRoundTrip() {}

    static Image of(Image image, int quality) {
        int width = image.width();
        int height = image.height();
        boolean grey = image.channels() == 1;
        BufferedImage picture =
                new BufferedImage(width, height, grey ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
        byte[] samples = image.toBytes();
        if (grey) {
            picture.getRaster().setDataElements(0, 0, width, height, samples);
        } else {
            int[] rgb = new int[width * height];
            for (int i = 0; i < rgb.length; i++) {
                rgb[i] = (samples[3 * i] & 255) << 16 | (samples[3 * i + 1] & 255) << 8 | (samples[3 * i + 2] & 255);
            }
            picture.setRGB(0, 0, width, height, rgb, 0, width);
        }
        Image read = Image.read(encoded(picture, quality), "JPEG");
        return grey ? read : read.toRgb();
    }

    private static byte[] encoded(BufferedImage picture, int quality) {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            ImageWriteParam how = writer.getDefaultWriteParam();
            how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            how.setCompressionQuality(quality / 100f);
            writer.setOutput(out);
            writer.write(null, new IIOImage(picture, null, null), how);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }
}
