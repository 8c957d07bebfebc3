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

    private Upload() {}

    /**
     * @param maxBytes longest body
     * @throws Refusal for a body that is too long, empty, or of a type that no image has
     * @throws IOException where the client does not send it whole
     */
    static byte[] read(HttpExchange exchange, int maxBytes) throws IOException {
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
        byte[] body = all(exchange.getRequestBody(), maxBytes);
        byte[] image = form ? file(body, boundary(type)) : body;
        if (image.length == 0) {
            throw new Refusal(400, "the request has no image");
        }
        return image;
    }

    /** Memory grows with what has arrived, not with what is announced. */
    private static byte[] all(InputStream in, int maxBytes) throws IOException {
        byte[] body = in.readNBytes(maxBytes);
        if (body.length == maxBytes && in.read() >= 0) {
            throw tooLong(maxBytes);
        }
        return body;
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
