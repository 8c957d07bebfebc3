package dev.graft.nn.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model's card for people, in Markdown. It has the sections that Mitchell et al. ask for; what only people know, such
 * as what the model is for, is {@value #NOT_PROVIDED} unless they have said it. Nothing is invented.
 *
 * @see <a href="https://doi.org/10.1145/3287560.3287596">Mitchell et al. 2019, Model Cards for Model Reporting</a>
 */
public final class CardText {
    /** Stands where nobody has said anything. */
    public static final String NOT_PROVIDED = "NOT PROVIDED";

    /** In the metrics: scores on data that was held back and chose nothing, as those of {@code validation}. */
    public static final String HELD = "held";

    private static final String ESCAPED = "\\`*_{}[]()#|~!$";

    private final StringBuilder text = new StringBuilder();
    private final Map<String, String> study;

    private CardText(Map<String, String> study) {
        this.study = study;
    }

    /**
     * Writes the card.
     *
     * @param metrics what {@code metrics.json} holds
     * @param study what people say, by {@code name}, {@code contact}, {@code licence}, {@code intended_use},
     *     {@code intended_users}, {@code out_of_scope}, {@code factors}, {@code evaluation_data},
     *     {@code training_data}, {@code ethical_considerations} and {@code caveats}; what is missing is "not provided"
     */
    public static String of(ModelCard card, Map<String, Object> metrics, Map<String, String> study) {
        CardText page = new CardText(study);
        page.details(card);
        page.use(card);
        page.metrics(card, metrics);
        page.data(card);
        page.results(metrics);
        page.caveats(card);
        return page.text.toString();
    }

    private void details(ModelCard card) {
        text.append("# Model card: ")
                .append(escaped(study.getOrDefault("name", card.architecture())))
                .append("\n\nWritten by Graft from `model.json`. It says what the program knows; \"")
                .append(NOT_PROVIDED)
                .append("\" stands where nobody has told it.\n");
        heading("Model details");
        row("Architecture", card.architecture());
        row("Task", card.task());
        row(card.isMultiLabel() ? "Labels" : "Classes", String.join(", ", card.classes()));
        row("Started from", card.facts().get("start_weights"));
        row("SHA-256 of these weights", card.facts().get("start_weights_sha256"));
        row("SHA-256 of the model's weights", card.facts().get(ModelCard.HASH));
        row("Run", card.facts().get(ModelCard.RUN));
        row("Seed", card.facts().get("seed"));
        row("Versions", card.facts().get("versions"));
        row("Command", card.facts().get(ModelCard.COMMAND));
        object(card.facts().get(ModelCard.INPUT_FILES))
                .forEach((name, hash) -> row("SHA-256 of the file of --" + name, hash));
        said("Contact", "contact");
        said("Licence", "licence");
    }

    private void use(ModelCard card) {
        heading("Intended use");
        said("Intended use", "intended_use");
        said("Intended users", "intended_users");
        said("Out of scope", "out_of_scope");
        heading("Factors");
        said("Groups, instruments and environments that matter", "factors");
        text.append("\nGraft is a library, not a medical device. A model for ")
                .append(card.classes().size())
                .append(card.isMultiLabel() ? " labels" : " classes")
                .append(" answers with one of them whatever it is shown.\n");
    }

    private void metrics(ModelCard card, Map<String, Object> metrics) {
        heading("Metrics and decision");
        Map<?, ?> decision = object(card.facts().get(ModelCard.DECISION));
        Map<?, ?> temperature = object(decision.get(Decision.TEMPERATURE));
        row("Temperature", temperature.get("value"));
        row("Log loss on validation data, before and after", pair(temperature, "log_loss"));
        row("Calibration error on validation data, before and after", pair(temperature, "calibration_error"));
        row("Note", temperature.get("note"));
        Map<?, ?> averaged = object(card.facts().get(ModelCard.AVERAGED_DECISION));
        row(
                "Temperature of the mean over views (" + averaged.get(ModelCard.AVERAGED) + ")",
                object(averaged.get(Decision.TEMPERATURE)).get("value"));
        Map<?, ?> threshold = object(decision.get(Decision.THRESHOLD));
        row(
                "Threshold",
                threshold.isEmpty()
                        ? usual(card)
                        : threshold.get("values") + ", " + DecisionRule.Threshold.origin(threshold.get("rule")));
        Map<?, ?> sets = object(decision.get(Decision.SETS));
        row("Sets of classes, coverage", sets.get("coverage"));
        row("Note", sets.get("note"));
        row("No answer below", object(decision.get(Decision.ABSTENTION)).get("confidence"));
        Map<?, ?> best = object(metrics.get("best"));
        row("Epoch that was kept", best.get("epoch"));
    }

    private static String usual(ModelCard card) {
        return card.isMultiLabel() ? "each label from 0.5 on" : "the most probable class";
    }

    private static @Nullable Object pair(Map<?, ?> facts, String name) {
        return facts.containsKey(name + "_after")
                ? number(facts.get(name + "_before")) + ", " + number(facts.get(name + "_after"))
                : null;
    }

    private void data(ModelCard card) {
        heading("Training and evaluation data");
        said("Training data", "training_data");
        said("Evaluation data", "evaluation_data");
        object(card.facts().get("data")).forEach((name, value) -> row(((String) name).replace('_', ' '), value));
        Map<?, ?> inputs = object(card.facts().get(ModelCard.INPUTS));
        row("Note", inputs.get("note"));
        object(inputs.get("quantities")).forEach((name, value) -> {
            Map<?, ?> range = object(value);
            row("usual " + name, number(range.get("low")) + " to " + number(range.get("high")));
        });
        heading("Preprocessing");
        card.preprocessing().forEach((name, value) -> row(name.replace('_', ' '), value));
        heading("Training");
        object(card.facts().get("settings")).forEach((name, value) -> row(((String) name).replace('_', ' '), value));
    }

    private void results(Map<String, Object> metrics) {
        heading("Quantitative analyses");
        Map<?, ?> untouched = object(metrics.get(HELD));
        Map<?, ?> validation = untouched.isEmpty() ? object(metrics.get("validation")) : untouched;
        if (validation.isEmpty()) {
            text.append("No data was held back, so nothing is known of how good the model is.\n");
            return;
        }
        if (!untouched.isEmpty()) {
            text.append("On data that was held back, and chose nothing.\n\n");
        } else {
            text.append("On the validation data, which chose ")
                    .append(metrics.get("selection") instanceof String chosen ? chosen : "the epoch and the decision")
                    .append(": these numbers are somewhat too good.\n\n");
        }
        text.append("| metric | value | interval |\n|---|---|---|\n");
        List<Map<?, ?>> parts = new ArrayList<>(List.of(object(validation.get("overall"))));
        parts.forEach(part -> part.forEach((name, value) -> result("", (String) name, object(value))));
        if (validation.get("classes") instanceof List<?> classes) {
            for (Object entry : classes) {
                Map<?, ?> own = object(entry);
                own.forEach((name, value) -> {
                    if (value instanceof Map<?, ?> metric) {
                        result(own.get("class") + ": ", (String) name, metric);
                    }
                });
            }
        }
    }

    private void result(String of, String name, Map<?, ?> metric) {
        text.append("| ")
                .append(escaped(of + name.replace('_', ' ')))
                .append(" | ")
                .append(metric.containsKey("value") ? number(metric.get("value")) : "not defined")
                .append(" | ")
                .append(
                        metric.containsKey("low")
                                ? number(metric.get("low")) + " to " + number(metric.get("high"))
                                : escaped(String.valueOf(metric.containsKey("note") ? metric.get("note") : "")))
                .append(" |\n");
    }

    private void caveats(ModelCard card) {
        heading("Ethical considerations");
        said("Ethical considerations", "ethical_considerations");
        heading("Caveats and recommendations");
        said("Caveats", "caveats");
        List<String> known = new ArrayList<>();
        Map<?, ?> data = object(card.facts().get("data"));
        if (!data.containsKey("patients")) {
            known.add(
                    "It was not told which examples are of one patient, so patients may be on both sides of the split.");
        }
        if (card.facts().get(ModelCard.INPUTS) == null) {
            known.add("Nothing is stored of what its inputs were like, so unlike ones are not flagged.");
        }
        known.add("Accuracy on one set of data says little about another hospital's.");
        text.append('\n');
        known.forEach(line -> text.append("* ").append(line).append('\n'));
    }

    private void heading(String title) {
        text.append("\n## ").append(title).append("\n\n");
    }

    private void said(String title, String key) {
        row(title, study.getOrDefault(key, NOT_PROVIDED));
    }

    private void row(String title, @Nullable Object value) {
        if (value != null) {
            text.append("* **")
                    .append(escaped(title))
                    .append(":** ")
                    .append(escaped(shown(value)))
                    .append('\n');
        }
    }

    private static String shown(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            List<String> parts = new ArrayList<>();
            map.forEach((name, entry) -> parts.add(name + " " + shown(entry)));
            return String.join(", ", parts);
        }
        if (value instanceof List<?> list) {
            return String.join(", ", list.stream().map(CardText::shown).toList());
        }
        return String.valueOf(value);
    }

    private static String number(@Nullable Object value) {
        if (!(value instanceof Number number)) {
            return "n/a";
        }
        double exact = number.doubleValue();
        return exact == Math.rint(exact) && Math.abs(exact) < 1e9
                ? Long.toString((long) exact)
                : String.format(Locale.ROOT, "%.4g", exact);
    }

    private static Map<?, ?> object(@Nullable Object value) {
        return value instanceof Map<?, ?> map ? map : new LinkedHashMap<>();
    }

    /**
     * A text that Markdown shows as it is: names of classes and files come from anywhere. Of several lines it makes
     * one.
     */
    static String escaped(String value) {
        StringBuilder safe = new StringBuilder();
        value.codePoints().forEach(c -> {
            if (c == '<') {
                safe.append("&lt;");
            } else if (c == '>') {
                safe.append("&gt;");
            } else if (c == '&') {
                safe.append("&amp;");
            } else if (c == ':') {
                safe.append("&#58;"); // else an address becomes a link
            } else if (ESCAPED.indexOf(c) >= 0) {
                safe.append('\\').appendCodePoint(c);
            } else {
                safe.appendCodePoint(
                        Character.isISOControl(c)
                                        || Character.getType(c) == Character.FORMAT
                                        || c == 0x2028
                                        || c == 0x2029
                                ? ' '
                                : c);
            }
        });
        return safe.toString();
    }
}
