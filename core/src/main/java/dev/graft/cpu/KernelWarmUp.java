package dev.graft.cpu;

import dev.graft.backend.Activation;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.Pool2dParams;
import dev.graft.backend.View;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.layout.Copy;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.memory.MemoryPool;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;

/**
 * Lets the JIT compiler compile the vector kernels while a program still reads its weights.
 *
 * <p>Until a kernel is compiled, each of its vector operations is a call that allocates an object, which is hundreds of
 * times slower. A first convolution of full size would spend its time there on all threads, and leave the compiler no
 * processor. So a separate thread first calls the kernels on a few pixels, and whoever needs them before it is done
 * waits. This way the first prediction comes a tenth sooner than if it began at once.
 */
final class KernelWarmUp {
    private static final Logger LOG = System.getLogger("dev.graft.cpu");
    /** Enough for the kernels of products and of weights; more would only delay programs. */
    private static final int ROUNDS = 60;

    private static final int CHANNELS = 64;
    /** Windows 3x3 of stride 2 over 4x4 pixels and a border. */
    private static final Pool2dParams POOL = Pool2dParams.of(3, 2, 1);

    /** A compiler that is not done by then is busy with other work, or never will be done. */
    private static final long LONGEST_NANOS = 3_000_000_000L;

    private static final Thread THREAD = new Thread(null, KernelWarmUp::run, "graft-warm-up", 0, false);
    private static volatile boolean over;

    private KernelWarmUp() {}

    /** To be called once. */
    static void start() {
        THREAD.setDaemon(true);
        THREAD.setContextClassLoader(null);
        try {
            THREAD.start();
        } catch (OutOfMemoryError e) {
            over = true; // the system refuses a thread; the first kernels are slower
        }
    }

    /** Returns when the kernels are ready; immediately on the warming thread. */
    static void await() {
        if (over || Thread.currentThread() == THREAD) {
            return;
        }
        boolean interrupted = false;
        while (!over) {
            try {
                THREAD.join();
                over = true;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void run() {
        try {
            warmUp();
        } catch (RuntimeException | Error e) {
            // Whoever computes will meet the same cause, and report it once.
            LOG.log(Level.DEBUG, "Kernels were not warmed up; the first calls are slower", e);
        }
    }

    private static void warmUp() {
        long start = System.nanoTime();
        VectorTypeProfiles.show();
        KernelProvider kernels = new VectorKernelProvider();
        ExecutionContext context = kernels.context(1);
        CpuBackend cpu = new CpuBackend(kernels, context, new MemoryPool(1 << 20));
        ChannelsLast layout = new ChannelsLast(cpu, new Copy(context));
        View image = layout.scratch(Shape.of(1, 3, 8, 8)).view();
        View stem = layout.scratch(Shape.of(CHANNELS, 3, 7, 7)).view();
        View maxima = layout.scratch(Shape.of(1, CHANNELS, 2, 2)).view();
        View weights = layout.scratch(Shape.of(CHANNELS, CHANNELS, 3, 3)).view();
        View result = layout.scratch(maxima.shape()).view();
        Optional<View> affine =
                Optional.of(new View(cpu.allocate(DType.F32, CHANNELS), 0, Shape.of(CHANNELS), new int[] {1}));
        Epilogue pooled = new Epilogue(affine, affine, Optional.empty(), Activation.RELU, Optional.of(POOL));
        Epilogue added = new Epilogue(affine, affine, Optional.of(maxima), Activation.RELU);
        for (int i = 0; i < ROUNDS && System.nanoTime() - start < LONGEST_NANOS; i++) {
            cpu.conv2d(image, stem, pooled, maxima, Conv2dParams.of(2, 3));
            cpu.conv2d(maxima, weights, added, result, Conv2dParams.of(1, 1));
            CpuStorage.of(weights).changed();
        }
    }
}
