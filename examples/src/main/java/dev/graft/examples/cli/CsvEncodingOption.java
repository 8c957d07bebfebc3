package dev.graft.examples.cli;

import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** What CSV lists are written in. */
final class CsvEncodingOption {
    @Option(
            names = "--csv-encoding",
            paramLabel = "NAME",
            defaultValue = "UTF-8",
            converter = Reader.class,
            description =
                    "What a CSV file without a byte-order mark is written in, such as windows-1252, ISO-8859-1 or UTF-16LE. Default: ${DEFAULT-VALUE}.")
    private Charset charset;

    Charset charset() {
        return charset;
    }

    /** Reads the name of an encoding. */
    static final class Reader implements ITypeConverter<Charset> {
        @Override
        public Charset convert(String name) {
            try {
                return Charset.forName(name);
            } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
                throw new TypeConversionException("'" + name
                        + "' is not an encoding that this Java knows, such as UTF-8, windows-1252 or ISO-8859-1");
            }
        }
    }
}
