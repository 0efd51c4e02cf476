using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MfpClip.Detection.Recipes;
using MfpClip.Diagnostics;
using Microsoft.Extensions.Configuration;

namespace MfpClip.Hosting;

/// <summary>
/// Reads a section of configuration into options: names in Pascal or snake case, text for everything. What cannot be taken is a fault, never left out.
/// </summary>
internal sealed class SectionReader(IConfiguration section)
{
    private static readonly string[] HostNames = [nameof(MfpClipOptions.Model), nameof(MfpClipOptions.WarmUp), nameof(MfpClipOptions.Threads)];

    private static readonly string[] Names = [.. HostNames, .. typeof(DetectorRecipe).GetProperties().Where(p => p.CanWrite).Select(p => p.Name)];

    private readonly List<string> _faults = [];

    private string Place => section is IConfigurationSection { Path.Length: > 0 } s ? $"configuration '{s.Path}'" : "configuration";

    /// <summary>Whether the section says nothing.</summary>
    public static bool IsEmpty(IConfiguration section) => !section.GetChildren().Any() && string.IsNullOrWhiteSpace((section as IConfigurationSection)?.Value);

    public void Into(MfpClipOptions options)
    {
        if (section is IConfigurationSection { Value: { } text } && !string.IsNullOrWhiteSpace(text))
        {
            _faults.Add($"{Capital(Place)} is the text '{text}'; a section is needed, such as {{ \"Model\": \"{text}\" }}.");
        }

        var recipe = new JsonObject();
        var paths = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var child in section.GetChildren())
        {
            if (Node(child) is not { } value)
            {
                continue;
            }

            string name = Names.FirstOrDefault(n => IsNamed(child.Key, n)) ?? string.Empty;
            if (name.Length == 0)
            {
                _faults.Add($"Key '{child.Path}' is unknown{NearestName.Hint(child.Key, Names)}");
            }
            else if (HostNames.Contains(name))
            {
                ReadHostKey(options, name, child, value);
            }
            else if (ReadRecipeKey(name, child, value) is { } part)
            {
                if (!paths.TryAdd(part.Name, child.Path))
                {
                    _faults.Add($"Keys '{paths[part.Name]}' and '{child.Path}' contradict one another; leave one of them out.");
                }

                recipe[part.Name] = part.Value;
            }
        }

        if (_faults.Count == 0)
        {
            Try(() => options.Recipe = RecipeJson.Read(recipe.ToJsonString(), Place));
        }

        options.ConfigurationFaults.AddRange(_faults);
    }

    private void ReadHostKey(MfpClipOptions options, string name, IConfigurationSection child, JsonNode value)
    {
        string? text = value is JsonValue ? value.ToString() : null;
        string? kind = null;
        switch (name)
        {
            case nameof(MfpClipOptions.Model):
                options.Model = text ?? options.Model;
                kind = text is null ? "a text" : null;
                break;
            case nameof(MfpClipOptions.WarmUp):
                kind = bool.TryParse(text, out bool warm) ? null : "true or false";
                options.WarmUp = kind is null ? warm : options.WarmUp;
                break;
            default:
                kind = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int threads) ? null : "a whole number";
                options.Threads = kind is null ? threads : options.Threads;
                break;
        }

        if (kind is not null)
        {
            _faults.Add($"Key '{child.Path}' must be {kind}.");
        }
    }

    // Every key on its own first, so that each one that is wrong is named.
    private (string Name, JsonNode Value)? ReadRecipeKey(string name, IConfigurationSection child, JsonNode value)
    {
        string key = JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
        switch (name)
        {
            case nameof(DetectorRecipe.Calibration) when value is JsonValue:
                key = JsonNamingPolicy.SnakeCaseLower.ConvertName(nameof(DetectorRecipe.CalibrationFile));
                break;
            case nameof(DetectorRecipe.References):
                value = References(value);
                break;
        }

        return Try(() => RecipeJson.Read(new JsonObject { [key] = value.DeepClone() }.ToJsonString(), $"key '{child.Path}'")) ? (key, value) : null;
    }

    // A text is a folder, or a file that 'mfpclip detect --save-references' wrote; a list is images.
    private static JsonNode References(JsonNode value) => value switch
    {
        JsonArray images => new JsonObject { ["images"] = images.DeepClone() },
        JsonValue text => new JsonObject
        {
            [text.ToString().EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) ? "file" : "folder"] = text.DeepClone(),
        },
        _ => value,
    };

    private bool Try(Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (DetectorConfigurationException e)
        {
            _faults.AddRange(e.Faults);
            return false;
        }
    }

    private JsonNode? Node(IConfigurationSection part)
    {
        var children = part.GetChildren().Select(c => (c.Key, Value: Node(c))).Where(c => c.Value is not null).ToList();
        bool hasText = !string.IsNullOrWhiteSpace(part.Value);
        if (children.Count == 0)
        {
            return hasText ? JsonValue.Create(part.Value) : null;
        }

        if (hasText)
        {
            _faults.Add($"Key '{part.Path}' is the text '{part.Value}' in one source of configuration and has settings in another; leave one of them out.");
        }

        if (children.All(c => int.TryParse(c.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            return new JsonArray([.. children.OrderBy(c => int.Parse(c.Key, CultureInfo.InvariantCulture)).Select(c => c.Value)]);
        }

        var node = new JsonObject();
        foreach (var (key, value) in children)
        {
            if (!node.TryAdd(JsonNamingPolicy.SnakeCaseLower.ConvertName(key), value))
            {
                _faults.Add($"Key '{part.Path}:{key}' is named twice, in different spellings; leave one of them out.");
            }
        }

        return node;
    }

    private static bool IsNamed(string key, string name) =>
        string.Equals(key.Replace("_", string.Empty, StringComparison.Ordinal), name, StringComparison.OrdinalIgnoreCase);

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
