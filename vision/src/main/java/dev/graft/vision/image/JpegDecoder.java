package dev.graft.vision.image;

import com.twelvemonkeys.imageio.plugins.jpeg.JPEGImageReaderSpi;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.io.IOException;
import java.util.Iterator;
import java.util.Optional;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;

/**
 * JPEG by the JDK's own reader, which is libjpeg: asked for the raw components (it upsamples them as libjpeg-turbo does, so as Pillow
 * does), which are then converted here by libjpeg's fixed-point formulas. That equals Pillow to the bit, avoids the JDK's different
 * guess at the colour space of files without a JFIF marker, and reads CMYK. Lossless JPEG goes to TwelveMonkeys.
 */
final class JpegDecoder {
    private static final int LOSSLESS = 3;
    /** Each 8x8 block costs one bit at least, so 512 pixels a byte. */
    private static final int MAX_RATIO = 512;

    /** Found once: the registry's look-up scans the class path. */
    private static final class JdkReader {
        static final Optional<ImageReaderSpi> PROVIDER = find();

        private static Optional<ImageReaderSpi> find() {
            Iterator<ImageReaderSpi> all = IIORegistry.getDefaultInstance().getServiceProviders(ImageReaderSpi.class, true);
            while (all.hasNext()) {
                ImageReaderSpi spi = all.next();
                if (spi.getClass().getName().startsWith("com.sun.imageio.plugins.jpeg.")) {
                    return Optional.of(spi);
                }
            }
            return Optional.empty();
        }
    }

    private final ImageDecoder owner;
    private final byte[] bytes;

    JpegDecoder(ImageDecoder owner, byte[] bytes) {
        this.owner = owner;
        this.bytes = bytes;
    }

    Image decode() throws IOException {
        JpegHeader header = JpegHeader.parse(owner, bytes);
        owner.checkPlausible(header.width(), header.height(), 8, MAX_RATIO);
        if (header.precision() != 8 && header.process() != LOSSLESS) {
            throw owner.error("a JPEG with " + header.precision() + " bits a sample is not read", "convert it to 8 bits");
        }
        if (header.process() > LOSSLESS) {
            throw owner.error("a JPEG of process " + header.process() + " (arithmetic or hierarchical coding) is not read",
                    "convert it to baseline or progressive");
        }
        if (header.process() == LOSSLESS || JdkReader.PROVIDER.isEmpty()) {
            return owner.read(new JPEGImageReaderSpi(), bytes);
        }
        return convert(readComponents(header), header);
    }

    private static Raster readComponents(JpegHeader header) throws IOException {
        ImageReader reader = JdkReader.PROVIDER.orElseThrow().createReaderInstance();
        try {
            reader.setInput(new ByteArrayImageStream(header.reduced(), false), true, true);
            return reader.readRaster(0, null);
        } finally {
            reader.dispose();
        }
    }

    private Image convert(Raster raster, JpegHeader header) {
        int n = header.width() * header.height();
        if (raster.getNumBands() != header.components() || !(raster.getDataBuffer() instanceof DataBufferByte)) {
            throw owner.error("the JPEG has " + header.components() + " components", "convert it to RGB");
        }
        byte[] data = ((DataBufferByte) raster.getDataBuffer()).getData();
        switch (header.colour()) {
            case GREY, RGB -> { }
            case YCBCR -> ColourConversion.yccToRgb(data, n, 3);
            case YCCK -> {
                // YCC codes the inverse of CMY, and by Adobe's custom the file holds CMYK inverted: the two cancel, except for K.
                ColourConversion.yccToRgb(data, n, 4);
                ColourConversion.invertKey(data, n);
                data = ColourConversion.cmykToRgb(data, n);
            }
            case CMYK -> {
                ColourConversion.invert(data);
                data = ColourConversion.cmykToRgb(data, n);
            }
            case OTHER -> throw owner.error("a JPEG of " + header.components() + " components is not read", "convert it to RGB");
            default -> throw new IllegalStateException(header.colour().name());
        }
        return Image.wrap(header.width(), header.height(), header.components() == 1 ? 1 : 3, data);
    }
}
