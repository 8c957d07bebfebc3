package dev.graft.nn.data.sequence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class EncodingsTest {
    @Test
    void oneHotHasAColumnForEachLetter() {
        assertThat(OneHotBases.zeros().encode("ACGTUacgtuNR").toFloatArray())
                .containsExactly(
                        1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, //
                        0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, //
                        0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, //
                        0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0);
        assertThat(OneHotBases.shared().encode("RBn").toFloatArray())
                .containsExactly(.5f, 0, .25f, 0, 1f / 3, .25f, .5f, 1f / 3, .25f, 0, 1f / 3, .25f);
    }

    @Test
    void contextIsHalfOnEachSide() {
        assertThat(OneHotBases.zeros().context(3).encode("A").toFloatArray())
                .containsExactly(0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        assertThat(OneHotBases.zeros()
                        .context(2)
                        .encode(List.of("AC", "GT"))
                        .shape()
                        .toArray())
                .containsExactly(2, 4, 4);
        assertThatThrownBy(() -> OneHotBases.zeros().encode(List.of("AC", "G"))).hasMessageContaining("number 2 has 1");
        assertThatThrownBy(() -> OneHotBases.zeros().context(-1)).hasMessageContaining("context");
    }

    @Test
    void reverseComplementTwiceIsTheSequence() {
        assertThat(Nucleotides.reverseComplement("AACGTNRyka")).isEqualTo("tmrYNACGTT");
        String all = "ACGTRYSWKMBDHVNacgtryswkmbdhvn";
        assertThat(Nucleotides.reverseComplement(Nucleotides.reverseComplement(all)))
                .isEqualTo(all);
        // the complement of what a letter may be is what its complement may be
        for (byte letter : Nucleotides.bytes(all)) {
            int mirrored = Integer.reverse(Nucleotides.set(letter)) >>> 28;
            assertThat(Nucleotides.set(Nucleotides.complement(letter))).isEqualTo(mirrored);
        }
    }

    @Test
    void kmersAreCountedAsInTheText() {
        assertThat(Kmers.of(1, 6).features()).isEqualTo(5460);
        var random = new SplittableRandom(3);
        var letters = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            letters.append("ACGTacgtN".charAt(random.nextInt(9)));
        }
        String text = letters.toString().toUpperCase(java.util.Locale.ROOT);
        float[] counts = Kmers.of(1, 3).counts(letters.toString());
        int feature = 0;
        for (int k = 1; k <= 3; k++) {
            for (int word = 0; word < 1 << (2 * k); word++) {
                var spelled = new StringBuilder();
                for (int i = k - 1; i >= 0; i--) {
                    spelled.append("ACGT".charAt((word >> (2 * i)) & 3));
                }
                int count = 0;
                for (int i = text.indexOf(spelled.toString()); i >= 0; i = text.indexOf(spelled.toString(), i + 1)) {
                    count++;
                }
                assertThat(counts[feature++]).as(spelled.toString()).isEqualTo(count);
            }
        }
        assertThat(Kmers.of(1, 1).logCounts("AAC")[0]).isCloseTo((float) Math.log(3), within(1e-6f));
        assertThatThrownBy(() -> Kmers.of(2, 1)).hasMessageContaining("kmers");
        assertThatThrownBy(() -> Kmers.of(1, 13)).hasMessageContaining("kmers");
    }

    @Test
    void nearCopiesAreOneGroup() {
        var random = new SplittableRandom(9);
        List<String> sequences = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            var letters = new StringBuilder();
            for (int j = 0; j < 81; j++) {
                letters.append("ACGT".charAt(random.nextInt(4)));
            }
            sequences.add(letters.toString());
        }
        String first = sequences.get(0);
        sequences.add(Nucleotides.reverseComplement(first).toLowerCase(java.util.Locale.ROOT)); // 40
        sequences.add(first.substring(20) + sequences.get(1).substring(0, 20)); // 41: 50 of 70 words
        sequences.add(first.substring(0, 30) + sequences.get(2).substring(0, 51)); // 42: 19 of 70 and 40 of 70 words
        sequences.add("ACG"); // 43: no word
        sequences.add("ACG"); // 44
        sequences.add("ACT"); // 45
        SequenceGroups groups = SequenceGroups.of(sequences);
        int[] of = groups.groupOf();
        assertThat(new int[] {of[40], of[41]}).containsExactly(0, 0);
        assertThat(of[42]).isEqualTo(of[2]);
        assertThat(of[44]).isEqualTo(of[43]).isNotEqualTo(of[45]);
        assertThat(groups.count()).isEqualTo(42);
        assertThat(groups.sizes()[0]).isEqualTo(3);
        boolean[] held = new boolean[46];
        held[0] = true;
        held[5] = true;
        held[43] = true;
        assertThat(groups.leaked(held)).isEqualTo(2);
    }
}
