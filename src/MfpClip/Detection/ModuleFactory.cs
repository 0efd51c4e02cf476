using MfpClip.Files;
using MfpClip.Modules;

namespace MfpClip.Detection;

/// <summary>How a module of the pipeline is made, under a name and with settings that a recipe can hold.</summary>
/// <typeparam name="TModule">The slot: <c>IMaskPrompt</c> and the like.</typeparam>
/// <param name="Implementation">Stable name, for example "mask-prompt".</param>
/// <param name="Create">Makes the module when the dimensions are known. The detector owns and disposes it.</param>
public sealed record ModuleFactory<TModule>(string Implementation, Func<ModuleDimensions, TModule> Create)
    where TModule : class, IDetectorModule
{
    /// <summary>Settings that JSON can write; <see langword="null"/> where there are none.</summary>
    public object? Options { get; init; }

    /// <summary>
    /// Every fault of the settings, as text. Called before the weights are loaded where something else is wrong already, then with placeholder dimensions.
    /// </summary>
    public Func<ModuleDimensions, IEnumerable<string>> Faults { get; init; } = static _ => [];

    /// <summary>Whether it comes from a function of the user: named by the type of what it makes, and in no recipe.</summary>
    internal bool IsAnonymous { get; init; }

    /// <summary>Settings as JSON; "{}" where there are none.</summary>
    internal string Settings => SettingsJson.Of(Options);

    internal static ModuleFactory<TModule> Anonymous(Func<ModuleDimensions, TModule> create) =>
        new("custom", create ?? throw new ArgumentNullException(nameof(create))) { IsAnonymous = true };

    internal TModule Make(ModuleDimensions dimensions) =>
        Create(dimensions) ?? throw new DetectorConfigurationException([$"The given function made no {typeof(TModule).Name} (it returned null)."]);
}
