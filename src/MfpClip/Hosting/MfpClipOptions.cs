using MfpClip.Detection;
using MfpClip.Detection.Composing;
using MfpClip.Detection.Recipes;
using Microsoft.Extensions.Options;

namespace MfpClip.Hosting;

/// <summary>A detector of a host: its recipe, which configuration binds, and code for what no configuration can say.</summary>
/// <example>
/// <code>
/// "MfpClip": { "Method": "winclip", "Backbone": "models/ViT-B-16-plus-240.bin", "Precision": "bfloat16" }
/// </code>
/// </example>
public sealed class MfpClipOptions
{
    /// <summary>What the detector is composed of.</summary>
    public DetectorRecipe Recipe { get; set; } = new();

    /// <summary>Last word on the builder: own objects, a model package and so on.</summary>
    public Action<ZeroShotDetectorBuilder>? Configure { get; set; }

    // What configuration said and no recipe can take; reported when options are validated.
    internal List<string> ConfigurationFaults { get; } = [];
}

/// <summary>The same checks as <see cref="ZeroShotDetectorBuilder.Build"/> makes before it loads, at the start of the host.</summary>
internal sealed class MfpClipOptionsValidator : IValidateOptions<MfpClipOptions>
{
    public ValidateOptionsResult Validate(string? name, MfpClipOptions options)
    {
        var faults = options.ConfigurationFaults.Count > 0 ? options.ConfigurationFaults : Faults(options);
        return faults.Count > 0 ? ValidateOptionsResult.Fail(faults.Select(f => $"MfpClip{(string.IsNullOrEmpty(name) ? string.Empty : $" '{name}'")}: {f}"))
            : ValidateOptionsResult.Success;
    }

    private static IReadOnlyList<string> Faults(MfpClipOptions options)
    {
        try
        {
            var composition = RecipeReader.Read(options.Recipe, DetectorRegistry.Default);
            // Code may set what the recipe leaves open; it runs once, when the detector is built.
            return options.Configure is not null ? [] : [.. CompositionChecks.BeforeLoading(composition, composition.ResolveMethod()).Distinct()];
        }
        catch (DetectorConfigurationException e)
        {
            return e.Faults;
        }
        catch (CalibrationException e)
        {
            return [e.Message];
        }
    }
}
