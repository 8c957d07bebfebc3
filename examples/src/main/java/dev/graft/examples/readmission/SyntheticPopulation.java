package dev.graft.examples.readmission;

import dev.graft.nn.data.table.Table;
import dev.graft.nn.data.table.TableSchema;
import dev.graft.random.RandomStream;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Stays in a hospital that were never there: drawn from simple rules, to try the program without data. Nothing that is
 * learnt from them says anything about real patients.
 */
public final class SyntheticPopulation {
    private static final LocalDate FIRST_DAY = LocalDate.of(2020, 1, 1);
    private static final int DAYS = 3 * 365;
    private static final List<String> HEADER = List.of(
            "stay",
            "patient",
            "admitted",
            "discharged",
            "discharged_to",
            "age",
            "sex",
            "ward",
            "payer",
            "diagnosis",
            "drugs",
            "insulin",
            "creatinine",
            "earlier_stays");
    private static final List<String> WARDS =
            List.of("medicine", "surgery", "cardiology", "nephrology", "orthopaedics", "emergency");
    private static final double[] WARD_RISK = {0.1, -0.4, 0.35, 0.5, -0.6, 0.0};
    private static final List<String> PAYERS = List.of("public", "private", "none");
    private static final double[] PAYER_RISK = {0.2, -0.2, 0.3};
    private static final List<String> DIAGNOSES =
            List.of("I50.9", "I21.4", "N18.5", "J44.1", "E11.9", "K80.2", "S72.0", "C34.1", "A41.9", "Z51.1");
    private static final double[] DIAGNOSIS_RISK = {0.8, 0.2, 0.7, 0.5, 0.1, -0.5, -0.6, 0.6, 0.4, 0.3};
    private static final List<String> INSULIN = List.of("No", "Steady", "Up", "Down");

    private SyntheticPopulation() {}

    /** What the columns of {@link #table} mean. */
    public static TableSchema schema() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("id", "stay");
        map.put("patient", "patient");
        map.put("order", "admitted");
        map.put(
                "label",
                Map.of(
                        "admission",
                        "admitted",
                        "discharge",
                        "discharged",
                        "days",
                        30,
                        "death",
                        Map.of("column", "discharged_to", "values", List.of("died"))));
        map.put(
                "exclude",
                List.of(Map.of("column", "discharged_to", "values", List.of("hospice"), "reason", "hospice")));
        map.put(
                "columns",
                List.of(
                        Map.of("name", "age", "type", "numeric"),
                        Map.of("name", "drugs", "type", "numeric"),
                        Map.of("name", "creatinine", "type", "numeric"),
                        Map.of("name", "earlier_stays", "type", "numeric", "scale", "log1p"),
                        Map.of("name", "sex", "type", "categorical"),
                        Map.of("name", "ward", "type", "categorical"),
                        Map.of("name", "payer", "type", "categorical"),
                        Map.of("name", "insulin", "type", "categorical"),
                        Map.of("name", "diagnosis", "type", "code", "system", "icd10")));
        map.put("rare", 20);
        return TableSchema.of("synthetic population", map);
    }

    /**
     * Draws the stays of some patients.
     *
     * @param patients how many
     * @param seed decides all
     */
    public static Table table(int patients, long seed) {
        List<List<String>> rows = new ArrayList<>();
        for (int patient = 0; patient < patients; patient++) {
            stays(patient, RandomStream.of(seed, "readmission.synthetic", patient), rows);
        }
        return Table.of("synthetic population", HEADER, rows);
    }

    private static void stays(int patient, RandomGenerator random, List<List<String>> rows) {
        int age = (int) Math.min(99, Math.max(18, 66 + 16 * random.nextGaussian()));
        boolean woman = random.nextBoolean();
        int payer = random.nextInt(PAYERS.size());
        int diagnosis = random.nextInt(DIAGNOSES.size());
        double frailty = 0.5 * random.nextGaussian();
        LocalDate day = FIRST_DAY.plusDays(random.nextInt(DAYS));
        for (int earlier = 0; earlier < 12; earlier++) {
            int ward = random.nextInt(WARDS.size());
            int drugs = 2 + random.nextInt(16);
            int insulin = random.nextInt(INSULIN.size());
            double creatinine = Math.exp(0.1 + 0.35 * random.nextGaussian() + (diagnosis == 2 ? 0.7 : 0));
            LocalDate discharged = day.plusDays(1 + random.nextInt(9));
            double risk = -2.5
                    + 0.012 * (age - 66)
                    + WARD_RISK[ward]
                    + PAYER_RISK[payer]
                    + DIAGNOSIS_RISK[diagnosis]
                    + 0.05 * (drugs - 10)
                    + 0.5 * Math.log1p(earlier)
                    + (insulin >= 2 ? 0.3 : 0)
                    + (ward == 2 && diagnosis == 0 ? 0.6 : 0)
                    + 0.4 * Math.max(0, creatinine - 1.5)
                    + frailty;
            boolean again = random.nextDouble() < 1 / (1 + Math.exp(-risk));
            double end = random.nextDouble();
            String to = end < 0.02 ? "died" : end < 0.03 ? "hospice" : end < 0.2 ? "care home" : "home";
            rows.add(List.of(
                    Integer.toString(100_000 + rows.size()),
                    "p" + patient,
                    day.toString(),
                    discharged.toString(),
                    to,
                    Integer.toString(age),
                    woman ? "f" : "m",
                    WARDS.get(ward),
                    PAYERS.get(payer),
                    DIAGNOSES.get(diagnosis),
                    Integer.toString(drugs),
                    INSULIN.get(insulin),
                    random.nextInt(20) == 0 ? "" : String.format(Locale.ROOT, "%.2f", creatinine),
                    Integer.toString(earlier)));
            if (end < 0.03 || (!again && random.nextInt(3) > 0)) {
                return;
            }
            day = discharged.plusDays(again ? 1 + random.nextInt(30) : 31 + random.nextInt(300));
            if (day.isAfter(FIRST_DAY.plusDays(DAYS))) {
                return;
            }
        }
    }
}
