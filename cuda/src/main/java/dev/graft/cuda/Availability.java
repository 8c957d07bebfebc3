package dev.graft.cuda;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether this machine has what the GPU backend needs, asked once: a class of JavaCPP that failed to load says why only
 * the first time.
 */
final class Availability {
    /** CUDA 13.0, which the driver must support. */
    private static final int LEAST_CUDA = 13000;

    private static final Pattern MISSING =
            Pattern.compile("(lib[A-Za-z0-9_-]+\\.so[.0-9]*): cannot open shared object file");

    private static final String NO_DEVICE =
            "NVIDIA's driver sees no device. Hint: look at nvidia-smi and CUDA_VISIBLE_DEVICES, or use the device cpu.";

    private static boolean isAsked;
    private static Optional<String> reason = Optional.empty();

    private Availability() {}

    /** Why no GPU can be used, in one sentence with a hint; empty if one can. */
    static synchronized Optional<String> reason() {
        if (!isAsked) {
            reason = probe();
            isAsked = true;
        }
        return reason;
    }

    private static Optional<String> probe() {
        try {
            Optional<String> noDevice = Probe.driver();
            return noDevice.isPresent() ? noDevice : Probe.compiler();
        } catch (NoClassDefFoundError | ExceptionInInitializerError e) {
            return Optional.of(ofClass(e));
        } catch (UnsatisfiedLinkError e) {
            return Optional.of(ofLibrary(e));
        }
    }

    private static String ofClass(LinkageError e) {
        Throwable cause = e.getCause();
        if (cause instanceof UnsatisfiedLinkError library) {
            return ofLibrary(library);
        }
        return "the jars org.bytedeco:cuda and org.bytedeco:javacpp are not on the class path (" + e.getMessage()
                + "). Hint: depend on graft-cuda by Maven or Gradle, which bring them.";
    }

    /** JavaCPP reports a missing library by a chain of causes, one of which has the loader's own words. */
    static String ofLibrary(UnsatisfiedLinkError e) {
        StringBuilder words = new StringBuilder();
        for (Throwable cause = e; cause != null && words.length() < 4096; cause = cause.getCause()) {
            words.append(cause.getMessage()).append('\n');
        }
        Matcher missing = MISSING.matcher(words);
        if (missing.find()) {
            String library = missing.group(1);
            return library.startsWith("libcuda.so")
                    ? "this machine has no NVIDIA driver (libcuda.so.1 was not found). Hint: install NVIDIA's driver 580 or newer, or use the device cpu."
                    : "the library " + library
                            + " was not found. Hint: install CUDA 13, from NVIDIA or by pip (nvidia-cuda-runtime, nvidia-cuda-nvrtc), and name its folder in LD_LIBRARY_PATH or -D"
                            + CudaLibraries.SETTING + ".";
        }
        return "CUDA's libraries cannot be loaded (" + words.toString().strip().replace('\n', ';')
                + "). Hint: install CUDA 13 and NVIDIA's driver 580 or newer.";
    }

    /** What touches JavaCPP, apart, so that this class can be loaded without it. */
    private static final class Probe {
        static Optional<String> driver() {
            // asked before the native part, which is missing too where the bindings are
            if (Availability.class.getClassLoader().getResource("org/bytedeco/cuda/global/cudart.class") == null) {
                throw new NoClassDefFoundError("org/bytedeco/cuda/global/cudart");
            }
            String platform = org.bytedeco.javacpp.Loader.getPlatform();
            if (!isSupported(platform)) {
                return Optional.of("there is no native part for " + platform
                        + ". Hint: add org.bytedeco:cuda with the classifier " + platform
                        + " to the class path; it is published for linux-x86_64, linux-arm64 and windows-x86_64.");
            }
            CudaLibraries.preload("libcudart.so.13");
            org.bytedeco.javacpp.Loader.load(org.bytedeco.cuda.global.cudart.class);
            int result = org.bytedeco.cuda.global.cudart.cuInit(0);
            if (result == Driver.NO_DEVICE) {
                return Optional.of(NO_DEVICE);
            }
            int[] version = new int[1];
            org.bytedeco.cuda.global.cudart.cuDriverGetVersion(version);
            if (version[0] < LEAST_CUDA) {
                return Optional.of("NVIDIA's driver supports CUDA " + version[0] / 1000 + "." + version[0] % 1000 / 10
                        + ", but 13.0 is needed. Hint: install driver 580 or newer.");
            }
            if (result != 0) {
                return Optional.of("NVIDIA's driver does not start: " + Driver.words(result)
                        + ". Hint: look at nvidia-smi, and start the machine again after an update of the driver.");
            }
            int[] count = new int[1];
            result = org.bytedeco.cuda.global.cudart.cuDeviceGetCount(count);
            return result == 0 && count[0] > 0 ? Optional.empty() : Optional.of(NO_DEVICE);
        }

        private static boolean isSupported(String platform) {
            String library = platform.startsWith("windows") ? "jnicudart.dll" : "libjnicudart.so";
            return Availability.class.getClassLoader().getResource("org/bytedeco/cuda/" + platform + "/" + library)
                    != null;
        }

        /** NVRTC no longer compiles for devices of before Turing, which the driver still runs. */
        static Optional<String> compiler() {
            NvrtcCompiler.load();
            int least = NvrtcCompiler.architectures()[0];
            int[] count = new int[1];
            org.bytedeco.cuda.global.cudart.cuDeviceGetCount(count);
            int newest = 0;
            for (int i = 0; i < count[0]; i++) {
                newest = Math.max(newest, Gpu.architecture(i));
            }
            return newest >= least
                    ? Optional.empty()
                    : Optional.of("the newest GPU of this machine has compute capability " + newest / 10 + "."
                            + newest % 10 + ", but CUDA 13 needs " + least / 10 + "." + least % 10
                            + ". Hint: use the device cpu, or a GPU of the generation Turing (2018) or later.");
        }
    }
}
