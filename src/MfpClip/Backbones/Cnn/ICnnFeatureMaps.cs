namespace MfpClip.Backbones.Cnn;

/// <summary>A capability of a CNN: its maps, not pooled, for methods that compare patches with patches (PatchCore, arXiv 2106.08265).</summary>
/// <remarks>Safe for concurrent callers.</remarks>
public interface ICnnFeatureMaps
{
    /// <summary>The maps it can give, shallow to deep; torchvision's "layer1" to "layer4" in a residual network.</summary>
    IReadOnlyList<CnnMap> Maps { get; }

    /// <summary>Mean and standard deviation of each colour channel in [0,1], for normalising images.</summary>
    (float[] Mean, float[] Std) Normalization { get; }

    /// <summary>Where the weights are.</summary>
    Device Device { get; }

    /// <summary>Runs the frozen network as far as the deepest map that is asked for, without gradients.</summary>
    /// <param name="images">Normalised by <see cref="Normalization"/>, <c>[B, 3, H, W]</c>.</param>
    /// <param name="names">Names from <see cref="Maps"/>, at least one.</param>
    /// <returns>One float32 map <c>[B, C, h, w]</c> for each name, in the order of the names, in the caller's dispose scope.</returns>
    /// <exception cref="DetectorConfigurationException">There is no map of that name; the known ones are listed.</exception>
    IReadOnlyList<Tensor> ExtractMaps(Tensor images, IReadOnlyList<string> names);
}

/// <summary>One map of a CNN.</summary>
/// <param name="Name">Name, unlike those of the others.</param>
/// <param name="Channels">C.</param>
/// <param name="Stride">Pixels of the image for each cell.</param>
public sealed record CnnMap(string Name, int Channels, int Stride)
{
    /// <summary>Places of wanted maps among those that there are.</summary>
    /// <param name="maps">Those that there are.</param>
    /// <param name="names">Those that are wanted.</param>
    /// <param name="network">What messages call the network.</param>
    /// <exception cref="DetectorConfigurationException">None is wanted, or one is not there.</exception>
    internal static IReadOnlyList<int> Find(IReadOnlyList<CnnMap> maps, IReadOnlyList<string> names, string network)
    {
        int[] places = [.. names.Select(n => maps.ToList().FindIndex(m => m.Name == n))];
        return places.Length > 0 && Array.IndexOf(places, -1) < 0 ? places : throw new DetectorConfigurationException([
            names.Count == 0 ? $"No map of {network} was named; there are {string.Join(", ", maps.Select(m => m.Name))}."
                : $"{network} has no map '{names[Array.IndexOf(places, -1)]}'; there are {string.Join(", ", maps.Select(m => m.Name))}."]);
    }
}
