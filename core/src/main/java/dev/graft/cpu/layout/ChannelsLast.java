package dev.graft.cpu.layout;

import dev.graft.backend.Backend;
import dev.graft.backend.Storage;
import dev.graft.backend.View;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Optional;

/** Provides image views in channels-last memory: the view itself if it has that layout, else a pooled copy. */
public final class ChannelsLast {
    private final Backend backend;
    private final Copy copy;

    public ChannelsLast(Backend backend, Copy copy) {
        this.backend = backend;
        this.copy = copy;
    }

    /** A channels-last view, to be closed after use: a borrowed result is then copied back. */
    public final class Borrowed implements AutoCloseable {
        private final View view;
        private final Optional<Storage> own;
        private final Optional<View> destination;

        private Borrowed(View view, Optional<Storage> own, Optional<View> destination) {
            this.view = view;
            this.own = own;
            this.destination = destination;
        }

        public View view() {
            return view;
        }

        @Override
        public void close() {
            destination.ifPresent(to -> copy.copy(view, to));
            own.ifPresent(Storage::release);
        }
    }

    /** {@code y = x}, for any two layouts. */
    public void copy(View x, View y) {
        copy.copy(x, y);
    }

    /** Fills a view of any layout with 0. */
    public void clear(View y) {
        copy.fill(y, 0);
    }

    /** {@code x} to read. */
    public Borrowed source(View x) {
        if (x.isChannelsLast()) {
            return new Borrowed(x, Optional.empty(), Optional.empty());
        }
        View temporary = temporary(x);
        copy.copy(x, temporary);
        return new Borrowed(temporary, Optional.of(temporary.storage()), Optional.empty());
    }

    /** {@code y} to write. */
    public Borrowed target(View y) {
        if (y.isChannelsLast()) {
            return new Borrowed(y, Optional.empty(), Optional.empty());
        }
        View temporary = temporary(y);
        return new Borrowed(temporary, Optional.of(temporary.storage()), Optional.of(y));
    }

    /** Images of undefined content, F32. */
    public Borrowed scratch(Shape shape) {
        View temporary = temporary(DType.F32, shape);
        return new Borrowed(temporary, Optional.of(temporary.storage()), Optional.empty());
    }

    private View temporary(View like) {
        return temporary(like.dtype() == DType.I32 ? DType.I32 : DType.F32, like.shape());
    }

    private View temporary(DType type, Shape shape) {
        int c = shape.dim(1);
        int h = shape.dim(2);
        int w = shape.dim(3);
        return new View(backend.allocate(type, shape.numel()), 0, shape, new int[] {h * w * c, 1, w * c, c});
    }
}
