using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace MfpClip.Files;

/// <summary>Settings of parts as JSON: snake case, enumerations by name, numbers that survive the way there and back.</summary>
internal static class SettingsJson
{
    /// <summary>How settings are written and read. Unknown properties are refused: a misspelt setting must not be ignored.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        TypeInfoResolver = ReflectedJson.Resolver,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        PropertyNameCaseInsensitive = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.AllowNamedFloatingPointLiterals,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower), new ImageInputConverter(), new ObjectConverterFactory() },
    };

    /// <summary>A settings object as a JSON object in one line; "{}" for <see langword="null"/>.</summary>
    public static string Of(object? settings) => settings is null ? "{}" : Node(settings).ToJsonString(new() { Encoder = Options.Encoder });

    /// <summary>The same as nodes.</summary>
    public static JsonObject Node(object settings) => (JsonObject)JsonSerializer.SerializeToNode(settings, settings.GetType(), Options)!;

    /// <summary>SHA-256, lower-case hexadecimal, of a value's JSON with every object's properties in alphabetical order.</summary>
    public static string Hash(JsonNode value) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Ordered(value)?.ToJsonString() ?? "null")));

    private static JsonNode? Ordered(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject(o.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, Ordered(p.Value)))),
        JsonArray a => new JsonArray([.. a.Select(Ordered)]),
        _ => node?.DeepClone(),
    };

    // What JSON cannot hold is named, so that a reader can say what is missing.
    private const string InMemory = "memory:", Object = "object:";

    /// <summary>An image is its path; one in memory is named, and cannot be read.</summary>
    private sealed class ImageInputConverter : JsonConverter<ImageInput>
    {
        public override ImageInput Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.GetString() switch
        {
            { Length: > 0 } path when !path.StartsWith(InMemory, StringComparison.Ordinal) => ImageInput.FromFile(path),
            var other => throw new JsonException($"'{other}' was an image in memory: name the path of an image"),
        };

        public override void Write(Utf8JsonWriter writer, ImageInput value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.Path ?? InMemory + value.Name);
    }

    /// <summary>An object behind an interface is named by its type, and cannot be read.</summary>
    private sealed class ObjectConverterFactory : JsonConverterFactory
    {
        public override bool CanConvert(Type type) => type.IsInterface && !typeof(System.Collections.IEnumerable).IsAssignableFrom(type);

        public override JsonConverter CreateConverter(Type type, JsonSerializerOptions options) =>
            (JsonConverter)Activator.CreateInstance(typeof(ObjectConverter<>).MakeGenericType(type))!;
    }

    private sealed class ObjectConverter<T> : JsonConverter<T>
        where T : class
    {
        public override T Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            throw new JsonException($"'{reader.GetString()}' was an object of the program that wrote this: it has to be set in code");

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(Object + value.GetType().FullName);
    }
}
