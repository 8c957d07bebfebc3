package dev.graft.nn.table;

import dev.graft.io.StateDict;
import dev.graft.nn.data.table.TableColumn;
import dev.graft.nn.data.table.TableEncoder;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A network for another table's inputs that begins with what a network has learnt. Inputs are matched by name and type,
 * levels by name. A new level begins with the embedding of "other"; a new input has no influence at first; one that is
 * not there any more is dropped.
 *
 * @param network with the mapped weights
 * @param encoder of the other table
 * @param notes what was matched and what is new, for people
 */
record TableMapping(TableNetwork network, TableEncoder encoder, List<String> notes) {

    /**
     * Maps a network.
     *
     * @param embeddings the deviation with which the embeddings of new inputs begin
     */
    static TableMapping of(NetworkModel source, TableEncoder target, double embeddings, long seed) {
        TableEncoder from = source.encoder();
        TableNetwork.Shape old = source.network().shape();
        List<Integer> levels = new ArrayList<>();
        List<Integer> widths = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        for (TableEncoder.Category own : target.categories()) {
            int known = find(from, own);
            levels.add(own.size());
            widths.add(known < 0 ? TableNetwork.width(own.size()) : old.widths().get(known));
            if (known < 0) {
                notes.add(fresh(from, own.column()));
            } else {
                List<String> fresh = new ArrayList<>(own.levels());
                fresh.removeAll(from.categories().get(known).levels());
                if (!fresh.isEmpty()) {
                    notes.add(fresh.size() + " new levels of " + own.column().name() + " begin as \"other\": "
                            + fresh.stream().limit(5).toList() + (fresh.size() > 5 ? " and more" : ""));
                }
            }
        }
        TableNetwork.Shape shape =
                new TableNetwork.Shape(levels, widths, target.numerics(), old.hidden(), old.dropout());
        TableNetwork network = shape.network(RandomStream.of(seed, "table.mapped"));
        network.scaleEmbeddings(embeddings);
        try (StateDict before = source.network().stateDict();
                StateDict state = network.stateDict()) {
            fill(network, before, state, source, target, notes);
            return new TableMapping(network, target, List.copyOf(notes));
        } catch (RuntimeException | Error e) {
            network.close();
            throw e;
        }
    }

    private static int find(TableEncoder encoder, TableEncoder.Category wanted) {
        for (int k = 0; k < encoder.categories().size(); k++) {
            if (isOne(encoder.categories().get(k).column(), wanted.column())) {
                return k;
            }
        }
        return -1;
    }

    /**
     * Whether two inputs mean the same: they have one name and one type, and numbers also one scale and order of
     * levels. The levels of categories and the groups of codes may differ; they are matched by their own names.
     */
    private static boolean isOne(TableColumn old, TableColumn own) {
        if (!old.name().equals(own.name()) || old.getClass() != own.getClass()) {
            return false;
        }
        return !(own instanceof TableColumn.Numeric || own instanceof TableColumn.Ordinal) || old.equals(own);
    }

    /** What to say of an input that the old network does not know. */
    private static String fresh(TableEncoder old, TableColumn own) {
        return old.schema()
                .column(own.name())
                .map(known -> "new input: " + own.name() + ", which means something else in the model (" + type(known)
                        + ", here " + type(own) + ")")
                .orElse("new input: " + own.name());
    }

    /** As a schema file says it. */
    private static String type(TableColumn column) {
        Map<String, Object> entry = new LinkedHashMap<>(column.toMap());
        entry.remove("name");
        return entry.values().stream().map(String::valueOf).collect(Collectors.joining(" "));
    }

    @SuppressWarnings("try")
    private static void fill(
            TableNetwork network,
            StateDict before,
            StateDict state,
            NetworkModel source,
            TableEncoder target,
            List<String> notes) {
        int[] columns = columns(source, network, target, notes);
        String firstWeight = source.network().shape().hidden().isEmpty() ? "head.weight" : "hidden.0.linear.weight";
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            for (String name : state.names()) {
                if (name.startsWith("embeddings.")) {
                    continue;
                }
                Tensor to = state.get(name).detach();
                Tensor old = before.get(name);
                if (name.equals(firstWeight)) {
                    float[] values = old.toFloatArray();
                    int out = old.dim(0);
                    float[] mapped = new float[out * columns.length];
                    for (int o = 0; o < out; o++) {
                        for (int c = 0; c < columns.length; c++) {
                            mapped[o * columns.length + c] = columns[c] < 0 ? 0 : values[o * old.dim(1) + columns[c]];
                        }
                    }
                    to.copyFrom(Tensor.of(mapped, out, columns.length));
                } else {
                    to.copyFrom(old);
                }
            }
            for (int k = 0; k < target.categories().size(); k++) {
                int known = find(source.encoder(), target.categories().get(k));
                if (known < 0) {
                    continue; // random, and without influence at first
                }
                Tensor old = before.get("embeddings." + known + ".weight");
                int width = old.dim(1);
                float[] values = old.toFloatArray();
                List<String> oldLevels =
                        source.encoder().categories().get(known).levels();
                List<String> newLevels = target.categories().get(k).levels();
                float[] mapped = new float[(newLevels.size() + 1) * width];
                System.arraycopy(values, 0, mapped, 0, width);
                for (int level = 0; level < newLevels.size(); level++) {
                    int row = oldLevels.indexOf(newLevels.get(level)) + 1; // 0, "other", where it is new
                    System.arraycopy(values, row * width, mapped, (level + 1) * width, width);
                }
                state.get("embeddings." + k + ".weight")
                        .detach()
                        .copyFrom(Tensor.of(mapped, newLevels.size() + 1, width));
            }
        }
    }

    /** For each input of the first layer, which of the old network's it is; -1 if it is new. */
    private static int[] columns(NetworkModel source, TableNetwork network, TableEncoder target, List<String> notes) {
        TableNetwork.Shape old = source.network().shape();
        List<Integer> columns = new ArrayList<>();
        for (int k = 0; k < target.categories().size(); k++) {
            int known = find(source.encoder(), target.categories().get(k));
            int start = old.widths().subList(0, Math.max(0, known)).stream()
                    .mapToInt(Integer::intValue)
                    .sum();
            for (int i = 0; i < network.shape().widths().get(k); i++) {
                columns.add(known < 0 ? -1 : start + i);
            }
        }
        int embedded = old.widths().stream().mapToInt(Integer::intValue).sum();
        for (TableEncoder.Numeric number : target.numbers()) {
            Optional<Integer> position = position(source.encoder(), number.column());
            if (position.isEmpty()) {
                notes.add(fresh(source.encoder(), number.column()));
            }
            columns.add(position.map(p -> embedded + p).orElse(-1));
            if (number.indicated()) {
                boolean had = position.isPresent() && indicated(source.encoder(), number.column());
                columns.add(had ? embedded + position.get() + 1 : -1);
            }
        }
        return columns.stream().mapToInt(Integer::intValue).toArray();
    }

    private static Optional<Integer> position(TableEncoder encoder, TableColumn wanted) {
        int at = 0;
        for (TableEncoder.Numeric number : encoder.numbers()) {
            if (isOne(number.column(), wanted)) {
                return Optional.of(at);
            }
            at += number.indicated() ? 2 : 1;
        }
        return Optional.empty();
    }

    private static boolean indicated(TableEncoder encoder, TableColumn wanted) {
        return encoder.numbers().stream().anyMatch(number -> isOne(number.column(), wanted) && number.indicated());
    }
}
