using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MfpClip.Detection.Recipes;
using Microsoft.Extensions.Configuration;

namespace MfpClip.Hosting;

/// <summary>A section of configuration as a recipe: the same names, in Pascal or snake case; what is empty is left out.</summary>
internal static class RecipeConfiguration
{
    /// <exception cref="DetectorConfigurationException">A name is unknown or a value of the wrong kind.</exception>
    public static DetectorRecipe Read(IConfiguration section)
    {
        string place = section is IConfigurationSection { Path.Length: > 0 } s ? $"configuration '{s.Path}'" : "configuration";
        return RecipeJson.Read((Children(section) ?? new JsonObject()).ToJsonString(), place);
    }

    private static JsonNode? Children(IConfiguration parent)
    {
        var children = parent.GetChildren().Select(c => (c.Key, Value: Node(c))).Where(c => c.Value is not null).ToList();
        return children.Count == 0 ? null
            : children.All(c => int.TryParse(c.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                ? new JsonArray([.. children.OrderBy(c => int.Parse(c.Key, CultureInfo.InvariantCulture)).Select(c => c.Value)])
                : new JsonObject(children.Select(c => KeyValuePair.Create(JsonNamingPolicy.SnakeCaseLower.ConvertName(c.Key), c.Value)));
    }

    private static JsonNode? Node(IConfigurationSection section) =>
        Children(section) ?? (string.IsNullOrWhiteSpace(section.Value) ? null : JsonValue.Create(section.Value));
}
