using System.Text.Json;
using System.Text.RegularExpressions;
using MfpClip.Diagnostics;

namespace MfpClip.Detection.Recipes;

/// <summary>What is wrong in the JSON of settings, said in the names of the settings instead of those of .NET types.</summary>
internal static partial class JsonFaults
{
    /// <summary>The fault as text.</summary>
    /// <param name="error">As System.Text.Json gives it.</param>
    /// <param name="options">With which the JSON was read: they know the names.</param>
    public static string Describe(JsonException error, JsonSerializerOptions options)
    {
        string place = Place(error);
        if (Unmapped().Match(error.Message) is { Success: true } unknown)
        {
            string name = unknown.Groups["name"].Value;
            string parent = place.EndsWith(name, StringComparison.Ordinal) ? place[..^name.Length].TrimEnd('.') : place;
            string where = parent.Length > 0 ? $" in '{parent}'" : string.Empty;
            return Find(unknown.Groups["type"].Value) is { } type
                ? $"'{name}'{where} is unknown{NearestName.Hint(name, options.GetTypeInfo(type).Properties.Select(p => p.Name))}"
                : $"'{name}'{where} is unknown.";
        }

        return Unconverted().Match(error.Message) is { Success: true } wrong && Find(wrong.Groups["type"].Value) is { } target
            ? $"'{place}' must be {Expected(target)}." : error.Message;
    }

    // A converter that reads a part on its own gives the place in that part as the inner exception.
    private static string Place(JsonException error)
    {
        string place = error.Path is { Length: > 2 } path ? path[2..] : string.Empty;
        return error.InnerException is JsonException inner && Place(inner) is { Length: > 0 } within
            ? place.Length > 0 ? $"{place}.{within}" : within : place;
    }

    private static string Expected(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.KebabCaseLower.ConvertName))}"
            : Type.GetTypeCode(type) switch
            {
                TypeCode.Int32 or TypeCode.Int64 => "a whole number",
                TypeCode.Single or TypeCode.Double => "a number, with a point before its fraction",
                TypeCode.Boolean => "true or false",
                TypeCode.String => "a text",
                _ => type.IsArray || typeof(System.Collections.IEnumerable).IsAssignableFrom(type) ? "a list" : "an object with settings",
            };
    }

    private static Type? Find(string name)
    {
        if (name.StartsWith("System.Nullable`1[", StringComparison.Ordinal))
        {
            name = name["System.Nullable`1[".Length..^1];
        }

        return Type.GetType(name) ?? AppDomain.CurrentDomain.GetAssemblies().Select(a => a.GetType(name)).FirstOrDefault(t => t is not null);
    }

    [GeneratedRegex(@"^The JSON property '(?<name>.*)' could not be mapped to any \.NET member contained in type '(?<type>[^']*)'")]
    private static partial Regex Unmapped();

    [GeneratedRegex(@"^The JSON value could not be converted to (?<type>[^ ]*)\. Path")]
    private static partial Regex Unconverted();
}
