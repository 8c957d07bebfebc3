package dev.graft.vision.model.download;

import dev.graft.io.file.Terminal;
import java.net.URI;
import java.nio.file.Path;
import java.util.OptionalLong;

/** Hears how a download goes; called on the thread that asked for the file. */
public interface DownloadListener {

    /**
     * A download begins, or an earlier one goes on.
     *
     * @param alreadyThere bytes left by an earlier try, which is continued
     */
    void started(URI url, Path file, long alreadyThere);

    /** Some more bytes have come; {@code total} is empty where the server does not tell. */
    void progress(long bytes, OptionalLong total);

    /** The file is whole, checked and in its place. */
    void finished(Path file);

    /** Another process downloads the same file; its result is waited for. */
    default void waiting(Path file) {}

    /** Says nothing. */
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
