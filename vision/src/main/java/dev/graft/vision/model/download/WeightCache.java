package dev.graft.vision.model.download;

import dev.graft.io.file.Sha256;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Where published weights are on this machine. A file is looked up in {@code GRAFT_HOME/checkpoints} (by default
 * {@code ~/.cache/graft/checkpoints}), then in PyTorch's hub cache. If it is in neither, {@link #fetch} downloads it.
 * Every file is checked against its SHA-256.
 *
 * <pre>
 * {@code Path file = WeightCache.fromEnvironment().fetch(ResNet18Weights.IMAGENET1K_V1, DownloadListener.console());}
 * </pre>
 *
 * @param folder where downloads are saved, and where files may be put by hand
 * @param alsoIn further folders to look in; nothing is written there
 * @param offline whether {@link #fetch} must not download
 */
public record WeightCache(Path folder, List<Path> alsoIn, boolean offline) {
    private static final System.Logger LOG = System.getLogger(WeightCache.class.getName());
    private static final Duration STALL = Duration.ofSeconds(30);

    public WeightCache {
        folder = folder.toAbsolutePath();
        alsoIn = List.copyOf(alsoIn);
    }

    /**
     * The cache that the environment describes: {@code GRAFT_HOME}, {@code GRAFT_OFFLINE=1} (no download), and for
     * PyTorch's cache {@code TORCH_HOME} or {@code XDG_CACHE_HOME}. A leading {@code ~} in them is the user's home. The
     * system properties {@code graft.home} and {@code graft.offline} win over the environment.
     *
     * @throws IllegalArgumentException if {@code GRAFT_OFFLINE} is neither yes nor no
     */
    public static WeightCache fromEnvironment() {
        Map<String, String> settings = new HashMap<>(System.getenv());
        Optional.ofNullable(System.getProperty("graft.home")).ifPresent(home -> settings.put("GRAFT_HOME", home));
        Optional.ofNullable(System.getProperty("graft.offline"))
                .ifPresent(offline -> settings.put("GRAFT_OFFLINE", offline));
        return from(settings, Path.of(System.getProperty("user.home", ".")));
    }

    static WeightCache from(Map<String, String> settings, Path userHome) {
        Path dotCache = userHome.resolve(".cache");
        Path graft = setting(settings, "GRAFT_HOME")
                .map(home -> expanded(home, userHome))
                .orElse(dotCache.resolve("graft"));
        Path torch = setting(settings, "TORCH_HOME")
                .map(home -> expanded(home, userHome))
                .orElse(setting(settings, "XDG_CACHE_HOME")
                        .map(home -> expanded(home, userHome))
                        .orElse(dotCache)
                        .resolve("torch"));
        return new WeightCache(
                graft.resolve("checkpoints"),
                List.of(torch.resolve("hub").resolve("checkpoints")),
                isOffline(settings));
    }

    /** A leading {@code ~} is the user's home, as in torch, because env files, unlike shells, do not expand it. */
    private static Path expanded(String path, Path userHome) {
        if (path.equals("~")) {
            return userHome;
        }
        return path.startsWith("~/") || path.startsWith("~\\") ? userHome.resolve(path.substring(2)) : Path.of(path);
    }

    private static boolean isOffline(Map<String, String> settings) {
        String offline = setting(settings, "GRAFT_OFFLINE").orElse("0").strip();
        return switch (offline.toLowerCase(Locale.ROOT)) {
            case "1", "true", "yes", "on" -> true;
            case "0", "false", "no", "off" -> false;
            default ->
                throw new IllegalArgumentException(
                        "GRAFT_OFFLINE: '" + offline + "' says neither yes nor no. Hint: set it to 1 or 0.");
        };
    }

    private static Optional<String> setting(Map<String, String> settings, String name) {
        return Optional.ofNullable(settings.get(name)).filter(value -> !value.isBlank());
    }

    /** Only the cache {@code home/checkpoints}, with downloads. */
    public static WeightCache at(Path home) {
        return new WeightCache(home.resolve("checkpoints"), List.of(), false);
    }

    public WeightCache alsoIn(List<Path> folders) {
        return new WeightCache(folder, folders, offline);
    }

    public WeightCache offline(boolean forbidDownloads) {
        return new WeightCache(folder, alsoIn, forbidDownloads);
    }

    /**
     * The file, if it is already on this machine. A file with the right name but the wrong SHA-256 is an error in
     * {@link #folder()}, and is skipped elsewhere.
     *
     * @throws WeightsException naming the file with the wrong SHA-256
     */
    public Optional<Path> find(Weights weights) {
        WeightsFacts facts = weights.facts();
        Path own = folder.resolve(facts.fileName());
        if (Files.isRegularFile(own)) {
            String digest = Sha256.of(own);
            if (!facts.matches(digest)) {
                throw new WeightsException(
                        name(weights) + ": " + own + " has SHA-256 " + digest + ", not " + expected(facts)
                                + ". Hint: delete it to have the right one downloaded, or load your own file by its path.");
            }
            return Optional.of(own);
        }
        for (Path other : alsoIn) {
            Path file = other.resolve(facts.fileName());
            if (Files.isRegularFile(file)) {
                if (facts.matches(Sha256.of(file))) {
                    return Optional.of(file);
                }
                LOG.log(System.Logger.Level.WARNING, "{0} is skipped: its SHA-256 is not {1}", file, expected(facts));
            }
        }
        return Optional.empty();
    }

    /**
     * The file, which is downloaded if it is not on this machine. This is the library's only access to the network.
     *
     * @throws WeightsException if it is not available, naming the address and the folder to put the file in
     */
    public Path fetch(Weights weights, DownloadListener listener) {
        return fetch(weights, listener, STALL);
    }

    Path fetch(Weights weights, DownloadListener listener, Duration stall) {
        Optional<Path> found = find(weights);
        if (found.isPresent()) {
            return found.get();
        }
        WeightsFacts facts = weights.facts();
        if (facts.url().isEmpty()) {
            throw new WeightsException(name(weights) + ": there is no address to download it from. " + byHand(facts));
        }
        if (offline) {
            throw new WeightsException(name(weights) + ": not on this machine, and GRAFT_OFFLINE forbids downloading "
                    + facts.url().get() + ". " + byHand(facts));
        }
        try {
            new WeightDownload(facts, facts.url().get(), folder.resolve(facts.fileName()), listener, stall).run();
        } catch (IOException e) {
            throw new WeightsException(
                    name(weights) + ": " + facts.url().get() + " cannot be downloaded: " + reason(e) + ". "
                            + byHand(facts),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new WeightsException(
                    name(weights) + ": the download was interrupted. Hint: start again; it continues where it stopped.",
                    e);
        }
        return find(weights)
                .orElseThrow(
                        () -> new WeightsException(name(weights) + ": the downloaded file disappeared from " + folder));
    }

    private static String reason(IOException e) {
        return e instanceof FileSystemException file
                ? file.getFile() + " cannot be written (" + e.getClass().getSimpleName() + ")"
                : String.valueOf(e.getMessage());
    }

    private String byHand(WeightsFacts facts) {
        String how = facts.url()
                .map(url -> "download " + url)
                .orElseGet(() -> "get the file by hand (" + facts.origin() + ")");
        return "Hint: " + how + " and put it as " + facts.fileName() + " into " + folder + " (SHA-256 "
                + expected(facts) + ").";
    }

    private static String name(Weights weights) {
        return weights.architecture() + " " + weights.name();
    }

    private static String expected(WeightsFacts facts) {
        return facts.sha256() + (facts.sha256().length() < 64 ? "..." : "");
    }
}
