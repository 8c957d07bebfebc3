package dev.graft.vision.model.download;

import java.net.URI;
import java.nio.file.Path;
import java.util.OptionalLong;

/** Prints nothing about a download. */
final class SilentDownload implements DownloadListener {
    @Override
    public void started(URI url, Path file, long alreadyThere) {}

    @Override
    public void progress(long bytes, OptionalLong total) {}

    @Override
    public void finished(Path file) {}
}
