package dev.graft.cuda;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The libraries of the user's CUDA 13, which Graft does not ship. The system's loader finds them in its own folders and
 * those of {@code LD_LIBRARY_PATH}; this class looks where installers put them besides.
 */
final class CudaLibraries {
    /**
     * A folder with CUDA's libraries, before all others; such as {@code site-packages/nvidia/cu13/lib} of pip's wheels.
     */
    static final String SETTING = "graft.cuda.path";

    private static final List<String> VARIABLES = List.of("CUDA_HOME", "CUDA_PATH");

    private CudaLibraries() {}

    /** Where libraries may lie, most wanted first; not all of the folders exist. */
    static List<Path> folders(Optional<String> setting, Map<String, String> environment) {
        List<Path> roots = new ArrayList<>();
        List<Path> folders = new ArrayList<>();
        setting.ifPresent(list -> {
            for (String folder : list.split(File.pathSeparator, -1)) {
                if (!folder.isBlank()) {
                    folders.add(Path.of(folder));
                    roots.add(Path.of(folder));
                }
            }
        });
        for (String variable : VARIABLES) {
            String value = environment.get(variable);
            if (value != null && !value.isBlank()) {
                roots.add(Path.of(value));
            }
        }
        roots.add(Path.of("/usr/local/cuda-13"));
        roots.add(Path.of("/usr/local/cuda"));
        for (Path root : roots) {
            folders.add(root.resolve("lib64"));
            folders.add(root.resolve("lib"));
            folders.add(root.resolve("bin").resolve("x64"));
            folders.add(root.resolve("targets").resolve("x86_64-linux").resolve("lib"));
            folders.add(root.resolve("targets").resolve("sbsa-linux").resolve("lib"));
        }
        return folders;
    }

    /**
     * Loads a library from one of the folders, if it is there: what depends on it is then satisfied by its name. If it
     * is not, the system's loader looks for it later.
     *
     * @param prefix the file's name up to the number of a version, such as {@code libnvrtc.so.13}
     */
    static void preload(String prefix) {
        for (Path folder : folders(Optional.ofNullable(System.getProperty(SETTING)), System.getenv())) {
            Optional<Path> file = file(folder, prefix);
            if (file.isPresent()) {
                try {
                    System.load(file.get().toString());
                    return;
                } catch (UnsatisfiedLinkError e) {
                    System.getLogger(CudaLibraries.class.getName())
                            .log(System.Logger.Level.DEBUG, "{0} cannot be loaded: {1}", file.get(), e.getMessage());
                }
            }
        }
    }

    private static Optional<Path> file(Path folder, String prefix) {
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith(prefix))
                    .min(Path::compareTo)
                    .map(Path::toAbsolutePath);
        } catch (java.io.IOException e) {
            return Optional.empty();
        }
    }
}
