package dev.graft.cpu.gemm;

import static org.bytedeco.openblas.global.openblas_full.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_full.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_full.CblasTrans;
import static org.bytedeco.openblas.global.openblas_full.cblas_sgemm;
import static org.bytedeco.openblas.global.openblas_full.openblas_get_config;
import static org.bytedeco.openblas.global.openblas_full.openblas_get_corename;
import static org.bytedeco.openblas.global.openblas_full.openblas_set_num_threads;

import dev.graft.cpu.memory.MatrixBuffer;
import dev.graft.cpu.run.Blas;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;

/**
 * OpenBLAS at one thread a caller: its own threads spin against ours, and collapse when another process is busy.
 *
 * <p>A {@code float[]} argument would be copied whole on every call; buffers are direct buffers, and
 * {@code FloatBuffer.put(float[])} is the fastest way into them (20 to 50 GB/s for runs of 64 floats or more, against
 * 0.4 for {@code FloatPointer.put}).
 */
public final class OpenBlas implements Blas {
    private static final float[] ZEROS = new float[4096];
    /**
     * Up to this many results, some of OpenBLAS's kernels add up the whole depth in one register: they get it in
     * pieces.
     */
    private static final int FEW_RESULTS = 4096;

    /** Depth of a product whose few results are added up in double. */
    private static final int DEPTH_BLOCK = 256;

    private final String description;

    /** Loads the native library. @throws LinkageError where it cannot be loaded */
    public OpenBlas() {
        // The default limits count the whole process and run System.gc() when it grows: set them before JavaCPP's first
        // class loads.
        setIfAbsent("org.bytedeco.javacpp.maxphysicalbytes");
        setIfAbsent("org.bytedeco.javacpp.maxbytes");
        openblas_set_num_threads(1);
        description = openblas_get_config().getString().trim() + ", kernels "
                + openblas_get_corename().getString() + ", 1 thread a caller";
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
