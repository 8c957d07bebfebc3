package dev.graft.examples.cli;

import dev.graft.nn.run.Recipe;
import java.util.Arrays;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a schedule's name, such as {@code warmup-cosine}. */
final class ScheduleName implements ITypeConverter<Recipe.Schedule> {
    @Override
    public Recipe.Schedule convert(String name) {
        return Arrays.stream(Recipe.Schedule.values())
                .filter(schedule -> schedule.toString().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException(
                        "'" + name + "' is none of " + Arrays.toString(Recipe.Schedule.values())));
    }
}
