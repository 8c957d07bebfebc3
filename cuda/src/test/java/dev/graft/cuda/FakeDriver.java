package dev.graft.cuda;

import dev.graft.testing.Requirement;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * A CUDA driver that runs the true text of the kernels on the CPU, in this JVM, in place of NVIDIA's. The sources are
 * in {@code src/test/cpp}; {@link FakeBuild} compiles them.
 *
 * <pre>{@code
 * @BeforeAll
 * static void driver() {
 *     FakeDriver.load();     // first of all: before any class of org.bytedeco.cuda is used
 * }
 * }</pre>
 *
 * <p>What it finds that a GPU may hide: memory that is read before it is written (it holds NaN), accesses outside an
 * allocation or after its end, results that are read without waiting (streams run only when something waits), missing
 * barriers (in one of the {@link #ORDERS}), misuse of captures, calls without a context, wrong pointers. What it finds
 * is an error from the driver, with a sentence on stderr and in {@link #complaint}.
 *
 * <p>It sees allocations of the driver: where an allocator cuts pieces from a larger one, it cannot see a kernel that
 * writes from one piece to the next.
 */
public final class FakeDriver {
    /** The orders in which a block's threads run: forward, backward, shuffled, and warp by warp in both directions. */
    public static final int ORDERS = 5;

    // the numbers of control.h
    private static final int RESET = 0x6000;
    private static final int ORDER = 0x6001;
    private static final int TOTAL = 0x6002;
    private static final int FAIL_ALLOCATIONS = 0x6003;
    private static final int LOSE_AFTER = 0x6004;
    private static final int VARIANT = 0x6005;
    private static final int NAME = 0x6006;
    private static final int EAGER = 0x6007;
    private static final int CAPABILITY = 0x6008;
    private static final int COPY_COMPLAINT = 0x6009;
    private static final int LIVE_BYTES = 0x6100;
    private static final int PEAK_BYTES = 0x6101;
    private static final int LAUNCHES = 0x6102;
    private static final int SYNCHRONIZATIONS = 0x6103;
    private static final int ALLOCATIONS = 0x6104;
    private static final int LIVE_BLOCKS = 0x6105;
    private static final int PINNED_BYTES = 0x6106;
    private static final int COMPLAINT_BYTES = 1000;

    private static boolean loaded;

    private FakeDriver() {}

    /** Why there is none on this machine; empty if there is. */
    public static Optional<String> unavailable() {
        return FakeBuild.unavailable();
    }

    /** Makes it this JVM's driver, built first if need be. Skips the test, and prints why, where it cannot be built. */
    public static void load() {
        load(List.of());
    }

    /** Loads it with variants of kernels, see {@link #variant}. A JVM has the variants that the first call named. */
    static synchronized void load(List<FakeBuild.Unit> variants) {
        if (loaded) {
            return;
        }
        Optional<String> reason = unavailable();
        Requirement.of(reason.isEmpty(), reason.orElse(""));
        FakeBuild.Libraries libraries = FakeBuild.buildUnchecked(variants);
        // JavaCPP's library names both; the loader takes what is loaded under these names already
        System.load(libraries.cuda().toString());
        System.load(libraries.cudart().toString());
        loaded = true;
    }

    /** Forgets errors, which otherwise come back from every later call, and queued work. Memory stays. */
    public static void reset() {
        set(RESET, 0);
    }

    /** Chooses the order in which the threads of a block run, below {@link #ORDERS}. */
    public static void order(int order) {
        set(ORDER, order);
    }

    /** The device's memory in bytes, 4 GiB at first. */
    public static void total(long bytes) {
        set(TOTAL, bytes);
    }

    /** As many allocations as that fail from now on. */
    public static void failNextAllocations(int allocations) {
        set(FAIL_ALLOCATIONS, allocations);
    }

    /** The device is lost after as many kernels as that: every call answers 719 from then on, until {@link #reset}. */
    public static void loseAfter(int launches) {
        set(LOSE_AFTER, launches);
    }

    /**
     * From now on kernels run as this variant of their file has them, where it was loaded with one; 0 for the true
     * text.
     */
    static void variant(int variant) {
        set(VARIANT, variant);
    }

    /** Whether operations run when they are queued, instead of when something waits for them. */
    public static void eager(boolean eager) {
        set(EAGER, eager ? 1 : 0);
    }

    /** The compute capability, 75 for 7.5, which it is at first. */
    public static void capability(int capability) {
        set(CAPABILITY, capability);
    }

    /** What the driver last found wrong; empty if nothing since the last {@link #reset}. */
    public static String complaint() {
        try (BytePointer text = new BytePointer(COMPLAINT_BYTES)) {
            set(COPY_COMPLAINT, text.address());
            byte[] bytes = new byte[COMPLAINT_BYTES];
            text.get(bytes);
            String whole = new String(bytes, StandardCharsets.UTF_8);
            return whole.substring(0, whole.indexOf('\0'));
        }
    }

    /** How often a kernel has run, replays of graphs included. Work that still waits in a stream does not count. */
    public static long launches(String kernel) {
        try (BytePointer name = new BytePointer(kernel, StandardCharsets.UTF_8)) {
            set(NAME, name.address());
            return get(LAUNCHES);
        }
    }

    /** How often any kernel has run. */
    public static long launches() {
        return launches("");
    }

    /** Bytes allocated and not freed. */
    public static long liveBytes() {
        return get(LIVE_BYTES);
    }

    /** Allocations that are not freed. */
    public static long liveBlocks() {
        return get(LIVE_BLOCKS);
    }

    /** The most bytes that were live at once. */
    public static long peakBytes() {
        return get(PEAK_BYTES);
    }

    /** How often memory was allocated from the driver. */
    public static long allocations() {
        return get(ALLOCATIONS);
    }

    /** Page-locked bytes of the host that are not freed. */
    public static long pinnedBytes() {
        return get(PINNED_BYTES);
    }

    /** How often the host has waited for a stream, an event, the device, or inside a call that waits. */
    public static long synchronizations() {
        return get(SYNCHRONIZATIONS);
    }

    private static void set(int what, long value) {
        check(cudart.cuCtxSetLimit(what, value));
    }

    private static long get(int what) {
        try (SizeTPointer value = new SizeTPointer(1)) {
            check(cudart.cuCtxGetLimit(value, what));
            return value.get();
        }
    }

    private static void check(int result) {
        if (result != 0) {
            throw new IllegalStateException("the driver of this JVM is not the fake one: error " + result);
        }
    }
}
