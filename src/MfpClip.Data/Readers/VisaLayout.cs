using MfpClip.Data.Procedural;

namespace MfpClip.Data.Readers;

/// <summary>VisA (amazon-science/spot-diff): a CSV of object, split, label, image, mask; paths start at the data set's folder.</summary>
internal sealed class VisaLayout : IDataSetLayout
{
    private static readonly string[] Columns = ["object", "split", "label", "image", "mask"];

    public DataSetLayout Layout => DataSetLayout.Visa;

    public bool Recognises(string path) => File.Exists(path) ? path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) : File.Exists(List(path));

    public IReadOnlyList<AnomalyCategory> Read(string path)
    {
        string list = File.Exists(path) ? path : List(path);
        string folder = Path.GetDirectoryName(list)!;
        string root = Path.GetFileName(folder) == "split_csv" ? Path.GetDirectoryName(folder)! : folder;
        return ListedSamples.ToCategories(list, root, Lines(list));
    }

    private static string List(string folder) => Path.Combine(folder, "split_csv", "1cls.csv");

    private static IEnumerable<ListedSample> Lines(string list)
    {
        string[] lines = File.ReadAllLines(list);
        var header = lines.Length > 0 ? Fields(list, 1, lines[0]).ConvertAll(h => h.Trim().ToLowerInvariant()) : [];
        int[] at = [.. Columns.Select(c => header.IndexOf(c))];
        if (at.Contains(-1))
        {
            throw new DataSetException(DataSetFault.Malformed, list, $"its first line must name the columns {string.Join(", ", Columns)}.");
        }

        for (int i = 1; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
            {
                continue;
            }

            var fields = Fields(list, i + 1, lines[i]);
            if (fields.Count != header.Count)
            {
                throw new DataSetException(DataSetFault.Malformed, list, $"line {i + 1} has {fields.Count} fields, the first line {header.Count}.");
            }

            string Field(int column) => fields[at[column]].Trim();
            yield return new(
                $"line {i + 1}", Field(0),
                Field(1) switch { "train" => DataSplit.Train, "test" => DataSplit.Test, var s => throw Bad(list, i, "split", s, "train or test") },
                Field(2) switch { "normal" => false, "anomaly" => true, var l => throw Bad(list, i, "label", l, "normal or anomaly") },
                null, Field(3), Field(4));
        }
    }

    private static DataSetException Bad(string list, int line, string column, string value, string allowed) =>
        new(DataSetFault.Malformed, list, $"line {line + 1}: the {column} is '{value}'; it must be {allowed}.");

    // RFC 4180 within a line: quoted fields may hold commas and doubled quotes.
    private static List<string> Fields(string list, int line, string text)
    {
        var fields = new List<string>();
        var field = new System.Text.StringBuilder();
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '"' && quoted && i + 1 < text.Length && text[i + 1] == '"')
            {
                field.Append(c);
                i++;
            }
            else if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == ',' && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(c);
            }
        }

        fields.Add(field.ToString());
        return quoted ? throw new DataSetException(DataSetFault.Malformed, list, $"line {line}: a quotation mark is not closed.") : fields;
    }
}
