package dev.graft.nn.data;

import static dev.graft.message.Message.setting;

import dev.graft.message.SettingException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One of the folds of a cross-validation, which is held back.
 *
 * @param fold from 1
 * @param folds how many there are, at least 2
 */
public record FoldChoice(int fold, int folds) {
    private static final Pattern TEXT = Pattern.compile("\\s*(\\d{1,6})\\s*/\\s*(\\d{1,6})\\s*");

    public FoldChoice {
        if (folds < 2 || fold < 1 || fold > folds) {
            throw new SettingException(
                    setting("fold") + " must be one of 2 or more folds, was " + fold + " of " + folds,
                    "the first of five folds is 1/5");
        }
    }

    /** Reads {@code 2/5}. */
    public static FoldChoice parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new SettingException(
                    setting("fold") + " is a fold and how many there are, such as 2/5, not '" + text + "'",
                    "give another value, or leave it out");
        }
        return new FoldChoice(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    @Override
    public String toString() {
        return fold + "/" + folds;
    }
}
