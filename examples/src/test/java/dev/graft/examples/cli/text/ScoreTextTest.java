package dev.graft.examples.cli.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ScoreTextTest {
    @Test
    void whatIsNotDefinedIsNotANumber() {
        assertThat(ScoreText.of(Double.NaN)).isEqualTo("n/a");
        assertThat(ScoreText.of((Object) null)).isEqualTo("n/a");
        assertThat(ScoreText.of(0.0)).isEqualTo("0.0000");
        assertThat(ScoreText.of((Object) 0.98765)).isEqualTo("0.9877");
    }
}
