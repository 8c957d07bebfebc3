package dev.graft.examples.cli;

import dev.graft.io.TensorInfo;
import dev.graft.io.WeightFileInfo;
import dev.graft.io.WeightFiles;
import dev.graft.nn.json.Json;
import dev.graft.vision.model.zoo.PretrainedFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists a weight file's tensors; prints JSON, as its readers are mostly programs. */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        description = {
            "Lists the tensors of a weight file (PyTorch zip, legacy or tar, or safetensors) as JSON: {format, tensors: [{name, dtype, shape, sha256}], skipped}.",
            "Of a folder as timm and the Hugging Face Hub ship one (model.safetensors beside config.json) also {file, architecture, preprocessing, classes}.",
            "Of a checkpoint with more than weights, such as an optimizer's state, --all lists those tensors too.",
            "The hash is over the elements in row-major order, little-endian. Nothing in the file is run."
        })
final class InspectCommand extends ReportingCommand {
    @Parameters(paramLabel = "FILE|DIR", description = "The weight file, or a folder as timm ships one.")
    private Path file;

    @Option(names = "--all", description = "List every tensor of the file under its whole path, not the weights alone.")
    private boolean all;

    @Override
    Object report() {
        Map<String, Object> report = new LinkedHashMap<>();
        Path weights = file;
        if (Files.isDirectory(file)) {
            PretrainedFolder folder = PretrainedFolder.open(file);
            weights = folder.weights();
            report.put("file", weights.getFileName().toString());
            report.put("architecture", folder.architecture().name());
            report.put("preprocessing", folder.preprocessing().toMap());
            folder.classes().ifPresent(classes -> report.put("classes", classes));
        }
        WeightFileInfo info = all ? WeightFiles.inspectAll(weights) : WeightFiles.inspect(weights);
        report.put("format", info.format());
        report.put("tensors", info.tensors().stream().map(InspectCommand::asMap).toList());
        report.put("skipped", info.skipped());
        if (!hasJson()) {
            out().print(Json.write(report));
        }
        return report;
    }

    private static Map<String, Object> asMap(TensorInfo tensor) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", tensor.name());
        map.put("dtype", tensor.dtype());
        map.put("shape", shape(tensor));
        map.put("sha256", tensor.sha256());
        return map;
    }

    private static List<Integer> shape(TensorInfo tensor) {
        return Arrays.stream(tensor.shape().toArray()).boxed().toList();
    }
}
