package dev.graft.vision.data;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** An image's bytes as they are stored, in a file or in memory. They decide whether two images are the same. */
interface ImageBytes {

    /** Its name in errors. */
    String name();

    long length() throws IOException;

    InputStream open() throws IOException;

    static ImageBytes of(Path file) {
        return new ImageBytes() {
            @Override
            public String name() {
                return file.toString();
            }

            @Override
            public long length() throws IOException {
                return Files.size(file);
            }

            @Override
            public InputStream open() throws IOException {
                return Files.newInputStream(file);
            }
        };
    }

    static ImageBytes of(byte[] bytes) {
        return new ImageBytes() {
            @Override
            public String name() {
                return "an image in memory";
            }

            @Override
            public long length() {
                return bytes.length;
            }

            @Override
            public InputStream open() {
                return new ByteArrayInputStream(bytes);
            }
        };
    }

    /** The length, with an error that names the content. */
    static long lengthOf(ImageBytes content) {
        try {
            return content.length();
        } catch (IOException e) {
            throw unreadable(content, e);
        }
    }

    static UncheckedIOException unreadable(ImageBytes content, IOException e) {
        return new UncheckedIOException(
                "image data: " + content.name() + " cannot be read (" + e.getMessage()
                        + "). Hint: check that it still exists.",
                e);
    }
}
