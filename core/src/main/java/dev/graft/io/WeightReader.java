package dev.graft.io;

import dev.graft.io.archive.TarArchive;
import dev.graft.io.bytes.CheckedSizes;
import dev.graft.io.bytes.FileBytes;
import dev.graft.io.content.TensorSource;
import dev.graft.io.content.Wanted;
import dev.graft.io.content.WeightContents;
import dev.graft.io.content.WeightFormat;
import dev.graft.io.file.WeightFileException;
import dev.graft.io.safetensors.SafetensorsHeader;
import dev.graft.io.torch.PickleOp;
import dev.graft.io.torch.TorchLegacy;
import dev.graft.io.torch.TorchTar;
import dev.graft.io.torch.TorchZip;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Recognises the containers by their first bytes, never by the file's name, and reads their table of contents. */
final class WeightReader {
    private static final int HEAD = 32;

    private WeightReader() {}

    /** The whole content or, for a checkpoint with several state dicts, the main one. */
    static WeightContents read(FileBytes file) {
        return read(file, Wanted.WEIGHTS);
    }

    /** @param wanted with a state dict's name, without a dot at its end */
    static WeightContents read(FileBytes file, Wanted wanted) {
        return switch (detect(file)) {
            case SAFETENSORS -> safetensors(file, wanted.stateDict());
            case TORCH_ZIP -> TorchZip.read(file, wanted);
            case TORCH_LEGACY -> TorchLegacy.read(file, wanted);
            case TORCH_TAR -> TorchTar.read(file, wanted);
        };
    }

    static WeightFormat detect(FileBytes file) {
        if (file.size() == 0) {
            throw file.refused("the file is empty", "download it again");
        }
        byte[] head = file.read(0, (int) Math.min(HEAD, file.size()));
        if (startsWith(head, "PK\3\4") || startsWith(head, "PK\5\6")) {
            return WeightFormat.TORCH_ZIP;
        }
        if (head.length > 8 && head[8] == '{') {
            return WeightFormat.SAFETENSORS;
        }
        if ((head[0] & 0xff) == PickleOp.PROTO || startsWith(head, TorchLegacy.TEXT_MAGIC)) {
            return WeightFormat.TORCH_LEGACY;
        }
        if (TarArchive.isTar(file)) {
            return WeightFormat.TORCH_TAR;
        }
        throw unknown(file, head);
    }

    private static WeightFileException unknown(FileBytes file, byte[] head) {
        String text = new String(head, StandardCharsets.ISO_8859_1).stripLeading();
        if (text.startsWith("<")) {
            return file.refused(
                    "it is a web page, not a weight file",
                    "the server answered the download with an error page; check the address");
        }
        if (text.startsWith("version https://git-lfs")) {
            return file.refused("it is a Git LFS pointer, not the weight file itself", "run git lfs pull");
        }
        if ((head[0] & 0xff) == 0x1f && head.length > 1 && (head[1] & 0xff) == 0x8b) {
            return file.refused("it is compressed by gzip", "unpack it with gunzip");
        }
        if (text.startsWith("\u0089HDF")) {
            return file.refused("it is an HDF5 (Keras) file", "convert it to safetensors in Python");
        }
        return file.refused(
                "it is neither safetensors nor a PyTorch checkpoint (its first bytes are " + hex(head) + ")",
                "give a .safetensors, .pth or .pt file, or download it again");
    }

    private static String hex(byte[] head) {
        return HexFormat.ofDelimiter(" ").formatHex(Arrays.copyOf(head, Math.min(8, head.length)));
    }

    private static boolean startsWith(byte[] head, String magic) {
        return Arrays.equals(Arrays.copyOf(head, magic.length()), magic.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static WeightContents safetensors(FileBytes file, Optional<String> wanted) {
        SafetensorsHeader header = SafetensorsHeader.read(file);
        Optional<String> prefix = wanted.map(name -> name + ".");
        Map<String, TensorSource> tensors = new LinkedHashMap<>();
        Map<String, String> unreadable = new LinkedHashMap<>();
        header.tensors().forEach((name, entry) -> {
            if (entry.dtype().isEmpty()) {
                unreadable.put(name, WeightContents.unknownType(entry.typeName()));
                return;
            }
            long length = entry.end() - entry.begin();
            if (length > Integer.MAX_VALUE - 16) {
                throw CheckedSizes.tooLarge(
                        file,
                        name,
                        Arrays.stream(entry.shape().toArray())
                                .mapToObj(d -> (long) d)
                                .toList());
            }
            tensors.put(
                    name,
                    new TensorSource(
                            entry.dtype().get(),
                            entry.shape(),
                            () -> file.read(header.dataStart() + entry.begin(), (int) length)));
        });
        WeightContents contents = new WeightContents(
                WeightFormat.SAFETENSORS,
                WeightContents.under(tensors, prefix),
                WeightContents.under(unreadable, prefix),
                List.of(),
                List.of(),
                header.metadata());
        if (wanted.isPresent() && contents.tensors().isEmpty()) {
            throw file.noneNamed(wanted.get(), tensors.keySet());
        }
        return contents;
    }
}
