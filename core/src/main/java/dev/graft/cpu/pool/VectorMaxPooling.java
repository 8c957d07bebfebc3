package dev.graft.cpu.pool;

import dev.graft.backend.View;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import java.util.Optional;

/** {@link MaxPooling} by {@link VectorMaxPool}, if that supports the windows. */
public final class VectorMaxPooling extends MaxPooling {

    public VectorMaxPooling(ExecutionContext context, ChannelsLast layout) {
        super(context, layout);
    }

    @Override
    void forward(View x, PoolWindows windows, View y, Optional<View> index) {
        if (!VectorMaxPool.fits(windows, x.dim(1))) {
            super.forward(x, windows, y, index);
            return;
        }
        context.awaitKernels();
        Optional<ChannelsLast.Borrowed> places = index.map(layout::target);
        try (ChannelsLast.Borrowed in = layout.source(x);
                ChannelsLast.Borrowed out = layout.target(y)) {
            ImageArray source = ImageArray.read(in.view());
            ImageArray maxima = ImageArray.written(out.view());
            Optional<int[]> found = places.map(p -> CpuStorage.intsToWrite(p.view()));
            int foundAt = places.map(p -> CpuStorage.offset(p.view())).orElse(0);
            VectorMaxPool pool = new VectorMaxPool(windows, source.width(), source.channels());
            context.forEach(x.dim(0) * maxima.height(), line -> {
                int image = source.at() + source.place(line / maxima.height(), 0, 0);
                int at = line * maxima.width() * maxima.channels();
                pool.row(
                        source.data(),
                        image,
                        line % maxima.height(),
                        maxima.data(),
                        maxima.at() + at,
                        found,
                        foundAt + at);
            });
        } finally {
            places.ifPresent(ChannelsLast.Borrowed::close);
        }
    }

    @Override
    void backward(View dy, View index, PoolWindows windows, View dx) {
        if (!VectorMaxPool.fits(windows, dx.dim(1))) {
            super.backward(dy, index, windows, dx);
            return;
        }
        context.awaitKernels();
        try (ChannelsLast.Borrowed gradient = layout.source(dy);
                ChannelsLast.Borrowed places = layout.source(index);
                ChannelsLast.Borrowed out = layout.target(dx)) {
            float[] dys = CpuStorage.floats(gradient.view());
            int[] is = CpuStorage.of(places.view()).array(int[].class);
            float[] dxs = CpuStorage.floatsToWrite(out.view());
            int channels = dx.dim(1);
            int outputSize = windows.outputHeight() * windows.outputWidth() * channels;
            int dyAt = CpuStorage.offset(gradient.view());
            int iAt = CpuStorage.offset(places.view());
            int dxAt = CpuStorage.offset(out.view());
            VectorMaxPool pool = new VectorMaxPool(windows, dx.dim(3), channels);
            context.forEach(dx.dim(0) * dx.dim(2), line -> {
                int image = line / dx.dim(2) * outputSize;
                pool.rowBackward(
                        dys, dyAt + image, is, iAt + image, line % dx.dim(2), dxs, dxAt + line * dx.dim(3) * channels);
            });
        }
    }
}
