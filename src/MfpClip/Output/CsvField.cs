using System.Globalization;

namespace MfpClip.Output;

/// <summary>Fields of comma-separated values.</summary>
internal static class CsvField
{
    /// <summary>A text, in quotation marks where it needs them.</summary>
    public static string Of(string text) =>
        text.AsSpan().ContainsAny(",\"\n\r") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    /// <summary>A number that reads back as itself; nothing where there is none.</summary>
    public static string Of(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? string.Empty;
}
