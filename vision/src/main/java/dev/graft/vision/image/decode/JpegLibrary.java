package dev.graft.vision.image.decode;

import java.awt.image.DataBufferByte;
import java.io.IOException;
import java.util.Base64;
import java.util.Iterator;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;

/**
 * The libjpeg in this JDK. OpenJDK includes its own version, 6b; Linux distributions build theirs with libjpeg-turbo.
 * Both decode to the same bits, with two exceptions. First, 6b repeats colour rows of half height (4:4:0), while
 * libjpeg-turbo interpolates them; {@link #interpolateRows} compensates for this. Second, they guess differently what
 * is missing in a progressive file without its last scans.
 */
public final class JpegLibrary {
    /** 8x16 pixels, 4:4:0, with colours that change from row to row. */
    private static final String PROBE =
            "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYV"
                    + "pQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCAAQ"
                    + "AAgDARIAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABcQAQADAAAAAAAAAAAAAAAAAAABESH/xAAVAQEBAAAAAAAAAAAAAAAAAAABAv"
                    + "/EABYRAAMAAAAAAAAAAAAAAAAAAAAVYf/aAAwDAQACEQMRAD8AXJiUUF1T/9k=";

    private JpegLibrary() {}

    /** Looked up only once, because the registry scans the class path. */
    private static final class Jdk {
        static final ImageReaderSpi PROVIDER = find();
        static final boolean INTERPOLATES = interpolates();

        private static ImageReaderSpi find() {
            Iterator<ImageReaderSpi> all =
                    IIORegistry.getDefaultInstance().getServiceProviders(ImageReaderSpi.class, true);
            while (all.hasNext()) {
                ImageReaderSpi spi = all.next();
                if (spi.getClass().getName().startsWith("com.sun.imageio.plugins.jpeg.")) {
                    return spi;
                }
            }
            throw new IllegalStateException(
                    "this Java has no JPEG reader. Hint: use a JDK with the module java.desktop.");
        }

        private static boolean interpolates() {
            try {
                ImageReader reader = PROVIDER.createReaderInstance();
                reader.setInput(new ByteArrayImageStream(Base64.getDecoder().decode(PROBE), false), true, true);
                byte[] data = ((DataBufferByte) reader.readRaster(0, null).getDataBuffer()).getData();
                reader.dispose();
                int row = 3 * 8;
                for (int y = 0; y < 16; y += 2) {
                    if (data[y * row + 1] != data[(y + 1) * row + 1]) {
                        return true;
                    }
                }
                return false;
            } catch (IOException e) {
                throw new IllegalStateException("the JDK's JPEG reader cannot read a JPEG. Hint: use another JDK.", e);
            }
        }
    }

    /** The library and the JDK's vendor; a model's card keeps this text. */
    public static String name() {
        return (Jdk.INTERPOLATES ? "libjpeg-turbo" : "libjpeg 6b") + " (Java " + Runtime.version() + ", "
                + System.getProperty("java.vendor") + ")";
    }

    static ImageReader reader() throws IOException {
        return Jdk.PROVIDER.createReaderInstance();
    }

    /**
     * Turns the repeated rows of components of half height into interpolated ones, as in libjpeg-turbo: three parts of
     * the nearer row and one part of the other (<a
     * href="https://github.com/libjpeg-turbo/libjpeg-turbo/blob/main/src/jdsample.c">jdsample.c</a>,
     * {@code h1v2_fancy_upsample}).
     *
     * @param data the upsampled components, interleaved
     */
    static void interpolateRows(JpegHeader header, byte[] data) {
        if (Jdk.INTERPOLATES) {
            return;
        }
        int[] sampling = header.sampling();
        int n = header.components();
        int widest = 0;
        int highest = 0;
        for (int c = 0; c < n; c++) {
            widest = Math.max(widest, sampling[2 * c]);
            highest = Math.max(highest, sampling[2 * c + 1]);
        }
        for (int c = 0; c < n; c++) {
            if (sampling[2 * c] == widest && 2 * sampling[2 * c + 1] == highest) {
                interpolateRows(data, c, n, header.width(), header.height());
            }
        }
    }

    private static void interpolateRows(byte[] data, int component, int components, int width, int height) {
        int stride = width * components;
        int rows = (height + 1) / 2;
        byte[] above = new byte[width];
        byte[] here = new byte[width];
        byte[] below = new byte[width];
        copyRow(data, component, components, here);
        System.arraycopy(here, 0, above, 0, width);
        for (int r = 0; r < rows; r++) {
            copyRow(data, 2 * Math.min(r + 1, rows - 1) * stride + component, components, below);
            for (int x = 0, i = 2 * r * stride + component; x < width; x++, i += components) {
                data[i] = (byte) ((3 * (here[x] & 0xff) + (above[x] & 0xff) + 1) >> 2);
            }
            if (2 * r + 1 < height) {
                for (int x = 0, i = (2 * r + 1) * stride + component; x < width; x++, i += components) {
                    data[i] = (byte) ((3 * (here[x] & 0xff) + (below[x] & 0xff) + 2) >> 2);
                }
            }
            byte[] free = above;
            above = here;
            here = below;
            below = free;
        }
    }

    private static void copyRow(byte[] data, int from, int step, byte[] row) {
        for (int x = 0, i = from; x < row.length; x++, i += step) {
            row[x] = data[i];
        }
    }
}
