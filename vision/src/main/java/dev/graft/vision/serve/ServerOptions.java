package dev.graft.vision.serve;

import java.time.Duration;

/**
 * What a server allows.
 *
 * @param port where it listens; 0 for any free port
 * @param maxBytes the longest request body
 * @param maxPixels width times height of an image above which it is refused
 * @param patience how long a client may take to send a request, or to take an answer
 * @param parallel requests that are served at once; others wait
 * @param maxTotalBytes of all request bodies in memory; others wait for their turn. At least two of {@code maxBytes}
 *     are allowed, as the longest form needs
 */
public record ServerOptions(
        int port, int maxBytes, long maxPixels, Duration patience, int parallel, long maxTotalBytes) {
    private static final ServerOptions DEFAULTS =
            new ServerOptions(0, 64 << 20, 50_000_000, Duration.ofSeconds(20), 16, 256 << 20);

    /** @throws IllegalArgumentException for numbers that make no server */
    public ServerOptions {
        if (port < 0
                || port > 0xffff
                || maxBytes < 1
                || maxPixels < 1
                || parallel < 1
                || maxTotalBytes < 1
                || patience.toMillis() < 1) {
            throw new IllegalArgumentException("server: port " + port + ", at most " + maxBytes + " bytes and "
                    + maxPixels + " pixels, patience " + patience + ", " + parallel
                    + " requests at once. Hint: a port from 0 to 65535, all others at least 1.");
        }
    }

    /** Any free port, 64 MiB, 50 million pixels, 20 seconds, 16 requests, 256 MiB in all. */
    public static ServerOptions defaults() {
        return DEFAULTS;
    }

    /** A copy with another port; 0 for any free one. */
    public ServerOptions port(int number) {
        return new ServerOptions(number, maxBytes, maxPixels, patience, parallel, maxTotalBytes);
    }

    /** A copy with another limit on the bytes of a request. */
    public ServerOptions maxBytes(int bytes) {
        return new ServerOptions(port, bytes, maxPixels, patience, parallel, maxTotalBytes);
    }

    /** A copy with another limit on the pixels of an image. */
    public ServerOptions maxPixels(long pixels) {
        return new ServerOptions(port, maxBytes, pixels, patience, parallel, maxTotalBytes);
    }

    /** A copy that waits longer or shorter for clients. */
    public ServerOptions patience(Duration time) {
        return new ServerOptions(port, maxBytes, maxPixels, time, parallel, maxTotalBytes);
    }

    /** A copy that serves another number of requests at once. */
    public ServerOptions parallel(int requests) {
        return new ServerOptions(port, maxBytes, maxPixels, patience, requests, maxTotalBytes);
    }

    /** A copy with another limit on the bytes of all request bodies in memory. */
    public ServerOptions maxTotalBytes(long bytes) {
        return new ServerOptions(port, maxBytes, maxPixels, patience, parallel, bytes);
    }
}
