package dev.graft.nn;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The state-dict name of a field whose Java name differs from it: {@code @StateKey("running_mean") Buffer runningMean}.
 * Without it, the field's own name is the key.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.FIELD)
public @interface StateKey {
    String value();
}
