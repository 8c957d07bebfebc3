package dev.graft.nn.report.checklist;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One item of a checklist.
 *
 * @param number as published
 * @param section the part of a paper that it belongs to
 * @param asks what it asks for, in our words
 * @param key what answers it in a study file; items of both checklists that ask for the same share one
 * @param facts what software can say; empty if only people can answer
 * @param asksPeople whether some or all of it is known to people alone
 */
public record ChecklistItem(
        String number, String section, String asks, String key, List<Fact> facts, boolean asksPeople) {
    /** What stands where nobody has answered. */
    public static final String NOT_PROVIDED = "NOT PROVIDED";

    public ChecklistItem {
        facts = List.copyOf(facts);
    }

    static ChecklistItem people(String number, String section, String asks, String key) {
        return new ChecklistItem(number, section, asks, key, List.of(), true);
    }

    static ChecklistItem software(String number, String section, String asks, String key, Fact... facts) {
        return new ChecklistItem(number, section, asks, key, List.of(facts), false);
    }

    static ChecklistItem both(String number, String section, String asks, String key, Fact... facts) {
        return new ChecklistItem(number, section, asks, key, List.of(facts), true);
    }

    /** Whether software can answer it, at least in part. */
    public boolean isSoftware() {
        return !facts.isEmpty();
    }

    /**
     * What is known: the run's facts, then what people say.
     *
     * @param checklist the name of its checklist in a study file
     */
    Answer answer(String checklist, Facts run, Study study) {
        List<String> lines = new ArrayList<>();
        for (Fact fact : facts) {
            run.get(fact).ifPresent(value -> lines.add(fact.label() + ": " + value));
        }
        boolean filled = !lines.isEmpty();
        Optional<String> said = study.get(checklist + "." + number).or(() -> study.get(key));
        said.ifPresent(lines::add);
        if (lines.isEmpty()) {
            return new Answer(NOT_PROVIDED, "nobody");
        }
        if (asksPeople && said.isEmpty()) {
            lines.add("What only people can say: " + NOT_PROVIDED);
        }
        return new Answer(
                String.join("\n", lines), filled ? said.isPresent() ? "run and study file" : "run" : "study file");
    }

    /**
     * What stands in the checklist.
     *
     * @param from who has answered
     */
    record Answer(String text, String from) {}
}
