package dev.graft.nn.data.table;

import dev.graft.nn.data.DataException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * The order in which the rows of a cohort are taken into its training sets, one for each seed, so that others compare
 * the same subsets: a subset of n rows is the first n ids.
 */
public final class SubsetOrders {
    private static final String SEED = "seed";

    private SubsetOrders() {}

    /**
     * Reads a table with a column {@code seed} and one whose name has {@code ids} in it, which holds ids with spaces
     * between.
     *
     * @return the ids of each seed, by seed
     * @throws DataException naming file, line and column of what is wrong
     */
    public static List<List<String>> read(Path file) {
        Table table = Table.read(file, java.nio.charset.StandardCharsets.UTF_8, List.of(SEED));
        String ids = table.header().stream()
                .filter(name -> name.contains("ids"))
                .findFirst()
                .orElseThrow(() -> new DataException("table: " + file + " line 1 has no column of ids. Hint: name it"
                        + " ids_in_order; the header is " + table.header() + "."));
        TreeMap<Integer, List<String>> bySeed = new TreeMap<>();
        for (int row = 0; row < table.size(); row++) {
            String seed = table.value(row, SEED);
            if (!seed.matches("\\d{1,6}")) {
                throw table.at(row, SEED, "holds '" + seed + "', which is no seed", "give a whole number");
            }
            List<String> order = List.of(table.value(row, ids).split("\\s+"));
            if (order.stream().distinct().count() < order.size()) {
                throw table.at(row, ids, "has an id twice", "name each row once");
            }
            if (bySeed.put(Integer.parseInt(seed), order) != null) {
                throw table.at(row, SEED, "has the seed " + seed + " again", "give one line for each seed");
            }
        }
        return new ArrayList<>(bySeed.values());
    }
}
