package dev.graft.examples.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.Optional;

/**
 * A writer that goes on when its stream fails and remembers why. {@link java.io.PrintStream} forgets it, and a program
 * whose answer did not arrive must not say that all went well.
 */
final class StandardOutput {
    private final PrintWriter writer;
    private volatile Optional<IOException> failure = Optional.empty();

    StandardOutput(OutputStream stream, Charset charset) {
        OutputStream remembering = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int count) throws IOException {
                try {
                    stream.write(bytes, from, count);
                } catch (IOException e) {
                    failed(e);
                    throw e;
                }
            }

            @Override
            public void flush() throws IOException {
                try {
                    stream.flush();
                } catch (IOException e) {
                    failed(e);
                    throw e;
                }
            }
        };
        writer = new PrintWriter(new OutputStreamWriter(new BufferedOutputStream(remembering), charset), true);
    }

    private void failed(IOException e) {
        if (failure.isEmpty()) {
            failure = Optional.of(e);
        }
    }

    PrintWriter writer() {
        return writer;
    }

    /** The first failure, once all is flushed. */
    Optional<IOException> failure() {
        writer.flush();
        return failure;
    }
}
