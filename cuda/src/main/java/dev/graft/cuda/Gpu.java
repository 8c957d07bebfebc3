package dev.graft.cuda;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.bytedeco.cuda.cudart.CUctx_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * One device: its primary context, which other CUDA libraries of the process share, and the one stream on which all
 * work is queued. Because there is one stream, work takes effect in the order of the calls, whatever their threads, and
 * memory can be used again as soon as the calls that use it are queued.
 */
final class Gpu {
    /**
     * What a driver reports once the device, or the context, cannot be used any more: uncorrectable memory (214, 220),
     * wrong addresses and instructions, time-outs, asserts and failed launches.
     */
    private static final Set<Integer> FATAL =
            Set.of(214, 220, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 999);

    private static final int NON_BLOCKING = 1;

    private final int index;
    private final String name;
    private final int major;
    private final int minor;
    private final int processors;
    private final long bytes;
    private final CUctx_st context = new CUctx_st();
    private final CUstream_st stream = new CUstream_st();
    private final AtomicReference<IllegalStateException> lost = new AtomicReference<>();

    /** @throws IllegalStateException if there is no such device, or it cannot be used */
    Gpu(int index) {
        this.index = index;
        Driver.check("cuInit", cudart.cuInit(0));
        int[] answer = new int[1];
        Driver.check("cuDeviceGetCount", cudart.cuDeviceGetCount(answer));
        if (index >= answer[0]) {
            throw new IllegalStateException("cuda:" + index + ": there " + (answer[0] == 1 ? "is" : "are") + " "
                    + answer[0] + " CUDA device" + (answer[0] == 1 ? "" : "s") + " on this machine. Hint: use cuda:"
                    + (answer[0] - 1) + " or a lower number; CUDA_VISIBLE_DEVICES hides devices.");
        }
        Driver.check("cuDeviceGet", cudart.cuDeviceGet(answer, index));
        int device = answer[0];
        byte[] text = new byte[256];
        Driver.check("cuDeviceGetName", cudart.cuDeviceGetName(text, text.length, device));
        this.name = new String(text, StandardCharsets.UTF_8).replace("\0", "").trim();
        this.major = attribute(cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device);
        this.minor = attribute(cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device);
        this.processors = attribute(cudart.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device);
        try (SizeTPointer size = new SizeTPointer(1)) {
            Driver.check("cuDeviceTotalMem", cudart.cuDeviceTotalMem(size, device));
            this.bytes = size.get();
        }
        Driver.check("cuDevicePrimaryCtxRetain", cudart.cuDevicePrimaryCtxRetain(context, device));
        Driver.check("cuCtxSetCurrent", cudart.cuCtxSetCurrent(context));
        Driver.check("cuStreamCreate", cudart.cuStreamCreate(stream, NON_BLOCKING));
    }

    /** The compute capability of a device, such as 90 for 9.0; 0 if there is none. Its context is not touched. */
    static int architecture(int index) {
        int[] device = new int[1];
        if (cudart.cuDeviceGet(device, index) != 0) {
            return 0;
        }
        return attribute(cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device[0]) * 10
                + attribute(cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device[0]);
    }

    private static int attribute(int attribute, int device) {
        int[] answer = new int[1];
        Driver.check("cuDeviceGetAttribute", cudart.cuDeviceGetAttribute(answer, attribute, device));
        return answer[0];
    }

    String deviceName() {
        return "cuda:" + index;
    }

    String name() {
        return name;
    }

    /** The compute capability as NVRTC writes it, such as 90 for 9.0. */
    int architecture() {
        return major * 10 + minor;
    }

    /** Streaming multiprocessors. */
    int processors() {
        return processors;
    }

    /** Memory of the device. */
    long bytes() {
        return bytes;
    }

    CUstream_st stream() {
        return stream;
    }

    /**
     * Makes the context current for the calling thread. Every call begins with it: other code may have changed it, and
     * it costs less than to ask.
     *
     * @throws IllegalStateException if the device was lost
     */
    void enter() {
        IllegalStateException gone = lost.get();
        if (gone != null) {
            throw new IllegalStateException(gone.getMessage(), gone);
        }
        check("cuCtxSetCurrent", cudart.cuCtxSetCurrent(context));
    }

    /** Waits until all that was queued has run. */
    void await() {
        enter();
        check("the work queued", cudart.cuStreamSynchronize(stream));
    }

    /**
     * As {@link Driver#check}; remembers a fault after which every call must fail.
     *
     * @param what failed, such as {@code "matmul"}
     */
    void check(String what, int result) {
        if (result == 0) {
            return;
        }
        if (!FATAL.contains(result)) {
            throw new IllegalStateException(
                    deviceName() + ": " + what + " failed with " + Driver.words(result) + "." + Driver.hint(result));
        }
        lost.compareAndSet(
                null,
                new IllegalStateException(
                        deviceName() + " (" + name + "): the device was lost: " + what
                                + " failed with " + Driver.words(result)
                                + ". Hint: start the program again; if it happens again, report it with the output of graft doctor."));
        throw lost.get();
    }
}
