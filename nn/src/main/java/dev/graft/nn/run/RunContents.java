package dev.graft.nn.run;

import dev.graft.io.file.Sha256;
import dev.graft.io.file.Swap;
import dev.graft.nn.model.ModelCard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Which files in a folder are a run's: its state, and its result. */
final class RunContents {
    /** What a frozen part has made of the examples; no loss, for it can be computed again. */
    static final List<String> FEATURES = List.of("features-training.bin", "features-validation.bin");

    /** What a run has before it has a result. */
    static final List<String> STATE = List.of(
            RunRecord.FILE_NAME,
            FEATURES.get(0),
            FEATURES.get(1),
            "last.safetensors",
            "unvalidated.safetensors",
            "best.safetensors",
            "log.csv");

    private RunContents() {}

    /** The names that are a run's: the usual ones, and those that the folder's card or its unfinished run adds. */
    static Set<String> names(Path folder) {
        Set<String> names = new LinkedHashSet<>(STATE);
        names.addAll(ResultFiles.WELL_KNOWN);
        names.addAll(listed(folder).orElse(Map.of()).keySet());
        RunRecord.read(folder).ifPresent(run -> names.addAll(run.files()));
        return names;
    }

    /**
     * The further files of the result and their SHA-256, as the card says; empty if there is no card, or an older one.
     */
    static Optional<Map<String, String>> listed(Path folder) {
        return RunRecord.card(folder)
                .map(card -> card.facts().get(ModelCard.FILES))
                .filter(Map.class::isInstance)
                .map(files -> {
                    Map<String, String> hashes = new LinkedHashMap<>();
                    ((Map<?, ?>) files).forEach((name, hash) -> {
                        if (ResultFiles.isPlain((String) name)) { // no card names a file outside of its folder
                            hashes.put((String) name, (String) hash);
                        }
                    });
                    return hashes;
                });
    }

    /** Whether a file is one that a run in the folder writes, by its name, or as the same file by another name. */
    static boolean isOwn(Path folder, Path file) {
        try {
            Set<String> names = names(folder);
            Path parent = file.toAbsolutePath().getParent();
            if (parent != null
                    && Files.isDirectory(parent)
                    && Files.isSameFile(parent, folder)
                    && names.contains(file.getFileName().toString())) {
                return true;
            }
            for (String name : names) {
                Path own = folder.resolve(name);
                if (Files.exists(own) && Files.exists(file) && Files.isSameFile(own, file)) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            return false;
        }
    }

    /** Settings and features alone are no loss: their run ended before it trained. */
    static boolean isUsed(Path folder) {
        return names(folder).stream()
                .filter(name -> !name.equals(RunRecord.FILE_NAME) && !FEATURES.contains(name))
                .anyMatch(name -> Files.exists(folder.resolve(name)));
    }

    /** Whether there is any file of a run. */
    static boolean isAny(Path folder) {
        return names(folder).stream().anyMatch(name -> Files.exists(folder.resolve(name)));
    }

    /** A killed run leaves what it was writing; under the lock, no other run can own it. */
    static void removeLeftovers(Path folder) {
        Set<String> names = names(folder);
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(file -> isLeftover(file, names)).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            System.getLogger(RunFolder.class.getName())
                    .log(System.Logger.Level.WARNING, "temporary files left behind in " + folder, e);
        }
        removeOutdated(folder);
    }

    private static boolean isLeftover(Path file, Set<String> names) {
        String name = file.getFileName().toString();
        String undotted = name.replaceFirst("^\\.+", "");
        boolean ofAnOwn = name.startsWith(".")
                && names.stream().anyMatch(own -> undotted.startsWith(own + "."))
                && (name.endsWith(".tmp") || name.endsWith(Swap.ENDING));
        return ofAnOwn || (name.startsWith(".graft") && name.endsWith(".probe")) || FeatureStore.isStore(name);
    }

    /**
     * Removes what only an older result had, such as the predictions of a fold: after a kill between a result and this,
     * they would lie beside a model that they are not about. Nothing is removed while a run is unfinished.
     */
    private static void removeOutdated(Path folder) {
        Optional<RunRecord> run = RunRecord.read(folder);
        Optional<Map<String, String>> listed = listed(folder);
        if (run.isPresent() && listed.isPresent() && run.get().hash().equals(RunRecord.resultOf(folder))) {
            removeExcept(folder, listed.get().keySet(), Map.of());
        }
    }

    /**
     * Removes files of an older result.
     *
     * @param kept those of the new one
     * @param before what the older card listed; of other than well-known names, only files that are still as it says
     *     are removed, for a card may come from anywhere
     */
    static void removeExcept(Path folder, Set<String> kept, Map<String, String> before) {
        ResultFiles.WELL_KNOWN.stream()
                .filter(name -> !ResultFiles.isAlwaysThere(name) && !kept.contains(name))
                .forEach(name -> FeatureFile.deleteQuietly(folder.resolve(name)));
        before.forEach((name, hash) -> {
            Path file = folder.resolve(name);
            if (!STATE.contains(name)
                    && !ResultFiles.isAlwaysThere(name)
                    && !kept.contains(name)
                    && Files.isRegularFile(file)
                    && Sha256.of(file).equals(hash)) {
                FeatureFile.deleteQuietly(file);
            }
        });
    }
}
