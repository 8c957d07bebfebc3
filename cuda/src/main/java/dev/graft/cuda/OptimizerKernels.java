package dev.graft.cuda;

import dev.graft.backend.Storage;
import dev.graft.backend.View;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Steps of optimizers. Derived settings are rounded once, here. */
final class OptimizerKernels {
    /** Numbers of a struct Weight. */
    private static final int WORDS = 4;
    /** Elements that a block takes. */
    private static final int CHUNK = 4096;

    private static final int THREADS = 256;

    private final CudaBackend backend;
    private @Nullable Table table;

    OptimizerKernels(CudaBackend backend) {
        this.backend = backend;
    }

    /**
     * All weights in one launch, by a table on the device that stays while the weights, gradients and velocities do.
     */
    synchronized void sgd(
            List<View> weights,
            List<View> gradients,
            List<View> velocities,
            boolean first,
            double lr,
            double momentum,
            double dampening,
            double weightDecay,
            boolean nesterov) {
        long[] rows = new long[WORDS * weights.size()];
        int blocks = 0;
        for (int i = 0; i < weights.size(); i++) {
            rows[WORDS * i] = address(weights.get(i));
            rows[WORDS * i + 1] = address(gradients.get(i));
            rows[WORDS * i + 2] = momentum == 0 ? 0 : address(velocities.get(i));
            rows[WORDS * i + 3] = weights.get(i).numel();
            blocks += (weights.get(i).numel() + CHUNK - 1) / CHUNK;
        }
        if (blocks == 0) {
            return;
        }
        Table of = table;
        if (of == null || !Arrays.equals(of.rows, rows)) {
            // The new one first: if there is no room for it, the old one still serves.
            Table fresh = new Table(rows, blocks);
            if (of != null) {
                of.release();
            }
            of = fresh;
            table = of;
        }
        try {
            backend.launch("sgd")
                    .view(of.view(0))
                    .view(of.view(1))
                    .view(of.view(2))
                    .i64(CHUNK)
                    .i32(first)
                    .i32(nesterov)
                    .f32((float) lr)
                    .f32((float) momentum)
                    .f32((float) (1 - dampening))
                    .f32((float) weightDecay)
                    .blocks(blocks, THREADS);
        } finally {
            // The table holds addresses, which do not keep their owners from the collector.
            Reference.reachabilityFence(weights);
            Reference.reachabilityFence(gradients);
            Reference.reachabilityFence(velocities);
        }
    }

    private long address(View view) {
        return CudaStorage.of(view, backend).address(view.offset());
    }

    /** The structs Weight of optimizer.cu, and which chunk of which weight each block takes. */
    private final class Table {
        private final long[] rows;
        private final List<Storage> storages = new ArrayList<>();

        Table(long[] rows, int blocks) {
            this.rows = rows;
            int[] owners = new int[blocks];
            int[] chunks = new int[blocks];
            int at = 0;
            for (int i = 0; i < rows.length / WORDS; i++) {
                for (int chunk = 0; (long) chunk * CHUNK < rows[WORDS * i + 3]; chunk++) {
                    owners[at] = i;
                    chunks[at++] = chunk;
                }
            }
            try {
                storages.add(backend.allocate(DType.I64, rows.length));
                storages.get(0).write(0, rows, 0, rows.length);
                for (int[] numbers : List.of(owners, chunks)) {
                    Storage storage = backend.allocate(DType.I32, blocks);
                    storages.add(storage);
                    storage.write(0, numbers, 0, blocks);
                }
            } catch (RuntimeException e) {
                release();
                throw e;
            }
        }

        void release() {
            storages.forEach(Storage::release);
        }

        View view(int index) {
            Storage storage = storages.get(index);
            return new View(storage, 0, Shape.of((int) storage.length()), new long[] {1});
        }
    }

    void adam(
            View weight,
            View gradient,
            View m,
            View v,
            long t,
            double lr,
            double beta1,
            double beta2,
            double eps,
            double weightDecay,
            boolean decoupled) {
        backend.launch("adam")
                .view(weight)
                .view(gradient)
                .view(m)
                .view(v)
                .i64(weight.numel())
                .f32((float) beta1)
                .f32((float) (1 - beta1))
                .f32((float) beta2)
                .f32((float) (1 - beta2))
                .f32(decoupled ? 0 : (float) weightDecay)
                .f32(decoupled ? (float) (1 - lr * weightDecay) : 1)
                .f32((float) (lr / (1 - Math.pow(beta1, (double) t))))
                .f32((float) (1 / Math.sqrt(1 - Math.pow(beta2, (double) t))))
                .f32((float) eps)
                .each(weight.numel());
    }
}
