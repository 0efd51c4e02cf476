using MfpClip.Detection;
using MfpClip.Diagnostics;
using MfpClip.Models;

namespace MfpClip.Hosting;

/// <summary>Finds what the name of a model means.</summary>
internal static class HostedModel
{
    /// <summary>The model where nothing names one.</summary>
    public const string Default = "tiny";

    // What 'mfpclip pretrain' writes into a folder.
    private static readonly string[] PretrainedFiles = ["clip.safetensors", "modules.safetensors"];

    /// <summary>Whether nothing names a backbone, so that the default model stands in.</summary>
    public static bool IsDefault(MfpClipOptions options) => options is { Model: null, Recipe.Backbone: null, Configure: null } && !RunsOnCnn(options.Recipe);

    /// <summary>The recipe with the model as its backbone.</summary>
    /// <exception cref="DetectorConfigurationException">There is no such model, or the recipe has a backbone, too.</exception>
    /// <exception cref="ModelStoreException">A model of the catalogue is not in the cache.</exception>
    public static DetectorRecipe Resolve(MfpClipOptions options)
    {
        var recipe = options.Recipe;
        if (IsDefault(options))
        {
            return DetectorRegistry.Default.HasModelPackage(Default) ? recipe with { Backbone = new() { Package = Default } }
                : throw new DetectorConfigurationException([$"No model is configured. Reference the package {ModelAssembly.NameOf(Default)}, which carries "
                    + "the default model, or name one: \"Model\" takes a name of the catalogue ('mfpclip models list'), a file or a folder of weights."]);
        }

        return options.Model is not { } model ? recipe
            : recipe.Backbone is null ? recipe with { Backbone = Find(model.Trim()) }
            : throw new DetectorConfigurationException(["Model and Backbone contradict one another; leave one of them out."]);
    }

    private static bool RunsOnCnn(DetectorRecipe recipe) => recipe.Cnn is not null && DetectorRegistry.Default.Methods
        .Any(m => string.Equals(m.Description.Id, recipe.Method, StringComparison.OrdinalIgnoreCase) && !m.Description.NeedsBackbone);

    private static bool IsDefaultName(string model) => string.Equals(model, Default, StringComparison.OrdinalIgnoreCase);

    private static BackboneRecipe Find(string model)
    {
        if (DetectorRegistry.Default.HasModelPackage(model))
        {
            return new() { Package = model };
        }

        if (Directory.Exists(model) && PretrainedFiles.All(f => File.Exists(Path.Combine(model, f))) && DetectorRegistry.Default.HasModelPackage(Default))
        {
            return new() { Package = Default, Folder = model };
        }

        if (File.Exists(model) || Directory.Exists(model))
        {
            return new() { Path = model };
        }

        return ModelCatalogue.TryFind(model, out _) ? new() { Path = new ModelStore().GetPath(model) } : throw new DetectorConfigurationException([
            $"There is no model, file or folder '{model}'"
                + NearestName.Hint(model, [.. DetectorRegistry.Default.ModelPackages, .. ModelCatalogue.Models.Select(m => m.Name)])
                + (IsDefaultName(model) ? $" Reference the package {ModelAssembly.NameOf(Default)}." : string.Empty)]);
    }
}
