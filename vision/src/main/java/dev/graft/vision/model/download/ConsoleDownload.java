package dev.graft.vision.model.download;

import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalLong;

/** Shows a download: one line that is redrawn on a terminal, elsewhere a line for every tenth. */
final class ConsoleDownload implements DownloadListener {
    private static final int BAR = 30;
    private static final double MEGA = 1e6;

    private final PrintStream out;
    private final boolean terminal;
    private int lastTenth;
    private boolean drawn;

    ConsoleDownload(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    @Override
    public void started(URI url, Path file, long alreadyThere) {
        lastTenth = 0;
        out.println("Downloading " + url + " to " + file
                + (alreadyThere == 0
                        ? ""
                        : String.format(Locale.ROOT, ", continuing at %.1f MB", alreadyThere / MEGA)));
    }

    @Override
    public void waiting(Path file) {
        out.println("Waiting for another process that downloads " + file);
    }

    @Override
    public void progress(long bytes, OptionalLong total) {
        if (total.orElse(0) <= 0) {
            return;
        }
        double share = Math.min(1, (double) bytes / total.getAsLong());
        String numbers = String.format(Locale.ROOT, "%3.0f %% of %.1f MB", share * 100, total.getAsLong() / MEGA);
        if (terminal) {
            int filled = (int) (share * BAR);
            out.print("\r[" + "#".repeat(filled) + " ".repeat(BAR - filled) + "] " + numbers);
            out.flush();
            drawn = true;
        } else if ((int) (share * 10) > lastTenth) {
            lastTenth = (int) (share * 10);
            out.println(numbers);
        }
    }

    @Override
    public void finished(Path file) {
        if (drawn) {
            out.println();
        }
        out.println("Saved " + file);
    }
}
