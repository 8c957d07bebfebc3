package dev.graft.cpu;

import dev.graft.backend.Activation;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.PoolWindows;
import dev.graft.backend.View;
import dev.graft.tensor.DType;
import dev.graft.tensor.Shape;
import java.util.Optional;

/**
 * Shows the JIT compiler the vector kernels while a program still reads its weights.
 *
 * <p>Until a kernel is compiled, each of its vector operations is a call that makes an object, hundreds of times slower. A first
 * convolution of full size spends its time there, on all threads, which takes the processors from the compiler. So a thread of its own
 * calls the kernels on a few pixels first, and whoever needs them before it is done waits: a first prediction comes a tenth sooner than
 * if it began at once.
 */
final class Rehearsal {
    /** Enough for the kernels of products and of weights; more only keeps programs waiting. */
    private static final int ROUNDS = 60;
    /** Image pixels along a side; stride and maxima leave a quarter of them. */
    private static final int SIZE = 8;
    private static final int CHANNELS = 64;

    private static final Thread THREAD = new Thread(Rehearsal::run, "graft-rehearsal");
    private static volatile boolean over;

    private Rehearsal() {
    }

    /** To be called once. */
    static void start() {
        THREAD.setDaemon(true);
        THREAD.start();
    }

    /** Returns when kernels are ready; at once on the rehearsing thread. */
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
        OperatorProfiles.show();
        CpuBackend cpu = new CpuBackend(new Engine(1), new MemoryPool(1 << 20));
        int half = SIZE / 2;
        int quarter = SIZE / 4;
        View image = images(cpu, 1, 3, SIZE);
        View stem = images(cpu, CHANNELS, 3, 7);
        View maxima = images(cpu, 1, CHANNELS, quarter);
        View weights = images(cpu, CHANNELS, CHANNELS, 3);
        View result = images(cpu, 1, CHANNELS, quarter);
        Optional<View> one = Optional.of(new View(cpu.allocate(DType.F32, CHANNELS), 0, Shape.of(CHANNELS), new int[] {1}));
        Epilogue pooled = new Epilogue(one, one, Optional.empty(), Activation.RELU, Optional.of(windows(half, quarter)));
        Epilogue added = new Epilogue(one, one, Optional.of(maxima), Activation.RELU);
        for (int i = 0; i < ROUNDS; i++) {
            cpu.conv2d(image, stem, pooled, maxima, Conv2dParams.of(2, 3));
            cpu.conv2d(maxima, weights, added, result, Conv2dParams.of(1, 1));
            CpuStorage.of(weights).changed();
        }
    }

    private static View images(CpuBackend cpu, int n, int channels, int size) {
        int row = size * channels;
        return new View(cpu.allocate(DType.F32, n * size * row), 0, Shape.of(n, channels, size, size), new int[] {size * row, 1, row, channels});
    }

    /** 3x3, stride 2. */
    private static PoolWindows windows(int size, int count) {
        int[] first = new int[count];
        int[] end = new int[count];
        int[] divisor = new int[count];
        for (int i = 0; i < count; i++) {
            first[i] = Math.max(0, 2 * i - 1);
            end[i] = Math.min(size, 2 * i + 2);
            divisor[i] = 3;
        }
        return new PoolWindows(first, end, first, end, divisor, divisor);
    }
}
