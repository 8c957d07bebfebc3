package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operator's answer to wrong use, word for word. */
class OpErrorTest {

    static List<OpError> errors() {
        return OpCases.errors(On.CPU);
    }

    @ParameterizedTest
    @MethodSource("errors")
    void saysWhatIsWrongAndHowToMendIt(OpError error) {
        assertThatThrownBy(error.call())
                .isInstanceOfAny(IllegalArgumentException.class, IllegalStateException.class)
                .hasMessage(error.message());
    }
}
