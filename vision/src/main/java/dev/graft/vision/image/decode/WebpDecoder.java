package dev.graft.vision.image.decode;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * WebP: the container is read here, and only the bit stream of the (first) picture is passed to TwelveMonkeys.
 * Transparency, profiles, metadata and further frames are left out. Truncated files, which the bit stream's decoder
 * accepts, are detected.
 */
final class WebpDecoder {
    private static final int RIFF_HEADER = 12;
    private static final int CHUNK_HEADER = 8;
    private static final int FRAME_HEADER = 16;
    /** Zeros after the pixels, for a decoder that reads ahead; if it needs more than these, the stream is damaged. */
    private static final int LOOK_AHEAD = 64;

    private final ImageDecoder owner;
    private final ByteBuffer in;
    private int canvasWidth;
    private int canvasHeight;
    private int left;
    private int top;

    WebpDecoder(ImageDecoder owner, byte[] bytes) {
        this.owner = owner;
        this.in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    Pixels decode() throws IOException {
        if ((in.getInt(4) & 0xFFFFFFFFL) > in.limit() - CHUNK_HEADER) {
            throw owner.truncated("the WebP announces " + (in.getInt(4) & 0xFFFFFFFFL) + " bytes and has "
                    + (in.limit() - CHUNK_HEADER));
        }
        Pixels picture = owner.read(
                new WebPImageReaderSpi(),
                new ByteArrayImageStream(bitStream(RIFF_HEADER, in.limit()), true),
                new RasterConverter(owner, RasterConverter.Meaning.PLAIN));
        int width = Math.max(canvasWidth, left + picture.width());
        int height = Math.max(canvasHeight, top + picture.height());
        owner.checkSize(width, height);
        return picture.onCanvas(left, top, width, height);
    }

    /** The file reduced to its first VP8 or VP8L chunk. */
    private byte[] bitStream(int from, int end) {
        int pos = from;
        while (pos + CHUNK_HEADER <= end) {
            String kind = new String(in.array(), pos, 4, StandardCharsets.ISO_8859_1);
            long length = in.getInt(pos + 4) & 0xFFFFFFFFL;
            if (length > end - pos - CHUNK_HEADER) {
                break;
            }
            int body = pos + CHUNK_HEADER;
            if (kind.equals("VP8 ") || kind.equals("VP8L")) {
                return simpleFile(pos, (int) length);
            } else if (kind.equals("VP8X") && length >= 10) {
                canvasWidth = 1 + int24(body + 4);
                canvasHeight = 1 + int24(body + 7);
                owner.checkSize(canvasWidth, canvasHeight);
            } else if (kind.equals("ANMF") && length >= FRAME_HEADER) {
                left = 2 * int24(body);
                top = 2 * int24(body + 3);
                return bitStream(body + FRAME_HEADER, body + (int) length);
            }
            pos = (int) Math.min(end, body + length + (length & 1));
        }
        throw owner.truncated("the WebP ends before its pixels");
    }

    private byte[] simpleFile(int chunk, int length) {
        int padded = CHUNK_HEADER + length + (length & 1) + LOOK_AHEAD;
        ByteBuffer out = ByteBuffer.allocate(RIFF_HEADER + padded).order(ByteOrder.LITTLE_ENDIAN);
        out.put(in.array(), 0, 4)
                .putInt(4 + padded)
                .put(in.array(), 8, 4)
                .put(in.array(), chunk, CHUNK_HEADER + length);
        return out.array();
    }

    private int int24(int at) {
        return (in.getShort(at) & 0xffff) | (in.get(at + 2) & 0xff) << 16;
    }
}
