package dev.graft.nn.report.checklist;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** What is known of one run. Immutable. */
public final class Facts {
    private static final Facts NONE = new Facts(Map.of());

    private final Map<Fact, String> values;

    private Facts(Map<Fact, String> values) {
        this.values = values;
    }

    /** Nothing is known. */
    public static Facts none() {
        return NONE;
    }

    /** This and one more; a blank value is none. */
    public Facts with(Fact fact, String value) {
        Map<Fact, String> more = new EnumMap<>(Fact.class);
        more.putAll(values);
        if (value.isBlank()) {
            more.remove(fact);
        } else {
            more.put(fact, value);
        }
        return new Facts(more);
    }

    /** This and others; where both know something, the others'. */
    public Facts and(Facts others) {
        Map<Fact, String> more = new EnumMap<>(Fact.class);
        more.putAll(values);
        more.putAll(others.values);
        return new Facts(more);
    }

    public Optional<String> get(Fact fact) {
        return Optional.ofNullable(values.get(fact));
    }
}
