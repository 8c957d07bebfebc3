package dev.graft.cuda;

import dev.graft.io.file.AtomicFile;
import dev.graft.io.file.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * CUDA's own compiler at run time, for the device at hand. Images are kept on disk, by all that they depend on: the
 * text, the architecture, the options and the compiler's version. So only the first program on a machine waits.
 */
final class NvrtcCompiler implements KernelCompiler {
    private static final List<String> OPTIONS = List.of("--std=c++17", "-default-device", "--fmad=true", "-lineinfo");

    private static final int DIGEST = 32;

    private final Path cache;
    private final int newest;
    private final String version;

    /** @param cache a folder, which need not exist */
    NvrtcCompiler(Path cache) {
        load();
        this.cache = cache;
        int[] major = new int[1];
        int[] minor = new int[1];
        check("nvrtcVersion", nvrtc.nvrtcVersion(major, minor));
        this.version = major[0] + "." + minor[0];
        int[] known = architectures();
        this.newest = known[known.length - 1];
    }

    /** {@code GRAFT_HOME}, as for downloaded weights, else {@code ~/.cache/graft}. */
    static Path standardCache() {
        String home = System.getenv("GRAFT_HOME");
        return (home == null || home.isBlank()
                        ? Path.of(System.getProperty("user.home"), ".cache", "graft")
                        : Path.of(home))
                .resolve("cuda");
    }

    /** @throws UnsatisfiedLinkError if NVRTC is not on this machine */
    static void load() {
        // NVRTC opens its built-in functions by name, once it compiles; loaded before, they are found.
        CudaLibraries.preload("libnvrtc-builtins.so.13");
        CudaLibraries.preload("libnvrtc.so.13");
        Loader.load(nvrtc.class);
    }

    @Override
    public String description() {
        return "compiled by NVRTC " + version + ", kept in " + cache;
    }

    /** The architectures that this NVRTC compiles for, such as 75 and 90. */
    static int[] architectures() {
        int[] count = new int[1];
        check("nvrtcGetNumSupportedArchs", nvrtc.nvrtcGetNumSupportedArchs(count));
        int[] all = new int[count[0]];
        check("nvrtcGetSupportedArchs", nvrtc.nvrtcGetSupportedArchs(all));
        Arrays.sort(all);
        return all;
    }

    /** For a device that is newer than NVRTC, PTX of the newest that it knows, which the driver compiles further. */
    private String target(int architecture) {
        return "--gpu-architecture=" + (architecture > newest ? "compute_" + newest : "sm_" + architecture);
    }

    @Override
    public byte[] compile(String file, String text, int architecture) {
        String target = target(architecture);
        Path kept = cache.resolve(key(text, target) + ".cubin");
        Optional<byte[]> image = read(kept);
        if (image.isPresent()) {
            return image.get();
        }
        byte[] fresh = compiled(file, text, target);
        write(kept, fresh);
        return fresh;
    }

    /** What was kept, unless it is damaged: an image, and then its digest. */
    private static Optional<byte[]> read(Path kept) {
        try {
            if (!Files.isRegularFile(kept)) {
                return Optional.empty();
            }
            byte[] all = Files.readAllBytes(kept);
            int length = Math.max(0, all.length - DIGEST);
            byte[] image = Arrays.copyOf(all, length);
            return Arrays.equals(Sha256.digest().digest(image), 0, DIGEST, all, length, all.length)
                    ? Optional.of(image)
                    : Optional.empty();
        } catch (IOException e) {
            log("reading", kept, e);
            return Optional.empty();
        }
    }

    /** A damaged file, as after a power failure, is told by its digest: so nothing waits for the disk. */
    private void write(Path kept, byte[] image) {
        try {
            Files.createDirectories(cache);
            AtomicFile.writeSoon(kept, out -> {
                out.write(image);
                out.write(Sha256.digest().digest(image));
            });
        } catch (IOException e) {
            log("writing", kept, e);
        }
    }

    private static void log(String what, Path file, IOException e) {
        System.getLogger(NvrtcCompiler.class.getName())
                .log(
                        System.Logger.Level.WARNING,
                        "cuda: " + what + " the compiled kernels " + file + " failed (" + e
                                + "); they are compiled again each time. Hint: let the folder be written, or set GRAFT_HOME.");
    }

    private String key(String text, String target) {
        MessageDigest digest = Sha256.digest();
        digest.update((version + "\n" + target + "\n" + OPTIONS + "\n").getBytes(StandardCharsets.UTF_8));
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest.digest(), 0, 16);
    }

    private static byte[] compiled(String file, String text, String target) {
        _nvrtcProgram program = new _nvrtcProgram();
        try (BytePointer source = new BytePointer(text);
                BytePointer name = new BytePointer(file);
                PointerPointer<BytePointer> options = options(target);
                SizeTPointer size = new SizeTPointer(1)) {
            check(
                    "nvrtcCreateProgram",
                    nvrtc.nvrtcCreateProgram(
                            program, source, name, 0, (PointerPointer<?>) null, (PointerPointer<?>) null));
            int result = nvrtc.nvrtcCompileProgram(program, OPTIONS.size() + 1, options);
            if (result != 0) {
                throw new IllegalStateException("cuda: NVRTC cannot compile " + file + " for " + target + ": "
                        + nvrtc.nvrtcGetErrorString(result).getString() + "\n" + log(program, size)
                        + "\nHint: this is a fault of Graft, or of an NVRTC that is not of CUDA 13.");
            }
            boolean isPtx = target.contains("compute_");
            check(
                    "asking for the size of the image",
                    isPtx ? nvrtc.nvrtcGetPTXSize(program, size) : nvrtc.nvrtcGetCUBINSize(program, size));
            byte[] image = new byte[Math.toIntExact(size.get())];
            check(
                    "asking for the image",
                    isPtx ? nvrtc.nvrtcGetPTX(program, image) : nvrtc.nvrtcGetCUBIN(program, image));
            return image;
        } finally {
            nvrtc.nvrtcDestroyProgram(program);
        }
    }

    private static PointerPointer<BytePointer> options(String target) {
        String[] all = new String[OPTIONS.size() + 1];
        OPTIONS.toArray(all);
        all[OPTIONS.size()] = target;
        return new PointerPointer<>(all);
    }

    private static String log(_nvrtcProgram program, SizeTPointer size) {
        check("nvrtcGetProgramLogSize", nvrtc.nvrtcGetProgramLogSize(program, size));
        try (BytePointer log = new BytePointer(size.get())) {
            check("nvrtcGetProgramLog", nvrtc.nvrtcGetProgramLog(program, log));
            return log.getString().strip();
        }
    }

    private static void check(String what, int result) {
        if (result != 0) {
            throw new IllegalStateException("cuda: " + what + " failed: "
                    + nvrtc.nvrtcGetErrorString(result).getString());
        }
    }
}
