package dev.graft.cpu.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InfixTest {
    private static final Map<String, Integer> CONSTANTS = Map.of("two", 2, "minusFive", -5);

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            x                               | x
            two                             | 2
            $0.add($1).add($2)              | $0 + $1 + $2
            $0.add($1.add($2))              | $0 + ($1 + $2)
            $0.sub($1.sub($2))              | $0 - ($1 - $2)
            $0.sub($1).sub($2)              | $0 - $1 - $2
            $0.sub($1.mul(0.25f))           | $0 - $1 * 0.25f
            $0.add($1).mul(-1f / 6)         | ($0 + $1) * (-1f / 6)
            x.mul(y.mul($3))                | x * (y * $3)
            x.mul(y).mul($3)                | x * y * $3
            two.fma(x, y)                   | 2 * x + y
            two.fma(x.add(y), y.sub(x))     | 2 * (x + y) + (y - x)
            minusFive.fma(x, y)             | y - 5 * x
            two.fma($0, minusFive.fma(x, y)).add($5) | 2 * $0 + (y - 5 * x) + $5
            """)
    void keepsTheOrderOfOperations(String calls, String infix) {
        assertThat(Infix.of(calls, CONSTANTS)).isEqualTo(infix);
    }

    @Test
    void refusesCallsWithoutAnOperator() {
        assertThatThrownBy(() -> Infix.of("x.max(y)", CONSTANTS))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("max");
    }
}
