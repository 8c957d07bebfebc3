package dev.graft.vision.data.similar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The index finds what comparing all pairs finds. */
class HammingIndexTest {

    @Test
    void findsEveryNearHashOnceAndNoOther() {
        long seed = Long.getLong("graft.test.seed", 77L);
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 20; round++) {
            long[] hashes = new long[random.nextInt(1, 400)];
            for (int i = 0; i < hashes.length; i++) {
                // near another one in up to 12 bits, equal to it, or at random
                hashes[i] = i == 0 || random.nextInt(4) == 0 ? random.nextLong() : hashes[random.nextInt(i)];
                for (int flip = random.nextInt(13); i > 0 && flip > 0; flip--) {
                    hashes[i] ^= 1L << random.nextInt(64);
                }
            }
            HammingIndex index = new HammingIndex(hashes);
            for (int i = 0; i < hashes.length; i++) {
                List<Integer> expected = new ArrayList<>();
                for (int j = i; j < hashes.length; j++) {
                    if (Long.bitCount(hashes[i] ^ hashes[j]) <= HammingIndex.RADIUS) {
                        expected.add(j);
                    }
                }
                List<Integer> found = new ArrayList<>();
                long hash = hashes[i];
                index.near(hash, i, (other, bits) -> {
                    assertThat(bits).isEqualTo(Long.bitCount(hash ^ hashes[other]));
                    return found.add(other);
                });
                assertThat(found)
                        .as("seed %d round %d hash %d", seed, round, i)
                        .containsExactlyInAnyOrderElementsOf(expected);
            }
        }
    }

    @Test
    void stopsWhereItIsTold() {
        HammingIndex index = new HammingIndex(new long[] {1, 1, 1, 1});
        List<Integer> found = new ArrayList<>();
        index.near(1, 0, (other, bits) -> {
            found.add(other);
            return found.size() < 2;
        });
        assertThat(found).hasSize(2);
        new HammingIndex(new long[0]).near(1, 0, (other, bits) -> {
            throw new AssertionError("there is nothing to find");
        });
    }
}
