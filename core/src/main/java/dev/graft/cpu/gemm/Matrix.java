package dev.graft.cpu.gemm;

/** One matrix in an array: element (row, column) at {@code at + row * rowStep + column * columnStep}. */
record Matrix(float[] data, int at, int rowStep, int columnStep) {

    Matrix moved(int row, int column) {
        return new Matrix(data, at + row * rowStep + column * columnStep, rowStep, columnStep);
    }

    Matrix transposed() {
        return new Matrix(data, at, columnStep, rowStep);
    }
}
