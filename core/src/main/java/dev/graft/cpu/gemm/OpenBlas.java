package dev.graft.cpu.gemm;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.OPENBLAS_VERSION;
import static org.bytedeco.openblas.global.openblas_nolapack.blas_get_vendor;
import static org.bytedeco.openblas.global.openblas_nolapack.blas_set_num_threads;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

import dev.graft.cpu.memory.MatrixBuffer;
import dev.graft.cpu.run.Blas;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * OpenBLAS with one thread for each caller: its own threads would spin against ours, and collapse when another process
 * is busy.
 *
 * <p>A {@code float[]} argument would be copied whole on every call; buffers are direct buffers, and
 * {@code FloatBuffer.put(float[])} is the fastest way into them (20 to 50 GB/s for runs of 64 floats or more, against
 * 0.4 for {@code FloatPointer.put}).
 *
 * <p>The binding without LAPACK is 0.3 MB where the full one is 24 MB, to be unpacked at the first start.
 */
public final class OpenBlas implements Blas {
    private static final float[] ZEROS = new float[4096];
    /**
     * Up to this many results, some of OpenBLAS's kernels sum the whole depth in one register, so the depth is passed
     * in pieces.
     */
    private static final int FEW_RESULTS = 4096;

    /** Depth of a product whose few results are summed in double. */
    private static final int DEPTH_BLOCK = 256;

    /** What {@code blas_get_vendor} answers when the number of threads is set. */
    private static final int OPENBLAS = 2;

    private static final List<String> CORES = List.of(
            "SAPPHIRERAPIDS",
            "COOPERLAKE",
            "SKYLAKEX",
            "HASWELL",
            "ZEN",
            "SANDYBRIDGE",
            "NEHALEM",
            "EXCAVATOR",
            "STEAMROLLER",
            "PILEDRIVER",
            "BULLDOZER",
            "BARCELONA",
            "CORE2",
            "PRESCOTT",
            "ARMV9SME",
            "ARMV8SVE",
            "NEOVERSEV1",
            "NEOVERSEN2",
            "NEOVERSEN1",
            "THUNDERX2T99",
            "CORTEXA57",
            "CORTEXA53",
            "VORTEX",
            "ARMV8");

    private final String description;

    /** Loads the native library. @throws LinkageError if it cannot be loaded */
    public OpenBlas() {
        // The default limits count the whole process and run System.gc() when it grows: set them before JavaCPP's first
        // class loads.
        setIfAbsent("org.bytedeco.javacpp.maxphysicalbytes");
        setIfAbsent("org.bytedeco.javacpp.maxbytes");
        ModulePathNatives.load(Pointer.class);
        ModulePathNatives.load(openblas_nolapack.class);
        blas_set_num_threads(1);
        if (blas_get_vendor() != OPENBLAS) {
            throw new UnsatisfiedLinkError("OpenBLAS does not let its number of threads be set");
        }
        description = OPENBLAS_VERSION.trim() + kernels() + ", 1 thread a caller";
    }

    /** Which of its kernels OpenBLAS chose for the processor, where its symbols tell: {@code ", kernels HASWELL"}. */
    private static String kernels() {
        Pointer chosen = Loader.addressof("gotoblas");
        if (chosen == null) {
            return "";
        }
        long address = new PointerPointer<Pointer>(chosen).get().address();
        return CORES.stream()
                .filter(core -> {
                    Pointer kernels = Loader.addressof("gotoblas_" + core);
                    return kernels != null && kernels.address() == address;
                })
                .map(core -> ", kernels " + core)
                .findFirst()
                .orElse("");
    }

    private static void setIfAbsent(String property) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, "0");
        }
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public MatrixBuffer allocate(int floats) {
        return new NativeBuffer(floats);
    }

    @Override
    public void multiply(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            MatrixBuffer a,
            int aAt,
            int lda,
            MatrixBuffer b,
            int bAt,
            int ldb,
            float beta,
            MatrixBuffer c,
            int cAt,
            int ldc) {
        int piece = (long) m * n <= FEW_RESULTS ? DEPTH_BLOCK : k;
        for (int l = 0; l < k; l += piece) {
            int from = aAt + l * (transposeA ? lda : 1);
            int with = bAt + l * (transposeB ? 1 : ldb);
            cblas_sgemm(
                    CblasRowMajor,
                    transposeA ? CblasTrans : CblasNoTrans,
                    transposeB ? CblasTrans : CblasNoTrans,
                    m,
                    n,
                    Math.min(piece, k - l),
                    1f,
                    at(a, from),
                    lda,
                    at(b, with),
                    ldb,
                    l == 0 ? beta : 1f,
                    at(c, cAt),
                    ldc);
        }
    }

    private static FloatPointer at(MatrixBuffer buffer, int at) {
        FloatPointer start = ((NativeBuffer) buffer).pointer;
        return at == 0 ? start : new FloatPointer(start).position(at);
    }

    private static final class NativeBuffer implements MatrixBuffer {
        private final FloatBuffer buffer;
        private final FloatPointer pointer;

        private NativeBuffer(int floats) {
            // Aligned to a cache line.
            ByteBuffer bytes = ByteBuffer.allocateDirect(Math.addExact(Math.multiplyExact(floats, 4), 128))
                    .alignedSlice(64);
            buffer = bytes.order(ByteOrder.nativeOrder()).asFloatBuffer();
            pointer = new FloatPointer(buffer);
        }

        @Override
        public int capacity() {
            return buffer.capacity();
        }

        @Override
        public void put(int at, float[] source, int from, int count) {
            buffer.put(at, source, from, count);
        }

        @Override
        public void get(int at, float[] target, int to, int count) {
            buffer.get(at, target, to, count);
        }

        @Override
        public void zero(int at, int count) {
            for (int i = 0; i < count; i += ZEROS.length) {
                buffer.put(at + i, ZEROS, 0, Math.min(ZEROS.length, count - i));
            }
        }
    }
}
