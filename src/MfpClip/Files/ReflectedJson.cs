using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace MfpClip.Files;

/// <summary>
/// JSON of records without generated code, also where the application switched reflection off as JSON's default: programs of one file
/// (<c>dotnet run app.cs</c>) do, because they are built as if for native compilation.
/// </summary>
internal static class ReflectedJson
{
    /// <summary>How types are read; for options of one's own.</summary>
    public static IJsonTypeInfoResolver Resolver { get; } = new DefaultJsonTypeInfoResolver();

    /// <summary>JSON's defaults.</summary>
    public static JsonSerializerOptions Options { get; } = new() { TypeInfoResolver = Resolver };
}
