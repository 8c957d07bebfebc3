package dev.graft.vision.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.Module;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.efficientnet.EfficientNetLite;
import dev.graft.vision.model.resnet.CifarResNet;
import dev.graft.vision.model.resnet.ResNet;
import dev.graft.vision.model.squeezenet.SqueezeNet;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sixteen requests at once on one network of the zoo: the bits of one request alone, and no memory left behind. */
@Timeout(240)
class SharedModelTest {
    private static final int THREADS = 16;
    private static final int ROUNDS = 2;
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    private static Backbone network(String name) {
        SplittableRandom random = new SplittableRandom(4);
        return switch (name) {
            case "resnet18" -> ResNet.resnet18(5, random);
            case "resnet20" -> CifarResNet.resnet20(5, random);
            case "squeezenet1_1" -> SqueezeNet.squeezenet1_1(5, random);
            default -> EfficientNetLite.lite0(5, random);
        };
    }

    /** Requests of other sizes at the same time: each has its own geometry, scratch memory and choice of kernels. */
    private static List<Tensor> requests() {
        SplittableRandom random = new SplittableRandom(8);
        List<Tensor> requests = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            requests.add(Tensor.randn(random, 1 + i % 3, 3, 32 + 16 * (i % 2), 48));
        }
        return requests;
    }

    private static float[] answer(Module model, Tensor request) {
        try (Scope scope = Scope.open()) {
            return Autograd.noGrad(() -> model.forward(request)).toFloatArray();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet18", "resnet20", "squeezenet1_1", "efficientnet_lite0"})
    void sixteenRequestsAtOnceGiveTheBitsOfEachAlone(String name) throws Exception {
        List<Tensor> requests = requests();
        try (Backbone model = network(name)) {
            model.eval();
            List<float[]> alone =
                    requests.stream().map(request -> answer(model, request)).toList();
            atOnce(model, requests, alone);
            long live = Device.cpu().memory().live();
            for (int round = 0; round < ROUNDS; round++) {
                atOnce(model, requests, alone);
            }
            assertThat(Device.cpu().memory().live()).as("bytes live").isLessThanOrEqualTo(live);
        }
    }

    private void atOnce(Module model, List<Tensor> requests, List<float[]> alone) throws Exception {
        List<Future<float[]>> answers = new ArrayList<>();
        for (Tensor request : requests) {
            answers.add(threads.submit(() -> answer(model, request)));
        }
        for (int i = 0; i < answers.size(); i++) {
            assertThat(answers.get(i).get()).as("request " + i).isEqualTo(alone.get(i));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet20"})
    void requestsOnANetworkInTrainingModeEvaluateIt(String name) throws Exception {
        List<Tensor> requests = requests();
        try (Backbone model = network(name)) {
            List<float[]> alone = requests.stream()
                    .map(request -> model.evaluating(() -> answer(model, request)))
                    .toList();
            List<Future<float[]>> answers = new ArrayList<>();
            for (Tensor request : requests) {
                answers.add(threads.submit(() -> model.evaluating(() -> answer(model, request))));
            }
            for (int i = 0; i < answers.size(); i++) {
                assertThat(answers.get(i).get()).as("request " + i).isEqualTo(alone.get(i));
            }
            assertThat(model.modules()).allMatch(Module::isTraining);
            assertThat(model.stateDict().get("bn1.num_batches_tracked").itemLong())
                    .isZero();
        }
    }
}
