package dev.graft.io.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.TensorInfo;
import dev.graft.io.WeightFileInfo;
import dev.graft.io.WeightFiles;
import dev.graft.io.file.WeightFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules of the safetensors reference implementation, one by one. */
class SafetensorsHeaderTest {
    @TempDir
    Path folder;

    private Path file(long headerLength, byte[] header, int dataBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(headerLength).put(header);
        return Files.write(folder.resolve("w.safetensors"), bytes.array());
    }

    private Path file(String header, int dataBytes) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return file(json.length, json, dataBytes);
    }

    @Test
    void acceptsWhatTheFormatAllows() throws IOException {
        Path file = file(
                "{ \"__metadata__\" : {\"a\":\"1\", \"\\u00e9\\n\":\"\"} "
                        + ",\"b\":{\"shape\":[2,1],\"dtype\":\"I16\",\"data_offsets\":[4,8],\"more\":[1.5e3,{\"x\":null}]},"
                        + "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
                        + "\"none\":{\"dtype\":\"F64\",\"shape\":[0,3],\"data_offsets\":[8,8]}}   ",
                8);
        WeightFileInfo info = WeightFiles.inspect(file);
        assertThat(info.format()).isEqualTo("safetensors");
        assertThat(info.tensors()).extracting(TensorInfo::name).containsExactly("b", "a", "none");
        assertThat(info.tensors()).extracting(TensorInfo::dtype).containsExactly("int16", "float32", "float64");
    }

    @Test
    void acceptsAnEmptyDict() throws IOException {
        assertThat(WeightFiles.inspect(file("{}", 0)).tensors()).isEmpty();
    }

    /** In these rows {@code <U8 4 @ 0,4>} is a tensor's dtype, shape and data_offsets. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"a\":<U8 4 @ 0,4>,\"a\":<U8 4 @ 0,4>}|occurs twice",
                "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}|occurs twice",
                "{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"},\"a\":<U8 4 @ 0,4>}|occurs twice",
                "{\"__metadata__\":{},\"__metadata__\":{},\"a\":<U8 4 @ 0,4>}|occurs twice",
                "{\"__metadata__\":{\"k\":1},\"a\":<U8 4 @ 0,4>}|expected '\"'",
                "{\"a\":<U8 3 @ 1,4>}|leave a gap at data byte 0",
                "{\"a\":<U8 1 @ 0,1>,\"b\":<U8 2 @ 2,4>}|leave a gap at data byte 1",
                "{\"a\":<U8 3 @ 0,3>,\"b\":<U8 2 @ 2,4>}|overlap at data byte 2",
                "{\"a\":<U8 4 @ 0,4>,\"b\":<U8 4 @ 0,4>}|overlap",
                "{\"a\":<U8 3 @ 0,3>}|1 bytes follow the last tensor",
                "{\"a\":<U8 5 @ 0,5>}|the file looks truncated: 65 of 66 bytes",
                "{\"a\":<U8 5 @ 0,4>}|needs 5 bytes",
                "{\"a\":<U8 4 @ 4,0>}|not [begin, end]",
                "{\"a\":<U8 4 @ 0,2,4>}|not [begin, end]",
                "{\"a\":<U8 4 @ -1,4>}|whole number",
                "{\"a\":<U8 4.0 @ 0,4>}|whole number",
                "{\"a\":<U8 04 @ 0,4>}|leading zero",
                "{\"a\":<U8 18446744073709551620 @ 0,4>}|over 2^63",
                "{\"a\":<F32 4611686018427387904,2 @ 0,4>}|impossible shape",
                "{\"a\":<F32 4611686018427387904,4 @ 0,4>}|impossible shape",
                "{\"a\":<U8 1000000000000 @ 0,1000000000000>}|larger than one Java array",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[4]}}|lacks dtype, shape or data_offsets",
                "{\"a\":[]}|expected '{'",
                "{\"a\":<U8 4 @ 0,4>} x|bytes after the end",
                "{\"a\":<U8 4 @ 0,4>,}|expected '\"'",
                "{\"a\":<U8 4 @ 0,4>|JSON ends early",
                "{\"\\ud800\":<U8 4 @ 0,4>}|half a surrogate",
                "{\"\\q\":<U8 4 @ 0,4>}|unknown escape",
                "{\"a\":{\"x\":nul,\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}|not JSON",
                "{\"a\":{\"x\":1.,\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}|not JSON"
            })
    void refusesWhatItForbids(String header, String reason) throws IOException {
        String full = header.replaceAll(
                "<(\\w+) (\\S+) @ ([^>]+)>", "{\"dtype\":\"$1\",\"shape\":[$2],\"data_offsets\":[$3]}");
        Path file = file(full, 4);
        assertThatThrownBy(() -> WeightFiles.inspect(file))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining(reason)
                .hasMessageContaining("w.safetensors");
    }

    @Test
    void refusesHeadersOfTheWrongLength() throws IOException {
        Path tooLong = file(100_000_001, "{}".getBytes(StandardCharsets.UTF_8), 0);
        assertThatThrownBy(() -> WeightFiles.inspect(tooLong))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("100,000,000");
        Path negative = file(-1, "{}".getBytes(StandardCharsets.UTF_8), 0);
        assertThatThrownBy(() -> WeightFiles.inspect(negative))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("18446744073709551615");
        Path beyond = file(1000, "{}".getBytes(StandardCharsets.UTF_8), 0);
        assertThatThrownBy(() -> WeightFiles.inspect(beyond))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("the file looks truncated: 10 of at least 1,008 bytes");
    }

    @Test
    void refusesInvalidUtf8AndControlCharacters() throws IOException {
        byte[] bad = "{\"a\":{}}".getBytes(StandardCharsets.UTF_8);
        bad[2] = (byte) 0xff;
        Path utf8 = file(bad.length, bad, 0);
        assertThatThrownBy(() -> WeightFiles.inspect(utf8))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("not valid UTF-8");
        Path control = file("{\"a\tb\":{}}", 0);
        assertThatThrownBy(() -> WeightFiles.inspect(control))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("control character");
    }

    @Test
    void refusesDeepNesting() throws IOException {
        Path file = file("{\"a\":{\"x\":" + "[".repeat(100_000), 0);
        assertThatThrownBy(() -> WeightFiles.inspect(file))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("nested deeper than 127");
    }

    @Test
    void refusesTooManyDimensions() throws IOException {
        Path file = file("{\"a\":{\"dtype\":\"U8\",\"shape\":[" + "1,".repeat(70) + "4],\"data_offsets\":[0,4]}}", 4);
        assertThatThrownBy(() -> WeightFiles.inspect(file))
                .isInstanceOf(WeightFileException.class)
                .hasMessageContaining("more than 64 dimensions");
    }
}
