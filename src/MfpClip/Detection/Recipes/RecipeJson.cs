using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MfpClip.Files;
using MfpClip.Imaging;

namespace MfpClip.Detection.Recipes;

/// <summary>JSON of recipes; what is wrong in one is said with its place.</summary>
internal static class RecipeJson
{
    // Configuration sources know text only: there "8" and "true" may stand for a number and a switch, and a name may look like a number.
    private static readonly JsonSerializerOptions Options = new(SettingsJson.Options)
    {
        Converters = { new LenientText(), new LenientSwitch(), new BackboneText(), new ComponentText(), new TilingText(), new RegionText() },
    };

    public static string Write(DetectorRecipe recipe) => JsonSerializer.Serialize(recipe, Options).ReplaceLineEndings("\n");

    public static JsonObject Node(DetectorRecipe recipe) => (JsonObject)JsonSerializer.SerializeToNode(recipe, Options)!;

    /// <summary>Reads a recipe.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    public static DetectorRecipe Read(string json, string source) =>
        Guarded(source, () => JsonSerializer.Deserialize<DetectorRecipe>(json, Options)) is { } recipe
        ? recipe.Format == DetectorRecipe.CurrentFormat ? recipe
            : throw new DetectorConfigurationException([$"{source}: it says it is '{recipe.Format}'; this version reads '{DetectorRecipe.CurrentFormat}'."])
        : throw new DetectorConfigurationException([$"{source}: it is empty."]);

    public static TOptions Read<TOptions>(JsonObject? settings, string source)
        where TOptions : class, new() => settings is null ? new() : Guarded(source, () => settings.Deserialize<TOptions>(Options)) ?? new();

    private static T? Guarded<T>(string source, Func<T?> read)
    {
        try
        {
            return read();
        }
        catch (JsonException e)
        {
            throw new DetectorConfigurationException([$"{Capital(source)}: {JsonFaults.Describe(e, Options)}"]);
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw new DetectorConfigurationException([$"{Capital(source)}: {e.Message}"]);
        }
    }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private sealed class LenientText : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False => System.Text.Encoding.UTF8.GetString(reader.ValueSpan),
            _ => throw new JsonException("a text is expected here"),
        };

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

        public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.GetString()!;

        public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WritePropertyName(value);
    }

    private sealed class LenientSwitch : JsonConverter<bool>
    {
        public override bool Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.True => true,
            JsonTokenType.False => false,
            JsonTokenType.String when bool.TryParse(reader.GetString(), out bool value) => value,
            _ => throw new JsonException("true or false is expected here"),
        };

        public override void Write(Utf8JsonWriter writer, bool value, JsonSerializerOptions options) => writer.WriteBooleanValue(value);
    }

    // "auto", or the side of a tile.
    private sealed class TilingText : JsonConverter<TilingOptions>
    {
        public override TilingOptions? Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.Number when reader.TryGetInt32(out int side) => new() { TileSize = side },
            JsonTokenType.String when string.Equals(reader.GetString(), "auto", StringComparison.OrdinalIgnoreCase) => new(),
            JsonTokenType.String when int.TryParse(
                reader.GetString(), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int side) =>
                new() { TileSize = side },
            JsonTokenType.StartObject => JsonSerializer.Deserialize<TilingOptions>(ref reader, SettingsJson.Options),
            _ => throw new JsonException("tiling is 'auto', the side of a tile in pixels, or an object of options"),
        };

        public override void Write(Utf8JsonWriter writer, TilingOptions value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value, SettingsJson.Options);
    }

    // A text alone is the most frequent case: the path of a backbone, the name of a part.
    private sealed class BackboneText : JsonConverter<BackboneRecipe>
    {
        public override BackboneRecipe? Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.TokenType == JsonTokenType.String
            ? new() { Path = reader.GetString() } : JsonSerializer.Deserialize<BackboneSettings>(ref reader, options)?.ToRecipe();

        public override void Write(Utf8JsonWriter writer, BackboneRecipe value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, BackboneSettings.Of(value), options);
    }

    private sealed class ComponentText : JsonConverter<ComponentRecipe>
    {
        public override ComponentRecipe? Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.String)
            {
                return new(reader.GetString()!);
            }

            var node = JsonNode.Parse(ref reader) as JsonObject ?? throw new JsonException(
                "a part is a name, or an object with 'implementation' and 'settings'");
            if (!node.Any(p => p.Key.Equals("implementation", StringComparison.OrdinalIgnoreCase)))
            {
                return new(string.Empty, node.Any(p => p.Key.Equals("settings", StringComparison.OrdinalIgnoreCase)) && node.Count == 1
                    ? Settings(node.First().Value) : node); // settings of the slot's own implementation
            }

            string? name = null;
            JsonObject? settings = null;
            foreach (var (key, value) in node)
            {
                switch (key.ToLowerInvariant())
                {
                    case "implementation":
                        name = value?.ToString();
                        break;
                    case "settings":
                        settings = Settings(value);
                        break;
                    default:
                        throw new JsonException($"a part has 'implementation' and 'settings', not '{key}'");
                }
            }

            return new(name ?? throw new JsonException("a part needs its 'implementation'"), settings);
        }

        private static JsonObject? Settings(JsonNode? node) => node is null or JsonObject ? (JsonObject?)node?.DeepClone()
            : throw new JsonException("the 'settings' of a part are an object");

        public override void Write(Utf8JsonWriter writer, ComponentRecipe value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            writer.WriteString("implementation", value.Implementation);
            if (value.Settings is { Count: > 0 } settings)
            {
                writer.WritePropertyName("settings");
                settings.WriteTo(writer, options);
            }

            writer.WriteEndObject();
        }
    }
}

/// <summary>Precisions by the names that PyTorch gives them.</summary>
internal static class PrecisionName
{
    public static string Of(ScalarType precision) => precision.ToString().ToLowerInvariant();

    /// <summary><see langword="null"/> for an unknown name.</summary>
    public static ScalarType? Parse(string? name) => name?.Trim().ToLowerInvariant() switch
    {
        "float32" or "fp32" => ScalarType.Float32,
        "bfloat16" or "bf16" => ScalarType.BFloat16,
        "float16" or "fp16" => ScalarType.Float16,
        _ => null,
    };
}
