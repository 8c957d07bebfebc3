package dev.graft.cuda;

import static org.bytedeco.cuda.global.cudart.CU_STREAM_NON_BLOCKING;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.cuda.cudart.CUctx_st;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * The driver's functions with as little in between as a test can do with: one context, one stream, one module of
 * kernels.
 */
final class RawDriver implements AutoCloseable {
    final CUstream_st stream = new CUstream_st();
    private final CUmod_st module = new CUmod_st();
    private final Map<String, CUfunc_st> functions = new HashMap<>();
    private final List<Long> allocated = new ArrayList<>();

    /** An answer of the driver that is not success. */
    static final class DriverError extends IllegalStateException {
        private static final long serialVersionUID = 1;
        final int code;

        DriverError(String what, int code) {
            super(what + ": " + code);
            this.code = code;
        }
    }

    RawDriver(String kernels) {
        check("cuInit", cudart.cuInit(0));
        makeCurrent();
        check("cuStreamCreate", cudart.cuStreamCreate(stream, CU_STREAM_NON_BLOCKING));
        try (InputStream in = RawDriver.class.getResourceAsStream("kernels/" + kernels);
                BytePointer text = new BytePointer(
                        new String(in.readAllBytes(), StandardCharsets.UTF_8), StandardCharsets.UTF_8)) {
            check("cuModuleLoadData", cudart.cuModuleLoadData(module, text));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes the context that of the calling thread. */
    static void makeCurrent() {
        CUctx_st context = new CUctx_st();
        check("cuDevicePrimaryCtxRetain", cudart.cuDevicePrimaryCtxRetain(context, 0));
        check("cuCtxSetCurrent", cudart.cuCtxSetCurrent(context));
    }

    static void check(String what, int code) {
        if (code != 0) {
            throw new DriverError(what, code);
        }
    }

    long allocate(long bytes) {
        long[] address = new long[1];
        check("cuMemAlloc", cudart.cuMemAlloc(address, bytes));
        allocated.add(address[0]);
        return address[0];
    }

    void free(long address) {
        allocated.remove(address);
        check("cuMemFree", cudart.cuMemFree(address));
    }

    /** New device memory with these values. */
    long upload(float... values) {
        try (FloatPointer host = new FloatPointer(values)) {
            return uploaded(host, 4L * values.length);
        }
    }

    long uploaded(Pointer host, long bytes) {
        long address = allocate(bytes);
        check("cuMemcpyHtoDAsync", cudart.cuMemcpyHtoDAsync(address, host, bytes, stream));
        synchronize();
        return address;
    }

    float[] download(long address, int length) {
        float[] values = new float[length];
        try (FloatPointer host = new FloatPointer(length)) {
            downloadTo(host, address, 4L * length);
            host.get(values);
        }
        return values;
    }

    void downloadTo(Pointer host, long address, long bytes) {
        check("cuMemcpyDtoHAsync", cudart.cuMemcpyDtoHAsync(host, address, bytes, stream));
        synchronize();
    }

    void synchronize() {
        check("cuStreamSynchronize", cudart.cuStreamSynchronize(stream));
    }

    CUfunc_st function(String name) {
        return functions.computeIfAbsent(name, n -> {
            CUfunc_st function = new CUfunc_st();
            check("cuModuleGetFunction " + n, cudart.cuModuleGetFunction(function, module, n));
            return function;
        });
    }

    /** Queues a kernel; arguments are {@code long}, {@code int}, {@code float} and {@code byte[]} (a structure). */
    void launch(String kernel, int[] grid, int[] block, Object... arguments) {
        check(kernel, launchOn(stream, kernel, grid, block, arguments));
    }

    /** As {@link #launch}; what the driver answers. */
    int launchOn(CUstream_st on, String kernel, int[] grid, int[] block, Object... arguments) {
        List<Pointer> values = new ArrayList<>();
        try (PointerPointer<Pointer> pointers = new PointerPointer<>(Math.max(1, arguments.length))) {
            for (int i = 0; i < arguments.length; i++) {
                BytePointer value = new BytePointer(256);
                values.add(value);
                if (arguments[i] instanceof Long number) {
                    value.putLong(number);
                } else if (arguments[i] instanceof Integer number) {
                    value.putInt(number);
                } else if (arguments[i] instanceof Float number) {
                    value.putFloat(number);
                } else {
                    value.put((byte[]) arguments[i]);
                }
                pointers.put(i, value);
            }
            return cudart.cuLaunchKernel(
                    function(kernel),
                    grid[0],
                    grid.length > 1 ? grid[1] : 1,
                    grid.length > 2 ? grid[2] : 1,
                    block[0],
                    block.length > 1 ? block[1] : 1,
                    block.length > 2 ? block[2] : 1,
                    0,
                    on,
                    pointers,
                    null);
        } finally {
            values.forEach(Pointer::close);
        }
    }

    /** Frees all memory, though its guards may be broken. */
    void forget() {
        for (long address : allocated) {
            cudart.cuMemFree(address);
            FakeDriver.reset();
        }
        allocated.clear();
    }

    /** Frees all that was allocated and not freed. */
    @Override
    public void close() {
        for (long address : allocated) {
            check("cuMemFree", cudart.cuMemFree(address));
        }
        allocated.clear();
        check("cuModuleUnload", cudart.cuModuleUnload(module));
        check("cuStreamDestroy", cudart.cuStreamDestroy(stream));
    }
}
