package dev.graft.cpu.conv;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.View;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * The input gradient of a convolution by scattering: output gradients times the weights of a kernel row are added to
 * the pixels that they were computed from. Gathering, the other way, multiplies zeros wherever a kernel reaches beyond
 * the output: with a kernel as large as the image, nearly everywhere. Its results are also only as wide as the pixels'
 * channels, while these products are as wide as a row of the kernel.
 *
 * <p>A task computes rows of the input gradient, so no two tasks add to the same pixel. If there are few rows, the
 * columns of the product are divided as well, and their sums are added in order.
 */
final class ScatteredInputGradient {
    /** The most outputs, whose products are added up in a float. */
    private static final int FLOAT_DEPTH = 8192;
    /** The most products that are added to a pixel before their sum is moved to double. */
    private static final int FLOAT_ADDITIONS = 64;
    /** Rows of a product. */
    private static final int MAX_ROWS = FLOAT_ADDITIONS;
    /** Pixels of several images that are multiplied together, if a row of results has fewer. */
    private static final int LEAST_ROWS = 16;
    /** Below this many tasks, the columns of the product are divided. */
    private static final int LEAST_TASKS = 8;
    /** The fewest multiply-adds of a task. */
    private static final long TASK = 1 << 17;
    /** The price of adding a product to its pixel, in multiply-adds. */
    private static final int ADDING = 24;
    /** The price of copying a pixel's value when pixels are gathered, in the same unit. */
    private static final int COPYING = 16;
    /** Scattering must be cheaper by this factor. */
    private static final double ADVANTAGE = 0.8;

    private final ExecutionContext context;

    /** One thread's products of output gradients with the weights of a kernel row. */
    interface Product {

        /** Takes {@code rows} pixels of output gradients. */
        void load(float[] dy, int at, int rows);

        /**
         * Multiplies the pixels taken with {@code count} columns, each a kernel column and an input channel; returns
         * the distance of rows in {@code result}.
         */
        int multiply(int rows, int kernelRow, int column, int count, float[] result);
    }

    ScatteredInputGradient(ExecutionContext context) {
        this.context = context;
    }

    /**
     * Whether scattering is cheaper than gathering, by the number of multiply-adds of either.
     *
     * @param lanes columns to which products are rounded up
     * @param tile rows to which products are rounded up
     */
    static boolean pays(View dy, View w, View dx, Conv2dParams params, int lanes, int tile) {
        int outputs = w.dim(0);
        int inputs = w.dim(1);
        if (outputs > FLOAT_DEPTH || dy.numel() == 0) {
            return false;
        }
        double gatheredTaps =
                (double) dx.dim(2) * w.dim(2) / params.strideH() * dx.dim(3) * w.dim(3) / params.strideW();
        boolean copies = w.dim(2) * w.dim(3) > 1;
        double gathered = gatheredTaps * outputs * (rounded(inputs, lanes) + (copies ? COPYING : 0));
        int together = dy.dim(3) < LEAST_ROWS ? Math.min(dy.dim(0), LEAST_ROWS / dy.dim(3)) : 1;
        double rows = (double) rounded(dy.dim(3) * together, tile) / together;
        double scattered =
                (double) dy.dim(2) * w.dim(2) * rows * rounded(w.dim(3) * inputs, lanes) * (outputs + ADDING);
        return scattered < ADVANTAGE * gathered;
    }

    private static int rounded(int count, int unit) {
        return (count + unit - 1) / unit * unit;
    }

    /** The shape of the work: {@code images} are the images of a task, {@code pieces} the shares of the columns. */
    private record Plan(
            ImageArray dy, ImageArray dx, View w, Conv2dParams params, int batch, int images, int pieces, int width) {

        static Plan of(View dy, View w, View dx, Conv2dParams params, int width) {
            int height = dx.dim(2);
            int images = dy.dim(3) < LEAST_ROWS ? Math.min(dy.dim(0), LEAST_ROWS / dy.dim(3)) : 1;
            while (images > 1 && height * blocks(dy.dim(0), images) < LEAST_TASKS) {
                images /= 2;
            }
            int rows = height * blocks(dy.dim(0), images);
            int panels = blocks(w.dim(3) * w.dim(1), width);
            int pieces = rows < LEAST_TASKS ? Math.min(panels, blocks(LEAST_TASKS, rows)) : 1;
            return new Plan(ImageArray.read(dy), ImageArray.written(dx), w, params, dy.dim(0), images, pieces, width);
        }

        private static int blocks(int count, int size) {
            return (count + size - 1) / size;
        }

        int imageBlocks() {
            return blocks(batch, images);
        }

        /** Columns of the product. */
        int columns() {
            return w.dim(3) * w.dim(1);
        }

        int firstColumn(int piece) {
            int panels = blocks(columns(), width);
            return Math.min(columns(), (int) ((long) panels * piece / pieces) * width);
        }

        /**
         * Columns of the padded input gradient that have the same remainder by the dilation: those that the taps of one
         * output pixel reach are neighbours among them.
         */
        int phaseColumns() {
            return (dy.width() - 1) * params.strideW() / params.dilationW() + w.dim(3);
        }

        /** Floats of a row of the padded input gradient, phase by phase. */
        int rowLength() {
            return params.dilationW() * phaseColumns() * dx.channels();
        }

        /** Where column {@code column} of the padded input gradient lies in a row. */
        int place(int column) {
            int dilation = params.dilationW();
            return (column % dilation * phaseColumns() + column / dilation) * dx.channels();
        }

        long taskWork() {
            long taps = (long) dy.height() * w.dim(2) / dx.height() + 1;
            return taps * images * dy.width() * columns() / pieces * dy.channels();
        }
    }

    /**
     * @param products makes the product of a thread
     * @param width the most columns that it multiplies at once
     */
    void run(View dy, View w, View dx, Conv2dParams params, Supplier<Product> products, int width) {
        Plan plan = Plan.of(dy, w, dx, params, width);
        int rowTasks = plan.imageBlocks() * plan.dx.height();
        int grain = (int) Math.max(1, Math.min(rowTasks / LEAST_TASKS, TASK / Math.max(1, plan.taskWork())));
        if (plan.pieces == 1) {
            context.forRange(rowTasks, grain, (from, to) -> {
                RowSums sums = new RowSums(plan, products.get(), context.workspace());
                for (int task = from; task < to; task++) {
                    sums.compute(task, 0);
                    sums.store(task);
                }
            });
            return;
        }
        int size = plan.images * plan.rowLength();
        float[] shares = context.workspace().array(Workspace.Slot.SHARED_RESULT, rowTasks * plan.pieces * size);
        context.forEach(rowTasks * plan.pieces, share -> {
            RowSums sums = new RowSums(plan, products.get(), context.workspace());
            sums.compute(share / plan.pieces, share % plan.pieces);
            System.arraycopy(sums.finished(), 0, shares, share * size, size);
        });
        context.forEach(rowTasks, task -> {
            RowSums sums = new RowSums(plan, products.get(), context.workspace());
            for (int piece = 0; piece < plan.pieces; piece++) {
                sums.add(shares, (task * plan.pieces + piece) * size);
            }
            sums.store(task);
        });
    }

    /** One row of the input gradients of some images, with its padding. */
    private final class RowSums {
        private final Plan plan;
        private final Product product;
        private final Workspace workspace;
        private final int length;
        private final float[] sums;
        private final double[] totals;
        private final float[] block;
        private boolean isDeep;
        private int additions;

        RowSums(Plan plan, Product product, Workspace workspace) {
            this.plan = plan;
            this.product = product;
            this.workspace = workspace;
            this.length = plan.rowLength();
            this.sums = workspace.floats(0, plan.images * length);
            this.totals = mayBeDeep(plan) ? new double[plan.images * length] : new double[0];
            this.block = workspace.array(Workspace.Slot.RESULT, MAX_ROWS * plan.width);
            Arrays.fill(sums, 0, plan.images * length, 0f);
        }

        private static boolean mayBeDeep(Plan plan) {
            return (long) plan.w.dim(2) * Math.min(plan.w.dim(3), plan.dy.width()) > FLOAT_ADDITIONS;
        }

        void compute(int task, int piece) {
            Arrays.fill(sums, 0, plan.images * length, 0f);
            isDeep = false;
            additions = 0;
            Conv2dParams params = plan.params;
            int top = task % plan.dx.height() + params.padTop();
            for (int i = 0; i < plan.w.dim(2); i++) {
                int row = top - i * params.dilationH();
                int q = row / params.strideH();
                if (row >= 0 && row % params.strideH() == 0 && q < plan.dy.height()) {
                    addRow(task / plan.dx.height() * plan.images, q, i, piece);
                }
            }
        }

        private int images(int firstImage) {
            return Math.min(plan.images, plan.batch - firstImage);
        }

        /** Adds what row {@code q} of the output gradients contributes through kernel row {@code i}. */
        private void addRow(int firstImage, int q, int i, int piece) {
            int outputs = plan.dy.channels();
            int pixels = images(firstImage) * plan.dy.width();
            float[] left = plan.dy.data();
            int at = plan.dy.at() + plan.dy.place(firstImage, q, 0);
            if (images(firstImage) > 1) {
                left = workspace.array(Workspace.Slot.LEFT, pixels * outputs);
                int row = plan.dy.width() * outputs;
                for (int b = 0; b < images(firstImage); b++) {
                    System.arraycopy(
                            plan.dy.data(), plan.dy.at() + plan.dy.place(firstImage + b, q, 0), left, b * row, row);
                }
                at = 0;
            }
            for (int from = 0; from < pixels; from += MAX_ROWS) {
                int rows = Math.min(MAX_ROWS, pixels - from);
                deepen(Math.min(rows, plan.w.dim(3)));
                product.load(left, at + from * outputs, rows);
                int end = plan.firstColumn(piece + 1);
                for (int column = plan.firstColumn(piece); column < end; column += plan.width) {
                    int count = Math.min(plan.width, end - column);
                    int step = product.multiply(rows, i, column, count, block);
                    scatter(from, rows, column, count, step);
                }
            }
        }

        private void scatter(int from, int rows, int column, int count, int step) {
            for (int m = 0; m < rows; m++) {
                int image = (from + m) / plan.dy.width();
                int r = (from + m) % plan.dy.width();
                int to = image * length + plan.place(r * plan.params.strideW()) + column;
                context.elementLoops().add(block, m * step, sums, to, count);
            }
        }

        private void deepen(int more) {
            if (additions + more > FLOAT_ADDITIONS && additions > 0) {
                flush();
            }
            additions += more;
        }

        private void flush() {
            if (!isDeep) {
                Arrays.fill(totals, 0);
                isDeep = true;
            }
            for (int k = 0; k < totals.length; k++) {
                totals[k] += sums[k];
            }
            Arrays.fill(sums, 0, totals.length, 0f);
            additions = 0;
        }

        /** The sums of this row. */
        float[] finished() {
            if (isDeep) {
                for (int k = 0; k < totals.length; k++) {
                    sums[k] = (float) (totals[k] + sums[k]);
                }
            }
            return sums;
        }

        void add(float[] share, int at) {
            context.elementLoops().add(share, at, sums, 0, plan.images * length);
        }

        /** Writes the row without its padding. */
        void store(int task) {
            float[] row = finished();
            int firstImage = task / plan.dx.height() * plan.images;
            int channels = plan.dx.channels();
            float[] dx = plan.dx.data();
            for (int b = 0; b < images(firstImage); b++) {
                int to = plan.dx.at() + plan.dx.place(firstImage + b, task % plan.dx.height(), 0);
                if (plan.params.dilationW() == 1) {
                    int start = Math.min(length, plan.params.padLeft() * channels);
                    int width = plan.dx.width() * channels;
                    int count = Math.min(width, length - start);
                    System.arraycopy(row, b * length + start, dx, to, count);
                    Arrays.fill(dx, to + count, to + width, 0f);
                    continue;
                }
                for (int column = 0; column < plan.dx.width(); column++) {
                    int padded = column + plan.params.padLeft();
                    boolean isReached = padded / plan.params.dilationW() < plan.phaseColumns();
                    int from = isReached ? b * length + plan.place(padded) : 0;
                    for (int c = 0; c < channels; c++) {
                        dx[to + column * channels + c] = isReached ? row[from + c] : 0f;
                    }
                }
            }
        }
    }
}
