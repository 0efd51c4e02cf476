using MfpClip.Detection;
using MfpClip.Detection.Composing;
using MfpClip.Detection.Recipes;
using Microsoft.Extensions.Options;

namespace MfpClip.Hosting;

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
        if (options.Threads is < 1 or > ThreadLimit.Maximum)
        {
            return [$"Threads is {options.Threads}; a number from 1 to {ThreadLimit.Maximum} is needed, or none."];
        }

        try
        {
            var composition = RecipeReader.Read(HostedModel.Resolve(options), DetectorRegistry.Default);
            if (options.Configure is not null && composition.Backbone is null)
            {
                return []; // the code has to name the backbone, and runs once: when the detector is built, which then checks
            }

            return [.. CompositionChecks.BeforeLoading(composition, composition.ResolveMethod()).Distinct()];
        }
        catch (DetectorConfigurationException e)
        {
            return e.Faults;
        }
        catch (MfpClipException e)
        {
            return [e.Message];
        }
    }
}
