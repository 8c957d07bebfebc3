package dev.graft.vision.model.download;

import java.net.URI;
import java.nio.file.Path;
import java.util.OptionalLong;

/** Tells the system's log when a download begins, waits and ends. */
final class LoggedDownload implements DownloadListener {
    private static final System.Logger LOG = System.getLogger(DownloadListener.class.getName());

    @Override
    public void started(URI url, Path file, long alreadyThere) {
        LOG.log(System.Logger.Level.INFO, "downloading {0} to {1}", url, file);
    }

    @Override
    public void waiting(Path file) {
        LOG.log(System.Logger.Level.INFO, "waiting for another process that downloads {0}", file);
    }

    @Override
    public void progress(long bytes, OptionalLong total) {}

    @Override
    public void finished(Path file) {
        LOG.log(System.Logger.Level.INFO, "saved {0}", file);
    }
}
