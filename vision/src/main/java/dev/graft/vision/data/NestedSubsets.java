package dev.graft.vision.data;

import dev.graft.random.Draw;
import dev.graft.random.RandomStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Smaller and larger sets of training images, each a part of the next, with about the classes' shares of all of them.
 * Patients are in or out as a whole where they are known.
 */
public final class NestedSubsets {
    /** Rows of the images, of one patient each; what is drawn first comes first. */
    private final List<int[]> order;

    private NestedSubsets(List<int[]> order) {
        this.order = order;
    }

    private record Place(double at, int[] rows) {}

    /**
     * Draws an order.
     *
     * @param rows of the images that may be drawn
     */
    public static NestedSubsets of(ImageDataset all, int[] rows, long seed) {
        Map<String, List<int[]>> byClass = new LinkedHashMap<>();
        for (int[] patient : patients(all, rows)) {
            byClass.computeIfAbsent(kind(all, patient[0]), name -> new ArrayList<>())
                    .add(patient);
        }
        List<Place> places = new ArrayList<>();
        int number = 0;
        for (List<int[]> patients : byClass.values()) {
            int[] drawn = new int[patients.size()];
            Arrays.setAll(drawn, i -> i);
            Draw.shuffle(drawn, RandomStream.of(seed, "learningCurve.order", number++));
            for (int i = 0; i < drawn.length; i++) {
                // one of each class first, since a class without an image cannot be learnt; then by the shares
                places.add(new Place(i == 0 ? -1 : (i + 0.5) / drawn.length, patients.get(drawn[i])));
            }
        }
        places.sort(Comparator.comparingDouble(Place::at));
        return new NestedSubsets(places.stream().map(Place::rows).toList());
    }

    private static List<int[]> patients(ImageDataset all, int[] rows) {
        Optional<List<String>> names = all.groups();
        Map<String, List<Integer>> byName = new LinkedHashMap<>();
        for (int row : rows) {
            String name = names.map(known -> known.get(row)).orElse(Integer.toString(row));
            byName.computeIfAbsent(name, first -> new ArrayList<>()).add(row);
        }
        return byName.values().stream()
                .map(list -> list.stream().mapToInt(Integer::intValue).toArray())
                .toList();
    }

    private static String kind(ImageDataset all, int row) {
        return all.isMultiLabel() ? Arrays.toString(all.has(row)) : Integer.toString(all.label(row));
    }

    /** As many whole patients as it takes to have this many images, in the images' order. */
    public int[] rows(int size) {
        List<Integer> rows = new ArrayList<>();
        for (int[] patient : order) {
            if (rows.size() >= size) {
                break;
            }
            for (int row : patient) {
                rows.add(row);
            }
        }
        return rows.stream().mapToInt(Integer::intValue).sorted().toArray();
    }
}
