package dev.graft.cuda;

import dev.graft.backend.View;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/**
 * One thread's launch of a kernel: its arguments one after the other, then {@link #each}, {@link #blocks} or
 * {@link #grid}. The memory for arguments is made once a thread, because JavaCPP's pointers cost more than a launch.
 */
final class Launch {
    /** Threads of a block that works together, as in prelude.cuh. */
    static final int BLOCK = 128;
    /** CUDA's limit for the second and third side of a grid. */
    static final int MOST_BLOCKS = 65535;

    private static final int BYTES = 4096;
    private static final int MOST_ARGUMENTS = 32;
    /** Threads a block where each thread works alone. */
    private static final int THREADS = 256;
    /** Blocks a multiprocessor that keep it busy; each thread then takes several elements. */
    private static final int BLOCKS_A_PROCESSOR = 32;

    private final CudaBackend backend;
    private final Gpu gpu;
    private final Kernels kernels;
    /** Held, because JavaCPP frees what nobody holds, whatever buffers were made of it. */
    private final BytePointer memory;

    private final BytePointer table;
    private final long address;
    private final ByteBuffer values;
    private final LongBuffer slots;
    private final PointerPointer<Pointer> arguments;
    private final @Nullable Object[] held = new Object[MOST_ARGUMENTS];
    /** Operands within structs. */
    private final List<Object> fields = new ArrayList<>();

    private String name = "";
    private int count;

    Launch(CudaBackend backend, Gpu gpu, Kernels kernels) {
        this.backend = backend;
        this.gpu = gpu;
        this.kernels = kernels;
        this.memory = new BytePointer(BYTES);
        this.address = memory.address();
        this.values = memory.asByteBuffer().order(ByteOrder.nativeOrder());
        this.table = new BytePointer(8L * MOST_ARGUMENTS);
        this.slots = table.asByteBuffer().order(ByteOrder.nativeOrder()).asLongBuffer();
        this.arguments = new PointerPointer<>(table);
    }

    Launch of(String kernel) {
        name = kernel;
        Arrays.fill(held, 0, count, null); // of a launch whose operands were refused
        count = 0;
        values.clear();
        fields.clear();
        return this;
    }

    /** Every argument begins at a multiple of 8 bytes, which suits all types. */
    private void slot(Object holder) {
        values.position((values.position() + 7) & ~7);
        slots.put(count, address + values.position());
        held[count++] = holder;
    }

    /** Where a view's first element lies. */
    Launch view(View view) {
        slot(view.storage());
        values.putLong(CudaStorage.of(view, backend).address(view.offset()));
        return this;
    }

    /** Where a block begins, of which the caller takes care. */
    Launch address(long pointer) {
        slot(this);
        values.putLong(pointer);
        return this;
    }

    Launch i32(int value) {
        slot(this);
        values.putInt(value);
        return this;
    }

    Launch i32(boolean value) {
        return i32(value ? 1 : 0);
    }

    Launch i64(long value) {
        slot(this);
        values.putLong(value);
        return this;
    }

    Launch f32(float value) {
        slot(this);
        values.putFloat(value);
        return this;
    }

    Launch f64(double value) {
        slot(this);
        values.putDouble(value);
        return this;
    }

    Launch walk(Walk walk) {
        slot(this);
        walk.put(values);
        return this;
    }

    /** A view, or a null pointer. */
    Launch view(Optional<View> view) {
        return view.isPresent() ? view(view.get()) : address(0);
    }

    /** Begins a struct, whose fields follow. */
    Launch struct() {
        slot(this);
        return this;
    }

    /** A field of a struct, or several of one type. */
    Launch field(int... numbers) {
        for (int number : numbers) {
            values.putInt(number);
        }
        return this;
    }

    /** As {@link #field(int...)}; aligned, as C++ has it. */
    Launch field(long... numbers) {
        values.position((values.position() + 7) & ~7);
        for (long number : numbers) {
            values.putLong(number);
        }
        return this;
    }

    Launch field(View view) {
        fields.add(view.storage());
        return field(CudaStorage.of(view, backend).address(view.offset()));
    }

    Launch field(Optional<View> view) {
        return view.isPresent() ? field(view.get()) : field(0L);
    }

    /** A thread an element, or several elements a thread if there are many. */
    void each(long n) {
        long most = (long) BLOCKS_A_PROCESSOR * gpu.processors();
        grid((int) Math.min(most, (n + THREADS - 1) / THREADS), 1, 1, THREADS, 1);
    }

    /** So many blocks of {@code threads} threads. */
    void blocks(int blocks, int threads) {
        grid(blocks, 1, 1, threads, 1);
    }

    /** Queues the kernel; an empty grid does nothing. */
    void grid(int x, int y, int z, int threadsX, int threadsY) {
        try {
            if (x > 0 && y > 0 && z > 0) {
                gpu.enter();
                CUfunc_st function = kernels.function(name);
                gpu.check(
                        name,
                        cudart.cuLaunchKernel(
                                function, x, y, z, threadsX, threadsY, 1, 0, gpu.stream(), arguments, (PointerPointer<
                                                ?>)
                                        null));
            }
        } finally {
            // Until the kernel is queued, the collector must not take its operands: their memory would be given to
            // others.
            Reference.reachabilityFence(held);
            Arrays.fill(held, 0, count, null);
            fields.clear();
            count = 0;
        }
    }
}
