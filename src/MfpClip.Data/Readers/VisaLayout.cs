namespace MfpClip.Data.Readers;

/// <summary>VisA (amazon-science/spot-diff): a CSV of object, split, label, image, mask; paths start at the data set's folder.</summary>
internal sealed class VisaLayout : IDataSetLayout
{
    private static readonly string[] Columns = ["object", "split", "label", "image", "mask"];

    public IReadOnlyList<DataSetLayout> Layouts { get; } = [DataSetLayout.Visa];

    public bool Recognises(string path) => File.Exists(path)
        ? path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) && CsvTable.Read(path).Column(Columns[0]) >= 0 : File.Exists(List(path));

    public string? NearMiss(string path) => Directory.Exists(Path.Combine(path, "split_csv"))
        ? "it looks like VisA, but split_csv/ has no 1cls.csv; give the CSV file that you mean." : null;

    public OpenedFolder Read(string path)
    {
        string list = File.Exists(path) ? path : List(path);
        string folder = Path.GetDirectoryName(list)!;
        string root = Path.GetFileName(folder) == "split_csv" ? Path.GetDirectoryName(folder)! : folder;
        return new(DataSetLayout.Visa, ListedSamples.ToCategories(list, root, Lines(list)), []);
    }

    private static string List(string folder) => Path.Combine(folder, "split_csv", "1cls.csv");

    private static IEnumerable<ListedSample> Lines(string list)
    {
        var table = CsvTable.Read(list);
        int[] at = [.. Columns.Select(c => table.Column(c))];
        if (at.Contains(-1))
        {
            throw new DataSetException(DataSetFault.Malformed, list, $"its first line must name the columns {string.Join(", ", Columns)}.");
        }

        return table.Rows.Select(row =>
        {
            string Field(int column) => row.Fields[at[column]];
            return new ListedSample(
                $"line {row.Line}", Field(0),
                Field(1) switch { "train" => DataSplit.Train, "test" => DataSplit.Test, var s => throw Bad(list, row, "split", s, "train or test") },
                Field(2) switch { "normal" => false, "anomaly" => true, var l => throw Bad(list, row, "label", l, "normal or anomaly") },
                null, Field(3), Field(4).Length > 0 && Field(2) == "anomaly" ? [Field(4)] : []);
        });
    }

    private static DataSetException Bad(string list, CsvRow row, string column, string value, string allowed) =>
        new(DataSetFault.Malformed, list, $"line {row.Line}: the {column} is '{value}'; it must be {allowed}.");
}
