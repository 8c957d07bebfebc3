package dev.graft.examples.demo;

import dev.graft.random.RandomStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Patients and their images; every other patient has an opacity. A patient is wholly in one study, so studies split by
 * patient.
 */
final class PhantomStudy {
    static final List<String> CLASSES = List.of("clear", "opacity");
    static final int IMAGES_PER_PATIENT = 3;
    private static final int PAINTED_SIZE = 2 * Pictures.SIDE;

    private final List<GreyImage> images = new ArrayList<>();
    private final int[] labels;

    PhantomStudy(int patients, long seed) {
        RandomStream random = RandomStream.of(seed, "demo.study");
        labels = new int[patients * IMAGES_PER_PATIENT];
        for (int p = 0; p < patients; p++) {
            PhantomPatient patient = new PhantomPatient(p % 2 == 1, random.nextLong());
            for (int i = 0; i < IMAGES_PER_PATIENT; i++) {
                labels[images.size()] = patient.hasOpacity() ? 1 : 0;
                images.add(patient.image(PAINTED_SIZE, random.nextLong()));
            }
        }
    }

    List<GreyImage> images() {
        return List.copyOf(images);
    }

    int label(int image) {
        return labels[image];
    }

    Pictures pictures() {
        return Pictures.of(images, labels);
    }
}
