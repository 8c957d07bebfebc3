package dev.graft.vision.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.tensor.Tensor;
import dev.graft.vision.image.transform.Preprocessing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The whole chain from a photo's file to network input, against what torchvision and PyTorch made of the same file. */
class ReferenceInputTest {
    @Test
    void efficientNetsInputEqualsPyTorchsToTheBit() throws IOException {
        byte[] npy = Files.readAllBytes(TestData.require("weights/efficientnet_lite0/reference/dog-input.npy"));
        Image dog = Image.read(TestData.require("images/dog.jpg"));
        Preprocessing lite = new Preprocessing(256, 224, Interpolation.BICUBIC, Normalize.efficientNetLite());
        Tensor input = lite.eval().apply(dog, new SplittableRandom(1));
        assertThat(input.shape().toArray()).containsExactly(3, 224, 224);
        assertThat(input.toFloatArray()).isEqualTo(npyFloats(npy));
    }

    /** The last 3 x 224 x 224 little-endian floats of the file: what follows its header. */
    private static float[] npyFloats(byte[] npy) {
        float[] values = new float[3 * 224 * 224];
        ByteBuffer.wrap(npy, npy.length - 4 * values.length, 4 * values.length)
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(values);
        return values;
    }
}
