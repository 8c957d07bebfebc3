package dev.graft.cpu.gemm;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.memory.HeapMatrixBuffer;
import dev.graft.cpu.memory.PackedWeightCache;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Vectors;
import dev.graft.cpu.run.Workspace;
import java.util.Optional;

/**
 * Products on vectors by {@link MicroKernel}. The right matrix is copied to {@link Panels}. The left one is read where
 * it lies if its rows are contiguous; if its columns are, it is copied to panels as well, for
 * {@link TransposedMicroKernel}. A product and its transpose have the same sums, so whichever copies less is computed.
 *
 * <p>The work is divided by its size alone: into rows, panels and, where these are few and deep, ranges of the depth.
 */
public final class VectorProducts implements LargeProducts {
    private static final int WIDTH = MicroKernel.WIDTH;
    private static final int ROWS = MicroKernel.ROWS;

    /** Rows of a task: its part of the left matrix stays in the second-level cache. */
    private static final int MOST_ROWS = 96;

    private static final int LEAST_ROWS = 16;
    /** Floats of a task's left rows. */
    private static final int LEFT = 96 << 10;

    /**
     * The most depth of a block, whose part of a panel stays in the second-level cache. Blocks of 128, which fit the
     * first, took 4 % longer: loading and storing the sums of a tile costs more.
     */
    private static final int DEPTH = 384;
    /** Depth of a sum in floats; deeper sums are accumulated in double. */
    private static final int FLOAT_DEPTH = 8192;
    /** Rows of results that are stored together if the depth is one block. */
    private static final int STORED = 16;

    /** Tasks that keep many threads busy. */
    private static final int TASKS = 32;
    /** The fewest multiplications that are worth a task: about five microseconds. */
    private static final int LEAST_TASK = 1 << 18;
    /** The fewest tasks, of squares of results, for which the depth is not divided. */
    private static final int FEW_TASKS = 12;

    private static final int SQUARE = 32;
    /** The least depth of a part of the depth. */
    private static final int PART = 512;
    /** Up to so many multiplications, a matrix of a batch is a task of its own. */
    private static final int SMALL = 1 << 22;
    /** Floats of the panels that are filled before they are multiplied. */
    private static final int FILLED = 1 << 22;
    /** The most depth of panels, whatever their width: vectors of any length give the same bits. */
    private static final int MOST_DEPTH = 1 << 16;
    /** Rows of panels that a task fills. */
    private static final int FILL = 256;

    private final ExecutionContext context;

    public VectorProducts(ExecutionContext context) {
        this.context = context;
    }

    @Override
    public String description() {
        return context.elementLoops().description();
    }

    /** How many tasks multiply: enough for every thread, as far as they are worth starting. */
    static int tasks(Product product) {
        return product.count() >= TASKS / 2 && product.multiplications() <= SMALL
                ? product.count()
                : product.count()
                        * Tasks.of(product, product.count(), partDepth(product)).count();
    }

    @Override
    public void run(Product product, Optional<View> weights) {
        Optional<float[]> kept = weights.flatMap(w -> kept(product, w));
        if (kept.isPresent()) {
            runTogether(product, 0, 1, partDepth(product), kept);
        } else {
            run(product);
        }
    }

    /** The panels of weights that have been multiplied before, and have not changed since. */
    private Optional<float[]> kept(Product product, View weights) {
        int size = Panels.size(product.k(), product.n());
        if (left(product) == Left.PANELS || size > FILLED) {
            return Optional.empty();
        }
        CpuStorage storage = CpuStorage.of(weights);
        PackedWeightCache.Key key = PackedWeightCache.Key.of("linear", new int[] {
            CpuStorage.offset(weights),
            product.k(),
            product.n(),
            product.b().rowStep(),
            product.b().columnStep()
        });
        return storage.packed()
                .find(key, storage.content(), size, floats -> new HeapMatrixBuffer(Workspace.block(floats)), buffer -> {
                    float[] panels = ((HeapMatrixBuffer) buffer).data();
                    fill(product, 0, new Operands[] {operands(product, 0, panels, 0, panels, 0)}, true, false);
                })
                .map(buffer -> ((HeapMatrixBuffer) buffer).data());
    }

    private void run(Product given) {
        Product transposed = given.transposed();
        Product product = copies(transposed) < copies(given) ? transposed : given;
        if (product.count() >= TASKS / 2 && product.multiplications() <= SMALL) {
            runEach(product);
            return;
        }
        if (product.k() > MOST_DEPTH) {
            for (int i = 0; i < product.count(); i++) {
                runDeep(product.only(i));
            }
            return;
        }
        int depth = partDepth(product);
        int most = FILLED / product.k() / WIDTH * WIDTH;
        boolean panels = left(product) == Left.PANELS;
        if (product.n() > most || (panels && product.m() > most)) {
            for (int i = 0; i < product.count(); i++) {
                for (int row = 0; row < product.m(); row += panels ? most : product.m()) {
                    for (int column = 0; column < product.n(); column += most) {
                        int rows = panels ? Math.min(most, product.m() - row) : product.m();
                        runTogether(
                                product.only(i).block(row, rows, column, Math.min(most, product.n() - column)),
                                0,
                                1,
                                depth,
                                Optional.empty());
                    }
                }
            }
            return;
        }
        int floats = Panels.size(product.k(), product.n()) + (panels ? Panels.size(product.k(), product.m()) : 0);
        int together = Math.max(1, Math.min(product.count(), FILLED / floats));
        for (int i = 0; i < product.count(); i += together) {
            runTogether(product, i, Math.min(together, product.count() - i), depth, Optional.empty());
        }
    }

    /** The sums over ranges of the depth, added in double. */
    private void runDeep(Product product) {
        int size = product.m() * product.n();
        double[] sums = new double[size];
        float[] part = new float[size];
        for (int k = 0; k < product.k(); k += MOST_DEPTH) {
            run(product.range(k, Math.min(MOST_DEPTH, product.k() - k), part));
            for (int i = 0; i < size; i++) {
                sums[i] += part[i];
            }
        }
        for (int i = 0; i < size; i++) {
            part[i] = (float) sums[i];
        }
        Operands operands = operands(product, 0, part, 0, part, 0);
        store(operands, operands.c, part, 0, product.n(), 0, product.m(), 0, product.n());
    }

    /** About how many cycles are spent on other things than multiplying, and on tiles that are not full. */
    private static double copies(Product p) {
        double right = (double) p.n() * p.k() * (p.b().columnStep() == 1 ? 0.25 : p.b().rowStep() == 1 ? 1 : 2);
        double left = (double) p.m() * p.k() * (p.a().columnStep() == 1 ? 0 : p.a().rowStep() == 1 ? 0.25 : 2);
        double results = (double) p.m() * p.n() * (p.c().columnStep() == 1 ? 0.25 : 1);
        int last = MicroKernel.padded(p.n() - (p.n() - 1) / WIDTH * WIDTH);
        // A narrow tile loads as much as it multiplies.
        double wasted = last == WIDTH ? 0 : (double) p.m() * p.k() * (WIDTH - last) / Vectors.LANES / 4;
        return right + left + results + wasted;
    }

    /** How a left matrix is read. */
    private enum Left {
        ROWS,
        PANELS,
        GATHERED
    }

    private static Left left(Product product) {
        if (product.a().columnStep() == 1) {
            return Left.ROWS;
        }
        return product.a().rowStep() == 1 ? Left.PANELS : Left.GATHERED;
    }

    /** One product with its operands as they are multiplied. */
    private record Operands(Product product, Matrix a, Panels left, Panels right, Matrix c) {}

    /** A matrix a task, all in the task's own memory. */
    private void runEach(Product product) {
        int grain = (int) Math.max(1, LEAST_TASK / product.multiplications());
        Left form = left(product);
        context.forRange(product.count(), grain, (from, to) -> {
            Workspace workspace = context.workspace();
            float[] right = workspace.array(Workspace.Slot.RIGHT, Panels.size(product.k(), product.n()));
            float[] left = workspace.array(
                    Workspace.Slot.KEPT, form == Left.PANELS ? Panels.size(product.k(), product.m()) : 0);
            for (int i = from; i < to; i++) {
                Operands operands = operands(product, i, left, 0, right, 0);
                for (int panel = 0; panel < operands.right.count(); panel++) {
                    operands.right.fill(product.b().get(i), panel, 0, product.k());
                }
                for (int panel = 0; form == Left.PANELS && panel < operands.left.count(); panel++) {
                    operands.left.fill(operands.a.transposed(), panel, 0, product.k());
                }
                int rows = Math.min(product.m(), mostRows(product));
                for (int row = 0; row < product.m(); row += rows) {
                    int end = Math.min(product.m(), row + rows);
                    multiply(operands, operands.c, row, end, 0, operands.right.count(), 0, product.k());
                }
            }
        });
    }

    private static Operands operands(Product product, int i, float[] left, int leftAt, float[] right, int rightAt) {
        boolean full = left(product) == Left.PANELS;
        return new Operands(
                product,
                product.a().get(i),
                Panels.of(left, leftAt, product.k(), product.m(), true),
                Panels.of(right, rightAt, product.k(), product.n(), full),
                product.c().get(i));
    }

    private static int mostRows(Product product) {
        return Math.max(LEAST_ROWS, Math.min(MOST_ROWS, LEFT / product.k() / ROWS * ROWS));
    }

    /**
     * The depth of a part of the sums: all of it, unless results are few. A product and its transpose have the same, so
     * that they have the same bits.
     */
    private static int partDepth(Product product) {
        long squares = (long) product.count() * blocks(product.m(), SQUARE) * blocks(product.n(), SQUARE);
        int parts = squares >= FEW_TASKS ? 1 : (int) Math.min(TASKS / squares, product.k() / PART);
        return parts <= 1 ? product.k() : blocks(blocks(product.k(), parts), PART / 4) * (PART / 4);
    }

    /** How the results of a product are divided into tasks. */
    private record Tasks(int rows, int rowBlocks, int panels, int panelBlocks, int depth, int parts) {
        static Tasks of(Product product, int count, int depth) {
            int all = (product.n() + WIDTH - 1) / WIDTH;
            int rows = MicroKernel.evenRows(product.m(), mostRows(product));
            int panels = all;
            while (count * blocks(product.m(), rows) * blocks(all, panels) < TASKS) {
                long half = (long) rows * WIDTH * panels * product.k() / 2;
                if (half < LEAST_TASK || (panels == 1 && rows <= LEAST_ROWS)) {
                    break;
                }
                if (panels > 1) {
                    panels = (panels + 1) / 2;
                } else {
                    rows = (rows / 2 + ROWS - 1) / ROWS * ROWS;
                }
            }
            return new Tasks(
                    rows, blocks(product.m(), rows), panels, blocks(all, panels), depth, blocks(product.k(), depth));
        }

        int count() {
            return rowBlocks * panelBlocks * parts;
        }
    }

    private static int blocks(int size, int block) {
        return (size + block - 1) / block;
    }

    /**
     * {@code count} products from {@code first} on: first all panels are filled, then they are multiplied.
     *
     * @param kept the panels of a single product's right matrix, if they are filled already
     */
    private void runTogether(Product product, int first, int count, int depth, Optional<float[]> kept) {
        Workspace workspace = context.workspace();
        int rightSize = Panels.size(product.k(), product.n());
        int leftSize = left(product) == Left.PANELS ? Panels.size(product.k(), product.m()) : 0;
        float[] right = kept.orElseGet(() -> workspace.array(Workspace.Slot.SHARED_RIGHT, count * rightSize));
        float[] left = workspace.array(Workspace.Slot.SHARED_LEFT, count * leftSize);
        Operands[] all = new Operands[count];
        for (int i = 0; i < count; i++) {
            all[i] = operands(product, first + i, left, i * leftSize, right, i * rightSize);
        }
        Tasks tasks = Tasks.of(product, count, depth);
        fill(product, first, all, kept.isEmpty(), leftSize > 0);
        if (tasks.parts == 1) {
            context.forEach(count * tasks.count(), task -> {
                Operands operands = all[task / tasks.count()];
                multiply(operands, operands.c, tasks, task % tasks.count());
            });
        } else {
            runInParts(product, all, tasks);
        }
    }

    private void fill(Product product, int first, Operands[] all, boolean rightToo, boolean leftToo) {
        int right = rightToo
                ? Filling.of(product.k(), product.n(), product.b().columnStep() == 1)
                        .count()
                : 0;
        int left = leftToo ? Filling.of(product.k(), product.m(), true).count() : 0;
        context.forEach(all.length * (right + left), task -> {
            int i = task / (right + left);
            int part = task % (right + left);
            if (part < right) {
                Filling.of(product.k(), product.n(), product.b().columnStep() == 1)
                        .run(part, all[i].right, product.b().get(first + i));
            } else {
                Filling.of(product.k(), product.m(), true).run(part - right, all[i].left, all[i].a.transposed());
            }
        });
    }

    /** How the filling of panels is divided: contiguous rows are read as a whole, others panel by panel. */
    private record Filling(int rows, int rowBlocks, int panels, int panelBlocks) {
        static Filling of(int rows, int columns, boolean contiguous) {
            int all = blocks(columns, WIDTH);
            int panels = contiguous ? all : 1;
            int height = Math.max(1, Math.min(FILL, FILL * WIDTH / (panels * WIDTH)));
            return new Filling(height, blocks(rows, height), panels, blocks(all, panels));
        }

        int count() {
            return rowBlocks * panelBlocks;
        }

        void run(int task, Panels panels, Matrix source) {
            int from = task / panelBlocks * rows;
            int to = Math.min(panels.rows(), from + rows);
            if (panelBlocks > 1 || panels.count() == 1) {
                panels.fill(source, task % panelBlocks, from, to);
                return;
            }
            for (int i = from; i < to; i++) {
                for (int panel = 0; panel < panels.count(); panel++) {
                    panels.fill(source, panel, i, i + 1);
                }
            }
        }
    }

    private void multiply(Operands operands, Matrix c, Tasks tasks, int task) {
        int row = task / tasks.panelBlocks % tasks.rowBlocks * tasks.rows;
        int panel = task % tasks.panelBlocks * tasks.panels;
        int from = task / tasks.panelBlocks / tasks.rowBlocks * tasks.depth;
        multiply(
                operands,
                c,
                row,
                Math.min(operands.product.m(), row + tasks.rows),
                panel,
                Math.min(operands.right.count(), panel + tasks.panels),
                from,
                Math.min(operands.product.k(), from + tasks.depth));
    }

    /** Few but deep sums: their parts are computed by separate tasks, and added in order. */
    private void runInParts(Product product, Operands[] all, Tasks tasks) {
        int m = product.m();
        int n = product.n();
        float[] sums = context.workspace().array(Workspace.Slot.SHARED_RESULT, all.length * tasks.parts * m * n);
        int taskCount = tasks.count();
        context.forEach(all.length * taskCount, task -> {
            int part = task / taskCount * tasks.parts + task % taskCount / (tasks.panelBlocks * tasks.rowBlocks);
            multiply(all[task / taskCount], new Matrix(sums, part * m * n, n, 1), tasks, task % taskCount);
        });
        context.forRange(all.length * m, Math.max(1, LEAST_TASK / 16 / n), (from, to) -> {
            for (int row = from; row < to; row++) {
                int start = row / m * tasks.parts * m * n + row % m * n;
                for (int part = 1; part < tasks.parts; part++) {
                    Vectors.add(sums, start + part * m * n, sums, start, n);
                }
                store(all[row / m], all[row / m].c, sums, start, n, row % m, 1, 0, n);
            }
        });
    }

    private void multiply(Operands operands, Matrix c, int row, int end, int panel, int lastPanel, int from, int to) {
        Product product = operands.product;
        boolean isPart = to - from < product.k();
        int depth = to - from;
        Workspace workspace = context.workspace();
        float[] a = operands.a.data();
        int aAt = operands.a.at() + row * operands.a.rowStep() + from * operands.a.columnStep();
        int aStep = operands.a.rowStep();
        Left form = left(product);
        if (form == Left.GATHERED) {
            a = gathered(workspace, operands.a.moved(row, from), end - row, depth);
            aAt = 0;
            aStep = depth;
        }
        int most = depth <= DEPTH ? STORED : end - row;
        float[] block = workspace.array(Workspace.Slot.RESULT, (Math.min(most, end - row) + ROWS) * WIDTH);
        for (int p = panel; p < lastPanel; p++) {
            int width = operands.right.width(p);
            for (int i = row; i < end; i += most) {
                int rows = Math.min(most, end - i);
                int start = aAt + (i - row) * aStep;
                int columns = Math.min(WIDTH, product.n() - p * WIDTH);
                if (depth <= DEPTH && columns == width && !isPart && storesTiles(product, c, rows)) {
                    int target = c.at() + i * c.rowStep() + p * WIDTH;
                    sum(operands, form, a, start, aStep, i, p, from, to, c.data(), target, c.rowStep(), rows, width);
                    continue;
                }
                if (depth > FLOAT_DEPTH) {
                    DeepSums sums = new DeepSums(workspace, rows * width);
                    for (int k = from; k < to; k += FLOAT_DEPTH) {
                        int count = Math.min(FLOAT_DEPTH, to - k);
                        sum(
                                operands,
                                form,
                                a,
                                start + k - from,
                                aStep,
                                i,
                                p,
                                k,
                                k + count,
                                block,
                                0,
                                width,
                                rows,
                                width);
                        sums.add(new HeapMatrixBuffer(block));
                    }
                    sums.store(new HeapMatrixBuffer(block));
                } else {
                    sum(operands, form, a, start, aStep, i, p, from, to, block, 0, width, rows, width);
                }
                if (isPart) {
                    for (int r = 0; r < rows; r++) {
                        int target = c.at() + (i + r) * c.rowStep() + p * WIDTH;
                        System.arraycopy(block, r * width, c.data(), target, columns);
                    }
                } else {
                    store(operands, c, block, 0, width, i, rows, p * WIDTH, columns);
                }
            }
        }
    }

    /**
     * Whether {@code rows} rows of a panel are results as the kernel leaves them. Then it writes them where they
     * belong: what waits for memory is a tile's few vectors at a time, while the next tile is being computed.
     */
    private static boolean storesTiles(Product product, Matrix c, int rows) {
        return product.bias().length == 0 && c.columnStep() == 1 && (left(product) != Left.PANELS || rows % ROWS == 0);
    }

    /** The sums over depths {@code [from, to)} of {@code rows} rows and one panel, the rows {@code cRow} apart. */
    private static void sum(
            Operands operands,
            Left form,
            float[] a,
            int aAt,
            int aStep,
            int row,
            int panel,
            int from,
            int to,
            float[] c,
            int cAt,
            int cRow,
            int rows,
            int width) {
        Panels right = operands.right;
        int pieces = blocks(to - from, DEPTH);
        int piece = blocks(to - from, pieces);
        for (int k = from; k < to; k += piece) {
            int depth = Math.min(piece, to - k);
            if (form == Left.PANELS) {
                multiplyPanels(operands.left, right, row, panel, k, depth, c, cAt, cRow, rows, width, k > from);
            } else {
                MicroKernel.multiply(
                        a,
                        aAt + k - from,
                        aStep,
                        right.data(),
                        right.at(panel, k),
                        c,
                        cAt,
                        cRow,
                        rows,
                        width,
                        depth,
                        k > from);
            }
        }
    }

    // Rows of several panels of the left matrix, in whole tiles.
    private static void multiplyPanels(
            Panels left,
            Panels right,
            int row,
            int panel,
            int k,
            int depth,
            float[] c,
            int cAt,
            int cRow,
            int rows,
            int width,
            boolean add) {
        for (int i = 0; i < rows; ) {
            int inPanel = (row + i) % WIDTH;
            int count = Math.min(WIDTH - inPanel, rows - i);
            TransposedMicroKernel.multiply(
                    left.data(),
                    left.at((row + i) / WIDTH, k) + inPanel,
                    right.data(),
                    right.at(panel, k),
                    c,
                    cAt + i * cRow,
                    cRow,
                    (count + ROWS - 1) / ROWS * ROWS,
                    width,
                    depth,
                    add);
            i += count;
        }
    }

    private static float[] gathered(Workspace workspace, Matrix a, int rows, int depth) {
        float[] gathered = workspace.array(Workspace.Slot.LEFT, rows * depth);
        for (int i = 0; i < rows; i++) {
            int from = a.at() + i * a.rowStep();
            for (int k = 0; k < depth; k++) {
                gathered[i * depth + k] = a.data()[from + k * a.columnStep()];
            }
        }
        return gathered;
    }

    /** Rows of results, {@code step} apart in {@code block}, with the bias. */
    private static void store(
            Operands operands, Matrix c, float[] block, int at, int step, int row, int rows, int column, int columns) {
        Product product = operands.product;
        float[] bias = product.bias();
        boolean byRow = bias.length > 0 && product.biasOfRows();
        boolean byColumn = bias.length > 0 && !byRow;
        Matrix y = c.moved(row, column);
        if (y.columnStep() == 1 && !byRow) {
            for (int i = 0; i < rows; i++) {
                int from = at + i * step;
                int to = y.at() + i * y.rowStep();
                if (byColumn) {
                    Vectors.sum(bias, column, block, from, y.data(), to, columns);
                } else {
                    System.arraycopy(block, from, y.data(), to, columns);
                }
            }
            return;
        }
        for (int j = 0; j < columns; j++) {
            int to = y.at() + j * y.columnStep();
            for (int i = 0; i < rows; i++) {
                float sum = block[at + i * step + j];
                y.data()[to + i * y.rowStep()] = byRow ? sum + bias[row + i] : byColumn ? sum + bias[column + j] : sum;
            }
        }
    }
}
