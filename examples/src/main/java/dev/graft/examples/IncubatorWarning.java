package dev.graft.examples;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The line that a JVM prints at its start where it has the Vector API: no flag turns it off, and it warns newcomers of
 * nothing that they could change. So it is taken out of the restarted JVM's standard error.
 *
 * <p>All other bytes are passed on as they come. Held back is only what may still become that line, from the start of a
 * line on.
 */
final class IncubatorWarning {
    private static final byte[] LINE =
            "WARNING: Using incubator modules: jdk.incubator.vector\n".getBytes(StandardCharsets.US_ASCII);
    private static final int BUFFER = 8192;

    private final OutputStream to;
    /** Bytes of the line that have come and are held back; -1 in the middle of another line. */
    private int matched;

    private boolean dropped;

    private IncubatorWarning(OutputStream to) {
        this.to = to;
    }

    /** Copies until the end of {@code from}, without the line, once. */
    static void filter(InputStream from, OutputStream to) throws IOException {
        IncubatorWarning warning = new IncubatorWarning(to);
        byte[] buffer = new byte[BUFFER];
        for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
            warning.pass(buffer, count);
            to.flush();
        }
        warning.release();
        to.flush();
    }

    private void pass(byte[] bytes, int count) throws IOException {
        int from = 0;
        while (!dropped && from < count) {
            from = passLine(bytes, from, count);
        }
        to.write(bytes, from, count - from);
    }

    /** Passes bytes on until the end of a line, or of what has come; returns where it is. */
    private int passLine(byte[] bytes, int start, int count) throws IOException {
        int i = start;
        while (matched >= 0 && i < count && bytes[i] == LINE[matched]) {
            matched++;
            i++;
            if (matched == LINE.length) {
                dropped = true;
                matched = 0;
                return i;
            }
        }
        if (i == count) {
            return i;
        }
        release();
        int rest = i;
        while (i < count && bytes[i] != '\n') {
            i++;
        }
        boolean whole = i < count;
        to.write(bytes, rest, i - rest + (whole ? 1 : 0));
        matched = whole ? 0 : -1;
        return whole ? i + 1 : i;
    }

    private void release() throws IOException {
        if (matched > 0) {
            to.write(LINE, 0, matched);
        }
        matched = -1;
    }
}
