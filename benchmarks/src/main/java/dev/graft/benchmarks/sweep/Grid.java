package dev.graft.benchmarks.sweep;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.StringJoiner;

/**
 * The shapes of one operator: a value of each axis, taken from a list. Two shapes are neighbours if they differ by one
 * step of one axis.
 */
record Grid(String name, List<Axis> axes, Maker maker) {

    /** A dimension or a setting, and the values it takes, in ascending order where they have one. */
    record Axis(String name, int... values) {
        private int place(int value) {
            for (int i = 0; i < values.length; i++) {
                if (values[i] == value) {
                    return i;
                }
            }
            return -1;
        }
    }

    /** Makes the work of a shape from the value of each axis; empty if there is no such shape. */
    @FunctionalInterface
    interface Maker {
        Optional<Work> make(int[] values);
    }

    /** One shape of a grid. */
    record Point(Grid grid, List<Integer> values) {

        Optional<Work> work() {
            return grid.maker.make(values.stream().mapToInt(v -> v).toArray()).filter(Work::isMeasurable);
        }

        /** The neighbour one step along an axis; empty at the end of the axis. */
        Optional<Point> step(int axis, int direction) {
            Axis a = grid.axes.get(axis);
            int place = a.place(values.get(axis)) + direction;
            if (place < 0 || place >= a.values.length) {
                return Optional.empty();
            }
            Integer[] moved = values.toArray(Integer[]::new);
            moved[axis] = a.values[place];
            return Optional.of(new Point(grid, Arrays.asList(moved)));
        }

        /** As the program's option {@code shape} takes it. */
        @Override
        public String toString() {
            StringJoiner text = new StringJoiner(",", grid.name + ":", "");
            for (int i = 0; i < values.size(); i++) {
                text.add(grid.axes.get(i).name + "=" + values.get(i));
            }
            return text.toString();
        }
    }

    /** A shape that can be measured, drawn at random. */
    Point draw(SplittableRandom random) {
        while (true) {
            Point point = new Point(
                    this,
                    axes.stream()
                            .map(axis -> axis.values[random.nextInt(axis.values.length)])
                            .toList());
            if (point.work().isPresent()) {
                return point;
            }
        }
    }

    /** The shape of {@code axis=value} pairs, which may be any values; axes that are not named have their first. */
    Point point(List<String> settings) {
        Integer[] values = axes.stream().map(axis -> axis.values[0]).toArray(Integer[]::new);
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            int axis = axes.stream().map(Axis::name).toList().indexOf(setting.substring(0, Math.max(0, equals)));
            if (axis < 0) {
                throw new IllegalArgumentException(
                        "shape: " + name + " has no axis '" + setting + "'. Hint: its axes are "
                                + axes.stream().map(Axis::name).toList() + ".");
            }
            values[axis] = Integer.parseInt(setting.substring(equals + 1));
        }
        return new Point(this, Arrays.asList(values));
    }
}
