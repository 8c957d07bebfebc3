package dev.graft.vision.image.decode;

import com.twelvemonkeys.imageio.plugins.jpeg.JPEGImageReaderSpi;
import dev.graft.vision.image.file.ImageNote;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import javax.imageio.IIOException;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;

/**
 * JPEG by the JDK's own reader, which is libjpeg. The reader is asked for the raw components, which it upsamples as
 * libjpeg-turbo and Pillow do; where it does not, {@link JpegLibrary} compensates. The components are then converted
 * here by libjpeg's fixed-point formulas. The result equals Pillow's to the bit, CMYK can be read, and the JDK's
 * different guess at the colour space of files without a JFIF marker is avoided. Lossless JPEG is decoded by
 * TwelveMonkeys.
 */
final class JpegDecoder {
    /** The last frame marker, which stands for lossless coding. */
    private static final int LAST_PROCESS = 3;
    /** Each 8x8 block costs at least one bit, so a byte holds at most 512 pixels. */
    private static final int MAX_RATIO = 512;
    /** Each sample of a lossless file costs at least one bit. */
    private static final int MAX_LOSSLESS_RATIO = 8;

    private final ImageDecoder owner;
    private final byte[] bytes;

    JpegDecoder(ImageDecoder owner, byte[] bytes) {
        this.owner = owner;
        this.bytes = bytes;
    }

    Pixels decode() throws IOException {
        return decode(header(Optional.empty()));
    }

    /** As {@link JpegHeader#parse}, of a process that is read. */
    JpegHeader header(Optional<JpegHeader.Colour> unmarked) {
        JpegHeader header = JpegHeader.parse(owner, bytes, unmarked);
        if (header.process() > LAST_PROCESS) {
            throw owner.error(
                    "a JPEG of process " + header.process() + " (arithmetic or hierarchical coding) is not read",
                    "convert it to baseline or progressive");
        }
        if (header.colour() == JpegHeader.Colour.OTHER) {
            throw owner.error("a JPEG of " + header.components() + " components is not read", "convert it to RGB");
        }
        return header;
    }

    Pixels decode(JpegHeader header) throws IOException {
        if (header.isLossless()) {
            RasterConverter converter = new RasterConverter(owner, losslessMeaning(header));
            return converter.convert(lossless(header), header.colour() == JpegHeader.Colour.YCBCR);
        }
        return convert(components(header), header);
    }

    /** The stored samples of a grey file, whatever their depth. */
    short[] greySamples(JpegHeader header) throws IOException {
        if (header.isLossless()) {
            return new RasterConverter(owner, losslessMeaning(header)).wide(lossless(header), 1);
        }
        byte[] data = components(header);
        short[] samples = new short[data.length];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (short) (data[i] & 0xff);
        }
        return samples;
    }

    /** Upsampled components, interleaved. */
    private byte[] components(JpegHeader header) throws IOException {
        owner.checkPlausible(header.width(), header.height(), 8, MAX_RATIO);
        if (header.precision() != 8) {
            throw owner.error(
                    "a JPEG with " + header.precision() + " bits a sample is not read unless it is lossless",
                    "convert it to 8 bits");
        }
        Components components = new Components(header);
        Raster raster = components.read();
        if (raster.getNumBands() != header.components() || !(raster.getDataBuffer() instanceof DataBufferByte)) {
            throw owner.error("the JPEG has " + header.components() + " components", "convert it to RGB");
        }
        byte[] data = ((DataBufferByte) raster.getDataBuffer()).getData();
        if (!header.allScans()) {
            owner.note(ImageNote.Kind.FEW_SCANS, "this Java has " + JpegLibrary.name());
        }
        JpegLibrary.interpolateRows(header, data);
        return data;
    }

    /** libjpeg's upsampled components of one file, and its warnings. */
    private final class Components implements IIOReadWarningListener {
        private final JpegHeader header;
        private boolean endsEarly;

        Components(JpegHeader header) {
            this.header = header;
        }

        Raster read() throws IOException {
            ImageReader reader = JpegLibrary.reader();
            try {
                reader.addIIOReadWarningListener(this);
                reader.setInput(new ByteArrayImageStream(header.reduced(), false), true, true);
                Raster raster = reader.readRaster(0, null);
                checkPadding();
                return raster;
            } finally {
                reader.dispose();
            }
        }

        /**
         * Without the bytes in place of the end marker, all pixels must be there; otherwise those bytes replace pixels
         * too.
         */
        private void checkPadding() {
            if (header.padding() == 0) {
                return;
            }
            if (endsEarly) {
                throw owner.truncated("the JPEG has no end marker, its pixels end early");
            }
            owner.note(ImageNote.Kind.DAMAGED, header.padding() + " bytes stand in place of its end marker");
        }

        @Override
        public void warningOccurred(ImageReader source, String warning) {
            endsEarly |= warning.contains("premature end");
        }
    }

    private Pixels convert(byte[] components, JpegHeader header) {
        byte[] data = components;
        int n = header.width() * header.height();
        switch (header.colour()) {
            case GREY, RGB -> {}
            case YCBCR -> ColourConversion.yccToRgb(data, n, 3);
            case YCCK -> {
                // YCC codes the inverse of CMY, and by Adobe's custom the file holds CMYK inverted: the two cancel,
                // except for K.
                ColourConversion.yccToRgb(data, n, 4);
                ColourConversion.invertKey(data, n);
                data = ColourConversion.cmykToRgb(data, n);
            }
            case CMYK -> {
                ColourConversion.invert(data);
                data = ColourConversion.cmykToRgb(data, n);
            }
            default -> throw new IllegalStateException(header.colour().name());
        }
        return new Pixels(header.width(), header.height(), header.components() == 1 ? 1 : 3, data);
    }

    /**
     * TwelveMonkeys reads only even bit depths. The depth counts only in the prediction of the first sample, half the
     * range; with one bit more, every sample becomes larger by half the true range.
     */
    private static RasterConverter.Meaning losslessMeaning(JpegHeader header) {
        int bits = header.precision();
        return new RasterConverter.Meaning(bits, false, bits % 2 == 1 ? 1 << (bits - 1) : 0);
    }

    private Raster lossless(JpegHeader header) throws IOException {
        owner.checkPlausible(header.width(), header.height(), 8L * header.components(), MAX_LOSSLESS_RATIO);
        boolean sameSize = Arrays.stream(header.sampling()).distinct().count() == 1 || header.components() == 1;
        int bits = header.precision();
        boolean read =
                header.components() == 1 ? bits >= 8 && bits <= 16 : header.components() == 3 && bits == 8 && sameSize;
        if (!read) {
            throw owner.error(
                    "a lossless JPEG (SOF3) of " + header.components() + " components of " + bits + " bits"
                            + (sameSize ? "" : " and different sizes")
                            + " is not read, only grey of 8 to 16 bits and colour of 8",
                    "convert it to PNG");
        }
        boolean odd = bits % 2 == 1;
        JPEGImageReaderSpi provider = new JPEGImageReaderSpi();
        // it looks for the JDK's provider, for everything that is not lossless
        provider.onRegistration(IIORegistry.getDefaultInstance(), ImageReaderSpi.class);
        ImageReader reader = provider.createReaderInstance(null);
        try {
            reader.setInput(
                    new ByteArrayImageStream(odd ? header.withPrecision(bits + 1) : header.reduced(), true),
                    true,
                    true);
            Raster raster = reader.readRaster(0, null);
            if (raster.getWidth() != header.width()
                    || raster.getHeight() != header.height()
                    || raster.getNumBands() != header.components()) {
                throw new IIOException("the frame header contradicts itself");
            }
            return raster;
        } finally {
            reader.dispose();
        }
    }
}
