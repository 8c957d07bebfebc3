package dev.graft.vision.model.download;

import dev.graft.io.file.Terminal;
import java.net.URI;
import java.nio.file.Path;
import java.util.OptionalLong;

/** Receives the progress of a download; called on the thread that requested the file. */
public interface DownloadListener {

    /**
     * A download begins, or an earlier one continues.
     *
     * @param alreadyThere bytes of an earlier attempt, which is continued
     */
    void started(URI url, Path file, long alreadyThere);

    /** More bytes have arrived; {@code total} is empty if the server does not state it. */
    void progress(long bytes, OptionalLong total);

    /** The file is complete, checked and in place. */
    void finished(Path file);

    /** Another process is downloading the same file; this one waits for its result. */
    default void waiting(Path file) {}

    /** Prints nothing. */
    static DownloadListener silent() {
        return new SilentDownload();
    }

    /** Tells the {@link System.Logger} of this interface when a download begins, waits and ends. */
    static DownloadListener log() {
        return new LoggedDownload();
    }

    /** A progress bar on the error stream of a terminal; plain lines elsewhere. */
    static DownloadListener console() {
        return new ConsoleDownload(System.err, Terminal.isInteractive());
    }
}
