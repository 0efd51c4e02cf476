using System.Text;

namespace MfpClip.Data.Readers;

/// <summary>A row of a CSV file.</summary>
/// <param name="Line">Line of its first character, from 1.</param>
/// <param name="Fields">Its fields without spaces at their ends.</param>
internal sealed record CsvRow(int Line, IReadOnlyList<string> Fields);

/// <summary>CSV after RFC 4180: quoted fields may hold separators, doubled quotes and line breaks; rows end with LF or CRLF.</summary>
/// <param name="Header">Names of the columns in lower case.</param>
/// <param name="Rows">All other rows; empty lines are left out.</param>
internal sealed record CsvTable(IReadOnlyList<string> Header, IReadOnlyList<CsvRow> Rows)
{
    private static readonly char[] Separators = [',', ';', '\t'];

    /// <summary>Reads a file. The separator is the first comma, semicolon or tab of its first line.</summary>
    /// <exception cref="DataSetException">A quotation mark is not closed, or a row has another number of fields than the first.</exception>
    public static CsvTable Read(string path)
    {
        string text = TextFile.Read(path);
        string first = text.Split('\n', 2)[0];
        char separator = first.IndexOfAny(Separators) is var at and >= 0 ? first[at] : ',';
        var rows = Parse(path, text, separator).ToList();
        if (rows.Count == 0)
        {
            return new([], []);
        }

        var odd = rows.Find(r => r.Fields.Count != rows[0].Fields.Count);
        return odd is null ? new([.. rows[0].Fields.Select(f => f.ToLowerInvariant())], rows[1..]) : throw new DataSetException(
            DataSetFault.Malformed, path, $"line {odd.Line} has {odd.Fields.Count} fields, the first line {rows[0].Fields.Count}.");
    }

    /// <summary>Position of the first column that has one of some names; -1: there is none.</summary>
    public int Column(params IReadOnlyList<string> names) => names.Select(n => Header.ToList().IndexOf(n)).FirstOrDefault(i => i >= 0, -1);

    private static IEnumerable<CsvRow> Parse(string path, string text, char separator)
    {
        var (fields, field, quoted) = (new List<string>(), new StringBuilder(), false);
        var (line, start) = (1, 1);
        for (int i = 0; i <= text.Length; i++)
        {
            char c = i < text.Length ? text[i] : '\n';
            if (quoted && i == text.Length)
            {
                throw new DataSetException(DataSetFault.Malformed, path, $"line {start}: a quotation mark is not closed.");
            }
            else if (c == '"' && quoted && i + 1 < text.Length && text[i + 1] == '"')
            {
                field.Append(c);
                i++;
            }
            else if (c == '"' && (quoted || string.IsNullOrWhiteSpace(field.ToString())))
            {
                quoted = !quoted;
            }
            else if (c == separator && !quoted)
            {
                fields.Add(field.ToString().Trim());
                field.Clear();
            }
            else if (c is '\n' or '\r' && !quoted)
            {
                fields.Add(field.ToString().Trim());
                field.Clear();
                if (fields.Exists(f => f.Length > 0))
                {
                    yield return new(start, [.. fields]);
                }

                fields.Clear();
                i += c == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? 1 : 0;
                line++;
                start = line;
            }
            else
            {
                field.Append(c);
                line += c == '\n' ? 1 : 0;
            }
        }
    }
}
