package dev.graft.nn.data.table;

import dev.graft.message.SettingException;
import dev.graft.message.Similar;
import dev.graft.nn.data.DataException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A condition on one column, such as the one that makes a row a member of a cohort:
 *
 * <pre>
 * medical_specialty = Cardiology
 * payer_code != MC
 * age in [80-90), [90-100)
 * age &gt;= 80                       a band counts by its lower end
 * ward = "3, east"                 quotes keep a comma
 * </pre>
 *
 * @param column its name
 * @param operator {@code =, !=, in, <, <=, >} or {@code >=}
 * @param operand what comes after the operator
 */
public record RowCondition(String column, String operator, String operand) {
    private static final Pattern TEXT = Pattern.compile("(.+?)\\s*(==|=|!=|>=|<=|<|>|\\bin\\b)\\s*(.+)");
    private static final Pattern FIRST_NUMBER = Pattern.compile("[+-]?\\d+(\\.\\d+)?");

    /**
     * Reads a condition.
     *
     * @throws SettingException where it is none
     */
    public static RowCondition parse(String text) {
        Matcher matcher = TEXT.matcher(text.strip());
        if (!matcher.matches()) {
            throw new SettingException(
                    "cohort: '" + text + "' is not a condition",
                    "write a column, an operator and a value, such as"
                            + " \"ward = cardiology\", \"age >= 80\" or \"payer in MC, MD\"");
        }
        String operator = matcher.group(2).equals("==") ? "=" : matcher.group(2);
        return new RowCondition(
                matcher.group(1).strip(), operator, matcher.group(3).strip());
    }

    /** Which rows of a table it holds for. */
    public IntPredicate on(Table table) {
        if (!table.has(column)) {
            throw new SettingException(
                    "cohort: " + table.name() + " has no column '" + column + "'",
                    Similar.of(column, table.header())
                            .map(near -> "did you mean '" + near + "'?")
                            .orElse("its columns are " + table.header()));
        }
        Table.Values values = table.column(column);
        boolean[] holds = operator.equals("=") || operator.equals("!=") || operator.equals("in")
                ? equal(table, values)
                : compared(table, values);
        return row -> holds[values.of()[row]];
    }

    private boolean[] equal(Table table, Table.Values values) {
        Set<String> wanted = new HashSet<>();
        if (!operator.equals("in") && values.distinct().contains(operand)) {
            wanted.add(operand);
        } else {
            wanted.addAll(words(operand));
        }
        for (String word : wanted) {
            if (!values.distinct().contains(word)) {
                throw new SettingException(
                        "cohort: no row of " + table.name() + " has '" + word + "' in column '" + column + "'",
                        Similar.of(word, values.distinct())
                                .map(near -> "did you mean '" + near + "'?")
                                .orElse("its values are "
                                        + values.distinct().stream().limit(20).toList()
                                        + (values.distinct().size() > 20 ? " and more" : "")));
            }
        }
        boolean[] holds = new boolean[values.distinct().size()];
        for (int code = 0; code < holds.length; code++) {
            holds[code] = wanted.contains(values.distinct().get(code)) != operator.equals("!=");
        }
        return holds;
    }

    private static List<String> words(String operand) {
        List<String> words = new ArrayList<>();
        Matcher matcher = Pattern.compile("\\s*(?:\"([^\"]*)\"|'([^']*)'|([^,|]+))\\s*(?:[,|]|$)")
                .matcher(operand);
        while (matcher.find()) {
            for (int group = 1; group <= 3; group++) {
                if (matcher.group(group) != null) {
                    words.addAll(
                            group < 3
                                    ? List.of(matcher.group(group))
                                    : Arrays.stream(matcher.group(group).split("\\s+or\\s+", -1))
                                            .map(String::strip)
                                            .filter(word -> !word.isEmpty())
                                            .toList());
                }
            }
        }
        return words;
    }

    private boolean[] compared(Table table, Table.Values values) {
        Matcher number = FIRST_NUMBER.matcher(operand);
        if (!number.matches()) {
            throw new SettingException("cohort: '" + operand + "' is not a number", "compare with one, such as 80");
        }
        double limit = Double.parseDouble(operand);
        boolean[] holds = new boolean[values.distinct().size()];
        boolean any = false;
        for (int code = 0; code < holds.length; code++) {
            Matcher first = FIRST_NUMBER.matcher(values.distinct().get(code));
            if (first.find()) { // what has no number, such as a missing one, is in no cohort of numbers
                double value = Double.parseDouble(first.group());
                any = true;
                holds[code] = switch (operator) {
                    case "<" -> value < limit;
                    case "<=" -> value <= limit;
                    case ">" -> value > limit;
                    default -> value >= limit;
                };
            }
        }
        if (!any) {
            throw new DataException("cohort: column '" + column + "' of " + table.name()
                    + " holds no number to compare with " + operand + ". Hint: name its values with = or in.");
        }
        return holds;
    }

    @Override
    public String toString() {
        return column + " " + operator + " " + operand;
    }
}
