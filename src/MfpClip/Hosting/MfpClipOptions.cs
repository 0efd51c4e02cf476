using MfpClip.Detection;

namespace MfpClip.Hosting;

/// <summary>A detector of a host: its model and recipe, which configuration binds, and code for what no configuration can say.</summary>
/// <remarks>
/// A section of configuration has the properties of <see cref="DetectorRecipe"/> and <see cref="Model"/>, <see cref="WarmUp"/> and <see cref="Threads"/> as its
/// keys. An unknown key, a value of the wrong kind and two keys that contradict one another are errors when the host starts; a key with an empty value
/// counts as absent, so that a later source of configuration can take one back. See docs/hosting.md.
/// </remarks>
/// <example>
/// <code>
/// "MfpClip": { "Model": "tiny", "References": "good-parts", "Calibration": "calibration.json" }
/// </code>
/// </example>
public sealed class MfpClipOptions
{
    /// <summary>What the detector is composed of.</summary>
    public DetectorRecipe Recipe { get; set; } = new();

    /// <summary>
    /// The model: the name of a model package ("tiny"), a name of the catalogue whose files are in the cache, or a file or folder of weights. The short form
    /// of <see cref="DetectorRecipe.Backbone"/>, which must then be absent.
    /// </summary>
    /// <value>
    /// Default <see langword="null"/>: the recipe's backbone. Without one, and without <see cref="Configure"/>, "tiny" of the package MfpClip.Models.Tiny.
    /// </value>
    public string? Model { get; set; }

    /// <summary>
    /// Whether the host loads the detector in the background when it starts, and runs it once; otherwise the first caller waits for that.
    /// </summary>
    /// <value>Default true.</value>
    public bool WarmUp { get; set; } = true;

    /// <summary>
    /// Threads that compute, of the whole process (<see cref="ThreadLimit"/>): detectors of one host that set it must agree. Set before the detector is built.
    /// </summary>
    /// <value>Default <see langword="null"/>: the processors that the process may use.</value>
    public int? Threads { get; set; }

    /// <summary>Last word on the builder: own objects, a model package and so on.</summary>
    public Action<ZeroShotDetectorBuilder>? Configure { get; set; }

    // What configuration said and no option can take; reported when options are validated.
    internal List<string> ConfigurationFaults { get; } = [];
}
