package dev.graft.vision.serve;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a request's image: the body itself, or the first file of a form. Kept in memory only. */
final class Upload {
    private static final Pattern BOUNDARY =
            Pattern.compile(";\\s*boundary=(?:\"([^\"]{1,70})\"|([^\";\\s]{1,70}))", Pattern.CASE_INSENSITIVE);
    private static final byte[] HEAD_END = "\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
    private static final int LONGEST_HEAD = 16 << 10;
    private static final int MOST_PARTS = 32;
    /** The first array for a body of unknown length. */
    private static final int FIRST = 1 << 16;

    private Upload() {}

    /**
     * @param maxBytes longest body
     * @throws Refusal for a body that is too long or empty
     * @throws IOException where the client does not send it whole
     */
    static byte[] read(HttpExchange exchange, Announced announced, int maxBytes) throws IOException {
        byte[] body = all(exchange.getRequestBody(), announced.length(), maxBytes);
        byte[] image = announced.form() ? file(body, boundary(announced.type())) : body;
        if (image.length == 0) {
            throw new Refusal(400, "the request has no image");
        }
        return image;
    }

    /**
     * What a request's head says of its body.
     *
     * @param length in bytes; -1 if it is not said
     */
    record Announced(String type, boolean form, int length) {
        /** @throws Refusal for a body that is too long, or of a type that no image has */
        static Announced of(HttpExchange exchange, int maxBytes) {
            String type = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Content-Type"))
                    .orElse("");
            String kind = type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
            boolean form = kind.equals("multipart/form-data");
            if (!form
                    && !kind.startsWith("image/")
                    && !kind.equals("application/octet-stream")
                    && !kind.equals("application/dicom")) {
                throw new Refusal(
                        415,
                        "the Content-Type must be image/..., application/dicom, application/octet-stream or multipart/form-data");
            }
            String length = exchange.getRequestHeaders().getFirst("Content-Length");
            if (length != null && (!length.matches("[0-9]{1,18}") || Long.parseLong(length) > maxBytes)) {
                throw tooLong(maxBytes);
            }
            boolean chunked = exchange.getRequestHeaders().containsKey("Transfer-Encoding");
            return new Announced(type, form, length == null || chunked ? -1 : Integer.parseInt(length));
        }

        /** What reading it takes at most: a form is there twice for a moment, and so is what grows. */
        long memory(int maxBytes) {
            return length >= 0 && !form ? length : 2L * (length >= 0 ? length : maxBytes);
        }
    }

    /** A body in one array; of an announced length, in an array of that length from the beginning. */
    static byte[] all(InputStream in, int announced, int maxBytes) throws IOException {
        byte[] body = new byte[announced >= 0 ? announced : Math.min(maxBytes, FIRST)];
        int n = 0;
        while (true) {
            n += in.readNBytes(body, n, body.length - n);
            if (n < body.length || announced >= 0) {
                return n == body.length ? body : Arrays.copyOf(body, n);
            }
            int next = in.read();
            if (next < 0) {
                return body;
            }
            if (n == maxBytes) {
                throw tooLong(maxBytes);
            }
            body = Arrays.copyOf(body, (int) Math.min(maxBytes, 2L * n));
            body[n++] = (byte) next;
        }
    }

    private static Refusal tooLong(int maxBytes) {
        return new Refusal(413, "the request is longer than " + maxBytes + " bytes");
    }

    private static byte[] boundary(String type) {
        Matcher boundary = BOUNDARY.matcher(type);
        if (!boundary.find()) {
            throw new Refusal(400, "the form has no boundary");
        }
        String text = boundary.group(1) != null ? boundary.group(1) : boundary.group(2);
        return ("--" + text).getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The content of the first part with a file name (RFC 7578). */
    private static byte[] file(byte[] body, byte[] boundary) {
        int at = find(body, boundary, 0, body.length);
        for (int part = 0; part < MOST_PARTS && at >= 0; part++) {
            int head = at + boundary.length;
            int headEnd = find(body, HEAD_END, head, Math.min(body.length, head + LONGEST_HEAD));
            if (headEnd < 0) {
                break;
            }
            int content = headEnd + HEAD_END.length;
            int next = find(body, boundary, content, body.length);
            String text = new String(body, head, headEnd - head, StandardCharsets.ISO_8859_1);
            if (next >= 0 && text.toLowerCase(Locale.ROOT).contains("filename")) {
                return Arrays.copyOfRange(body, content, Math.max(content, next - 2)); // a line ends before it
            }
            at = next;
        }
        throw new Refusal(400, "the form has no file");
    }

    /** Where {@code wanted} begins, from {@code from} on and whole before {@code to}; -1 if nowhere. */
    private static int find(byte[] in, byte[] wanted, int from, int to) {
        for (int i = from; i <= to - wanted.length; i++) {
            if (in[i] == wanted[0] && Arrays.equals(in, i, i + wanted.length, wanted, 0, wanted.length)) {
                return i;
            }
        }
        return -1;
    }
}
