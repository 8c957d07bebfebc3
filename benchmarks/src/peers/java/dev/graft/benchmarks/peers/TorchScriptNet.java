package dev.graft.benchmarks.peers;

import dev.graft.benchmarks.Networks;
import dev.graft.benchmarks.Networks.Stage;
import java.util.Locale;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A network as TorchScript, frozen and optimised for inference: batch norm folded, and oneDNN's own layouts between the
 * layers. The source is written layer by layer, so that no Python is needed.
 */
final class TorchScriptNet {
    private final TorchWeights weights;
    private final double eps;
    private final JitModule module = new JitModule(new QualifiedName("Net"));
    private final StringBuilder source = new StringBuilder("def forward(self, x0: Tensor) -> Tensor:\n");
    private int values;

    private TorchScriptNet(TorchWeights weights, double eps) {
        this.weights = weights;
        this.eps = eps;
    }

    /** @param optimized whether to convert to oneDNN's layouts, or only to freeze */
    static JitModule of(Task task, TorchWeights weights, boolean optimized) {
        boolean resnet = task.model().equals("resnet18");
        TorchScriptNet net = new TorchScriptNet(weights, resnet ? 1e-5 : TorchEfficientNetLite0.EPS);
        String x = resnet ? net.resnet18() : net.efficientNetLite0();
        net.source.append("  return ").append(x).append('\n');
        net.module.define(net.source.toString());
        net.module.eval();
        JitModule frozen = torch.freeze(net.module);
        return optimized ? torch.optimize_for_inference(frozen) : frozen;
    }

    static Tensor forward(JitModule module, Tensor x) {
        return module.forward(new IValueVector(new IValue(x))).toTensor();
    }

    private String resnet18() {
        String x = line("torch.relu(%s)", convBn("x0", "conv1", "bn1", 2, 3, 1));
        x = line("torch.max_pool2d(%s, [3, 3], [2, 2], [1, 1], [1, 1], False)", x);
        for (int stage = 0; stage < 4; stage++) {
            for (int i = 0; i < 2; i++) {
                String name = "layer" + (stage + 1) + "." + i;
                int stride = i == 0 && stage > 0 ? 2 : 1;
                String y = line("torch.relu(%s)", convBn(x, name + ".conv1", name + ".bn1", stride, 1, 1));
                y = convBn(y, name + ".conv2", name + ".bn2", 1, 1, 1);
                String shortcut =
                        stride == 1 ? x : convBn(x, name + ".downsample.0", name + ".downsample.1", stride, 0, 1);
                x = line("torch.relu(torch.add(%s, %s))", y, shortcut);
            }
        }
        return head(x, "fc");
    }

    private String efficientNetLite0() {
        String x = relu6(convBn(pad("x0", 3), "_conv_stem", "_bn0", 2, 0, 1));
        int in = Networks.EFFICIENTNET_LITE0_STEM;
        int block = 0;
        for (Stage stage : Networks.EFFICIENTNET_LITE0) {
            for (int i = 0; i < stage.repeats(); i++) {
                String name = "_blocks." + block++;
                int stride = i == 0 ? stage.stride() : 1;
                String y =
                        stage.expansion() == 1 ? x : relu6(convBn(x, name + "._expand_conv", name + "._bn0", 1, 0, 1));
                y = stride == 2 ? pad(y, stage.kernel()) : y;
                int padding = stride == 2 ? 0 : stage.kernel() / 2;
                y = relu6(
                        convBn(y, name + "._depthwise_conv", name + "._bn1", stride, padding, in * stage.expansion()));
                y = convBn(y, name + "._project_conv", name + "._bn2", 1, 0, 1);
                x = stride == 1 && in == stage.out() ? line("torch.add(%s, %s)", y, x) : y;
                in = stage.out();
            }
        }
        return head(relu6(convBn(x, "_conv_head", "_bn1", 1, 0, 1)), "_fc");
    }

    private String convBn(String x, String conv, String norm, int stride, int padding, int groups) {
        String y = line(
                "torch.conv2d(%s, %s, None, [%d, %d], [%d, %d], [1, 1], %d)",
                x, weight(conv + ".weight"), stride, stride, padding, padding, groups);
        return line(
                "torch.batch_norm(%s, %s, %s, %s, %s, False, 0.1, " + eps + ", False)",
                y,
                weight(norm + ".weight"),
                weight(norm + ".bias"),
                weight(norm + ".running_mean"),
                weight(norm + ".running_var"));
    }

    private String relu6(String x) {
        return line("torch.hardtanh(%s, 0.0, 6.0)", x);
    }

    private String pad(String x, int kernel) {
        int total = kernel - 2;
        int before = total / 2;
        return line(
                "torch.constant_pad_nd(%s, [%d, %d, %d, %d], 0.0)", x, before, total - before, before, total - before);
    }

    private String head(String x, String name) {
        return line(
                "torch.linear(torch.flatten(torch.adaptive_avg_pool2d(%s, [1, 1]), 1), %s, %s)",
                x, weight(name + ".weight"), weight(name + ".bias"));
    }

    private String weight(String name) {
        String field = name.replace('.', '_');
        module.register_buffer(field, weights.get(name));
        return "self." + field;
    }

    private String line(String expression, Object... arguments) {
        String name = "x" + ++values;
        source.append("  ")
                .append(name)
                .append(" = ")
                .append(String.format(Locale.ROOT, expression, arguments))
                .append('\n');
        return name;
    }
}
